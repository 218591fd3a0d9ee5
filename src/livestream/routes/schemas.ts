import { Type, type TSchema } from 'typebox'
import type { ErrorCode } from '../../errors/catalogue.ts'

/** What the routes of this API say about themselves. What is checked, and with which words, is the handlers' business. */

export const TAG = 'livestream'

export const streamParams = Type.Object({
  streamId: Type.String({ description: 'The stream key: 1 to 128 letters, digits, dots, underscores and hyphens, beginning with a letter or digit.' })
})

/** A route that publishes, or tells what only a publisher may know. */
export const credentialHeaders = Type.Object({
  authorization: Type.Optional(Type.String({ description: 'Bearer, with a publish credential (PUBLISH_AUTH) or, where it is about a stream of your own, its resume token.' }))
})

/** What a signed URL carries. A name that stands there twice is refused as a wrong signature, in its words. */
export const signedQuery = Type.Object({
  expires: Type.Optional(Type.Unknown({ description: 'With PLAYBACK_KEYS: until when the URL is good, in seconds since 1970.' })),
  signature: Type.Optional(Type.Unknown({ description: 'With PLAYBACK_KEYS: HMAC-SHA256 of the stream key, a line feed and `expires`, as base64url.' }))
})

export const timestamp = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' })

/** What routes of this API answer; other APIs have codes of their own. */
const CODES: readonly ErrorCode[] = [
  'INVALID_REQUEST', 'UNAUTHORIZED', 'STREAM_NOT_FOUND', 'SEGMENT_NOT_FOUND', 'THUMBNAIL_NOT_FOUND', 'NOT_FOUND', 'STREAM_ALREADY_EXISTS',
  'PAYLOAD_TOO_LARGE', 'URI_TOO_LONG', 'UNSUPPORTED_MEDIA_TYPE', 'RANGE_NOT_SATISFIABLE', 'MEDIA_ERROR', 'RATE_LIMIT_EXCEEDED', 'FFMPEG_ERROR',
  'INTERNAL_ERROR', 'AUTHORIZATION_FAILED', 'SERVER_BUSY', 'STORAGE_FULL'
]

const errorBody = Type.Object({
  error: Type.String({ description: 'For people.' }),
  code: Type.Enum([...CODES], { description: 'For programs; stable.' }),
  streamKey: Type.Optional(Type.String({ description: 'The stream that it is about, as it was given.' })),
  retryAfterMs: Type.Optional(Type.Number({ description: 'When a new try makes sense, in milliseconds; Retry-After says it too.' }))
})
/** In the document; what stands beside it in the answers is said of each status. */
const errorContent = { content: { 'application/json': { schema: { ...errorBody, title: 'LivestreamError' } } } }

const ERRORS = {
  400: 'The request makes no sense: INVALID_REQUEST',
  403: 'The credential, the signature, the userId or the host does not allow it: UNAUTHORIZED',
  404: 'There is none: STREAM_NOT_FOUND, SEGMENT_NOT_FOUND, THUMBNAIL_NOT_FOUND',
  409: 'STREAM_ALREADY_EXISTS',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  416: 'The range lies outside of the file: RANGE_NOT_SATISFIABLE',
  429: 'RATE_LIMIT_EXCEEDED',
  500: 'The fault of the server: INTERNAL_ERROR, FFMPEG_ERROR',
  503: 'Not now: SERVER_BUSY, AUTHORIZATION_FAILED',
  507: 'STORAGE_FULL'
}

/** The answers of these statuses: errors as this API writes them. Every route can give 400, 429 and 500. */
export function errors (...statuses: Array<keyof typeof ERRORS>): Record<number, object> {
  return Object.fromEntries(([400, ...statuses, 429, 500] as const).map(status => [status, { description: ERRORS[status], ...errorContent }]))
}

/** An answer that is no JSON. */
export function media (type: string, description: string): object {
  return { description, content: { [type]: { schema: { type: 'string', ...(type.startsWith('text/') || type.endsWith('mpegurl') ? {} : { format: 'binary' }) } } } }
}

export function nullable<S extends TSchema> (schema: S) {
  return Type.Union([schema, Type.Null()])
}
