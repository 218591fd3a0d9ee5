import { io, type Socket } from 'socket.io-client'
import { Outbox } from '../../src/client/outbox.ts'
import type { ErrorBody } from '../../src/livestream/envelope.ts'
import type { ChunkAnswer, StreamStarted } from '../../src/livestream/events.ts'

const WINDOW = 8
const ANSWER_MS = 20_000

/** Sends chunks as they are recorded, over one connection that nothing should break. */
export class LiveBroadcaster {
  /** What should not have happened. */
  readonly faults: string[] = []
  readonly #streamKey: string
  readonly #socket: Socket
  readonly #outbox = new Outbox<Buffer>(WINDOW)
  #idle: () => void = () => {}
  #mostKeptBytes = 0

  /** @param onListed called with the number of segments whenever one was listed */
  constructor (url: string, streamKey: string, onListed: (segmentCount: number) => void = () => {}) {
    this.#streamKey = streamKey
    this.#socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
    this.#socket.on('disconnect', reason => { this.faults.push(`${streamKey}: disconnected: ${reason}`) })
    this.#socket.on('connect_error', error => { this.faults.push(`${streamKey}: ${error.message}`) })
    this.#socket.on('stream-segments-updated', ({ segmentCount }: { segmentCount: number }) => onListed(segmentCount))
    this.#socket.on('stream-error', (body: ErrorBody) => { this.faults.push(`${streamKey}: ${body.code}: ${body.error}`) })
    this.#socket.on('stream-condition', ({ condition, reason }: { condition: string, reason: string | null }) => { this.faults.push(`${streamKey}: ${condition}: ${reason}`) })
  }

  /** The most that was kept because it was not safe yet. */
  get mostKeptBytes (): number { return this.#mostKeptBytes }

  async start (): Promise<void> {
    const answer = await this.#ask('start-stream', { streamKey: this.#streamKey, userId: 'soak' }) as StreamStarted | ErrorBody
    if ('error' in answer) throw new Error(`${this.#streamKey}: ${answer.code}: ${answer.error}`)
  }

  readonly send = (chunk: Buffer): void => {
    this.#outbox.add(chunk, chunk.length)
    this.#mostKeptBytes = Math.max(this.#mostKeptBytes, this.#outbox.keptBytes)
    this.#pump()
  }

  /** Resolves when all is taken, or nothing has been for too long. */
  async idle (): Promise<void> {
    if (this.#outbox.idle) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ANSWER_MS)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Ends the stream when all is taken. */
  async end (): Promise<void> {
    await this.idle()
    if (!this.#outbox.idle) this.faults.push(`${this.#streamKey}: not all chunks were taken`)
    const answer = await this.#ask('end-stream', { streamKey: this.#streamKey, userId: 'soak' }) as ErrorBody | object
    if ('error' in answer) this.faults.push(`${this.#streamKey}: ${answer.code}: ${answer.error}`)
  }

  leave (): void {
    this.#socket.off('disconnect')
    this.#socket.disconnect()
  }

  #pump (): void {
    for (let chunk = this.#outbox.take(); chunk !== undefined; chunk = this.#outbox.take()) {
      const { seq, body } = chunk
      this.#socket.emit('stream-data', { streamKey: this.#streamKey, seq, chunk: body }, (answer: ChunkAnswer | ErrorBody) => {
        if (!('seq' in answer) || !this.#outbox.acknowledge(seq, answer)) this.faults.push(`${this.#streamKey}: chunk ${seq} was not taken: ${JSON.stringify(answer)}`)
        if (this.#outbox.idle) this.#idle()
        this.#pump()
      })
    }
  }

  async #ask (event: string, payload: object): Promise<unknown> {
    return await this.#socket.timeout(ANSWER_MS).emitWithAck(event, payload)
  }
}
