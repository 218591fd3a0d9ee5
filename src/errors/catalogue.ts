/**
 * Every failure that Headwater reports to anyone, in one place. The catalogue knows no API: each
 * API's envelope decides how a code looks on its wire.
 */
const CATALOGUE = {
  INVALID_REQUEST: { status: 400, message: 'Invalid request' },
  UNAUTHORIZED: { status: 403, message: 'Not authorised for this action' },
  STREAM_NOT_FOUND: { status: 404, message: 'Stream not found' },
  SEGMENT_NOT_FOUND: { status: 404, message: 'Segment not found' },
  THUMBNAIL_NOT_FOUND: { status: 404, message: 'There is no picture of the stream' },
  NOT_FOUND: { status: 404, message: 'Not found' },
  STREAM_ALREADY_EXISTS: { status: 409, message: 'Stream already exists' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'Payload too large' },
  URI_TOO_LONG: { status: 414, message: 'Request URI too long' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'Unsupported content type' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The range lies outside of the file' },
  MEDIA_ERROR: { status: 422, message: 'The media cannot be used' },
  RATE_LIMIT_EXCEEDED: { status: 429, message: 'Rate limit exceeded' },
  CONNECTION_FAILED: { status: 429, message: 'Connection refused' },
  FFMPEG_ERROR: { status: 500, message: 'FFmpeg failed' },
  INTERNAL_ERROR: { status: 500, message: 'Internal server error' },
  AUTHORIZATION_FAILED: { status: 503, message: 'The host could not decide; try again' },
  SERVER_BUSY: { status: 503, message: 'The server has no room for another stream' },
  STORAGE_FULL: { status: 507, message: 'There is no space for another stream' },
  CONFIG_INVALID: { status: 500, message: 'The configuration is not valid' },
  ACCOUNT_NOT_FOUND: { status: 404, message: 'There is no such account' },
  USERNAME_TAKEN: { status: 400, message: 'The username is taken' },
  EMAIL_TAKEN: { status: 400, message: 'The e-mail address is taken' },
  WRONG_PASSWORD: { status: 401, message: 'The password is wrong' },
  PASSWORD_MISMATCH: { status: 400, message: "The password is not the account's" },
  NOT_LOGGED_IN: { status: 401, message: 'Log in first' },
  TOKEN_EXPIRED: { status: 401, message: 'The token has expired' },
  FORBIDDEN: { status: 403, message: 'This is not allowed' },
  ACCOUNT_BANNED: { status: 403, message: 'The account is banned' },
  RESET_TOKEN_INVALID: { status: 400, message: 'The token to set a new password is not valid, or was used' },
  UPLOAD_FAILED: { status: 400, message: 'The upload cannot be used' },
  MAIL_NOT_CONFIGURED: { status: 503, message: 'This server sends no mail: ask whoever runs it for a new password' },
  DATABASE_UNAVAILABLE: { status: 503, message: 'The database does not answer' },
  OBJECTS_UNAVAILABLE: { status: 503, message: 'The storage of objects does not answer' },
  DATA_DIR_IN_USE: { status: 500, message: 'Another server uses the data folder' },
  DATABASE_VERSION: { status: 500, message: 'The database was written by another version' },
  API_KEY_INVALID: { status: 401, message: 'The API key is missing or wrong' },
  STAGE_FULL: { status: 503, message: 'The stage is full' },
  MASTER_STAGE: { status: 403, message: 'The master stage cannot be deleted' },
  STAGE_NOT_EMPTY: { status: 400, message: 'There are viewers on the stage' },
  STAGE_LIMIT_REACHED: { status: 503, message: 'There are as many stages as there may be' },
  REPLICATION_LIMIT_REACHED: { status: 503, message: 'What is published cannot be copied to another stage' },
  TOKEN_GENERATION_FAILED: { status: 500, message: 'No token could be made' },
  STAGES_UNAVAILABLE: { status: 503, message: 'Whoever runs the stages does not answer' },
  ROOM_NOT_FOUND: { status: 404, message: 'Room not found' },
  PARTICIPANT_NOT_FOUND: { status: 404, message: 'The participant is not there' },
  ROOM_TOKEN_INVALID: { status: 401, message: 'The token of the room is not valid' },
  ROOMS_UNAVAILABLE: { status: 503, message: 'Whoever runs the rooms does not answer' },
  SESSION_NOT_FOUND: { status: 404, message: 'There is no such session' },
  SESSION_FULL: { status: 409, message: 'The session is full' },
  INVALID_STATE: { status: 409, message: 'This cannot be done now' },
  INVITE_TOKEN_INVALID: { status: 403, message: 'The invitation is missing or not valid' },
  RECORDING_NOT_FOUND: { status: 404, message: 'There is no such recording' },
  RECORDING_NOT_POSSIBLE: { status: 409, message: 'Nothing here can record this' },
  STREAMS_DIR_IN_USE: { status: 500, message: 'Another server uses the folder of the streams' },
  FFMPEG_NOT_FOUND: { status: 500, message: 'No usable FFmpeg was found' },
  PAGES_NOT_BUILT: { status: 500, message: 'The pages have not been built' }
} as const

export type ErrorCode = keyof typeof CATALOGUE

export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[]

/** What is wrong with one field of a request. */
export interface FieldProblem {
  field: string
  /** In short, for people. */
  message: string
}

export interface ErrorDetails {
  /** What went wrong and what to do, for the person who reads it; the catalogue's text otherwise. */
  message?: string
  /** The stream that this is about. */
  streamKey?: string
  /** When a new try makes sense, in milliseconds. */
  retryAfterMs?: number
  /** The fields that are wrong, each with its reason. */
  fields?: readonly FieldProblem[]
  /** Numbers that say how much: a limit, how many there are. */
  figures?: Readonly<Record<string, number>>
  cause?: unknown
}

/** An error of the catalogue. `code` is stable; `message` is for people; `statusCode` is what HTTP answers. */
export class HeadwaterError extends Error {
  override readonly name = 'HeadwaterError'
  readonly code: ErrorCode
  readonly statusCode: number
  readonly streamKey: string | undefined
  readonly retryAfterMs: number | undefined
  readonly fields: readonly FieldProblem[]
  readonly figures: Readonly<Record<string, number>>

  constructor (code: ErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? CATALOGUE[code].message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.statusCode = CATALOGUE[code].status
    this.streamKey = details.streamKey
    this.retryAfterMs = details.retryAfterMs
    this.fields = details.fields ?? []
    this.figures = details.figures ?? {}
  }
}
