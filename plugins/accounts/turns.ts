import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { RunLimit } from '../../src/run-limit.ts'

/** When whoever finds the queue full may come again. */
const RETRY_AFTER_MS = 1_000

export interface TurnsOptions {
  /** So much is done at the same time. */
  atOnce: number
  /** So much waits; what comes then is refused. */
  waiting: number
}

/** Work that takes a processor and memory, a little at a time, for requests that cannot wait for ever. */
export class Turns {
  readonly #limit: RunLimit
  readonly #maxWaiting: number

  constructor ({ atOnce, waiting }: TurnsOptions) {
    this.#limit = new RunLimit(atOnce)
    this.#maxWaiting = waiting
  }

  get waiting (): number { return this.#limit.waiting }

  /** @throws HeadwaterError `RATE_LIMIT_EXCEEDED` when too many wait already */
  async take<T> (work: () => Promise<T>): Promise<T> {
    if (this.waiting >= this.#maxWaiting) throw new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: 'Too many wait for this already: try again', retryAfterMs: RETRY_AFTER_MS })
    return await this.#limit.run(work)
  }
}
