import { nameOf, pictureOf, type Account } from '../account/account.ts'

/**
 * What this browser remembers of who is logged in, for the head of every page: it is there at once, and who is not
 * logged in asks the server nothing. No secret is in it.
 */
export interface Remembered {
  name: string
  /** Address of a picture of this server; undefined where there is none. */
  picture?: string | undefined
}

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Where it is remembered, for all tabs. Servers below several prefixes of one host have accounts of their own. */
export class Memory {
  readonly #root: URL
  readonly #shelf: Shelf | undefined
  readonly #key: string
  /** For browsers that keep nothing: as long as the page is open. */
  #last: Remembered | undefined

  /** @param root the server's root @param shelf undefined where a browser keeps nothing */
  constructor (root: URL, shelf: Shelf | undefined) {
    this.#root = root
    this.#shelf = shelf
    this.#key = `headwater.account ${root.pathname}`
  }

  read (): Remembered | undefined {
    if (this.#shelf === undefined) return this.#last
    try {
      return rememberedIn(this.#shelf.getItem(this.#key))
    } catch {
      return this.#last
    }
  }

  /** Somebody is logged in. */
  write (account: Account): Remembered {
    const remembered = { name: nameOf(account), picture: pictureOf(account.avatar_url, this.#root) }
    this.#put(remembered)
    return remembered
  }

  clear (): void {
    this.#put(undefined)
  }

  isAbout ({ key }: Pick<StorageEvent, 'key'>): boolean {
    // Without a key, everything was taken away.
    return key === this.#key || key === null
  }

  #put (remembered: Remembered | undefined): void {
    this.#last = remembered
    try {
      if (remembered === undefined) this.#shelf?.removeItem(this.#key)
      else this.#shelf?.setItem(this.#key, JSON.stringify(remembered))
    } catch {
      // There is no room; the next page asks for it again.
    }
  }
}

/** What was written; undefined for what somebody else wrote. */
export function rememberedIn (text: string | null): Remembered | undefined {
  if (text === null) return undefined
  try {
    const { name, picture } = JSON.parse(text) as Partial<Record<keyof Remembered, unknown>>
    return typeof name === 'string' ? { name, picture: typeof picture === 'string' ? picture : undefined } : undefined
  } catch {
    return undefined
  }
}
