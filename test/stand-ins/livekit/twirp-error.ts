/** Codes of Twirp and the statuses that go with them (twitchtv.github.io/twirp/docs/errors.html). */
const STATUS = {
  malformed: 400,
  invalid_argument: 400,
  unauthenticated: 401,
  not_found: 404,
  bad_route: 404,
  failed_precondition: 412,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503
}

export type TwirpCode = keyof typeof STATUS

/** What a method answers instead. */
export class TwirpError extends Error {
  override readonly name = 'TwirpError'
  readonly code: string
  readonly status: number

  constructor (code: TwirpCode, message: string, status: number = STATUS[code]) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** The error that has a status. */
export function errorOfStatus (status: number, text: string): TwirpError {
  const code = (Object.keys(STATUS) as TwirpCode[]).find(code => STATUS[code] === status) ?? 'internal'
  return new TwirpError(code, text, status)
}

export function refuse (code: TwirpCode, message: string): never {
  throw new TwirpError(code, message)
}
