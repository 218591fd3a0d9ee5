import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }
const milliseconds = { unit: 'ms' }

/** Who runs the rooms of rooms, live sessions and meetings: a LiveKit server, or this installation. */
export const livekitSchema = Type.Object({
  url: Type.String({ default: '', env: 'LIVEKIT_URL', description: 'Address of the LiveKit server (http, https, ws or wss). Empty: rooms are local: presence, data and permissions, without media.' }),
  publicUrl: Type.String({ default: '', env: 'LIVEKIT_PUBLIC_URL', description: 'Address that people connect to, where it is another one.' }),
  apiKey: Type.String({ default: '', env: 'LIVEKIT_API_KEY', description: 'Key of that server. Empty, without a server: headwater.' }),
  apiSecret: Type.String({ default: '', secret: true, env: 'LIVEKIT_API_SECRET', description: 'Signs the tokens of rooms (HS256), at least 32 characters. Empty, without a server: outside production one is generated once and kept in DATA_DIR; in production the server does not start.' }),
  requestMs: Type.Integer({ default: 5_000, minimum: 100, ...milliseconds, env: 'LIVEKIT_REQUEST_MS', description: 'A request to LiveKit that takes longer has failed.' }),
  attempts: Type.Integer({ default: 3, minimum: 1, env: 'LIVEKIT_ATTEMPTS', description: 'How often a request to LiveKit is tried that was throttled or failed on the way.' }),
  retryMs: Type.Integer({ default: 200, minimum: 1, ...milliseconds, env: 'LIVEKIT_RETRY_MS', description: 'Wait before the second try, doubled for each further one, with jitter.' }),
  webhookMaxAgeSeconds: Type.Integer({ default: 300, minimum: 1, ...seconds, env: 'LIVEKIT_WEBHOOK_MAX_AGE_SECONDS', description: 'A webhook whose event is older is taken for a replay and left alone.' }),
  webhookMaxBytes: Type.Integer({ default: 2_097_152, minimum: 1_024, unit: 'bytes', env: 'LIVEKIT_WEBHOOK_MAX_BYTES', description: 'Largest body of a webhook. It has the metadata of the room and of a participant in it.' }),
  rememberedSids: Type.Integer({ default: 10_000, minimum: 1, env: 'LIVEKIT_REMEMBERED_SIDS', description: 'Sids of rooms of earlier that a server still knows the names of. Beyond it the oldest are forgotten.' }),
  emptyTimeoutSeconds: Type.Integer({ default: 600, minimum: 1, ...seconds, env: 'ROOM_EMPTY_TIMEOUT_SECONDS', description: 'A room that nobody has come to is closed after so long.' }),
  departureTimeoutSeconds: Type.Integer({ default: 600, minimum: 1, ...seconds, env: 'ROOM_DEPARTURE_TIMEOUT_SECONDS', description: 'A room that the last has left is closed after so long.' }),
  sidHours: Type.Number({ default: 168, minimum: 0, unit: 'h', env: 'ROOM_SID_HOURS', description: 'A local room that is closed is remembered for so long: its sid leads to the room that is open under the same name by then.' }),
  sweepSeconds: Type.Number({ default: 5, exclusiveMinimum: 0, maximum: 3_600, ...seconds, env: 'ROOM_SWEEP_SECONDS', description: 'How often local rooms are looked for that are to be closed.' }),

  // The socket of local rooms
  socketJoinMs: Type.Integer({ default: 10_000, minimum: 1, ...milliseconds, env: 'ROOM_SOCKET_JOIN_MS', description: 'A socket that has not given a good token within so long is closed.' }),
  socketTimeoutSeconds: Type.Number({ default: 15, minimum: 0.1, maximum: 3_600, ...seconds, env: 'ROOM_SOCKET_TIMEOUT_SECONDS', description: 'Who was connected to a server that is gone has left after so long. Servers say three times within it who is there.' }),
  socketAnswerMs: Type.Integer({ default: 2_000, minimum: 10, ...milliseconds, env: 'ROOM_SOCKET_ANSWER_MS', description: 'Somebody about whom no server has answered within so long is connected to none.' }),
  maxSockets: Type.Integer({ default: 10_000, minimum: 1, env: 'ROOM_SOCKET_MAX', description: 'Sockets of rooms at a server; the next is refused.' }),
  maxSocketsPerNetwork: Type.Integer({ default: 1_000, minimum: 1, env: 'ROOM_SOCKET_MAX_PER_NETWORK', description: 'The same from one network of clients.' }),
  maxSocketBytes: Type.Integer({ default: 16_384, minimum: 1_024, unit: 'bytes', env: 'ROOM_SOCKET_MAX_BYTES', description: 'Largest message that is taken from a socket.' }),
  maxSocketMessagesPerSecond: Type.Integer({ default: 50, minimum: 1, env: 'ROOM_SOCKET_MAX_MESSAGES_PER_SECOND', description: 'A socket that sends more is closed.' }),
  maxUnsentSocketBytes: Type.Integer({ default: 1_048_576, minimum: 1, unit: 'bytes', env: 'ROOM_SOCKET_MAX_UNSENT_BYTES', description: 'A socket for which more waits, because it reads too slowly, is closed.' }),
  socketPingSeconds: Type.Number({ default: 30, exclusiveMinimum: 0, maximum: 3_600, ...seconds, env: 'ROOM_SOCKET_PING_SECONDS', description: 'How often a socket is asked whether it is still there; one that has not answered by the next time is ended.' }),

  // Recording at a LiveKit server
  egressS3: Type.Enum(['off', 'on'], { default: 'off', env: 'LIVEKIT_EGRESS_S3', description: 'on: LiveKit writes recordings to the bucket of S3_BUCKET. off: below LIVEKIT_EGRESS_DIR on its own machine.' }),
  egressDir: Type.String({ default: '', env: 'LIVEKIT_EGRESS_DIR', description: 'Folder that LiveKit writes recordings to, as this server sees it. Empty: LiveKit does not record.' })
}, { additionalProperties: false })

export type LivekitConfig = Static<typeof livekitSchema>
