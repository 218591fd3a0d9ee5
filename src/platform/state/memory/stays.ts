/** All stays of a member who left. Times are in milliseconds since 1970. */
export interface EndedStays {
  firstJoinedAt: number
  lastSeenAt: number
  totalMs: number
}

type Places = Map<string, Map<string, EndedStays>>

/** How long those stayed who left, for so long after that. What is kept has two halves by age; the older one is dropped as a whole. */
export class Stays {
  readonly #keepMs: number
  #turn = 0
  #newer: Places = new Map()
  #older: Places = new Map()

  constructor (keepMs: number) {
    this.#keepMs = keepMs
  }

  put (place: string, member: string, stays: EndedStays, now: number): void {
    this.take(place, member, now)
    if (this.#keepMs === 0) return
    const members = this.#newer.get(place) ?? new Map<string, EndedStays>()
    this.#newer.set(place, members.set(member, stays))
  }

  get (place: string, member: string, now: number): EndedStays | undefined {
    this.forgetOld(now)
    const stays = this.#newer.get(place)?.get(member) ?? this.#older.get(place)?.get(member)
    return stays !== undefined && now - stays.lastSeenAt < this.#keepMs ? stays : undefined
  }

  /** It is not kept here any more. */
  take (place: string, member: string, now: number): EndedStays | undefined {
    const stays = this.get(place, member, now)
    this.#newer.get(place)?.delete(member)
    this.#older.get(place)?.delete(member)
    return stays
  }

  clear (place: string): void {
    this.#newer.delete(place)
    this.#older.delete(place)
  }

  forgetOld (now: number): void {
    const turn = Math.floor(now / this.#keepMs)
    if (turn <= this.#turn) return
    this.#older = turn === this.#turn + 1 ? this.#newer : new Map()
    this.#newer = new Map()
    this.#turn = turn
  }
}
