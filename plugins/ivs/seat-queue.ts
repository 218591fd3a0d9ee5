import { Coalesced } from '../../src/coalesced.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Seat } from '../../src/platform/state/state.ts'
import type { Scaling } from './scaling/decision.ts'

export interface SeatQueueOptions {
  /** Nobody waits longer. */
  waitMs: number
  /** Whoever finds so many waiting is refused. */
  maxWaiting: number
  /** A seat wherever there is one. */
  take: (userId: string) => Promise<Seat | undefined>
  /** A seat whose taker is gone. */
  giveBack: (userId: string, seat: Seat) => Promise<void>
  scaling: Pick<Scaling, 'wanted'>
  log: Log
}

interface Waiting {
  userId: string
  resolve: (seat: Seat) => void
  reject: (reason: unknown) => void
}

/** Those who wait for a seat, for as long as there may be more. Whoever came first is served first. */
export class SeatQueue {
  readonly #options: SeatQueueOptions
  readonly #waiting = new Set<Waiting>()
  readonly #serving = new Coalesced(async () => await this.#serve())
  readonly #asking = new Coalesced(async () => await this.#ask())
  /** Changes that may have brought seats. */
  #changes = 0

  constructor (options: SeatQueueOptions) {
    this.#options = options
  }

  get waiting (): number { return this.#waiting.size }

  /** @throws HeadwaterError `STAGE_FULL`; the signal's reason when it came first */
  async wait (userId: string, signal?: AbortSignal): Promise<Seat> {
    signal?.throwIfAborted()
    const { waitMs, maxWaiting } = this.#options
    if (this.#waiting.size >= maxWaiting) {
      this.#run(this.#asking)
      throw full(`All seats are taken, and ${maxWaiting} viewers wait already (IVS_MAX_WAITING_VIEWERS)`)
    }
    return await new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(waiting)
        clearTimeout(timer)
        signal?.removeEventListener('abort', leave)
      }
      const waiting: Waiting = {
        userId,
        resolve: seat => { end(); resolve(seat) },
        reject: reason => { end(); reject(reason) }
      }
      const leave = () => waiting.reject(signal!.reason)
      const timer = setTimeout(() => waiting.reject(full(`All seats are taken, and none came within ${waitMs} ms: try again`)), waitMs)
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.add(waiting)
      this.#run(this.#serving)
    })
  }

  /** There may be seats now. */
  changed (): void {
    this.#changes++
    if (this.#waiting.size > 0) this.#run(this.#serving)
  }

  /** Those who still wait are refused. */
  async close (): Promise<void> {
    this.#refuse(new HeadwaterError('STAGES_UNAVAILABLE', { message: 'The server is closing' }))
    await Promise.all([this.#serving.idle(), this.#asking.idle()])
  }

  /** All are after the same seats: where the first gets none, nobody does. */
  async #serve (): Promise<void> {
    for (const waiting of this.#waiting) {
      const seat = await this.#options.take(waiting.userId)
      if (seat === undefined) break
      if (this.#waiting.has(waiting)) waiting.resolve(seat)
      else await this.#options.giveBack(waiting.userId, seat)
    }
    if (this.#waiting.size > 0) this.#run(this.#asking)
  }

  async #ask (): Promise<void> {
    const changes = this.#changes
    const { mayGrow, reason } = await this.#options.scaling.wanted()
    // What has changed meanwhile may have been the seats that there could be.
    if (!mayGrow && changes === this.#changes) this.#refuse(full(`All seats are taken. ${reason}`))
  }

  #refuse (reason: HeadwaterError): void {
    for (const waiting of [...this.#waiting]) waiting.reject(reason)
  }

  #run (work: Coalesced): void {
    work.run().catch((error: unknown) => {
      this.#options.log.warn({ err: error, waiting: this.#waiting.size }, 'viewers who wait for a seat could not be served')
      for (const waiting of [...this.#waiting]) waiting.reject(error)
    })
  }
}

function full (message: string): HeadwaterError {
  return new HeadwaterError('STAGE_FULL', { message })
}
