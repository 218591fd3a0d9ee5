import type { WebSocket } from '@fastify/websocket'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { toHeadwaterError } from '../../src/http/error-handler.ts'
import { SecondCounter } from '../../src/http/second-counter.ts'
import type { Channel, LiveError } from './live-messages.ts'
import type { Follower, LiveStatistics } from './live-statistics.ts'
import { readClientMessage } from './read-client-message.ts'

export interface LiveSocketOptions {
  statistics: Pick<LiveStatistics, 'follow'>
  config: Pick<IvsConfig, 'maxSocketMessagesPerSecond' | 'maxUnsentSocketBytes' | 'maxSkippedPushes'>
  /** Whether this is a key of the API. */
  isKey: (given: string | undefined) => boolean
  /** How the API tells an error. */
  errorOf: (error: HeadwaterError) => LiveError['error']
}

type Socket = Pick<WebSocket, 'on' | 'once' | 'send' | 'close' | 'readyState' | 'OPEN' | 'bufferedAmount'>

/** One client of `/ws`. Listens from the moment it is made. */
export class LiveSocket implements Follower {
  readonly #socket: Socket
  readonly #options: LiveSocketOptions
  /** Ends of what it follows. */
  readonly #following = new Map<Channel, () => void>()
  /** Messages that it was too slow for, in a row. */
  #skipped = 0
  readonly #heardInSecond = new SecondCounter()

  constructor (socket: Socket, options: LiveSocketOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#heard(data, isBinary))
    socket.once('close', () => this.#unfollow())
  }

  take (message: Buffer): void {
    const { maxUnsentSocketBytes, maxSkippedPushes } = this.#options.config
    if (this.#socket.bufferedAmount <= maxUnsentSocketBytes) {
      this.#skipped = 0
      this.#socket.send(message, { binary: false })
      return
    }
    this.#skipped++
    if (this.#skipped >= maxSkippedPushes) this.#end(1013, 'Too slow: try again later')
  }

  #heard (data: Buffer, isBinary: boolean): void {
    // What was under way when it was told to go.
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const { maxSocketMessagesPerSecond } = this.#options.config
    try {
      if (this.#heardInSecond.add() > maxSocketMessagesPerSecond) throw new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: `More than ${maxSocketMessagesPerSecond} messages in a second` })
      if (isBinary) throw new HeadwaterError('INVALID_REQUEST', { message: 'Messages are text' })
      this.#obey(data.toString())
    } catch (thrown) {
      const error = toHeadwaterError(thrown)
      const message: LiveError = { type: 'error', error: this.#options.errorOf(error) }
      this.#socket.send(JSON.stringify(message))
      if (error.code === 'RATE_LIMIT_EXCEEDED') this.#end(1008, error.message)
    }
  }

  #obey (text: string): void {
    const message = readClientMessage(text)
    const { channel } = message
    if (message.action === 'unsubscribe') {
      this.#following.get(channel)?.()
      this.#following.delete(channel)
      return
    }
    if (message.channel === 'operations' && !this.#options.isKey(message.apiKey)) throw new HeadwaterError('API_KEY_INVALID')
    this.#following.set(channel, this.#options.statistics.follow(channel, this))
  }

  #end (code: number, reason: string): void {
    this.#unfollow()
    this.#socket.close(code, reason)
  }

  #unfollow (): void {
    for (const end of this.#following.values()) end()
    this.#following.clear()
  }
}
