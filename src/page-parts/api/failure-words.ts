import type { ApiFailure } from './failure.ts'

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
