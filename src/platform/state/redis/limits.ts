import { endsInMs } from '../../../http/count-windows.ts'
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
    const [allowance] = await this.takeAll([key], max, windowMs)
    return allowance!
  }

  async takeAll (keys: readonly string[], max: number, windowMs: number): Promise<Allowance[]> {
    mustBeTime('windowMs', windowMs)
    const now = performance.now()
    const own = keys.map(key => {
      const window = this.#own.open(key, windowMs, now)
      return { window, count: ++window.count }
    })
    const all = await this.#numbers.addAll(keys.map((key, index) => ({ name: this.#names.limit(key), keepMs: own[index]!.window.endsAt - now })), { by: 1, windowMs: Math.ceil(windowMs), removed: false })
    const answeredAt = performance.now()
    return own.map(({ window, count }, index) => {
      const inRedis = all?.[index]
      // Redis is away, or has lost what it knew: it would know at least as much.
      if (inRedis === undefined || inRedis.value < count) return { left: max - count, endsInMs: endsInMs(window, windowMs, answeredAt) }
      // The window of all began with the first that any server counted.
      window.endsAt = answeredAt + inRedis.endsInMs
      return { left: max - inRedis.value, endsInMs: inRedis.endsInMs }
    })
  }

  async giveBack (key: string): Promise<void> {
    const now = performance.now()
    const own = this.#own.giveBack(key, now)
    await this.#numbers.add(this.#names.limit(key), { by: -1, windowMs: -1, removed: false }, own === undefined ? 0 : own.endsAt - now)
  }
}
