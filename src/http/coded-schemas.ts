import { Type, type TObject, type TSchema } from 'typebox'
import { BUSINESS_CODES } from './coded-envelope.ts'

/** What routes with the coded envelope say of their answers (`coded-envelope.ts`). */

export const timestamp = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' })

const requestId = Type.String({ description: 'Of this request; X-Request-Id says it too.' })

/** An answer that is no error. */
export function coded (data: TSchema, description: string, status: 200 | 201 = 200): object {
  return Type.Object({ code: Type.Literal(status), message: Type.Literal('Success'), data, timestamp, request_id: requestId }, { description })
}

/** The same for a list: `data` has it under its name, and how much there is in all. */
export function page (name: string, item: TSchema): TObject {
  return Type.Object({
    [name]: Type.Array(item),
    total: Type.Integer({ description: 'In all pages.' }),
    page: Type.Integer(),
    page_size: Type.Integer(),
    total_pages: Type.Integer()
  })
}

export const DEFAULT_PAGE_SIZE = 20
export const MAX_PAGE_SIZE = 100

/** Which page of a list. */
export const pageQuery = {
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1, description: 'From 1.' }),
  page_size: Type.Integer({ minimum: 1, default: DEFAULT_PAGE_SIZE, description: `More than ${MAX_PAGE_SIZE} count as so many.` })
}

const errorBody = Type.Object({
  code: Type.Enum([400, 401, 403, 404, 413, 414, 415, 429, 500, 503, ...BUSINESS_CODES], { description: 'Of what went wrong; where there is none for it, the status of HTTP.' }),
  message: Type.String({ description: 'What the code means, in the words of the original.' }),
  data: Type.Union([
    Type.Null(),
    Type.Object({ errors: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })) }, { description: 'The fields that are wrong.' })
  ]),
  timestamp,
  request_id: requestId,
  detail: Type.String({ description: 'What went wrong, in English.' })
}, { title: 'CodedError' })
const errorContent = { content: { 'application/json': { schema: errorBody } } }

const ERRORS = {
  400: 'The request makes no sense; `data.errors` names the fields',
  401: 'Nobody is logged in: no token, or one that is not valid (401) or has expired (1005)',
  403: 'Not allowed',
  404: 'There is none',
  413: 'The body is too large',
  414: 'The path is too long',
  415: 'Another content type than the one that is taken',
  429: 'The limit is reached; Retry-After says for how long',
  500: 'The fault of the server',
  503: 'Not now'
}

/** Errors of these statuses. Every route can give 400, 429, 500 and 503. @param said instead of the general words */
export function codedErrors (statuses: Array<keyof typeof ERRORS>, said: Partial<Record<keyof typeof ERRORS, string>> = {}): Record<number, object> {
  return Object.fromEntries(([400, ...statuses, 429, 500, 503] as const).map(status => [status, { description: said[status] ?? ERRORS[status], ...errorContent }]))
}
