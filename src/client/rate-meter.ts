/** How fast something comes, over the last while. */
export class RateMeter {
  readonly #windowMs: number
  #amounts: Array<{ at: number, amount: number }> = []

  /** @param windowMs what is older does not count */
  constructor (windowMs: number) {
    this.#windowMs = windowMs
  }

  add (amount: number, at: number): void {
    this.#amounts.push({ at, amount })
    this.#forget(at)
  }

  /** Per second, at the time `at`; as long as less than the window is known, over what is known. */
  perSecond (at: number): number {
    this.#forget(at)
    const first = this.#amounts[0]
    if (first === undefined) return 0
    const sum = this.#amounts.reduce((total, { amount }) => total + amount, 0)
    return sum / Math.max(1, (at - first.at) / 1000)
  }

  #forget (at: number): void {
    while (this.#amounts.length > 0 && this.#amounts[0]!.at < at - this.#windowMs) this.#amounts.shift()
  }
}
