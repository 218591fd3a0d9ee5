import { Stateful } from '../../../../src/client/stateful.ts'
import type { ClientMessage, Operations, ServerMessage } from '../../live-messages.ts'

/**
 * - `off`: nothing was asked for
 * - `connecting`: for the first time
 * - `live`: what is shown is so now
 * - `lost`: it is tried again by itself
 * - `refused`: the key is wrong
 */
export type Connection = 'off' | 'connecting' | 'live' | 'lost' | 'refused'

export interface FeedState {
  readonly connection: Connection
  /** What the server said last. */
  readonly last: Operations | undefined
}

export const NOTHING_HEARD: FeedState = { connection: 'off', last: undefined }

export type FeedSocket = Pick<WebSocket, 'onopen' | 'onmessage' | 'onclose' | 'send' | 'close'>

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000
/** Longer without the first message, and there is no connection. */
const FIRST_MESSAGE_MS = 10_000
/** So many messages may be missed. */
const MISSED = 3

/** What operators are told over `/ws`, through every loss of the connection, until `stop()`. It throws nothing. */
export class OperationsFeed extends Stateful<FeedState> {
  readonly #open: () => FeedSocket
  #apiKey = ''
  #socket: FeedSocket | undefined
  #retryMs = FIRST_RETRY_MS
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (open: () => FeedSocket) {
    super(NOTHING_HEARD)
    this.#open = open
  }

  start (apiKey: string): void {
    this.#apiKey = apiKey
    this.#retryMs = FIRST_RETRY_MS
    this.update({ connection: 'connecting', last: undefined })
    this.#connect()
  }

  /** Does not wait any longer for the next try. */
  retry (): void {
    if (this.snapshot.connection === 'lost') this.#connect()
  }

  stop (): void {
    this.#drop()
    this.update(NOTHING_HEARD)
  }

  #connect (): void {
    this.#drop()
    const socket = this.#socket = this.#open()
    socket.onopen = () => {
      const message: ClientMessage = { action: 'subscribe', channel: 'operations', apiKey: this.#apiKey }
      socket.send(JSON.stringify(message))
    }
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)) as ServerMessage)
    socket.onclose = () => this.#lose()
    this.#loseAfter(FIRST_MESSAGE_MS)
  }

  #hear (message: ServerMessage): void {
    if (message.type === 'operations_update') {
      this.#retryMs = FIRST_RETRY_MS
      this.update({ connection: 'live', last: message.data })
      this.#loseAfter(MISSED * message.data.everySeconds * 1000 + FIRST_MESSAGE_MS)
    } else if (message.type === 'error' && message.error.code === 'UNAUTHORIZED') {
      this.#drop()
      this.update({ connection: 'refused', last: undefined })
    }
  }

  #lose (): void {
    this.#drop()
    this.update({ connection: 'lost' })
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
  }

  /** A line that is cut without a word looks like one on which nothing happens. */
  #loseAfter (ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#lose(), ms)
  }

  #drop (): void {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}
