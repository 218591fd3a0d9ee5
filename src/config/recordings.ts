import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }

/** Recordings of live sessions and meetings. */
export const recordingsSchema = Type.Object({
  baseUrl: Type.String({ default: '', env: 'RECORDINGS_BASE_URL', description: "What stands before the name of a recording's file in its address. Empty: this server's own path, below PUBLIC_BASE_URL." }),
  startSeconds: Type.Number({ default: 60, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_START_SECONDS', description: 'A recording of a room that has not begun within so long has failed. That of a stream waits for whoever publishes, up to RECORDING_MAX_SECONDS.' }),
  finishSeconds: Type.Number({ default: 600, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_FINISH_SECONDS', description: 'A recording whose file is not there so long after its end has failed.' }),
  pollSeconds: Type.Number({ default: 15, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_POLL_SECONDS', description: 'How often recordings that are under way are looked at.' }),
  maxSeconds: Type.Number({ default: 43_200, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_MAX_SECONDS', description: 'A recording is stopped after so long.' }),
  maxBytes: Type.Integer({ default: 4_900_000_000, minimum: 1_000_000, unit: 'bytes', env: 'RECORDING_MAX_BYTES', description: 'A recording of a stream is stopped when it has so many. A little below MAX_OBJECT_BYTES: beyond that its file could not be kept.' }),
  tailSeconds: Type.Number({ default: 10, minimum: 0, ...seconds, env: 'RECORDING_TAIL_SECONDS', description: 'When a recording of a stream is stopped, what had come by then and is not published yet is waited for so long.' }),
  maxJoins: Type.Integer({ default: 1, minimum: 1, env: 'RECORDING_MAX_JOINS', description: 'FFmpeg processes that make files of recorded streams at once; further ones wait.' }),
  fileRequestsPerMinute: Type.Integer({ default: 600, minimum: 1, unit: 'per minute', env: 'RECORDING_FILE_REQUESTS_PER_MINUTE', description: 'Requests for files of recordings from one address.' })
}, { additionalProperties: false })

export type RecordingsConfig = Static<typeof recordingsSchema>
