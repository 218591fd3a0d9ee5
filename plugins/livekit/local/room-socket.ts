import type { WebSocket } from '@fastify/websocket'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { isFailure, toHeadwaterError } from '../../../src/http/error-handler.ts'
import { SecondCounter } from '../../../src/http/second-counter.ts'
import type { Log } from '../../../src/log.ts'
import { ROOM_CLOSE_CODES, type LeftReason, type RoomClientMessage, type RoomServerMessage } from '../../../src/rooms/local-messages.ts'
import type { RoomTokenClaims } from '../tokens.ts'
import type { Connection } from './hall.ts'
import type { Stay } from './halls.ts'
import { readClientMessage } from './read-client-message.ts'

export interface RoomSocketOptions {
  config: Pick<LivekitConfig, 'socketJoinMs' | 'maxSocketMessagesPerSecond' | 'maxUnsentSocketBytes'>
  /** @throws HeadwaterError `ROOM_TOKEN_INVALID` */
  readToken: (token: string) => Promise<RoomTokenClaims>
  enter: (claims: RoomTokenClaims, connection: Connection) => Promise<Stay | LeftReason>
  log: Log
}

type Socket = Pick<WebSocket, 'on' | 'once' | 'send' | 'close' | 'readyState' | 'OPEN' | 'bufferedAmount'>

/**
 * One client of `/ws/rooms`: waits for `join`, takes a seat, is in, has left; from each it may leave at once. Listens from
 * the moment it is made. What it says is done in the order in which it was said.
 */
export class RoomSocket implements Connection {
  readonly #socket: Socket
  readonly #options: RoomSocketOptions
  readonly #joinTimer: NodeJS.Timeout
  /** From `join` on; undefined where there was no seat. */
  #stay: Promise<Stay | undefined> | undefined
  #ended: Promise<void> | undefined
  #work: Promise<void> = Promise.resolve()
  /** Messages that wait for those before them. */
  #waiting = 0
  readonly #heardInSecond = new SecondCounter()

  constructor (socket: Socket, options: RoomSocketOptions) {
    this.#socket = socket
    this.#options = options
    this.#joinTimer = setTimeout(() => { void this.end('token') }, options.config.socketJoinMs).unref()
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#heard(data, isBinary))
    socket.once('close', () => { void this.end('left') })
  }

  tell (message: RoomServerMessage): void {
    if (this.#ended !== undefined || this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > this.#options.config.maxUnsentSocketBytes) void this.end('flood')
    else this.#socket.send(JSON.stringify(message))
  }

  async end (reason: LeftReason): Promise<void> {
    this.#ended ??= this.#end(reason)
    await this.#ended
  }

  async #end (reason: LeftReason): Promise<void> {
    clearTimeout(this.#joinTimer)
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(JSON.stringify({ type: 'left', reason } satisfies RoomServerMessage))
      this.#socket.close(ROOM_CLOSE_CODES[reason], reason)
    }
    try {
      await (await this.#stay)?.leave()
    } catch (error) {
      this.#options.log.error({ err: error }, 'somebody could not leave a room properly')
    }
  }

  #heard (data: Buffer, isBinary: boolean): void {
    if (this.#ended !== undefined) return
    const { maxSocketMessagesPerSecond } = this.#options.config
    if (this.#heardInSecond.add() > maxSocketMessagesPerSecond || this.#waiting >= maxSocketMessagesPerSecond) {
      this.#tellError(new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: `More than ${maxSocketMessagesPerSecond} messages in a second` }))
      void this.end('flood')
      return
    }
    this.#waiting++
    this.#work = this.#work.then(async () => {
      this.#waiting--
      if (this.#ended === undefined) await this.#obey(data, isBinary)
    }).catch((error: unknown) => this.#tellError(toHeadwaterError(error)))
  }

  async #obey (data: Buffer, isBinary: boolean): Promise<void> {
    if (isBinary) throw new HeadwaterError('INVALID_REQUEST', { message: 'Messages are text' })
    const message = readClientMessage(data.toString())
    switch (message.type) {
      case 'join':
        if (this.#stay !== undefined) throw new HeadwaterError('INVALID_REQUEST', { message: 'You have joined already' })
        this.#stay = this.#join(message)
        await this.#stay
        return
      case 'data': {
        const stay = await this.#stay
        if (stay === undefined) throw new HeadwaterError('INVALID_REQUEST', { message: 'Join first' })
        await stay.say(message)
        return
      }
      case 'leave':
        // Not waited for: it waits for a seat that is on its way.
        void this.end('left')
    }
  }

  async #join ({ token }: Extract<RoomClientMessage, { type: 'join' }>): Promise<Stay | undefined> {
    const entered = await this.#enter(token)
    if (typeof entered === 'string') {
      void this.end(entered)
      return undefined
    }
    clearTimeout(this.#joinTimer)
    return entered
  }

  async #enter (token: string): Promise<Stay | LeftReason> {
    try {
      return await this.#options.enter(await this.#options.readToken(token), this)
    } catch (thrown) {
      const error = toHeadwaterError(thrown)
      this.#tellError(error)
      return error.code === 'ROOM_TOKEN_INVALID' ? 'token' : 'server-closed'
    }
  }

  #tellError (error: HeadwaterError): void {
    if (isFailure(error)) this.#options.log.error({ err: error.cause ?? error }, error.message)
    this.tell({ type: 'error', error: { code: error.code, message: error.message } })
  }
}
