/** So many pieces of work at a time; the others wait in turn. */
export class RunLimit {
  #free: number
  readonly #waiting: Array<() => void> = []
  readonly #works = new Set<Promise<unknown>>()

  constructor (max: number) {
    this.#free = max
  }

  /** Settles as the work does. */
  async run<T> (work: () => Promise<T>): Promise<T> {
    const done = this.#inTurn(work)
    this.#works.add(done)
    try {
      return await done
    } finally {
      this.#works.delete(done)
    }
  }

  /** Resolves when all work is done that was given so far, the waiting one too. */
  async idle (): Promise<void> {
    await Promise.allSettled(this.#works)
  }

  async #inTurn<T> (work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => { this.#waiting.push(resolve) })
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
