import type { Member, PresenceOptions, PresenceSummary } from '../state.ts'

/** What is kept of a member. Times are in milliseconds since 1970. */
export interface Seen {
  joinedAt: number
  lastSeenAt: number
  timeoutMs: number
  data: unknown
}

/** What is counted in a place. */
export type History = Omit<PresenceSummary, 'current'>

interface Place {
  members: Map<string, Seen>
  history: History
  /** When somebody last did something here. */
  usedAt: number
}

/** Who is where, without a clock or a timer. Whoever calls says what time it is. */
export class Register {
  readonly #places = new Map<string, Place>()

  /** Members in all places. */
  get size (): number {
    return [...this.#places.values()].reduce((sum, { members }) => sum + members.size, 0)
  }

  join (name: string, member: string, { timeoutMs, data }: PresenceOptions, now: number): boolean {
    const place = this.#place(name, now)
    const seen = place.members.get(member)
    if (seen !== undefined) {
      this.#see(place, seen, now)
      if (data !== undefined) seen.data = data
      return false
    }
    place.members.set(member, { joinedAt: now, lastSeenAt: now, timeoutMs, data: data ?? null })
    place.history.joins++
    place.history.peak = Math.max(place.history.peak, place.members.size)
    return true
  }

  touch (name: string, member: string, now: number): boolean {
    const place = this.#places.get(name)
    const seen = place?.members.get(member)
    if (place === undefined || seen === undefined) return false
    this.#see(place, seen, now)
    return true
  }

  leave (name: string, member: string, now: number): boolean {
    const isThere = this.touch(name, member, now)
    if (isThere) this.#places.get(name)!.members.delete(member)
    return isThere
  }

  /** Somebody who knows better says who is there. */
  learnMember (name: string, member: string, seen: Seen): void {
    this.#place(name, seen.lastSeenAt).members.set(member, seen)
  }

  /** The same: that somebody is not there. Nothing is counted. */
  unlearnMember (name: string, member: string): void {
    this.#places.get(name)?.members.delete(member)
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
    this.#places.delete(name)
  }

  /** Takes out who was not seen for too long. */
  takeTimedOut (now: number): Array<{ place: string, member: Member }> {
    const gone: Array<{ place: string, member: Member }> = []
    for (const [place, { members }] of this.#places) {
      for (const [member, seen] of members) {
        if (now < seen.lastSeenAt + seen.timeoutMs) continue
        members.delete(member)
        gone.push({ place, member: memberOf(member, seen) })
      }
    }
    return gone
  }

  /** Forgets places in which nobody was for so long. */
  forgetUnused (now: number, keepMs: number): void {
    for (const [name, { members, usedAt }] of this.#places) {
      if (members.size === 0 && now - usedAt >= keepMs) this.#places.delete(name)
    }
  }

  #place (name: string, now: number): Place {
    let place = this.#places.get(name)
    if (place === undefined) {
      place = { members: new Map(), history: { peak: 0, joins: 0, accumulatedMs: 0 }, usedAt: now }
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
}

function memberOf (member: string, { joinedAt, lastSeenAt, data }: Seen): Member {
  return { member, joinedAt, lastSeenAt, data }
}
