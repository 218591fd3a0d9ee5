import { mustBeWhole } from '../check.ts'
import type { Counters } from '../state.ts'

export class MemoryCounters implements Counters {
  readonly #values = new Map<string, number>()

  async add (name: string, by = 1): Promise<number> {
    mustBeWhole('What is added', by)
    const value = (this.#values.get(name) ?? 0) + by
    this.#values.set(name, value)
    return value
  }

  async get (name: string): Promise<number> {
    return this.#values.get(name) ?? 0
  }

  async remove (name: string): Promise<void> {
    this.#values.delete(name)
  }
}
