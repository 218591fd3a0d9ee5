import { RecentMap } from '../../../recent-map.ts'
import { mustBeWhole } from '../check.ts'
import type { Counters } from '../state.ts'
import type { RedisConnection } from './connection.ts'
import type { Names } from './names.ts'
import type { Numbers } from './numbers.ts'

export class RedisCounters implements Counters {
  readonly #connection: RedisConnection
  readonly #numbers: Numbers
  readonly #names: Names
  /** What they were when Redis said so last, and what this server has added since. */
  readonly #known: RecentMap<string, number>

  constructor (connection: RedisConnection, numbers: Numbers, names: Names, maxKnown: number) {
    this.#connection = connection
    this.#numbers = numbers
    this.#names = names
    this.#known = new RecentMap(maxKnown)
  }

  async add (name: string, by = 1): Promise<number> {
    mustBeWhole('What is added', by)
    const answer = await this.#numbers.add(this.#names.counter(name), { by, windowMs: 0, removed: false })
    const value = answer?.value ?? (this.#known.get(name) ?? 0) + by
    this.#known.set(name, value)
    return value
  }

  async get (name: string): Promise<number> {
    return await this.#connection.use(async ({ commands }) => {
      const value = Number(await commands.get(this.#names.counter(name)))
      this.#known.set(name, value)
      return value
    }, () => this.#known.get(name) ?? 0)
  }

  async remove (name: string): Promise<void> {
    this.#known.delete(name)
    await this.#numbers.add(this.#names.counter(name), { by: 0, windowMs: 0, removed: true })
  }
}
