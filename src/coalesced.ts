/** Work that is done once for all who ask for it at the same time, and never twice at once. */
export class Coalesced {
  readonly #work: () => Promise<void>
  #last: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor (work: () => Promise<void>) {
    this.#work = work
  }

  /** Settles as the work does that begins after this call: what runs already does not know of it. */
  async run (): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#last.then(async () => {
        this.#next = undefined
        await this.#work()
      })
      this.#last = this.#next.catch(() => {})
    }
    await this.#next
  }

  /** Resolves when all is done that was asked for so far. */
  async idle (): Promise<void> {
    await this.#last
  }
}
