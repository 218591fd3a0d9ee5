import { portions } from '../../../at-once.ts'
import type { Log } from '../../../log.ts'
import { RecentMap } from '../../../recent-map.ts'
import { Listeners } from '../../../listeners.ts'
import { Register, type History, type Seen } from '../memory/register.ts'
import { keptOptions, mustBeOffers, type KeptOptions } from '../presence-options.ts'
import type { Member, Presence, PresenceOptions, PresenceSummary, Seat, SeatOffer, Sighting, Stay } from '../state.ts'
import type { Part, RedisConnection } from './connection.ts'
import type { Names } from './names.ts'
import { AT_ONCE, RegisterCalls, type RegisterTiming } from './register-calls.ts'
import type { Session } from './session.ts'

export interface RedisPresenceOptions {
  connection: RedisConnection
  names: Names
  /** This server, as no other was ever called. */
  server: string
  /** So many who left while Redis was away are remembered. */
  maxLeft: number
  timing: RegisterTiming
  log: Log
}

/** Kept in Redis for all servers, and here for those who came to this one: these are announced when Redis is back. */
export class RedisPresence implements Presence, Part {
  readonly #connection: RedisConnection
  readonly #calls: RegisterCalls
  readonly #keepMs: number
  readonly #timedOut: Listeners<[string, Member]>
  /** Whom this server has seen, and what it has counted. */
  readonly #own: Register
  /** Places of which Redis does not know what this server does. */
  readonly #changed = new Set<string>()
  /** Who left while Redis was away, which may not know it. Whoever came again is announced after that. */
  readonly #left: RecentMap<string, { place: string, member: string, at: number }>
  /** Places that were forgotten meanwhile. */
  readonly #cleared: RecentMap<string, true>
  /** The last that was told something. */
  #session: Session | undefined

  constructor ({ connection, names, server, maxLeft, timing, log }: RedisPresenceOptions) {
    this.#connection = connection
    this.#calls = new RegisterCalls(names, server, timing)
    this.#keepMs = timing.keepMs
    this.#own = new Register(timing.staysMs)
    this.#timedOut = new Listeners(log, 'members that time out')
    this.#left = new RecentMap(maxLeft)
    this.#cleared = new RecentMap(maxLeft)
    connection.add(this)
  }

  get size (): number {
    return this.#own.size
  }

  get isBehind (): boolean {
    return this.#changed.size + this.#left.size + this.#cleared.size > 0
  }

  async join (place: string, member: string, given: PresenceOptions): Promise<boolean> {
    const options = keptOptions(given)
    return await this.#connection.use(async session => await this.#sayJoined(session, place, member, options), () => {
      this.#changed.add(place)
      return this.#own.join(place, member, options, Date.now())
    })
  }

  async touch (place: string, member: string): Promise<boolean> {
    const [isThere] = await this.touchAll([{ place, member }])
    return isThere!
  }

  async touchAll (sightings: readonly Sighting[]): Promise<boolean[]> {
    return await this.#connection.use(async session => await this.#sayTouched(session, sightings), () => sightings.map(({ place, member }) => {
      const isThere = this.#own.touch(place, member, Date.now())
      if (isThere) this.#changed.add(place)
      return isThere
    }))
  }

  async leave (place: string, member: string): Promise<boolean> {
    // Before Redis has answered: until then it could be announced.
    const wasThere = this.#own.leave(place, member, Date.now())
    return await this.#connection.use(async session => await this.#sayLeft(session, place, member), () => {
      const isThere = this.#own.leave(place, member, Date.now())
      // It may have come to another server.
      this.#noteLeft(place, member, Date.now())
      return isThere || wasThere
    })
  }

  async members (place: string): Promise<Member[]> {
    return await this.#connection.use(async session => await this.#calls.members(session, place), () => structuredClone(this.#own.members(place)))
  }

  async summary (place: string): Promise<PresenceSummary> {
    return await this.#connection.use(async session => await this.#calls.summary(session, place), () => this.#own.summary(place))
  }

  async places (): Promise<string[]> {
    return await this.#connection.use(async session => await this.#calls.places(session), () => this.#own.places())
  }

  async takeSeat (pool: string, member: string, offers: readonly SeatOffer[], given: PresenceOptions): Promise<Seat | undefined> {
    mustBeOffers(offers)
    const options = keptOptions(given)
    return await this.#connection.use(async session => {
      const taken = await this.#calls.takeSeat(session, pool, member, offers, options)
      if (taken === undefined) return undefined
      this.#learn(taken.seat.place, member, taken)
      if (taken.left !== undefined) this.#own.learnHistory(taken.left.place, taken.left.history, Date.now())
      return taken.seat
    }, () => {
      const taken = this.#own.takeSeat(pool, member, offers, options, Date.now())
      if (taken === undefined) return undefined
      this.#changed.add(taken.seat.place)
      if (taken.left !== undefined) this.#noteLeft(taken.left, member, Date.now())
      return taken.seat
    })
  }

  async seatOf (pool: string, member: string): Promise<string | undefined> {
    return await this.#connection.use(async session => await this.#calls.seatOf(session, pool, member), () => this.#own.seatOf(pool, member))
  }

  async closeIfEmpty (place: string): Promise<boolean> {
    return await this.#connection.use(async session => await this.#calls.closeIfEmpty(session, place), () => false)
  }

  async counts (places: readonly string[]): Promise<number[]> {
    return await this.#connection.use(async session => await this.#calls.counts(session, places), () => places.map(place => this.#own.count(place, Date.now())))
  }

  async stay (place: string, member: string): Promise<Stay | undefined> {
    return await this.#connection.use(async session => await this.#calls.stay(session, place, member), () => this.#own.stay(place, member, Date.now()))
  }

  async clear (place: string): Promise<void> {
    this.#own.clear(place)
    await this.#connection.use(async session => await this.#calls.clear(session, place), () => { this.#cleared.set(place, true) })
  }

  onTimeout (listener: (place: string, member: Member) => void): () => void {
    return this.#timedOut.add(listener)
  }

  async catchUp (session: Session): Promise<void> {
    if (session !== this.#session) {
      // Whatever the last one was told may not have arrived, or be lost.
      for (const place of this.#own.knownPlaces()) this.#changed.add(place)
      this.#session = session
    }
    for (const place of [...this.#cleared.keys()]) {
      await this.#calls.clear(session, place)
      this.#cleared.delete(place)
    }
    for (const [entry, left] of [...this.#left]) {
      const stays = this.#own.endedStays(left.place, left.member, Date.now())
      await this.#calls.leave(session, left.place, left.member, { agoMs: Math.max(1, Date.now() - left.at), stays })
      if (this.#left.get(entry) === left) this.#left.delete(entry)
    }
    for (const place of [...this.#changed]) {
      this.#changed.delete(place)
      await this.#announce(session, place)
    }
  }

  /** Tells who timed out: of all servers, or, while Redis is away, of this one. */
  async sweep (): Promise<void> {
    const now = Date.now()
    // While Redis is there, these have gone on to another server, or Redis takes them out.
    const own = this.#own.takeTimedOut(now)
    this.#own.forgetUnused(now, this.#keepMs)
    let taken: Awaited<ReturnType<RegisterCalls['takeTimedOut']>> | undefined
    do {
      taken = await this.#connection.tryTo(async session => await this.#calls.takeTimedOut(session))
      for (const { place, member } of taken?.gone ?? []) this.#timedOut.tell(place, member)
    } while (taken?.more)
    if (taken !== undefined) return
    for (const { place, member } of own) {
      this.#noteLeft(place, member.member, member.lastSeenAt)
      this.#timedOut.tell(place, member)
    }
  }

  async #sayJoined (session: Session, place: string, member: string, options: KeptOptions): Promise<boolean> {
    const answer = await this.#calls.join(session, place, member, options)
    if (answer === undefined) {
      this.#own.unlearnMember(place, member)
      return false
    }
    this.#learn(place, member, answer)
    return answer.joined
  }

  /** All in one round trip. */
  async #sayTouched (session: Session, sightings: readonly Sighting[]): Promise<boolean[]> {
    const byPlace = new Map<string, number[]>()
    for (const [index, { place }] of sightings.entries()) {
      const indexes = byPlace.get(place)
      if (indexes === undefined) byPlace.set(place, [index])
      else indexes.push(index)
    }
    const isThere = sightings.map(() => false)
    const touch = async (place: string, indexes: readonly number[]): Promise<void> => {
      const { seen, history } = await this.#calls.touch(session, place, indexes.map(index => sightings[index]!.member))
      for (const [at, index] of indexes.entries()) {
        const { member } = sightings[index]!
        const one = seen[at]
        if (one === undefined) this.#own.unlearnMember(place, member)
        else this.#learn(place, member, { seen: one, history })
        isThere[index] = one !== undefined
      }
    }
    await Promise.all([...byPlace].flatMap(([place, indexes]) => portions(indexes, AT_ONCE).map(async some => await touch(place, some))))
    return isThere
  }

  async #sayLeft (session: Session, place: string, member: string): Promise<boolean> {
    const history = await this.#calls.leave(session, place, member)
    this.#own.unlearnMember(place, member)
    if (history !== undefined) this.#own.learnHistory(place, history, Date.now())
    return history !== undefined
  }

  /** All that this server knows of a place; of a member at the moment at which that is said. */
  async #announce (session: Session, place: string): Promise<void> {
    const names = [...this.#own.inside(place)?.members.keys() ?? []]
    let from = 0
    do {
      const { members, history } = this.#own.inside(place) ?? {}
      if (members === undefined || history === undefined) return
      const some = names.slice(from, from + AT_ONCE).flatMap(name => members.has(name) ? [[name, { ...members.get(name)! }] as [string, Seen]] : [])
      const refused = await this.#calls.announce(session, place, history, some)
      for (const [name, { lastSeenAt }] of some) {
        // Unless it was seen here again meanwhile: that is announced too.
        if (refused.includes(name) && members.get(name)?.lastSeenAt === lastSeenAt) this.#own.unlearnMember(place, name)
      }
      from += AT_ONCE
    } while (from < names.length)
  }

  /** What Redis answers is learned at once, so that it is learned in its order. */
  #learn (place: string, member: string, { seen, history }: { seen: Seen, history: History }): void {
    const now = Date.now()
    this.#own.learnMember(place, member, { ...seen, lastSeenAt: now })
    this.#own.learnHistory(place, history, now)
  }

  #noteLeft (place: string, member: string, at: number): void {
    this.#left.set(entryOf(place, member), { place, member, at })
    if (this.#own.inside(place) !== undefined) this.#changed.add(place)
  }
}

function entryOf (place: string, member: string): string {
  return `${place.length}:${place}${member}`
}
