import type { Log } from '../../../log.ts'
import { MemoryChannels } from '../memory/channels.ts'
import type { Channels } from '../state.ts'
import type { Part, RedisConnection } from './connection.ts'
import type { Names } from './names.ts'
import type { Session } from './session.ts'

export interface RedisChannelsOptions {
  connection: RedisConnection
  names: Names
  /** This server, as no other was ever called. */
  server: string
  log: Log
}

/** This server hears its own messages at once, and those of others through Redis: `<server> <JSON>`. */
export class RedisChannels implements Channels, Part {
  readonly #connection: RedisConnection
  readonly #names: Names
  readonly #server: string
  readonly #here: MemoryChannels
  /** The one that has been told of all channels. */
  #session: Session | undefined
  /** Channels that it has to be told of. */
  readonly #changed = new Set<string>()

  constructor ({ connection, names, server, log }: RedisChannelsOptions) {
    this.#connection = connection
    this.#names = names
    this.#server = server
    this.#here = new MemoryChannels(log)
    connection.add(this)
  }

  get isBehind (): boolean {
    return this.#changed.size > 0
  }

  async publish (channel: string, message: unknown): Promise<void> {
    const text = JSON.stringify(message)
    this.#here.tell(channel, text)
    await this.#connection.use(async ({ commands }) => { await commands.publish(this.#names.channel(channel), `${this.#server} ${text}`) }, () => {})
  }

  async subscribe (channel: string, listener: (message: unknown) => void): Promise<() => Promise<void>> {
    const end = this.#here.listen(channel, listener)
    await this.#tell(channel)
    return async () => {
      if (end()) await this.#tell(channel)
    }
  }

  async catchUp (session: Session): Promise<void> {
    if (session !== this.#session) {
      const prefix = this.#names.channel('')
      session.subscriber.on('message', (name: string, text: string) => this.#hear(name.slice(prefix.length), text))
      this.#session = session
      for (const channel of this.#here.names()) this.#changed.add(channel)
    }
    for (const channel of [...this.#changed]) {
      await this.#setSubscription(session, channel)
      this.#changed.delete(channel)
    }
  }

  async #tell (channel: string): Promise<void> {
    await this.#connection.use(async session => await this.#setSubscription(session, channel), () => { this.#changed.add(channel) })
  }

  async #setSubscription ({ subscriber }: Session, channel: string): Promise<void> {
    const name = this.#names.channel(channel)
    await (this.#here.has(channel) ? subscriber.subscribe(name) : subscriber.unsubscribe(name))
  }

  #hear (channel: string, text: string): void {
    const space = text.indexOf(' ')
    if (text.slice(0, space) !== this.#server) this.#here.tell(channel, text.slice(space + 1))
  }
}
