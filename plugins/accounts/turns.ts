import { HeadwaterError } from '../../src/errors/catalogue.ts'

/** When whoever finds the queue full may come again. */
const RETRY_AFTER_MS = 1_000

export interface TurnsOptions {
  /** So much is done at the same time. */
  atOnce: number
  /** So much waits; what comes then is refused. */
  waiting: number
}

/** Work that takes a processor and memory, a little at a time. */
export class Turns {
  readonly #options: TurnsOptions
  readonly #queue: Array<() => void> = []
  #running = 0

  constructor (options: TurnsOptions) {
    this.#options = options
  }

  get waiting (): number { return this.#queue.length }

  /** @throws HeadwaterError `RATE_LIMIT_EXCEEDED` when too many wait already */
  async take<T> (work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#options.atOnce) this.#running++
    else await this.#wait()
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      // The turn is handed on.
      if (next === undefined) this.#running--
      else next()
    }
  }

  async #wait (): Promise<void> {
    if (this.#queue.length >= this.#options.waiting) throw new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: 'Too many wait for this already: try again', retryAfterMs: RETRY_AFTER_MS })
    await new Promise<void>(resolve => this.#queue.push(resolve))
  }
}
