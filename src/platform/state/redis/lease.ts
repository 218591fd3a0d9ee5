import type { Lease } from '../state.ts'
import type { Session } from './session.ts'

/** A lock is renewed so many times before it runs out. */
const RENEWALS = 3

export interface HeldLeaseOptions {
  leaseMs: number
  /** When it was asked for, on a monotonic clock: Redis counts from later on. */
  takenAt: number
  /** Keeps it. @returns whether it is still ours; undefined when nobody can know */
  renew: (session?: Session) => Promise<boolean | undefined>
  giveUp: () => Promise<void>
}

/** A lock that this server has until it gives it up, or cannot renew it in time. */
export class HeldLease implements Lease {
  readonly #options: HeldLeaseOptions
  readonly #lost = new AbortController()
  readonly #renewal: NodeJS.Timeout
  #end: NodeJS.Timeout
  #isOver = false

  constructor (options: HeldLeaseOptions) {
    this.#options = options
    this.#renewal = setInterval(() => { void this.renew() }, options.leaseMs / RENEWALS).unref()
    this.#end = this.#endAfter(options.takenAt)
  }

  get lost (): AbortSignal {
    return this.#lost.signal
  }

  /** @param session the one to be used; otherwise that which is there */
  async renew (session?: Session): Promise<void> {
    const now = performance.now()
    const isOurs = await this.#options.renew(session)
    if (this.#isOver || isOurs === undefined) return
    if (!isOurs) {
      this.lose()
      return
    }
    clearTimeout(this.#end)
    this.#end = this.#endAfter(now)
  }

  async release (): Promise<void> {
    if (!this.#stop()) return
    await this.#options.giveUp()
  }

  /** Gives it up although somebody works under it, who learns of it. */
  async close (): Promise<void> {
    this.#lost.abort()
    await this.release()
  }

  /** It is over, and whoever has it learns of it. */
  lose (): void {
    if (this.#stop()) this.#lost.abort()
  }

  #endAfter (askedAt: number): NodeJS.Timeout {
    return setTimeout(() => this.lose(), Math.max(0, askedAt + this.#options.leaseMs - performance.now())).unref()
  }

  /** @returns whether it was not over before */
  #stop (): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearInterval(this.#renewal)
    clearTimeout(this.#end)
    return true
  }
}
