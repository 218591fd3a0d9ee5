/** HTTP dates are cut off to whole seconds. */
const SECOND_MS = 1_000

/**
 * The server's clock, from the `Date` of its answers. Each says in which second the answer was written, sometime
 * between question and answer; where those spans meet, after some answers, is known to a tenth of a second.
 */
export class ServerClock {
  /** Bounds of the difference to performance.now(), in milliseconds. */
  #least = -Infinity
  #most = Infinity

  /**
   * @param date milliseconds since 1970, as `Date` says
   * @param askedAt, answeredAt performance.now()
   */
  add (date: number, askedAt: number, answeredAt: number): void {
    if (!Number.isFinite(date)) return
    const [least, most] = [date - answeredAt, date + SECOND_MS - askedAt]
    const isConsistent = least <= this.#most && most >= this.#least
    // One of the clocks was set.
    this.#least = isConsistent ? Math.max(this.#least, least) : least
    this.#most = isConsistent ? Math.min(this.#most, most) : most
  }

  /** Milliseconds since 1970; undefined before the first answer. @param at performance.now() */
  now (at: number): number | undefined {
    return this.#most === Infinity ? undefined : at + (this.#least + this.#most) / 2
  }
}
