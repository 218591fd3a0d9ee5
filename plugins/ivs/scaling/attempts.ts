import type { Attempt } from './known.ts'

export interface AttemptsOptions {
  /** Wait after the first try. */
  firstMs: number
  /** Longest wait. */
  mostMs: number
}

/** What was tried and is not yet so: each further try waits twice as long. */
export class Attempts {
  readonly #options: AttemptsOptions
  readonly #tries = new Map<string, Attempt & { count: number }>()

  constructor (options: AttemptsOptions) {
    this.#options = options
  }

  add (what: string): void {
    const { firstMs, mostMs } = this.#options
    const count = (this.#tries.get(what)?.count ?? 0) + 1
    this.#tries.set(what, { count, again: new Date(Date.now() + Math.min(mostMs, firstMs * 2 ** (count - 1))) })
  }

  get (what: string): Attempt | undefined {
    return this.#tries.get(what)
  }

  delete (what: string): void {
    this.#tries.delete(what)
  }

  clear (): void {
    this.#tries.clear()
  }

  keepOnly (isThere: (what: string) => boolean): void {
    for (const what of this.#tries.keys()) if (!isThere(what)) this.#tries.delete(what)
  }
}
