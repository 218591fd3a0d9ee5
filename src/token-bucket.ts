/** So much in a time, with as much of burst. Time comes from outside: a monotonic clock in milliseconds. */
export class TokenBucket {
  readonly #perMs: number
  readonly #capacity: number
  #tokens: number
  #at: number

  constructor (amount: number, perMs: number, nowMs: number) {
    this.#perMs = amount / perMs
    this.#capacity = this.#tokens = amount
    this.#at = nowMs
  }

  /** Whether there is room for more. */
  hasRoom (nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#tokens > 0
  }

  /** How long a take would have to wait, in milliseconds. */
  wait (amount: number, nowMs: number): number {
    this.#refill(nowMs)
    return Math.max(0, Math.ceil((amount - this.#tokens) / this.#perMs))
  }

  /**
   * Takes tokens, also more than there are.
   * @returns how long to wait until the debt is paid, in milliseconds; 0 when there is none
   */
  take (amount: number, nowMs: number): number {
    const wait = this.wait(amount, nowMs)
    this.#tokens -= amount
    return wait
  }

  /** Grants what a client could have sent in a time when it was cut off. */
  credit (ms: number): void {
    this.#tokens += ms * this.#perMs
  }

  #refill (nowMs: number): void {
    // Credit above the capacity stays until it is used.
    if (this.#tokens < this.#capacity) this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#at) * this.#perMs)
    this.#at = nowMs
  }
}
