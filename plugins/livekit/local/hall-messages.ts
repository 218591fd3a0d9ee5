import type { RoomPerson } from '../../../src/rooms/local-messages.ts'
import type { Permissions } from '../../../src/rooms/provider.ts'

/** Somebody who is in a room. What presence keeps of them, too. */
export interface Guest {
  person: RoomPerson
  /** Of its name. */
  room: string
  /** Over all servers the later connection has the greater one, or, while they do not hear of each other, the same. */
  turn: number
}

/** Of two connections of one identity the later counts, on all servers. */
export function isLater (one: Guest, other: Guest): boolean {
  return one.turn === other.turn ? one.person.sid > other.person.sid : one.turn > other.turn
}

/** What the servers tell each other of a room. */
export type HallMessage =
  /** Also that something about them has changed. */
  | { kind: 'here', guest: Guest }
  | { kind: 'gone', identity: string, sid: string }
  /** `from` null: the server. `to` undefined: all. */
  | { kind: 'data', from: string | null, topic: string, payload: string, to?: readonly string[] }
  | { kind: 'closed' }
  | Asked

/** Something about one person. The server that the person is connected to answers when it is done. */
export interface Asked {
  kind: 'ask'
  /** Id of the answer. */
  question: string
  identity: string
  wish: Wish
}

export type Wish =
  /** Attributes that are not named stay, and empty ones go, as at LiveKit. */
  | { type: 'permit', permissions: Permissions, attributes?: Record<string, string> }
  | { type: 'remove' }
  /** Nothing but an answer: whether they are there. */
  | { type: 'none' }

/** Name of a channel, and of a place in presence. By sid: a room that is made again under the same name is another one. */
export function hallOf (roomSid: string): string {
  return `${HALL}${roomSid}`
}

/** The sid of the room; undefined for a place of somebody else. */
export function roomSidOf (place: string): string | undefined {
  return place.startsWith(HALL) ? place.slice(HALL.length) : undefined
}

const HALL = 'room:'
