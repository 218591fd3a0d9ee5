import { endsInMs } from '../../../http/count-windows.ts'
import { mustBeTime } from '../check.ts'
import type { Allowance, RateLimits } from '../state.ts'
import { RateWindows } from './rate-windows.ts'

export class MemoryLimits implements RateLimits {
  readonly #windows: RateWindows

  constructor (maxKeys: number) {
    this.#windows = new RateWindows(maxKeys)
  }

  get size (): number {
    return this.#windows.size
  }

  async take (key: string, max: number, windowMs: number): Promise<Allowance> {
    mustBeTime('windowMs', windowMs)
    return this.#take(key, max, windowMs, performance.now())
  }

  async takeAll (keys: readonly string[], max: number, windowMs: number): Promise<Allowance[]> {
    mustBeTime('windowMs', windowMs)
    const now = performance.now()
    return keys.map(key => this.#take(key, max, windowMs, now))
  }

  async giveBack (key: string): Promise<void> {
    this.#windows.giveBack(key, performance.now())
  }

  #take (key: string, max: number, windowMs: number, now: number): Allowance {
    const window = this.#windows.open(key, windowMs, now)
    window.count++
    return { left: max - window.count, endsInMs: endsInMs(window, windowMs, now) }
  }
}
