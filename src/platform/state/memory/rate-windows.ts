import { CountWindows, type CountWindow } from '../../../http/count-windows.ts'

/** Windows of any length by key. Those of one length do not push out those of another: a flood of short ones leaves a day's limit as it is. */
export class RateWindows {
  readonly #maxKeys: number
  readonly #byLength = new Map<number, CountWindows>()

  /** @param maxKeys of one length */
  constructor (maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size (): number {
    return [...this.#byLength.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** The one that is open, or one that opens now. @param nowMs a monotonic clock */
  open (key: string, lengthMs: number, nowMs: number): CountWindow {
    let windows = this.#byLength.get(lengthMs)
    if (windows === undefined) {
      windows = new CountWindows({ lengthMs, maxKeys: this.#maxKeys })
      this.#byLength.set(lengthMs, windows)
    }
    return windows.open(key, nowMs)
  }

  /** One that was counted in the open window does not count. @returns that window, if there is one */
  giveBack (key: string, nowMs: number): CountWindow | undefined {
    for (const windows of this.#byLength.values()) {
      const window = windows.find(key, nowMs)
      if (window === undefined) continue
      window.count = Math.max(0, window.count - 1)
      return window
    }
    return undefined
  }
}
