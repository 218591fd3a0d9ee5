import type { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureWords } from '../../../../src/page-parts/api/failure-words.ts'

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
export type OwnWords = Readonly<Partial<Record<number | string, Partial<Problems>>>>

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

/** In characters as people count them, or nearly. */
function length (least: number, most: number): (value: string) => boolean {
  return value => {
    const { length } = [...value]
    return length >= least && length <= most
  }
}
