import type { SeatOffer } from '../state.ts'

/** Where the members of each pool have their seats. */
export class Seats {
  readonly #pools = new Map<string, Map<string, string>>()

  get (pool: string, member: string): string | undefined {
    return this.#pools.get(pool)?.get(member)
  }

  set (pool: string, member: string, place: string): void {
    const seats = this.#pools.get(pool) ?? new Map<string, string>()
    this.#pools.set(pool, seats.set(member, place))
  }

  /** Where there is none, nothing happens. */
  delete (pool: string | undefined, member: string): void {
    if (pool === undefined) return
    const seats = this.#pools.get(pool)
    seats?.delete(member)
    if (seats?.size === 0) this.#pools.delete(pool)
  }
}

/** The place that has room and the fewest members, of these the first. @param membersOf undefined for one that gives no seats */
export function roomiest (offers: readonly SeatOffer[], membersOf: (place: string) => number | undefined): string | undefined {
  let best: { place: string, members: number } | undefined
  for (const { place, seats } of offers) {
    const members = membersOf(place)
    if (members !== undefined && members < Math.min(seats, best?.members ?? Infinity)) best = { place, members }
  }
  return best?.place
}
