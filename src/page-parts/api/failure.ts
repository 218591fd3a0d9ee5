/** No success, in the terms of the API that was asked (docs/api). Never holds what was sent. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The API's own where it gave one, a number or a word, otherwise the HTTP status. */
  readonly code: number | string
  /** Names of the fields that the server found wrong. */
  readonly fields: readonly string[]
  /** When a new try makes sense; undefined where the server does not say. */
  readonly retryAfterSeconds: number | undefined

  constructor ({ status, code = status, fields = [], retryAfterSeconds }: { status: number, code?: number | string | undefined, fields?: readonly string[], retryAfterSeconds?: number | undefined }) {
    super(`The server answered ${status}, code ${code}`)
    this.status = status
    this.code = code
    this.fields = fields
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** What an answer without success says; whatever stands between browser and server may have given it, in its own words. */
export function failureOf (status: number, body: unknown, retryAfter: string | null): ApiFailure {
  const { code, data } = isObject(body) ? body : {}
  const errors = isObject(data) && Array.isArray(data.errors) ? data.errors : []
  const seconds = Number(retryAfter)
  return new ApiFailure({
    status,
    code: typeof code === 'number' || (typeof code === 'string' && WORD.test(code)) ? code : undefined,
    fields: errors.flatMap(error => isObject(error) && typeof error.field === 'string' ? [error.field] : []),
    retryAfterSeconds: retryAfter !== null && seconds > 0 ? seconds : undefined
  })
}

/** As APIs name failures: `SESSION_FULL`. */
const WORD = /^[A-Z][A-Z_]*$/

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
