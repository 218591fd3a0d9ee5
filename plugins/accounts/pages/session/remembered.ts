import { nameOf, pictureOf, type Account } from '../account.ts'

/**
 * What this browser remembers of who is logged in, for the head of every page: it is there at once, and who is not
 * logged in asks the server nothing. No secret is in it.
 */
export interface Remembered {
  name: string
  /** Address of a picture of this server; undefined where there is none. */
  picture?: string | undefined
  /** When the session began or was renewed last, in milliseconds since 1970: tabs know by it who has done so. */
  since: number
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

  /** Somebody has logged in. */
  begin (account: Account): void {
    this.#put(this.#of(account, Date.now()))
  }

  renewed (): void {
    const before = this.read()
    if (before !== undefined) this.#put({ ...before, since: Date.now() })
  }

  /** Of an account whose session is as it was. */
  write (account: Account): Remembered {
    const remembered = this.#of(account, this.read()?.since ?? Date.now())
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

  #of (account: Account, since: number): Remembered {
    return { name: nameOf(account), picture: pictureOf(account.avatar_url, this.#root), since }
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
    const { name, picture, since } = JSON.parse(text) as Partial<Record<keyof Remembered, unknown>>
    if (typeof name !== 'string' || typeof since !== 'number') return undefined
    return { name, picture: typeof picture === 'string' ? picture : undefined, since }
  } catch {
    return undefined
  }
}
