import type { Presence } from '../../../src/platform/state/state.ts'
import { hallOf, roomSidOf, type Guest } from './hall-messages.ts'

/** More than Redis will ever hold. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

export interface Seating {
  sid: string
  /** 0: no limit. */
  maxParticipants: number
}

/** Who is in which room, over all servers: presence, with a seat for each identity. */
export class Attendance {
  readonly #presence: Presence
  readonly #timeoutMs: number

  /** @param timeoutMs who is not seen for so long is gone */
  constructor (presence: Presence, timeoutMs: number) {
    this.#presence = presence
    this.#timeoutMs = timeoutMs
  }

  /** Whoever has a seat keeps it. @returns whether it is a new one; undefined where there is none, or the room is being closed */
  async takeSeat ({ sid, maxParticipants }: Seating, guest: Guest): Promise<{ isNew: boolean } | undefined> {
    const place = hallOf(sid)
    return await this.#presence.takeSeat(place, guest.person.identity, [{ place, seats: maxParticipants === 0 ? NO_LIMIT : maxParticipants }], { timeoutMs: this.#timeoutMs, data: guest })
  }

  /** Seen again. @returns false: has no seat any more */
  async touch (sid: string, identity: string): Promise<boolean> {
    return await this.#presence.touch(hallOf(sid), identity)
  }

  /** @returns whether they were there */
  async leave (sid: string, identity: string): Promise<boolean> {
    return await this.#presence.leave(hallOf(sid), identity)
  }

  /** Oldest first. */
  async guests (sid: string): Promise<Guest[]> {
    return (await this.#presence.members(hallOf(sid))).map(({ data }) => data as Guest)
  }

  async find (sid: string, identity: string): Promise<Guest | undefined> {
    return (await this.guests(sid)).find(({ person }) => person.identity === identity)
  }

  /** How many are in each, in the same order. */
  async counts (sids: readonly string[]): Promise<number[]> {
    return await this.#presence.counts(sids.map(hallOf))
  }

  async count (sid: string): Promise<number> {
    return (await this.counts([sid]))[0]!
  }

  /** Nobody gets in until it is cleared. @returns false: somebody is in it, or nobody can know */
  async closeIfEmpty (sid: string): Promise<boolean> {
    return await this.#presence.closeIfEmpty(hallOf(sid))
  }

  async clear (sid: string): Promise<void> {
    await this.#presence.clear(hallOf(sid))
  }

  /** Told on one server. @returns an end to it */
  onTimeout (listener: (sid: string, guest: Guest) => void): () => void {
    return this.#presence.onTimeout((place, { data }) => {
      const sid = roomSidOf(place)
      if (sid !== undefined) listener(sid, data as Guest)
    })
  }
}
