/** First pause before a restart; doubled for each further one in the window. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 8_000

/** How often something may fail within a time. */
export class RestartBudget {
  readonly #restarts: number
  readonly #windowMs: number
  #failures: number[] = []

  constructor (restarts: number, windowMs: number) {
    this.#restarts = restarts
    this.#windowMs = windowMs
  }

  /**
   * Counts a failure.
   * @param nowMs a monotonic clock, in milliseconds
   * @param random from 0 to 1, spreads the restarts of many streams
   * @returns the pause before the next try in milliseconds, or undefined when the budget is used up
   */
  fail (nowMs: number, random: number): number | undefined {
    this.#failures = [...this.#failures.filter(at => at > nowMs - this.#windowMs), nowMs]
    if (this.#failures.length > this.#restarts) return undefined
    // The first restart comes at once: viewers have a few seconds of buffer.
    if (this.#failures.length === 1) return 0
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures.length - 2))
    return pause * (0.75 + 0.5 * random)
  }
}
