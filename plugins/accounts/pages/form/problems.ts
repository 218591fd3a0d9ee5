import type { ApiFailure } from '../api/failure.ts'

/** Fields by the names that the API gives them. */
export type FieldName = 'username' | 'email' | 'nickname' | 'password' | 'old_password' | 'new_password' | 'role' | 'reason'

/** What is wrong with what was filled in, and what to do about it. */
export interface Problems {
  /** With one field each. */
  fields: Readonly<Partial<Record<FieldName, string>>>
  /** With no field in particular. */
  whole?: string
}

/** What a form says of failures that mean something of its own there, by the API's code. */
export type OwnWords = Readonly<Partial<Record<number, Partial<Problems>>>>

export const NO_PROBLEMS: Problems = { fields: {} }

/** What a field takes (docs/api/meetings.md 6), in words. */
const RULES: Record<FieldName, { fits: (value: string) => boolean, words: string }> = {
  username: { fits: value => length(3, 50)(value) && !value.includes('@'), words: 'A username has 3 to 50 characters and no @.' },
  email: { fits: value => value.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(value), words: 'That is no e-mail address. One looks like name@example.com.' },
  nickname: { fits: length(1, 50), words: 'A name has 1 to 50 characters.' },
  password: { fits: length(6, 128), words: 'A password has 6 to 128 characters.' },
  new_password: { fits: length(6, 128), words: 'A password has 6 to 128 characters.' },
  old_password: { fits: length(1, Infinity), words: 'Enter the password that you have now.' },
  role: { fits: () => true, words: 'The server does not know this role.' },
  reason: { fits: length(0, 500), words: 'A reason has at most 500 characters.' }
}

/** What is wrong before anything is sent. */
export function ruleProblems (values: Readonly<Partial<Record<FieldName, string>>>): Problems {
  const wrong = Object.entries(values).filter(([name, value]) => !RULES[name as FieldName].fits(value))
  return { fields: Object.fromEntries(wrong.map(([name]) => [name, RULES[name as FieldName].words])) }
}

/** The same where all that counts is that there is something. @param words by field, in the form's order */
export function missingProblems (values: Readonly<Record<string, string | undefined>>, words: Problems['fields']): Problems {
  return { fields: Object.fromEntries(Object.entries(words).filter(([name]) => (values[name] ?? '').trim() === '')) }
}

export function hasProblems ({ fields, whole }: Problems): boolean {
  return whole !== undefined || Object.keys(fields).length > 0
}

/**
 * What a form says of a failure: which of its fields is wrong, otherwise what it means there, otherwise what it is.
 * The API's own messages are not for people.
 * @param shown the fields that the form has
 */
export function failureProblems (failure: ApiFailure, shown: readonly FieldName[], own: OwnWords = {}): Problems {
  const wrong = shown.filter(name => failure.fields.includes(name))
  if (wrong.length > 0) return { fields: Object.fromEntries(wrong.map(name => [name, RULES[name].words])) }
  return { fields: {}, ...own[failure.code] ?? { whole: failureWords(failure) } }
}

/** A failure that is nobody's fault here, in words. */
export function failureWords ({ status, code, retryAfterSeconds }: ApiFailure): string {
  switch (status) {
    case 0: return 'The server cannot be reached. Check your connection, then try again.'
    case 401: return 'You are not logged in any more. Log in, then try again.'
    case 403: return 'You are not allowed to do this.'
    case 404: return code === 1003 ? 'There is no such account any more.' : 'The server does not know this.'
    case 413: return 'That is more than the server takes.'
    case 429: return `That was too often. Try again ${afterWords(retryAfterSeconds)}.`
    case 400: return 'The server cannot take this as it is.'
    default: return 'Something went wrong on the server. Try again in a moment.'
  }
}

/** `in 40 seconds`, `in 2 hours`: rounded up, so that it is true. */
export function afterWords (seconds: number | undefined): string {
  if (seconds === undefined) return 'later'
  const [unit, length] = seconds >= 7_200 ? ['hour', 3_600] as const : seconds >= 120 ? ['minute', 60] as const : ['second', 1] as const
  const count = Math.ceil(seconds / length)
  return `in ${count} ${unit}${count === 1 ? '' : 's'}`
}

/** In characters as people count them, or nearly. */
function length (least: number, most: number): (value: string) => boolean {
  return value => {
    const { length } = [...value]
    return length >= least && length <= most
  }
}
