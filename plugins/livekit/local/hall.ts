import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Log } from '../../../src/log.ts'
import type { Channels } from '../../../src/platform/state/state.ts'
import type { LeftReason, RoomPerson, RoomServerMessage } from '../../../src/rooms/local-messages.ts'
import type { Attendance } from './attendance.ts'
import { hallOf, isLater, type Asked, type Guest, type HallMessage, type Wish } from './hall-messages.ts'
import type { Happenings } from './happenings.ts'
import type { Questions } from './questions.ts'
import type { RegisteredRoom, RoomRegister } from './room-register.ts'
import { Roster, type RosterChange } from './roster.ts'

/** Somebody's socket. */
export interface Connection {
  tell (message: RoomServerMessage): void
  /** The first time it says why, closes the socket and leaves the room; resolves when that is done. */
  end (reason: LeftReason): Promise<void>
}

export interface HallParts {
  attendance: Attendance
  channels: Channels
  happenings: Happenings
  questions: Questions
  register: RoomRegister
  log: Log
}

interface Occupant {
  guest: Guest
  readonly connection: Connection
}

/** One server's part of a room: who is connected here, and what is heard of all the others. */
export class Hall {
  /** As it was when the last one came. */
  room: RegisteredRoom
  readonly #parts: HallParts
  readonly #roster = new Roster()
  /** Who is connected here, by sid. */
  readonly #occupants = new Map<string, Occupant>()
  #unsubscribe: (() => Promise<void>) | undefined

  constructor (room: RegisteredRoom, parts: HallParts) {
    this.room = room
    this.#parts = parts
  }

  async open (): Promise<void> {
    this.#unsubscribe = await this.#parts.channels.subscribe(hallOf(this.room.sid), message => this.#hear(message as HallMessage))
    await this.#look()
  }

  async close (): Promise<void> {
    await this.#unsubscribe?.()
  }

  /** Of the last connection of an identity, as far as it is known here; 0 where there was none. */
  turnOf (identity: string): number {
    return this.#roster.find(identity)?.turn ?? 0
  }

  get connections (): Connection[] {
    return [...this.#occupants.values()].map(({ connection }) => connection)
  }

  /** Who has a seat comes in: the others are told, and an earlier connection of the same identity ends. */
  admit (guest: Guest, connection: Connection): void {
    const { happenings } = this.#parts
    const { name, sid, metadata } = this.room
    this.#occupants.set(guest.person.sid, { guest, connection })
    connection.tell({ type: 'joined', room: { name, sid, metadata }, you: guest.person, participants: this.#roster.persons().filter(({ identity }) => identity !== guest.person.identity) })
    this.#publishLater({ kind: 'here', guest })
    happenings.participant('participant-joined', sid, guest)
  }

  /** To everybody else, or to these. @throws HeadwaterError `FORBIDDEN` */
  async say (sid: string, { topic, payload, to }: { topic: string, payload: string, to?: readonly string[] }): Promise<void> {
    const occupant = this.#occupants.get(sid)
    if (occupant === undefined) return
    const { identity, permissions } = occupant.guest.person
    if (!permissions.canPublishData) throw new HeadwaterError('FORBIDDEN', { message: 'You may not send data in this room' })
    await this.#publish({ kind: 'data', from: identity, topic, payload, ...(to === undefined ? {} : { to }) })
  }

  /** Who was admitted goes. Their seat stays where the same identity has come again. */
  async leave (sid: string): Promise<void> {
    const { attendance, happenings, register } = this.#parts
    const occupant = this.#occupants.get(sid)
    if (occupant === undefined) return
    this.#occupants.delete(sid)
    const { guest } = occupant
    const { identity } = guest.person
    const known = this.#roster.find(identity)
    const isReplaced = known !== undefined && known.person.sid !== sid && isLater(known, guest)
    const isTold = !isReplaced && !await attendance.leave(this.room.sid, identity)
    await this.#publish({ kind: 'gone', identity, sid })
    if (!isTold) happenings.participant('participant-left', this.room.sid, guest)
    // Of a room that is closed nothing has to be remembered.
    if (!isReplaced && await attendance.count(this.room.sid) === 0 && !await register.visited(this.room.sid)) await attendance.clear(this.room.sid)
  }

  /** Says who is here, and compares what it knows of the others with what all servers have said. */
  async beat (): Promise<void> {
    await Promise.all([...this.#occupants.values()].map(async occupant => { await this.#keepSeat(occupant) }))
    const guests = new Map((await this.#look()).map(guest => [guest.person.identity, guest]))
    for (const occupant of [...this.#occupants.values()]) {
      const seen = guests.get(occupant.guest.person.identity)
      if (seen !== undefined) this.#compare(occupant, seen)
    }
  }

  /** Its room is closed: everybody goes. */
  shut (): void {
    for (const connection of this.connections) this.#later(connection.end('room-closed'))
  }

  async #look (): Promise<Guest[]> {
    this.#roster.look()
    const guests = await this.#parts.attendance.guests(this.room.sid)
    this.#announce(this.#roster.saw(guests))
    return guests
  }

  #hear (message: HallMessage): void {
    switch (message.kind) {
      case 'here':
        this.#announce(this.#roster.here(message.guest))
        for (const occupant of this.#of(message.guest.person.identity)) this.#compare(occupant, message.guest)
        return
      case 'gone':
        this.#announce(this.#roster.gone(message.identity, message.sid))
        // Somebody may have given their seat back who did not know of this connection.
        for (const occupant of this.#of(message.identity)) this.#later(this.#keepSeat(occupant))
        return
      case 'data': {
        const { from, topic, payload, to } = message
        const only = to && new Set(to)
        this.#tellAll({ type: 'data', from, topic, payload }, ({ identity }) => identity !== from && (only?.has(identity) ?? true))
        return
      }
      case 'closed':
        this.shut()
        return
      case 'ask':
        for (const occupant of this.#of(message.identity)) this.#later(this.#answer(occupant, message))
    }
  }

  /** Of two connections of one identity the later counts; the earlier ends. */
  #compare (occupant: Occupant, seen: Guest): void {
    const { guest } = occupant
    if (seen.person.sid === guest.person.sid) return
    if (isLater(seen, guest)) this.#later(occupant.connection.end('duplicate'))
    // Whoever came first has written over what is known of this one.
    else this.#later(this.#show(occupant))
  }

  async #keepSeat (occupant: Occupant): Promise<void> {
    const { guest, connection } = occupant
    const { attendance, happenings, register } = this.#parts
    const { sid } = this.room
    if (await attendance.touch(sid, guest.person.identity) || !this.#occupants.has(guest.person.sid)) return
    const seat = await attendance.takeSeat(this.room, guest)
    if (seat === undefined) {
      await connection.end(await register.visited(sid) ? 'full' : 'room-closed')
    } else if (!this.#occupants.has(guest.person.sid)) {
      await attendance.leave(sid, guest.person.identity)
    } else if (seat.isNew) {
      await this.#publish({ kind: 'here', guest: occupant.guest })
      happenings.participant('participant-joined', sid, guest)
    }
  }

  /** What presence and the other servers know of somebody who is here. */
  async #show (occupant: Occupant): Promise<void> {
    await this.#parts.attendance.takeSeat(this.room, occupant.guest)
    await this.#publish({ kind: 'here', guest: occupant.guest })
  }

  async #answer (occupant: Occupant, asked: Asked): Promise<void> {
    await this.#fulfil(occupant, asked.wish)
    await this.#parts.questions.answer(asked)
  }

  async #fulfil (occupant: Occupant, wish: Wish): Promise<void> {
    switch (wish.type) {
      case 'none':
        return
      case 'remove':
        await occupant.connection.end('removed')
        return
      case 'permit': {
        const { guest } = occupant
        const { permissions, attributes } = wish
        occupant.guest = { ...guest, person: { ...guest.person, permissions, attributes: changedAttributes(guest.person.attributes, attributes) } }
        await this.#show(occupant)
      }
    }
  }

  #of (identity: string): Occupant[] {
    return [...this.#occupants.values()].filter(({ guest }) => guest.person.identity === identity)
  }

  #announce (changes: readonly RosterChange[]): void {
    for (const change of changes) {
      const about = change.type === 'participant-left' ? change.identity : change.participant.identity
      this.#tellAll(change, ({ identity }) => identity !== about || change.type === 'participant-changed')
    }
  }

  #tellAll (message: RoomServerMessage, isMeant: (person: RoomPerson) => boolean): void {
    for (const { guest, connection } of this.#occupants.values()) if (isMeant(guest.person)) connection.tell(message)
  }

  async #publish (message: HallMessage): Promise<void> {
    await this.#parts.channels.publish(hallOf(this.room.sid), message)
  }

  #publishLater (message: HallMessage): void {
    this.#later(this.#publish(message))
  }

  /** A failure is mended by the next beat. */
  #later (work: Promise<void>): void {
    work.catch((error: unknown) => { this.#parts.log.warn({ err: error, room: this.room.sid }, 'something about a room failed') })
  }
}

/** As LiveKit does: what is not named stays, what is empty goes. */
function changedAttributes (attributes: Record<string, string>, change: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...attributes, ...change }).filter(([, value]) => value !== ''))
}
