import { Type, type TSchema } from 'typebox'
import { WIRE_CODES } from '../messages.ts'

/** What the routes of stages take and answer. */

export const TAG = 'ivs'

export const timestamp = Type.String({ format: 'date-time', description: 'ISO 8601 with milliseconds, UTC.' })

/** No control characters and no halves of characters. */
const TEXT = '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$'
const MAX_ID = 128
const MAX_ARN = 2_048

/** Of a viewer, a broadcaster or a media server: whatever the client calls it. */
export const givenId = (description: string) => Type.String({ minLength: 1, maxLength: MAX_ID, pattern: TEXT, description })
export const userId = givenId("The client's own name of the person.")
export const givenArn = Type.String({ minLength: 1, maxLength: MAX_ARN, pattern: TEXT, description: 'ARN of a stage.' })

/** A stage at the end of the path. */
export const stageParams = Type.Object({ '*': Type.String({ 'x-rest-of-path': 'stageArn', description: 'ARN of the stage, as it is or percent-encoded.' }) })

/** A route for who has a key. */
export const keyHeaders = { 'x-api-key': Type.Optional(Type.String({ description: 'A key of the API (API_SECRET_KEY).' })) }

export const stageArn = Type.String({ description: 'ARN of the stage.' })
export const tags = Type.Record(Type.String(), Type.String())
export const viewerCount = Type.Integer({ description: 'Viewers who were heard of lately.' })
export const phase = Type.Enum(['starting', 'ready', 'draining', 'deleting'], { description: 'Added. Viewers are sent to `ready` ones.' })
export const mediaPath = Type.Enum(['source', 'replica', 'relay', 'none'], { description: 'Added. How what is published gets to the stage: it is published there, copied there, published there by a media server, or not at all.' })

/** An answer that is no error. @param message where there is one */
export function succeeded (data: TSchema, description: string, message?: string): object {
  return Type.Object({ success: Type.Literal(true), data, timestamp, ...(message === undefined ? {} : { message: Type.Literal(message) }) }, { description })
}

/** What a viewer says who is still there. */
export const heartbeat = Type.Object({ userId, stageArn: givenArn })
export const echoed = Type.String({ description: 'As it was given.' })
export const heartbeatUpdated = Type.Object({ userId: echoed, stageArn, heartbeatUpdated: Type.Literal(true) })

/** Why something failed. */
export const failure = Type.Object({
  code: Type.Enum([...WIRE_CODES]),
  message: Type.String({ description: 'In the words of the original.' }),
  details: Type.Optional(Type.Object({
    missingFields: Type.Optional(Type.Array(Type.String(), { description: 'Fields that are not there, or empty, in the order of the description.' })),
    invalidFields: Type.Optional(Type.Array(Type.String(), { description: 'Fields that are something else than they should be.' })),
    viewerCount: Type.Optional(Type.Integer({ description: 'Viewers who are still on the stage.' })),
    reason: Type.Optional(Type.String({ description: 'In English. Of a failure of the server: outside production alone.' })),
    cause: Type.Optional(Type.String({ description: 'Where that came from.' }))
  }, { description: 'With VALIDATION_ERROR always.' }))
})

const errorBody = Type.Object({ success: Type.Literal(false), error: failure, timestamp }, { title: 'IvsError' })
const errorContent = { content: { 'application/json': { schema: errorBody } } }

const ERRORS = {
  400: 'VALIDATION_ERROR: a field is missing or wrong',
  401: 'UNAUTHORIZED: the API key is missing or wrong',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND: there is no such stage',
  413: 'VALIDATION_ERROR: the body is too large',
  415: 'VALIDATION_ERROR: another content type than application/json',
  429: 'RATE_LIMIT_EXCEEDED; Retry-After says for how long',
  500: 'INTERNAL_ERROR',
  503: 'SERVICE_UNAVAILABLE'
}

/** Errors of these statuses, beside those that every route can give whose requests are counted. @param said instead of the general words */
export function errors (statuses: Array<keyof typeof ERRORS>, said: Partial<Record<keyof typeof ERRORS, string>> = {}): Record<number, object> {
  return Object.fromEntries(([400, 413, 415, 429, 500, 503, ...statuses] as const).map(status => [status, { description: said[status] ?? ERRORS[status], ...errorContent }]))
}

/** One error alone. */
export function errorOf (description: string): object {
  return { description, ...errorContent }
}
