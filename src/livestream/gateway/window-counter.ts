const WINDOW_MS = 60_000

/** Counts per key and minute. */
export class WindowCounter {
  readonly #max: number
  readonly #windows = new Map<string, { from: number, count: number }>()

  constructor (max: number) {
    this.#max = max
  }

  /** Counts one. @returns 0 when it is within the limit, else the milliseconds until the window is over */
  add (key: string, nowMs: number): number {
    let window = this.#windows.get(key)
    if (window === undefined || nowMs - window.from >= WINDOW_MS) {
      this.#forgetOld(nowMs)
      window = { from: nowMs, count: 0 }
      this.#windows.set(key, window)
    }
    window.count++
    return window.count <= this.#max ? 0 : Math.ceil(window.from + WINDOW_MS - nowMs)
  }

  #forgetOld (nowMs: number): void {
    for (const [key, { from }] of this.#windows) {
      if (nowMs - from >= WINDOW_MS) this.#windows.delete(key)
    }
  }
}
