import { mustBeTime } from '../check.ts'
import { RateWindows } from '../memory/rate-windows.ts'
import type { Allowance, RateLimits } from '../state.ts'
import type { Names } from './names.ts'
import type { Numbers } from './numbers.ts'

/** Counted in Redis for all servers, and here for this one. */
export class RedisLimits implements RateLimits {
  readonly #numbers: Numbers
  readonly #names: Names
  readonly #own: RateWindows

  constructor (numbers: Numbers, names: Names, maxKeys: number) {
    this.#numbers = numbers
    this.#names = names
    this.#own = new RateWindows(maxKeys)
  }

  get size (): number {
    return this.#own.size
  }

  async take (key: string, max: number, windowMs: number): Promise<Allowance> {
    mustBeTime('windowMs', windowMs)
    const now = performance.now()
    const own = this.#own.open(key, windowMs, now)
    const count = ++own.count
    const all = await this.#numbers.add(this.#names.limit(key), { by: 1, windowMs: Math.ceil(windowMs), removed: false }, own.endsAt - now)
    // Redis is away, or has lost what it knew: it would know at least as much.
    if (all === undefined || all.value < count) return { left: max - count, endsInMs: Math.max(0, Math.ceil(own.endsAt - performance.now())) }
    // The window of all began with the first that any server counted.
    own.endsAt = performance.now() + all.endsInMs
    return { left: max - all.value, endsInMs: all.endsInMs }
  }

  async giveBack (key: string): Promise<void> {
    const now = performance.now()
    const own = this.#own.giveBack(key, now)
    await this.#numbers.add(this.#names.limit(key), { by: -1, windowMs: -1, removed: false }, own === undefined ? 0 : own.endsAt - now)
  }
}
