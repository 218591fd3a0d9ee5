/** What is left of a window. */
export interface Allowance {
  /** How many more may come; negative: so many too many have. */
  left: number
  /** Until the window is over, in whole milliseconds. */
  endsInMs: number
}

/** What was counted under a key since the first that was. */
export interface CountWindow {
  count: number
  /** On the clock of whoever counts. */
  endsAt: number
}

/** Until a window of that length is over, in whole milliseconds: the sum and the difference of fractions may come to a hair more. */
export function endsInMs ({ endsAt }: CountWindow, lengthMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil(Math.min(lengthMs, endsAt - nowMs)))
}

export interface CountWindowsOptions {
  lengthMs: number
  /** Beyond so many at once the oldest are forgotten: whoever has many addresses may be counted too little, but fills no memory. */
  maxKeys: number
}

/** Windows of one length by key; a key's window begins with the first that is counted in it. */
export class CountWindows {
  readonly #lengthMs: number
  readonly #maxKeys: number
  /** The oldest first. */
  readonly #windows = new Map<string, CountWindow>()

  constructor ({ lengthMs, maxKeys }: CountWindowsOptions) {
    this.#lengthMs = lengthMs
    this.#maxKeys = maxKeys
  }

  get size (): number {
    return this.#windows.size
  }

  /** The one that is open, or one that opens now. @param nowMs a monotonic clock */
  open (key: string, nowMs: number): CountWindow {
    const found = this.find(key, nowMs)
    if (found !== undefined) return found
    // It is put behind the others.
    this.#windows.delete(key)
    this.#forgetOld(nowMs)
    const window = { count: 0, endsAt: nowMs + this.#lengthMs }
    this.#windows.set(key, window)
    return window
  }

  /** The one that is open, if there is one. */
  find (key: string, nowMs: number): CountWindow | undefined {
    const window = this.#windows.get(key)
    return window !== undefined && nowMs < window.endsAt ? window : undefined
  }

  #forgetOld (nowMs: number): void {
    for (const [key, { endsAt }] of this.#windows) {
      if (nowMs < endsAt && this.#windows.size < this.#maxKeys) return
      this.#windows.delete(key)
    }
  }
}
