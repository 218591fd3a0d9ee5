interface Alarm {
  dueMs: number
  ring: () => void
}

/** Node's timers wait no longer. */
const LONGEST_MS = 2_147_483_647

/** The time, which goes by itself and can be moved on; and what is to happen at a time. */
export class MovableClock {
  #aheadMs = 0
  readonly #alarms = new Set<Alarm>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** Since the epoch. */
  now (): number {
    return Date.now() + this.#aheadMs
  }

  /** @returns an end to it */
  after (ms: number, ring: () => void): () => void {
    const alarm = { dueMs: this.now() + ms, ring }
    this.#alarms.add(alarm)
    this.#arm()
    return () => {
      this.#alarms.delete(alarm)
      this.#arm()
    }
  }

  /** Whatever was to happen until then happens, each at its time. */
  advance (ms: number): void {
    const aheadMs = this.#aheadMs + ms
    for (let next = this.#next(); next !== undefined && next.dueMs - Date.now() <= aheadMs; next = this.#next()) {
      this.#aheadMs = Math.max(this.#aheadMs, next.dueMs - Date.now())
      this.#alarms.delete(next)
      next.ring()
    }
    this.#aheadMs = aheadMs
    this.#arm()
  }

  /** Nothing happens any more. */
  stop (): void {
    this.#isStopped = true
    this.#alarms.clear()
    clearTimeout(this.#timer)
  }

  #next (): Alarm | undefined {
    return [...this.#alarms].sort((a, b) => a.dueMs - b.dueMs)[0]
  }

  #arm (): void {
    clearTimeout(this.#timer)
    const next = this.#next()
    if (next !== undefined && !this.#isStopped) this.#timer = setTimeout(() => this.advance(0), Math.min(LONGEST_MS, Math.max(0, next.dueMs - this.now())))
  }
}
