import type { Log } from './log.ts'

/** Who wants to be told of something. One that fails is logged, and keeps nobody else from it. */
export class Listeners<T extends unknown[]> {
  readonly #log: Log
  readonly #of: string
  readonly #listeners = new Set<{ call: (...args: T) => unknown }>()

  /** @param of what they listen to, for the log */
  constructor (log: Log, of: string) {
    this.#log = log
    this.#of = of
  }

  get size (): number {
    return this.#listeners.size
  }

  /** @returns an end to it; the same function may be added twice */
  add (call: (...args: T) => unknown): () => void {
    const listener = { call }
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  tell (...args: T): void {
    for (const { call } of this.#listeners) {
      void (async () => { await call(...args) })().catch((error: unknown) => {
        this.#log.error({ err: error, of: this.#of }, 'a listener failed')
      })
    }
  }
}
