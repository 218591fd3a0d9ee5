import type { Readable } from 'node:stream'
import { UnderWay } from '../../under-way.ts'

/** What is being put and read, so that it can be ended. */
export class Transfers {
  readonly #streams = new Set<Readable>()
  readonly #puts = new UnderWay()

  /** Does the work of a put; afterwards nobody reads the body any more, however it went. */
  async put<T> (body: Uint8Array | Readable, work: () => Promise<T>): Promise<T> {
    const source = body instanceof Uint8Array ? undefined : body
    if (source !== undefined) this.#streams.add(source)
    try {
      return await this.#puts.track(work())
    } finally {
      if (source !== undefined) {
        this.#streams.delete(source)
        source.destroy()
      }
    }
  }

  /** A body that is given out. */
  read (body: Readable): Readable {
    this.#streams.add(body)
    return body.once('close', () => { this.#streams.delete(body) })
  }

  /** Destroys all streams, and waits for the puts to fail or to end. */
  async end (): Promise<void> {
    for (const stream of this.#streams) stream.destroy()
    await this.#puts.idle()
  }
}
