import { Type, type TSchema } from 'typebox'

/** What the routes of open rooms take and answer. */

export const TAG = 'livekit-rooms'

/** LiveKit's own limit of a name, in bytes of UTF-8; a character has one at least. */
export const MAX_NAME_BYTES = 256
/** The database keeps it in 32 bits, one of which is a sign. */
const MAX_PARTICIPANTS = 2_147_483_647

/** What is left out of a new room. */
export const DEFAULTS = { roomTopic: '새 회의', description: '', maxParticipants: 20 }

const userName = Type.String({ maxLength: MAX_NAME_BYTES, description: 'Name of the person, and the identity in the room: who comes twice under one name is disconnected where they were first. Blank: as if it were not there.' })
const roomId = Type.String({ maxLength: MAX_NAME_BYTES, description: 'Name of the room, or its sid (RM_…).' })

export const newRoomBody = Type.Object({
  userName,
  roomTopic: Type.Optional(Type.String({ default: DEFAULTS.roomTopic })),
  description: Type.Optional(Type.String({ default: DEFAULTS.description })),
  maxParticipants: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PARTICIPANTS, default: DEFAULTS.maxParticipants, description: 'Tokens are given out beyond it; whoever is too much cannot connect.' }))
})

export const joinBody = Type.Object({ roomId, userName })

export const roomParams = Type.Object({ roomId })

const token = Type.String({ description: 'JWT (HS256) to connect with, for a day by default.' })
const address = (description: string) => Type.String({ description })
const socketPath = Type.Optional(Type.String({ description: "Added, where the server runs its rooms by itself: path of their WebSocket. LiveKit's clients cannot use it." }))

export const createdRoom = Type.Object({
  roomId: Type.String({ description: '`room-<unix seconds>-<6 characters>`' }),
  roomUrl: address('`<livekitUrl>/<roomId>`'),
  roomTopic: Type.String(),
  description: Type.String(),
  maxParticipants: Type.Integer(),
  userName: Type.String(),
  token,
  livekitUrl: address('WebSocket address of the LiveKit server.'),
  socketPath
}, { description: 'The room is open, and this is the token of whoever made it' })

export const joinedRoom = Type.Object({ token, url: address('WebSocket address to connect to.'), socketPath }, { description: 'A token for the room' })

const room = {
  roomId: Type.String({ description: 'The name of a room that was made here, the sid of another one.' }),
  roomTopic: Type.String({ description: 'The name, of a room that has none.' }),
  description: Type.String(),
  maxParticipants: Type.Integer({ description: '0: no limit.' }),
  createdBy: Type.String({ description: 'User name; empty where the room was not made here.' }),
  createdAt: Type.String({ format: 'date-time', description: 'UTC, whole seconds.' })
}
export const openRoom = Type.Object(room, { description: 'The room' })

export const roomList = Type.Object({
  rooms: Type.Array(Type.Object(room)),
  total: Type.Integer({ description: 'How many there are in the list.' })
}, { description: 'All rooms that are open, newest first' })

const errorBody = Type.Object({
  statusCode: Type.Integer({ description: 'As of HTTP.' }),
  message: Type.String({ description: 'What went wrong, in the words of the original where it has some.' })
}, { title: 'RoomsError' })

const ERRORS = {
  400: 'A field is missing or wrong: `Failed to join room: identity is required for join but not set`',
  404: '`Failed to join room: Room not found`, `Failed to get room: Room not found`',
  413: 'The body is too large',
  415: 'Another content type than application/json',
  429: 'The limit is reached; Retry-After says for how long',
  500: '`Internal server error`: also where LiveKit does not answer'
}

/** An answer, and errors of these statuses beside those that every route can give. */
export function answers (answer: TSchema, statuses: Array<keyof typeof ERRORS>): Record<number, object> {
  return { 200: answer, ...Object.fromEntries(([...statuses, 429, 500] as const).map(status => [status, { description: ERRORS[status], content: { 'application/json': { schema: errorBody } } }])) }
}
