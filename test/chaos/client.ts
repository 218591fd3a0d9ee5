import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { Outbox, type OutgoingChunk } from '../../src/client/outbox.ts'
import type { ErrorBody } from '../../src/livestream/envelope.ts'
import type { ChunkAnswer, StreamStarted } from '../../src/livestream/events.ts'
import type { Source } from './source.ts'

/** Chunks that may be unanswered at a time. */
const WINDOW = 8
/** Pause before a chunk that was refused is sent again, where the server names none. */
const RETRY_MS = 200
/** A lost connection is tried again after so long; random within half of it. */
const RECONNECT_MS = 200
const RECONNECT_MAX_MS = 500
const CONNECT_TIMEOUT_MS = 2_000
/** An answer of the server to anything but a chunk may take so long. */
const ANSWER_MS = 30_000

/** Decides what becomes of a chunk between the client and the network: calls `send` as often, and when, it likes. */
export type Wire = (seq: number, bytes: Buffer, send: (seq: number, bytes: Buffer) => void) => void

export interface BroadcasterOptions {
  /** The server, or a proxy in front of it. */
  url: string
  streamKey: string
  userId?: string
  source: Source
  /** `real-time`: each chunk when it was recorded (default). `acknowledged`: as fast as the server takes them. */
  pace?: 'real-time' | 'acknowledged'
  /** The documented client: no `seq`, no acknowledgement callback, nothing is kept. */
  plain?: boolean
  /** Chunks that may be unanswered at a time. Default 8. */
  window?: number
  wire?: Wire
  /** A chunk that has no answer after this time is sent again on the same connection. Default: never, a connection loses nothing. */
  resendAfterMs?: number
  /** Codes of `stream-error` that this run provokes; any other is a violation. */
  expected?: readonly string[]
  /** How long the end of the stream may take, in milliseconds. Default 60,000. */
  patienceMs?: number
}

export interface HeardError {
  code: string
  message: string
  /** performance.now() */
  at: number
}

interface Events {
  /** A segment was listed; `at` is performance.now(). */
  segment: [count: number, at: number]
  started: [answer: StreamStarted]
  disconnected: []
  /** `stream-condition` */
  condition: [told: { condition: string, reason: string | undefined, at: number }]
  ended: [reason: string]
}

type State = 'connecting' | 'sending' | 'paused' | 'ending' | 'over'

/**
 * A small, honest broadcaster: numbers its chunks, keeps what is not safe, reconnects by itself with its
 * token and goes on from `nextSeq`. Writes down whatever the server does that the protocol does not allow.
 */
export class Broadcaster extends EventEmitter<Events> {
  /** Empty, when the server kept to the protocol. */
  readonly violations: string[] = []
  readonly errors: HeardError[] = []
  /** When each segment was told, performance.now(). */
  readonly segmentTimes: number[] = []
  /** What it was told of its stream's condition, and when, performance.now(). */
  readonly conditions: Array<{ condition: string, reason: string | undefined, at: number }> = []
  /** Resolves with the first `stream-started`. */
  readonly started: Promise<StreamStarted>
  /** Why the stream ended, as the server told it; undefined while it runs, or where it was not told. */
  endReason: string | undefined
  readonly #options: Required<Omit<BroadcasterOptions, 'wire' | 'resendAfterMs'>> & Pick<BroadcasterOptions, 'wire' | 'resendAfterMs'>
  readonly #socket: Socket
  readonly #outbox: Outbox<Buffer>
  readonly #resends = new Set<NodeJS.Timeout>()
  #settleStarted!: { resolve: (answer: StreamStarted) => void, reject: (error: Error) => void }
  #state: State = 'connecting'
  #resumeToken: string | undefined
  #connections = 0
  #highestSent = -1
  #safe = -1
  #recordingSince: number | undefined
  #recorder: NodeJS.Timeout | undefined
  #recorded = 0
  #pause: NodeJS.Timeout | undefined
  #stopped = false
  #endAsked = false
  #waiters: Array<() => void> = []

  constructor (options: BroadcasterOptions) {
    super()
    this.setMaxListeners(0)
    const { userId = `user-of-${options.streamKey}`, pace = 'real-time', plain = false, window = WINDOW, expected = [], patienceMs = 60_000 } = options
    this.#options = { ...options, userId, pace, plain, window, expected, patienceMs }
    this.#outbox = new Outbox<Buffer>(window)
    this.started = new Promise((resolve, reject) => { this.#settleStarted = { resolve, reject } })
    // Whoever does not wait for the start hears of it elsewhere.
    this.started.catch(() => {})
    this.#socket = io(options.url, {
      transports: ['websocket'],
      forceNew: true,
      query: { streamKey: options.streamKey },
      auth: give => give(this.#resumeToken === undefined ? {} : { resumeToken: this.#resumeToken }),
      timeout: CONNECT_TIMEOUT_MS,
      reconnectionDelay: RECONNECT_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS
    })
    this.#listen()
  }

  get streamKey (): string { return this.#options.streamKey }
  get source (): Source { return this.#options.source }
  /** The highest chunk that the server called safe. */
  get safeSeq (): number { return this.#safe }
  /** The highest chunk that was sent at least once. */
  get highestSent (): number { return this.#highestSent }
  get reconnects (): number { return Math.max(0, this.#connections - 1) }
  get connected (): boolean { return this.#socket.connected }
  /** Chunks that its recorder has handed over so far. */
  get recorded (): number { return this.#recorded }
  get isOver (): boolean { return this.#state === 'over' }

  /** Resolves when the whole recording was sent and taken. @throws Error when that takes too long */
  async delivered (): Promise<void> {
    await this.#until(() => this.#isDelivered || this.endReason !== undefined, 'the recording was not taken')
  }

  /** Ends the recording where it is: nothing more is recorded. What was recorded is still delivered. */
  stopRecording (): void {
    clearTimeout(this.#recorder)
    this.#stopped = true
  }

  /**
   * When all was delivered, ends the stream, over as many connections as that takes.
   * @returns the reason that the server gave, or `ended` where it ended unheard
   * @throws Error when it takes too long
   */
  async end (): Promise<string> {
    await this.delivered()
    this.#endAsked = true
    if (this.#socket.connected && this.#state === 'sending') this.#requestEnd()
    await this.#until(() => this.endReason !== undefined, 'the stream did not end')
    this.leave()
    return this.endReason ?? 'ended'
  }

  /** Resolves when it is connected and may send. @throws Error when that takes too long */
  async resumed (): Promise<void> {
    await this.#until(() => this.#state === 'sending' || this.#state === 'paused' || this.endReason !== undefined, 'the connection did not come back')
  }

  /** When the first segment after a time was told; both in milliseconds since 1970. @throws Error when none comes */
  async segmentAfter (sinceMs: number): Promise<number> {
    const since = sinceMs - performance.timeOrigin
    const find = () => this.segmentTimes.find(at => at >= since)
    await this.#until(() => find() !== undefined || this.endReason !== undefined, 'no segment was listed')
    const at = find()
    if (at === undefined) throw new Error(`${this.streamKey}: the stream ended (${this.endReason}) before another segment came`)
    return at + performance.timeOrigin
  }

  /** When the next segment was told, performance.now(); undefined when none is within this time. */
  async nextSegment (withinMs: number): Promise<number | undefined> {
    return await new Promise(resolve => {
      const settle = (at: number | undefined) => {
        clearTimeout(timer)
        this.off('segment', heard)
        resolve(at)
      }
      const heard = () => settle(performance.now())
      const timer = setTimeout(() => settle(undefined), withinMs)
      this.on('segment', heard)
    })
  }

  /** Goes away for good without ending the stream. */
  leave (): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    clearTimeout(this.#recorder)
    clearTimeout(this.#pause)
    for (const timer of this.#resends) clearTimeout(timer)
    this.#resends.clear()
    this.#socket.disconnect()
    this.#settleStarted.reject(new Error('The broadcaster has left'))
    this.#wake()
  }

  /** What went against the protocol or was an error that nobody expected, with the stream's name. */
  get complaints (): string[] {
    return this.violations.map(violation => `${this.streamKey}: ${violation}`)
  }

  get #isDelivered (): boolean {
    const recordedAll = this.#stopped || this.#recorded === this.source.chunks.length
    return recordedAll && (this.#options.plain || this.#outbox.idle) && this.#state === 'sending'
  }

  #listen (): void {
    const { streamKey } = this.#options
    const socket = this.#socket
    socket.on('connect', () => {
      this.#connections++
      void this.#connected()
    })
    socket.on('disconnect', () => {
      if (this.#state === 'over') return
      this.#state = 'connecting'
      clearTimeout(this.#pause)
      for (const timer of this.#resends) clearTimeout(timer)
      this.#resends.clear()
      this.emit('disconnected')
      // Socket.IO comes back by itself, except when the server said goodbye.
      if (!socket.active) setTimeout(() => { if (this.#state === 'connecting') socket.connect() }, RECONNECT_MS).unref()
    })
    socket.on('stream-error', (body: ErrorBody) => {
      this.errors.push({ code: body.code, message: body.error, at: performance.now() })
      if (!this.#options.expected.includes(body.code)) this.violations.push(`stream-error ${body.code}: ${body.error}`)
    })
    socket.on('stream-segments-updated', ({ segmentCount }: { segmentCount: number }) => {
      const at = performance.now()
      this.segmentTimes.push(at)
      this.emit('segment', segmentCount, at)
      this.#wake()
    })
    socket.on('stream-condition', ({ condition, reason }: { streamKey: string, condition: string, reason?: string }) => {
      const told = { condition, reason, at: performance.now() }
      this.conditions.push(told)
      this.emit('condition', told)
    })
    socket.on('stream-ended', (body: { streamKey: string, reason?: string }) => {
      if (body.streamKey === streamKey) this.#hasEnded(body.reason ?? 'ended')
    })
  }

  async #connected (): Promise<void> {
    const connection = this.#connections
    try {
      // It may have ended while the connection was gone; a start would begin another broadcast.
      if (this.#endAsked && !await this.#isLive()) {
        this.#hasEnded('ended')
        return
      }
      if (connection !== this.#connections || !this.#socket.connected) return
      const { userId, streamKey } = this.#options
      const started = await this.#socket.timeout(ANSWER_MS).emitWithAck('start-stream', { userId, streamKey, resumeToken: this.#resumeToken }) as StreamStarted | ErrorBody
      if (connection !== this.#connections || this.#state === 'over') return
      if ('error' in started) throw new Error(`start-stream was refused: ${started.code}: ${started.error}`)
      this.#begin(started)
    } catch (error) {
      // The connection went, and the next one asks again.
      if (connection !== this.#connections || !this.#socket.connected || this.#state === 'over') return
      this.violations.push((error as Error).message)
      this.#settleStarted.reject(error as Error)
      this.leave()
    }
  }

  #begin (started: StreamStarted): void {
    const { nextSeq = 0 } = started
    if (this.#resumeToken === undefined) {
      if (started.status !== 'broadcasting') this.violations.push(`the first start was answered ${started.status}`)
      if (nextSeq !== 0) this.violations.push(`nextSeq of a new stream is ${nextSeq}`)
    } else {
      if (started.status !== 'active') this.violations.push(`a resume was answered ${started.status}: the stream was lost`)
      if (started.resumeToken !== this.#resumeToken) this.violations.push('a resume was answered with another token')
    }
    this.#resumeToken = started.resumeToken
    if (!this.#options.plain) {
      if (nextSeq > this.#highestSent + 1) this.violations.push(`nextSeq ${nextSeq} although nothing above ${this.#highestSent} was sent`)
      if (nextSeq <= this.#safe) this.violations.push(`nextSeq ${nextSeq} although ${this.#safe} was safe`)
      if (!this.#outbox.resume(nextSeq)) {
        this.violations.push(`the server wants chunk ${nextSeq}, which is not kept any more`)
        this.leave()
        return
      }
      this.#safe = Math.max(this.#safe, nextSeq - 1)
    }
    this.#state = 'sending'
    this.#settleStarted.resolve(started)
    this.emit('started', started)
    this.#wake()
    if (this.#recordingSince === undefined) this.#record()
    this.#send()
  }

  /** Hands over what is due; at an acknowledged pace, everything at once. */
  #record (): void {
    this.#recordingSince ??= performance.now()
    const { source: { chunks }, pace, plain } = this.#options
    const elapsedMs = performance.now() - this.#recordingSince
    const untilMs = pace === 'acknowledged' ? Infinity : elapsedMs
    for (let next = chunks[this.#recorded]; next !== undefined && next.dueMs <= untilMs; next = chunks[this.#recorded]) {
      if (plain) this.#transmit(this.#recorded, next.bytes)
      else this.#outbox.add(next.bytes, next.bytes.length)
      this.#recorded++
    }
    const next = chunks[this.#recorded]
    if (next === undefined) return
    this.#recorder = setTimeout(() => {
      this.#record()
      this.#send()
    }, next.dueMs - elapsedMs)
  }

  #send (): void {
    if (this.#state !== 'sending') return
    for (let chunk = this.#outbox.take(); chunk !== undefined; chunk = this.#outbox.take()) this.#sendChunk(chunk)
    if (this.#endAsked && this.#isDelivered) this.#requestEnd()
    this.#wake()
  }

  #sendChunk ({ seq, body: bytes }: OutgoingChunk<Buffer>): void {
    const connection = this.#connections
    let answered = false
    this.#highestSent = Math.max(this.#highestSent, seq)
    this.#transmit(seq, bytes, answer => {
      if (this.#state === 'over' || connection !== this.#connections) return
      // Whoever is sent twice is answered twice.
      if (answered) this.#checkAnswer(seq, answer)
      else if (this.#takeAnswer(seq, answer)) answered = true
    })
    const { resendAfterMs } = this.#options
    if (resendAfterMs === undefined) return
    const timer = setInterval(() => {
      if (!answered && connection === this.#connections && this.#socket.connected) {
        this.#emitChunk(seq, bytes, answer => {
          if (this.#state === 'over' || connection !== this.#connections || answered) return
          answered = this.#takeAnswer(seq, answer)
        })
        return
      }
      clearInterval(timer)
      this.#resends.delete(timer)
    }, resendAfterMs)
    this.#resends.add(timer)
  }

  #transmit (seq: number, bytes: Buffer, onAnswer?: (answer: ChunkAnswer | ErrorBody) => void): void {
    const { wire } = this.#options
    const connection = this.#connections
    const send = (number: number, body: Buffer) => {
      // After the end of the stream nothing is sent, however late it is.
      if (connection === this.#connections && this.#socket.connected && this.#state !== 'ending') this.#emitChunk(number, body, onAnswer)
    }
    if (wire === undefined) send(seq, bytes)
    else wire(seq, bytes, send)
  }

  #emitChunk (seq: number, chunk: Buffer, onAnswer?: (answer: ChunkAnswer | ErrorBody) => void): void {
    const { streamKey, plain } = this.#options
    if (plain) this.#socket.emit('stream-data', { streamKey, chunk })
    else this.#socket.emit('stream-data', { streamKey, seq, chunk }, onAnswer)
  }

  /** @returns whether it counts as an answer */
  #takeAnswer (seq: number, answer: ChunkAnswer | ErrorBody): boolean {
    if (!this.#checkAnswer(seq, answer) || !('seq' in answer)) return false
    if (!this.#outbox.acknowledge(seq, answer)) this.#rest(answer.retryAfterMs ?? RETRY_MS)
    this.#send()
    return true
  }

  #checkAnswer (seq: number, answer: ChunkAnswer | ErrorBody): boolean {
    if (!('seq' in answer)) {
      // A stream that has ended takes no more; it says so besides.
      if (this.endReason === undefined && !this.#options.expected.includes(answer.code)) this.violations.push(`chunk ${seq} was refused: ${answer.code}: ${answer.error}`)
      return false
    }
    if (answer.seq > seq) this.violations.push(`chunk ${seq} was answered as ${answer.seq}`)
    if (answer.seq < seq && answer.error === undefined) this.violations.push(`chunk ${seq} was answered as ${answer.seq} without an error`)
    if (answer.safeSeq > this.#highestSent) this.violations.push(`chunk ${answer.safeSeq} was called safe, ${this.#highestSent} was the last one sent`)
    if (answer.safeSeq < this.#safe) this.violations.push(`safeSeq went back from ${this.#safe} to ${answer.safeSeq}`)
    this.#safe = Math.max(this.#safe, answer.safeSeq)
    return true
  }

  #rest (ms: number): void {
    if (this.#state !== 'sending') return
    this.#state = 'paused'
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => {
      this.#state = 'sending'
      this.#send()
    }, ms)
  }

  #requestEnd (): void {
    const { streamKey, userId } = this.#options
    this.#state = 'ending'
    this.#socket.emit('end-stream', { streamKey, userId, resumeToken: this.#resumeToken }, (answer: { reason: string } | ErrorBody) => {
      if ('reason' in answer) this.#hasEnded(answer.reason)
      else if (answer.code === 'STREAM_NOT_FOUND') this.#hasEnded('ended')
      else this.violations.push(`end-stream was refused: ${answer.code}: ${answer.error}`)
    })
  }

  /** Whether the stream takes more; waits while it is ending. */
  async #isLive (): Promise<boolean> {
    const { url, streamKey } = this.#options
    for (;;) {
      const status = await fetch(`${url}/livestream/${streamKey}/status`, { headers: { connection: 'close' } })
        .then(async response => await response.json() as { local: { isActive: boolean, streamData?: object } })
        .catch((error: unknown) => {
          if (!this.#socket.connected) throw error
          return undefined
        })
      if (status !== undefined && (status.local.isActive || status.local.streamData === undefined)) return status.local.isActive
      await delay(RETRY_MS)
    }
  }

  #hasEnded (reason: string): void {
    if (this.endReason !== undefined) return
    this.endReason = reason
    clearTimeout(this.#recorder)
    this.emit('ended', reason)
    this.#wake()
  }

  async #until (holds: () => boolean, otherwise: string): Promise<void> {
    const { patienceMs, source, pace } = this.#options
    const limitMs = patienceMs + (pace === 'real-time' ? source.seconds * 1000 : 0)
    const until = performance.now() + limitMs
    while (!holds()) {
      if (this.#state === 'over') throw new Error(`${this.streamKey}: the broadcaster has left (${this.violations.join('; ')})`)
      const leftMs = until - performance.now()
      if (leftMs <= 0) throw new Error(`${this.streamKey}: ${otherwise} within ${Math.round(limitMs / 1000)} s (${this.#state}, ${this.#recorded} recorded, ${this.#highestSent} sent, ${this.#safe} safe)`)
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>(resolve => {
        this.#waiters.push(resolve)
        timer = setTimeout(resolve, leftMs)
      })
      clearTimeout(timer)
    }
  }

  #wake (): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}
