import { hash, timingSafeEqual } from 'node:crypto'

/** Secrets of which a caller may know one. How long a comparison takes tells nothing of them, not even how long they are. */
export class KnownSecrets {
  readonly #digests: readonly Buffer[]

  constructor (secrets: readonly string[]) {
    this.#digests = secrets.map(digest)
  }

  has (given: string): boolean {
    const wanted = digest(given)
    // All of them are compared, whichever it is.
    return this.#digests.filter(known => timingSafeEqual(known, wanted)).length > 0
  }
}

function digest (text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
