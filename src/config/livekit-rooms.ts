import { Type, type Static } from 'typebox'

/** The open rooms API. */
export const livekitRoomsSchema = Type.Object({
  enabled: Type.Enum(['on', 'off'], { default: 'on', env: 'ROOMS', description: 'off: no open rooms.' }),
  requestsPerMinute: Type.Integer({ default: 0, minimum: 0, unit: 'per minute', env: 'ROOMS_REQUESTS_PER_MINUTE', description: 'Requests of a client in a minute. 0: no limit.' }),
  tokenSeconds: Type.Integer({ default: 86_400, minimum: 60, unit: 's', env: 'ROOM_TOKEN_SECONDS', description: 'One can connect with a token of a room for so long.' }),
  maxBodyBytes: Type.Integer({ default: 65_536, minimum: 1_024, unit: 'bytes', env: 'ROOMS_MAX_BODY_BYTES', description: 'Largest body of a request.' })
}, { additionalProperties: false })

export type LivekitRoomsConfig = Static<typeof livekitRoomsSchema>
