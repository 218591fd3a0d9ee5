/**
 * What goes over the socket of local rooms, in JSON: who is there, data from one to the others, changed permissions. The
 * first message of a client is `join`; nothing else is taken before. A token does not stand in an address, which would be
 * logged.
 */
import type { Permissions } from './provider.ts'

export interface RoomPerson {
  identity: string
  /** Of this connection. */
  sid: string
  name: string
  attributes: Record<string, string>
  permissions: Permissions
  /** ISO 8601. */
  joinedAt: string
}

export type RoomClientMessage =
  | { type: 'join', token: string }
  /** Text to everybody else, or to these; needs `canPublishData`. */
  | { type: 'data', topic: string, payload: string, to?: string[] }
  | { type: 'leave' }

export type RoomServerMessage =
  /** The first answer. `participants` are the others. */
  | { type: 'joined', room: { name: string, sid: string, metadata: string }, you: RoomPerson, participants: RoomPerson[] }
  | { type: 'participant-joined', participant: RoomPerson }
  | { type: 'participant-left', identity: string, sid: string }
  /** Permissions or attributes, of oneself too. */
  | { type: 'participant-changed', participant: RoomPerson }
  /** `from` null: the server. */
  | { type: 'data', from: string | null, topic: string, payload: string }
  /** The last message; the socket is closed with {@link ROOM_CLOSE_CODES}. */
  | { type: 'left', reason: LeftReason }
  /** The connection stays. `code` of the catalogue. */
  | { type: 'error', error: { code: string, message: string } }

/**
 * `duplicate`: the same identity came again, which counts; `token`: none that is good was given in time; `flood`: more
 * was sent than is taken, or more came than was read.
 */
export type LeftReason = 'left' | 'removed' | 'room-closed' | 'duplicate' | 'token' | 'full' | 'server-closed' | 'flood'

/** After `server-closed` alone it makes sense to come again by oneself. */
export const ROOM_CLOSE_CODES: Record<LeftReason, number> = { left: 1000, 'server-closed': 1001, token: 4401, removed: 4403, 'room-closed': 4404, duplicate: 4409, full: 4410, flood: 4429 }
