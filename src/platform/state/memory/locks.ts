import { mustBeTime } from '../check.ts'
import type { Lease, Locks } from '../state.ts'

/** Within one process a lease does not run out: who has it lives, or nobody does. */
export class MemoryLocks implements Locks {
  readonly #held = new Map<string, AbortController>()

  async take (name: string, leaseMs: number): Promise<Lease | undefined> {
    mustBeTime('leaseMs', leaseMs)
    if (this.#held.has(name)) return undefined
    const holder = new AbortController()
    this.#held.set(name, holder)
    return {
      lost: holder.signal,
      release: async () => {
        if (this.#held.get(name) === holder) this.#held.delete(name)
      }
    }
  }

  /** Whoever still has one learns that it is over. */
  close (): void {
    for (const holder of this.#held.values()) holder.abort()
    this.#held.clear()
  }
}
