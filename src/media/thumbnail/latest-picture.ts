export interface Picture {
  jpeg: Buffer
  /** Tells one picture from every other. */
  digest: string
  /** The newest segment that was listed when it was made. */
  sequence: number
}

/** What a stream looks like: looked at when somebody asks, and then not again for an interval. */
export class LatestPicture {
  readonly #intervalMs: number
  readonly #now: () => number
  #picture: Picture | undefined
  /** Why the last look failed. */
  #failure: unknown
  #lookedAt = -Infinity
  #looking: Promise<void> | undefined

  /** @param now a monotonic clock in milliseconds */
  constructor (intervalMs: number, now: () => number) {
    this.#intervalMs = intervalMs
    this.#now = now
  }

  /**
   * Whoever asks while it is looked at waits for the same.
   * @param look makes the picture, or gives the former one back where nothing is new
   * @returns the picture, an older one where the last look failed, and when it is looked at again, in milliseconds
   * @throws what the last look threw, where there is no picture at all
   */
  async get (look: (former: Picture | undefined) => Promise<Picture>): Promise<{ picture: Picture, freshMs: number }> {
    if (this.#freshMs <= 0) {
      this.#looking ??= this.#look(look)
      await this.#looking
    }
    if (this.#picture === undefined) throw this.#failure
    return { picture: this.#picture, freshMs: this.#freshMs }
  }

  get #freshMs (): number {
    return this.#lookedAt + this.#intervalMs - this.#now()
  }

  async #look (look: (former: Picture | undefined) => Promise<Picture>): Promise<void> {
    try {
      this.#picture = await look(this.#picture)
    } catch (error) {
      this.#failure = error
    }
    this.#lookedAt = this.#now()
    this.#looking = undefined
  }
}
