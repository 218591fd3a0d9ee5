import { setTimeout as delay } from 'node:timers/promises'
import { Coalesced } from '../../../src/coalesced.ts'
import type { Counters } from '../../../src/platform/state/state.ts'
import type { LeftReason } from '../../../src/rooms/local-messages.ts'
import { UnderWay } from '../../../src/under-way.ts'
import type { RoomTokenClaims } from '../tokens.ts'
import { Hall, type Connection, type HallParts } from './hall.ts'
import type { Guest } from './hall-messages.ts'
import type { RegisteredRoom } from './room-register.ts'
import { newParticipantSid } from './sids.ts'

const TURNS = 'rooms:turns'
/** A room that was about to be closed, and then was not, lets people in again within so long. */
const SEAT_ATTEMPTS = 5
const SEAT_RETRY_MS = 100

export interface HallsOptions extends HallParts {
  counters: Counters
  /** How often it is said who is here. */
  beatMs: number
  now: () => Date
}

/** Somebody is in. */
export interface Stay {
  /** @throws HeadwaterError `FORBIDDEN` */
  say (data: { topic: string, payload: string, to?: readonly string[] }): Promise<void>
  leave (): Promise<void>
}

interface OpenHall {
  hall: Hall
  opened: Promise<void>
  /** Who is in it here, or on the way. */
  users: number
}

/** The rooms in which people are who are connected to this server. */
export class Halls {
  readonly #options: HallsOptions
  /** By sid. */
  readonly #halls = new Map<string, OpenHall>()
  readonly #timer: NodeJS.Timeout
  readonly #beats: Coalesced
  /** Who is on the way in or out. */
  readonly #unfinished = new UnderWay()
  #isClosing = false

  constructor (options: HallsOptions) {
    this.#options = options
    this.#beats = new Coalesced(async () => await this.#beat())
    this.#timer = setInterval(() => { void this.#beats.run() }, options.beatMs).unref()
  }

  /** Takes a seat, or says why there is none; the connection has been told who is there by then. A token opens no room: one that was closed stays closed. */
  async enter (claims: RoomTokenClaims, connection: Connection): Promise<Stay | LeftReason> {
    return await this.#unfinished.track(this.#enter(claims, connection))
  }

  /** Everybody goes, and nobody comes any more. */
  async empty (): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#halls.values()].flatMap(({ hall }) => hall.connections).map(async connection => { await connection.end('server-closed') }))
  }

  async close (): Promise<void> {
    clearInterval(this.#timer)
    await this.empty()
    // Who was on the way in finds that it is closed, or goes as their socket closes.
    while (this.#unfinished.size > 0) await this.#unfinished.idle()
    await this.#beats.idle()
  }

  async #enter ({ room: name, identity, name: called = identity, attributes, permissions }: RoomTokenClaims, connection: Connection): Promise<Stay | LeftReason> {
    if (this.#isClosing) return 'server-closed'
    const room = await this.#options.register.findOpen(name)
    if (room === undefined) return 'room-closed'
    const used = this.#use(room)
    let isIn = false
    try {
      await used.opened
      // After the hall listens: whoever has a later turn is heard of.
      const turn = await this.#turn(used.hall, identity)
      const sid = newParticipantSid()
      const guest: Guest = { room: room.name, turn, person: { identity, sid, name: called, attributes, permissions, joinedAt: this.#options.now().toISOString() } }
      const refusal = await this.#seat(room, guest)
      if (refusal !== undefined) return refusal
      isIn = true
      used.hall.admit(guest, connection)
      return {
        say: async data => await used.hall.say(sid, data),
        leave: async () => { await this.#unfinished.track(this.#leave(used, sid)) }
      }
    } finally {
      if (!isIn) await this.#unuse(used)
    }
  }

  async #leave (used: OpenHall, sid: string): Promise<void> {
    try {
      await used.hall.leave(sid)
    } finally {
      await this.#unuse(used)
    }
  }

  /** The counter begins anew with a Redis that has lost what it knew. */
  async #turn (hall: Hall, identity: string): Promise<number> {
    const turn = await this.#options.counters.add(TURNS)
    return Math.max(turn, hall.turnOf(identity) + 1)
  }

  /** @returns why there is no seat */
  async #seat (room: RegisteredRoom, guest: Guest): Promise<LeftReason | undefined> {
    const { attendance, register } = this.#options
    const { sid, maxParticipants } = room
    for (let attempt = 1; await attendance.takeSeat(room, guest) === undefined; attempt++) {
      if (!await register.visited(sid)) return 'room-closed'
      if (maxParticipants > 0 && await attendance.count(sid) >= maxParticipants) return 'full'
      if (attempt === SEAT_ATTEMPTS) return 'server-closed'
      await delay(SEAT_RETRY_MS)
    }
    const isOpen = await register.visited(sid)
    if (isOpen && !this.#isClosing) return undefined
    await attendance.leave(sid, guest.person.identity)
    return isOpen ? 'server-closed' : 'room-closed'
  }

  #use (room: RegisteredRoom): OpenHall {
    let open = this.#halls.get(room.sid)
    if (open === undefined) {
      const hall = new Hall(room, this.#options)
      open = { hall, opened: hall.open(), users: 0 }
      this.#halls.set(room.sid, open)
    }
    open.hall.room = room
    open.users++
    return open
  }

  async #unuse (open: OpenHall): Promise<void> {
    if (--open.users > 0) return
    this.#halls.delete(open.hall.room.sid)
    await open.hall.close()
  }

  async #beat (): Promise<void> {
    const halls = [...this.#halls.values()].map(({ hall }) => hall)
    if (halls.length === 0) return
    const open = await this.#options.register.openAmong(halls.map(({ room }) => room.sid)).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'it could not be asked which rooms are open')
    })
    // One after the other, so that they do not ask Redis for more at once than it may be asked for.
    for (const hall of halls) {
      try {
        await hall.beat()
        // What another server said while Redis was away is not told later.
        if (open?.has(hall.room.sid) === false) hall.shut()
      } catch (error) {
        this.#options.log.warn({ err: error, room: hall.room.sid }, 'it could not be said who is in a room')
      }
    }
  }
}
