import type { Log } from '../../../log.ts'
import { Listeners } from '../../../listeners.ts'
import { keptOptions, mustBeOffers } from '../presence-options.ts'
import type { Member, Presence, PresenceOptions, PresenceSummary, Seat, SeatOffer, Sighting, Stay } from '../state.ts'
import { Register } from './register.ts'

export interface PresenceTiming {
  /** Who timed out is looked for this often. */
  sweepMs: number
  /** A place in which nobody was for so long is forgotten. */
  keepMs: number
  /** How long somebody stayed is kept for so long after it left. */
  staysMs: number
}

export class MemoryPresence implements Presence {
  readonly #register: Register
  readonly #timedOut: Listeners<[string, Member]>
  readonly #timer: NodeJS.Timeout

  constructor ({ sweepMs, keepMs, staysMs }: PresenceTiming, log: Log) {
    this.#register = new Register(staysMs)
    this.#timedOut = new Listeners(log, 'members that time out')
    this.#timer = setInterval(() => {
      const now = Date.now()
      for (const { place, member } of this.#register.takeTimedOut(now)) this.#timedOut.tell(place, member)
      this.#register.forgetUnused(now, keepMs)
    }, sweepMs).unref()
  }

  get size (): number {
    return this.#register.size
  }

  async join (place: string, member: string, options: PresenceOptions): Promise<boolean> {
    return this.#register.join(place, member, keptOptions(options), Date.now())
  }

  async touch (place: string, member: string): Promise<boolean> {
    return this.#register.touch(place, member, Date.now())
  }

  async touchAll (sightings: readonly Sighting[]): Promise<boolean[]> {
    const now = Date.now()
    return sightings.map(({ place, member }) => this.#register.touch(place, member, now))
  }

  async leave (place: string, member: string): Promise<boolean> {
    return this.#register.leave(place, member, Date.now())
  }

  async members (place: string): Promise<Member[]> {
    return structuredClone(this.#register.members(place))
  }

  async summary (place: string): Promise<PresenceSummary> {
    return this.#register.summary(place)
  }

  async places (): Promise<string[]> {
    return this.#register.places()
  }

  async takeSeat (pool: string, member: string, offers: readonly SeatOffer[], options: PresenceOptions): Promise<Seat | undefined> {
    mustBeOffers(offers)
    return this.#register.takeSeat(pool, member, offers, keptOptions(options), Date.now())?.seat
  }

  async seatOf (pool: string, member: string): Promise<string | undefined> {
    return this.#register.seatOf(pool, member)
  }

  async closeIfEmpty (place: string): Promise<boolean> {
    return this.#register.closeIfEmpty(place, Date.now())
  }

  async counts (places: readonly string[]): Promise<number[]> {
    const now = Date.now()
    return places.map(place => this.#register.count(place, now))
  }

  async stay (place: string, member: string): Promise<Stay | undefined> {
    return this.#register.stay(place, member, Date.now())
  }

  async clear (place: string): Promise<void> {
    this.#register.clear(place)
  }

  onTimeout (listener: (place: string, member: Member) => void): () => void {
    return this.#timedOut.add(listener)
  }

  close (): void {
    clearInterval(this.#timer)
  }
}
