import type { Seat, SeatOffer, Stay } from '../../../src/platform/state/state.ts'

interface There {
  place: string
  member: string
  pool: string | undefined
  timeoutMs: number
  keepsStay: boolean
  lastSeenAt: number
  /** From and to, of all stays of which it is known. */
  stays: Array<[number, number]>
}

export interface Coming {
  timeoutMs: number
  keepsStay: boolean
}

/** What a register of members and seats does, as simply as it can be said: one list, and a clock that is set. */
export class SeatsModel {
  now = 0
  readonly #staysMs: number
  #there: There[] = []
  #gone: There[] = []
  readonly #closed = new Set<string>()

  constructor (staysMs: number) {
    this.#staysMs = staysMs
  }

  join (place: string, member: string, { timeoutMs, keepsStay }: Coming): boolean {
    if (this.#see(place, member)) return false
    if (this.#closed.has(place)) return false
    const before = keepsStay ? this.#kept(place, member) : undefined
    if (keepsStay) this.#gone = this.#gone.filter(one => one !== before)
    this.#there.push({ place, member, pool: undefined, timeoutMs, keepsStay, lastSeenAt: this.now, stays: [...before?.stays ?? [], [this.now, this.now]] })
    return true
  }

  touch (place: string, member: string): boolean {
    const one = this.#find(place, member)
    return (one?.pool === undefined || !this.#isLate(one)) && this.#see(place, member)
  }

  leave (place: string, member: string): boolean {
    const wasThere = this.#see(place, member)
    this.#takeOut(one => one.place === place && one.member === member)
    return wasThere
  }

  takeSeat (pool: string, member: string, offers: SeatOffer[], coming: Coming): Seat | undefined {
    const seat = this.#there.find(one => one.pool === pool && one.member === member)
    const open = offers.filter(({ place, seats }) => !this.#closed.has(place) && this.count(place) < seats)
    const keeps = seat !== undefined && (this.#isLate(seat) ? open : offers).some(({ place }) => place === seat.place)
    const fewest = Math.min(...open.map(({ place }) => this.count(place)))
    const place = keeps ? seat.place : open.find(({ place }) => this.count(place) === fewest)?.place
    if (place === undefined) return undefined
    if (seat !== undefined && !keeps) {
      if (!this.#isLate(seat)) this.#see(seat.place, member)
      this.#takeOut(one => one === seat)
    }
    this.join(place, member, coming)
    this.#find(place, member)!.pool = pool
    return { place, isNew: !keeps, members: this.count(place) }
  }

  seatOf (pool: string, member: string): string | undefined {
    return this.#there.find(one => one.pool === pool && one.member === member)?.place
  }

  closeIfEmpty (place: string): boolean {
    if (this.members(place).length > 0) return false
    this.#closed.add(place)
    return true
  }

  count (place: string): number {
    return this.#there.filter(one => one.place === place && !this.#isLate(one)).length
  }

  members (place: string): string[] {
    return this.#there.filter(one => one.place === place).map(({ member }) => member).sort()
  }

  stay (place: string, member: string): Stay | undefined {
    const there = this.#find(place, member)
    const one = there ?? this.#kept(place, member)
    if (one?.keepsStay !== true) return undefined
    const totalMs = one.stays.reduce((sum, [from, to]) => sum + to - from, 0)
    return { isThere: there !== undefined && !this.#isLate(one), firstJoinedAt: one.stays[0]![0], lastSeenAt: one.lastSeenAt, totalMs }
  }

  clear (place: string): void {
    this.#there = this.#there.filter(one => one.place !== place)
    this.#gone = this.#gone.filter(one => one.place !== place)
    this.#closed.delete(place)
  }

  sweep (): void {
    this.#takeOut(one => this.#isLate(one))
  }

  #see (place: string, member: string): boolean {
    const one = this.#find(place, member)
    if (one === undefined) return false
    one.lastSeenAt = one.stays.at(-1)![1] = this.now
    return true
  }

  #find (place: string, member: string): There | undefined {
    return this.#there.find(one => one.place === place && one.member === member)
  }

  #kept (place: string, member: string): There | undefined {
    return this.#gone.find(one => one.place === place && one.member === member && this.now - one.lastSeenAt < this.#staysMs)
  }

  #isLate ({ lastSeenAt, timeoutMs }: There): boolean {
    return this.now - lastSeenAt >= timeoutMs
  }

  #takeOut (which: (one: There) => boolean): void {
    const out = this.#there.filter(which)
    this.#there = this.#there.filter(one => !which(one))
    const kept = out.filter(({ keepsStay }) => keepsStay)
    this.#gone = [...this.#gone.filter(gone => !kept.some(({ place, member }) => gone.place === place && gone.member === member)), ...kept]
  }
}
