import type { Member, PresenceOptions, PresenceSummary, Seat, SeatOffer, Stay } from '../state.ts'
import { roomiest, Seats } from './seats.ts'
import { Stays, type EndedStays } from './stays.ts'

/** What is kept of a member. Times are in milliseconds since 1970. */
export interface Seen {
  joinedAt: number
  lastSeenAt: number
  timeoutMs: number
  data: unknown
  /** Of which this is its seat. */
  pool?: string
  /** What it stayed before this time. Without it, its stays are not kept. */
  before?: { firstJoinedAt: number, totalMs: number }
}

/** What is counted in a place. */
export type History = Omit<PresenceSummary, 'current'>

interface Place {
  members: Map<string, Seen>
  history: History
  /** When somebody last did something here. */
  usedAt: number
  isClosed: boolean
}

/** Who is where, without a clock or a timer. Whoever calls says what time it is. */
export class Register {
  readonly #places = new Map<string, Place>()
  readonly #seats = new Seats()
  readonly #stays: Stays

  /** @param staysMs how long somebody stayed is kept for so long after it left */
  constructor (staysMs: number) {
    this.#stays = new Stays(staysMs)
  }

  /** Members in all places. */
  get size (): number {
    return [...this.#places.values()].reduce((sum, { members }) => sum + members.size, 0)
  }

  join (name: string, member: string, { timeoutMs, data, keepsStay = false }: PresenceOptions, now: number): boolean {
    if (this.#places.get(name)?.isClosed === true) return false
    const place = this.#place(name, now)
    const seen = place.members.get(member)
    if (seen !== undefined) {
      this.#see(place, seen, now)
      if (data !== undefined) seen.data = data
      return false
    }
    const before = keepsStay ? this.#stays.take(name, member, now) ?? { firstJoinedAt: now, totalMs: 0 } : undefined
    place.members.set(member, { joinedAt: now, lastSeenAt: now, timeoutMs, data: data ?? null, ...before && { before } })
    place.history.joins++
    place.history.peak = Math.max(place.history.peak, place.members.size)
    return true
  }

  touch (name: string, member: string, now: number): boolean {
    const place = this.#places.get(name)
    const seen = place?.members.get(member)
    // Somebody else may have the seat of who is late.
    if (place === undefined || seen === undefined || (seen.pool !== undefined && hasTimedOut(seen, now))) return false
    this.#see(place, seen, now)
    return true
  }

  leave (name: string, member: string, now: number): boolean {
    const place = this.#places.get(name)
    const seen = place?.members.get(member)
    if (place === undefined || seen === undefined) return false
    this.#see(place, seen, now)
    this.#remove(name, member, now)
    return true
  }

  /** @returns with the place in which its seat was given back */
  takeSeat (pool: string, member: string, offers: readonly SeatOffer[], options: PresenceOptions, now: number): { seat: Seat, left: string | undefined } | undefined {
    const had = this.#seats.get(pool, member)
    const seen = had === undefined ? undefined : this.#places.get(had)?.members.get(member)
    const isLate = seen !== undefined && hasTimedOut(seen, now)
    const same = offers.find(({ place }) => place === had)
    const membersOf = (place: string) => this.#places.get(place)?.isClosed === true ? undefined : this.count(place, now)
    const place = (isLate && same !== undefined ? roomiest([same], membersOf) : same?.place) ?? roomiest(offers, membersOf)
    if (place === undefined) return undefined
    const left = had === place ? undefined : had
    if (left !== undefined && isLate) this.#remove(left, member, now)
    else if (left !== undefined) this.leave(left, member, now)
    this.join(place, member, options, now)
    this.#seat(pool, member, place)
    return { seat: { place, isNew: had !== place, members: this.count(place, now) }, left }
  }

  seatOf (pool: string, member: string): string | undefined {
    return this.#seats.get(pool, member)
  }

  closeIfEmpty (name: string, now: number): boolean {
    const place = this.#place(name, now)
    place.isClosed = place.members.size === 0
    return place.isClosed
  }

  /** Who has not timed out. */
  count (name: string, now: number): number {
    let count = 0
    for (const seen of this.#places.get(name)?.members.values() ?? []) if (!hasTimedOut(seen, now)) count++
    return count
  }

  /** Of who left. */
  endedStays (name: string, member: string, now: number): EndedStays | undefined {
    return this.#stays.get(name, member, now)
  }

  stay (name: string, member: string, now: number): Stay | undefined {
    const seen = this.#places.get(name)?.members.get(member)
    if (seen === undefined) {
      const ended = this.endedStays(name, member, now)
      return ended && { isThere: false, ...ended }
    }
    const stays = staysOf(seen)
    return stays && { isThere: !hasTimedOut(seen, now), ...stays }
  }

  /** Somebody who knows better says who is there. */
  learnMember (name: string, member: string, seen: Seen): void {
    const elsewhere = seen.pool === undefined ? undefined : this.#seats.get(seen.pool, member)
    if (elsewhere !== undefined) this.unlearnMember(elsewhere, member)
    this.unlearnMember(name, member)
    this.#place(name, seen.lastSeenAt).members.set(member, seen)
    if (seen.pool !== undefined) this.#seats.set(seen.pool, member, name)
    this.#stays.take(name, member, seen.lastSeenAt)
  }

  /** The same: that somebody is not there. Nothing is counted. */
  unlearnMember (name: string, member: string): void {
    const members = this.#places.get(name)?.members
    this.#seats.delete(members?.get(member)?.pool, member)
    members?.delete(member)
  }

  /** The same: what was counted. */
  learnHistory (name: string, history: History, now: number): void {
    this.#place(name, now).history = history
  }

  /** Oldest first. */
  members (name: string): Member[] {
    return [...this.#places.get(name)?.members ?? []].map(([member, seen]) => memberOf(member, seen)).sort((one, other) => one.joinedAt - other.joinedAt)
  }

  /** What is kept of all members of a place, and what was counted there. */
  inside (name: string): { members: ReadonlyMap<string, Seen>, history: History } | undefined {
    return this.#places.get(name)
  }

  summary (name: string): PresenceSummary {
    const place = this.#places.get(name)
    return { current: place?.members.size ?? 0, peak: 0, joins: 0, accumulatedMs: 0, ...place?.history }
  }

  /** Those in which somebody is. */
  places (): string[] {
    return [...this.#places].filter(([, { members }]) => members.size > 0).map(([name]) => name)
  }

  /** Those of which anything is known. */
  knownPlaces (): string[] {
    return [...this.#places.keys()]
  }

  clear (name: string): void {
    for (const [member, { pool }] of this.#places.get(name)?.members ?? []) this.#seats.delete(pool, member)
    this.#places.delete(name)
    this.#stays.clear(name)
  }

  /** Takes out who was not seen for too long. */
  takeTimedOut (now: number): Array<{ place: string, member: Member }> {
    const gone: Array<{ place: string, member: Member }> = []
    for (const [place, { members }] of this.#places) {
      for (const [member, seen] of members) {
        if (!hasTimedOut(seen, now)) continue
        this.#remove(place, member, now)
        gone.push({ place, member: memberOf(member, seen) })
      }
    }
    return gone
  }

  /** Forgets places in which nobody was for so long, and stays that ended long ago. */
  forgetUnused (now: number, keepMs: number): void {
    this.#stays.forgetOld(now)
    for (const [name, { members, usedAt }] of this.#places) {
      if (members.size === 0 && now - usedAt >= keepMs) this.#places.delete(name)
    }
  }

  #place (name: string, now: number): Place {
    let place = this.#places.get(name)
    if (place === undefined) {
      place = { members: new Map(), history: { peak: 0, joins: 0, accumulatedMs: 0 }, usedAt: now, isClosed: false }
      this.#places.set(name, place)
    }
    place.usedAt = now
    return place
  }

  #see (place: Place, seen: Seen, now: number): void {
    place.history.accumulatedMs += Math.max(0, now - seen.lastSeenAt)
    seen.lastSeenAt = Math.max(seen.lastSeenAt, now)
    place.usedAt = now
  }

  /** Seats it where it is. */
  #seat (pool: string, member: string, name: string): void {
    const seen = this.#places.get(name)?.members.get(member)
    if (seen === undefined || seen.pool === pool) return
    this.#seats.delete(seen.pool, member)
    this.#seats.set(pool, member, name)
    seen.pool = pool
  }

  #remove (name: string, member: string, now: number): void {
    const seen = this.#places.get(name)?.members.get(member)
    const stays = seen && staysOf(seen)
    this.unlearnMember(name, member)
    if (stays !== undefined) this.#stays.put(name, member, stays, now)
  }
}

function hasTimedOut ({ lastSeenAt, timeoutMs }: Seen, now: number): boolean {
  return now >= lastSeenAt + timeoutMs
}

/** This one, and those before. */
function staysOf ({ joinedAt, lastSeenAt, before }: Seen): EndedStays | undefined {
  return before && { firstJoinedAt: before.firstJoinedAt, lastSeenAt, totalMs: before.totalMs + Math.max(0, lastSeenAt - joinedAt) }
}

function memberOf (member: string, { joinedAt, lastSeenAt, data }: Seen): Member {
  return { member, joinedAt, lastSeenAt, data }
}
