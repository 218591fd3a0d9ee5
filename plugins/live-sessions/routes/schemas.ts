import { Type, type TSchema } from 'typebox'
import { pageQuery } from '../../../src/http/coded-schemas.ts'
import { WIRE_CODES } from '../envelope.ts'
import { ROLES } from '../roles.ts'
import { STATUSES } from '../session-state.ts'
import { SESSION_TYPES } from '../tables.ts'

/** What the routes of live sessions take and answer. */

export const TAG = 'live-sessions'

/** Of one line, and something to be seen in it. */
const line = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, pattern: '^(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$', description })

export const title = line(200, 'Up to 200 characters.')
export const displayName = line(100, 'Default: the nickname of the account.')
/** With line ends and tabs, without other control characters. */
export const description = nullable(Type.String({ pattern: '^[^\\p{Cs}\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$' }))
export const sessionType = Type.Enum([...SESSION_TYPES])
export const status = Type.Enum([...STATUSES])
export const role = Type.Enum([...ROLES])
export const maxParticipants = Type.Integer({ minimum: 1, maximum: 10_000, description: 'People who may be there without the host.' })
export const scheduledAt = nullable(Type.String({ format: 'date-time', description: 'ISO 8601; may lie in the past.' }))
export const inviteToken = Type.String({ description: 'An invitation.' })

export const timestamp = Type.String({ format: 'date-time', description: 'ISO 8601, UTC, whole seconds' })
export const moment = nullable(timestamp)
export const address = nullable(Type.String({ description: 'An address.' }))

export const sessionParams = Type.Object({ session_id: Type.String({ description: 'UUID of the session.' }) })
export const participantParams = Type.Object({ ...sessionParams.properties, user_id: Type.Integer({ minimum: 1, description: 'Account of the participant.' }) })

/** Schema of a query: which page of a list. */
export const pageOf = {
  page: Type.Optional(pageQuery.page),
  page_size: Type.Optional(pageQuery.page_size)
}

/** A route for who is logged in. */
export const accountHeaders = Type.Object({
  authorization: Type.Optional(Type.String({ description: 'Bearer, with an access token. Without it the cookie auth_token counts.' }))
})

const seen = {
  id: Type.Integer(),
  session_id: Type.String(),
  title: Type.String(),
  session_type: sessionType,
  status,
  max_participants: Type.Integer(),
  current_viewers: Type.Integer({ description: 'People who are there, without the host.' }),
  is_public: Type.Boolean(),
  is_recorded: Type.Boolean({ description: 'Recording begins with the session.' }),
  owner_id: Type.Integer(),
  owner_name: Type.String(),
  scheduled_at: moment,
  started_at: moment,
  ended_at: moment,
  created_at: timestamp
}

export const listedSession = Type.Object(seen, { title: 'LiveSession' })

export const sessionDetails = Type.Object({
  ...seen,
  description: nullable(Type.String()),
  is_recording: Type.Boolean({ description: 'Whether it is recorded now, or is about to be.' }),
  recording_url: { ...address, description: 'Of the newest recording, once the session has ended; the file may not be there yet.' },
  invite_link: Type.Optional(Type.String({ description: 'For the owner: what to give to others.' })),
  invite_token: Type.Optional(Type.String({ description: 'For the owner of a private session: the invitation in the link.' }))
}, { title: 'LiveSessionDetails' })

/** An answer that is no error. */
export function answer (properties: Record<string, TSchema>, description: string): object {
  return Type.Object(properties, { description })
}

export const message = (text: string) => Type.String({ description: text })

const errorBody = Type.Object({
  error: Type.String({ description: 'What went wrong, for people.' }),
  code: Type.Enum([...WIRE_CODES], { description: 'For programs; stable.' }),
  fields: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), { description: 'The fields that are wrong.' }))
}, { title: 'LiveSessionError' })
const errorContent = { content: { 'application/json': { schema: errorBody } } }

const ERRORS = {
  400: 'The request makes no sense: VALIDATION_ERROR',
  401: 'Nobody is logged in: UNAUTHORIZED',
  403: 'Not allowed: FORBIDDEN; the invitation is missing or not valid: INVALID_INVITE_TOKEN',
  404: 'There is none: NOT_FOUND',
  409: 'Not in this state: INVALID_STATE',
  413: 'The body is too large: PAYLOAD_TOO_LARGE',
  414: 'The path is too long: URI_TOO_LONG',
  415: 'Another content type than the one that is taken: UNSUPPORTED_MEDIA_TYPE',
  429: 'The limit is reached: RATE_LIMIT_EXCEEDED; Retry-After says for how long',
  500: 'The fault of the server: INTERNAL_ERROR',
  503: 'Not now: SERVICE_UNAVAILABLE'
}

/** Errors of these statuses. Every route can give 400, 429, 500 and 503. @param said instead of the general words */
export function errors (statuses: Array<keyof typeof ERRORS>, said: Partial<Record<keyof typeof ERRORS, string>> = {}): Record<number, object> {
  return Object.fromEntries(([400, ...statuses, 429, 500, 503] as const).map(status => [status, { description: said[status] ?? ERRORS[status], ...errorContent }]))
}

function nullable<S extends TSchema> (schema: S) {
  return Type.Union([schema, Type.Null()])
}
