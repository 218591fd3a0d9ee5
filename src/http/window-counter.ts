const WINDOW_MS = 60_000
/** Beyond so many at once the oldest are forgotten: whoever has many addresses may be counted too little, but fills no memory. */
const MAX_WINDOWS = 50_000

/** What is left of a window. */
export interface Allowance {
  /** How many more may come; negative: so many too many have. */
  left: number
  /** Until the window is over, in whole milliseconds. */
  endsInMs: number
}

/** Counts per key and minute; a key's minute begins with the first that is counted. */
export class WindowCounter {
  readonly #max: number
  /** The oldest first: a window that begins anew is put behind the others. */
  readonly #windows = new Map<string, { from: number, count: number }>()

  constructor (max: number) {
    this.#max = max
  }

  /** Counts one. @param nowMs a monotonic clock */
  take (key: string, nowMs: number): Allowance {
    let window = this.#windows.get(key)
    if (window === undefined || nowMs - window.from >= WINDOW_MS) {
      this.#forgetOld(nowMs)
      window = { from: nowMs, count: 0 }
      this.#windows.set(key, window)
    }
    window.count++
    return { left: this.#max - window.count, endsInMs: Math.ceil(window.from + WINDOW_MS - nowMs) }
  }

  /** Counts one. @returns 0 when it is within the limit, else the milliseconds until the window is over */
  add (key: string, nowMs: number): number {
    const { left, endsInMs } = this.take(key, nowMs)
    return left >= 0 ? 0 : endsInMs
  }

  #forgetOld (nowMs: number): void {
    for (const [key, { from }] of this.#windows) {
      if (nowMs - from < WINDOW_MS && this.#windows.size < MAX_WINDOWS) return
      this.#windows.delete(key)
    }
  }
}
