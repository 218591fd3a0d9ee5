/** Work that somebody has begun and does not wait for, so that whoever closes can. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>()

  get size (): number { return this.#works.size }

  /** Settles as the work does. */
  async track<T> (work: Promise<T>): Promise<T> {
    this.#works.add(work)
    try {
      return await work
    } finally {
      this.#works.delete(work)
    }
  }

  /** Resolves when all is done that is under way now, however it ends. */
  async idle (): Promise<void> {
    await Promise.allSettled(this.#works)
  }
}
