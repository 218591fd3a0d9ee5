type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** The key of the API, kept as long as the tab is open. Servers below several prefixes of one host have keys of their own. */
export class KeptKey {
  readonly #name: string
  readonly #shelf: Shelf | undefined

  /** @param root the server's root @param shelf undefined where a browser keeps nothing: then it is asked for again */
  constructor (root: URL, shelf: Shelf | undefined) {
    this.#name = `headwater.api-key ${root.pathname}`
    this.#shelf = shelf
  }

  read (): string | undefined {
    return this.#shelf?.getItem(this.#name) ?? undefined
  }

  write (key: string): void {
    try {
      this.#shelf?.setItem(this.#name, key)
    } catch {
      // There is no room; it is asked for again.
    }
  }

  clear (): void {
    this.#shelf?.removeItem(this.#name)
  }
}
