import { readToken, Unauthorized, type Claims, type Credentials } from './access.ts'
import { KINDS, newMember, type Kind, type Listener, type Member } from './member.ts'
import type { MovableClock } from './movable-clock.ts'
import type { OpenRoom, Rooms } from './rooms.ts'

/** Why somebody is not let in. */
export class JoinRefused extends Error {
  override readonly name = 'JoinRefused'
  /** What `/rtc/validate` answers. */
  readonly status: number

  constructor (message: string, status: number) {
    super(message)
    this.status = status
  }
}

export interface Door {
  rooms: Rooms
  clock: MovableClock
  credentials: Credentials
  /** Whether a token for a room that is not open opens it. */
  autoCreate: boolean
}

/** Who comes with a token may come in. @throws JoinRefused */
export function checkJoin (token: string, { rooms, clock, credentials, autoCreate }: Door): { claims: Claims, roomName: string } {
  const claims = claimsOf(token, credentials, clock.now())
  const { roomJoin = false, room = '' } = claims.video ?? {}
  if (!roomJoin) throw new JoinRefused('permissions denied', 401)
  if (claims.sub === undefined || claims.sub === '') throw new JoinRefused('identity cannot be empty', 400)
  if (room === '') throw new JoinRefused('room name cannot be empty', 400)
  const open = rooms.find(room)
  if (open === undefined && !autoCreate) throw new JoinRefused('requested room does not exist', 404)
  if (open !== undefined && rooms.isFull(open, claims.sub)) throw new JoinRefused('room has exceeded its max participants', 403)
  return { claims, roomName: room }
}

/** @param listener hears of everything from the entry on @throws JoinRefused */
export function enter (token: string, door: Door, listener: Listener): { room: OpenRoom, member: Member } {
  const { claims, roomName } = checkJoin(token, door)
  const room = door.rooms.find(roomName) ?? door.rooms.create({ name: roomName, metadata: '', emptyTimeout: 0, departureTimeout: 0, maxParticipants: 0 })
  const kind = Object.hasOwn(KINDS, claims.kind ?? '') ? claims.kind as Kind : 'standard'
  const member = newMember(claims, kind, door.clock.now(), listener)
  door.rooms.enter(room, member)
  return { room, member }
}

function claimsOf (token: string, credentials: Credentials, nowMs: number): Claims {
  try {
    return readToken(token, credentials, nowMs)
  } catch (error) {
    throw error instanceof Unauthorized ? new JoinRefused(error.message, 401) : error
  }
}
