import { CountWindows, endsInMs, type Allowance } from './count-windows.ts'

const WINDOW_MS = 60_000
const MAX_KEYS = 50_000

/** Counts per key and minute; a key's minute begins with the first that is counted. */
export class WindowCounter {
  readonly #max: number
  readonly #windows = new CountWindows({ lengthMs: WINDOW_MS, maxKeys: MAX_KEYS })

  constructor (max: number) {
    this.#max = max
  }

  /** Counts one. @param nowMs a monotonic clock */
  take (key: string, nowMs: number): Allowance {
    const window = this.#windows.open(key, nowMs)
    window.count++
    return { left: this.#max - window.count, endsInMs: endsInMs(window, WINDOW_MS, nowMs) }
  }

  /** Counts one. @returns 0 when it is within the limit, else the milliseconds until the window is over */
  add (key: string, nowMs: number): number {
    const { left, endsInMs } = this.take(key, nowMs)
    return left >= 0 ? 0 : endsInMs
  }
}
