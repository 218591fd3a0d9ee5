/** So many entries, those that were asked for last. */
export class RecentlyUsed<V> {
  readonly #max: number
  /** In the order in which they were asked for. */
  readonly #entries = new Map<string, V>()

  constructor (max: number) {
    this.#max = max
  }

  get (key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set (key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#max) return
    const [oldest] = this.#entries.keys()
    this.#entries.delete(oldest!)
  }

  delete (key: string): void {
    this.#entries.delete(key)
  }
}
