import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }

/** Recordings of live sessions and meetings. */
export const recordingsSchema = Type.Object({
  baseUrl: Type.String({ default: '', env: 'RECORDINGS_BASE_URL', description: "What stands before the name of a recording's file in its address. Empty: this server's own path, below PUBLIC_BASE_URL." }),
  startSeconds: Type.Number({ default: 60, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_START_SECONDS', description: 'A recording that has not begun within so long has failed.' }),
  finishSeconds: Type.Number({ default: 600, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_FINISH_SECONDS', description: 'A recording whose file is not there so long after its end has failed.' }),
  pollSeconds: Type.Number({ default: 15, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_POLL_SECONDS', description: 'How often recordings that are under way are looked at.' }),
  maxSeconds: Type.Number({ default: 43_200, exclusiveMinimum: 0, ...seconds, env: 'RECORDING_MAX_SECONDS', description: 'A recording is stopped after so long.' })
}, { additionalProperties: false })

export type RecordingsConfig = Static<typeof recordingsSchema>
