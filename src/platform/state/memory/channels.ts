import type { Log } from '../../../log.ts'
import { Listeners } from '../../../listeners.ts'
import type { Channels } from '../state.ts'

/** Who on this server listens to which channel. */
export class MemoryChannels implements Channels {
  readonly #log: Log
  readonly #channels = new Map<string, Listeners<[unknown]>>()

  constructor (log: Log) {
    this.#log = log
  }

  /** Those to which somebody listens. */
  names (): string[] {
    return [...this.#channels.keys()]
  }

  has (channel: string): boolean {
    return this.#channels.has(channel)
  }

  async publish (channel: string, message: unknown): Promise<void> {
    this.tell(channel, JSON.stringify(message))
  }

  /** @param text JSON: whoever sent it may go on to change what it sent */
  tell (channel: string, text: string): void {
    const listeners = this.#channels.get(channel)
    if (listeners === undefined) return
    listeners.tell(JSON.parse(text))
  }

  async subscribe (channel: string, listener: (message: unknown) => void): Promise<() => Promise<void>> {
    const end = this.listen(channel, listener)
    return async () => { end() }
  }

  /** @returns an end to it, which says whether nobody listens to the channel any more */
  listen (channel: string, listener: (message: unknown) => void): () => boolean {
    let listeners = this.#channels.get(channel)
    if (listeners === undefined) {
      listeners = new Listeners(this.#log, 'messages')
      this.#channels.set(channel, listeners)
    }
    const end = listeners.add(listener)
    return () => {
      end()
      if (listeners.size > 0 || this.#channels.get(channel) !== listeners) return false
      this.#channels.delete(channel)
      return true
    }
  }
}
