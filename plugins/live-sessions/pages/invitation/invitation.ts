/** @param search of an address @returns the token that lets in who was invited; undefined where there is none */
export function invitationIn (search: string): string | undefined {
  return new URLSearchParams(search).get('invite_token') || undefined
}

type Shelf = Pick<Storage, 'getItem' | 'setItem'>

/**
 * Tokens of invitations, kept as long as the tab is open: through logging in, and through a reload. So the token needs
 * to stand neither in the address nor in the history. Servers below several prefixes of one host have their own.
 */
export class Invitations {
  readonly #prefix: string
  readonly #shelf: Shelf | undefined
  /** For browsers that keep nothing: as long as the document is open. */
  readonly #last = new Map<string, string>()

  /** @param root the server's root @param shelf undefined where a browser keeps nothing */
  constructor (root: URL, shelf: Shelf | undefined) {
    this.#prefix = `headwater.invitation ${root.pathname} `
    this.#shelf = shelf
  }

  read (sessionId: string): string | undefined {
    return this.#last.get(sessionId) ?? this.#shelf?.getItem(this.#prefix + sessionId) ?? undefined
  }

  write (sessionId: string, token: string): void {
    this.#last.set(sessionId, token)
    try {
      this.#shelf?.setItem(this.#prefix + sessionId, token)
    } catch {
      // There is no room; it is known until the document is closed.
    }
  }
}
