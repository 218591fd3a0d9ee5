import { io, type Socket } from 'socket.io-client'
import type { ChunkAnswer, ErrorBody, ServerEvents, StreamStarted } from '../livestream/events.ts'
import { canBecome, isOver, type BroadcastState } from './broadcast-state.ts'
import { ClientError } from './client-error.ts'
import { Emitter } from './emitter.ts'
import { Outbox, type OutgoingChunk } from './outbox.ts'

/** Pause before what was refused is tried again, where the server names none. */
const RETRY_MS = 1_000
/** So much is added to such a pause at the most, so that clients do not come back together. */
const JITTER_MS = 500
/** A lost connection is tried again after so long at first, and at the most. */
const RECONNECT_MS = 200
const RECONNECT_MAX_MS = 3_000
/** An answer to anything but a chunk may take so long. */
const ANSWER_MS = 15_000
/** A stream that takes no more chunks says soon why. */
const EXPLANATION_MS = 10_000

export const UPLINK_DEFAULTS = {
  /** Chunks that may be unanswered at a time. */
  window: 8,
  /** The first connection may take so long, in milliseconds. */
  connectTimeoutMs: 30_000,
  /** Without a connection for so long, in milliseconds, a broadcast fails. The default is the longest window that a server can have. */
  giveUpMs: 1_800_000,
  /** After `finish` the rest of the recording may take so long to be sent, in milliseconds. */
  endTimeoutMs: 20_000
}

export interface UplinkOptions extends Partial<typeof UPLINK_DEFAULTS> {
  /** The server, for example `https://example.org`. */
  origin: string
  /** Path of Socket.IO on it, for example `/socket.io`. */
  path: string
  streamKey: string
  userId: string
  /** Publish credential, where the server asks for one; a function is asked before each connection. */
  credential?: string | (() => string) | undefined
  /** Of an earlier sending of the same stream, to take it over. */
  resumeToken?: string | undefined
}

export interface UplinkEvents<Body> {
  state: BroadcastState
  /** The stream is ours, at first or again after a loss. */
  started: StreamStarted
  /** The server cannot go on where this sending was: what was kept is given up, and a new recording has to come. */
  anew: {
    /** When the oldest chunk of what was given up was recorded, performance.now(). */
    since: number
  }
  /** The server has taken a chunk. */
  taken: { chunk: OutgoingChunk<Body>, safeSeq: number }
  /** A complaint that ends nothing. */
  trouble: ClientError
  /** The server has published another segment. */
  listed: undefined
  viewers: number
  condition: Parameters<ServerEvents['stream-condition']>[0]
}

type Answer<T> = T | ErrorBody

/**
 * One stream's way to the server, whatever is recorded: starts the stream, sends numbered chunks with a bounded
 * number under way, keeps them until they are safe, and goes on after every loss of the connection.
 */
export class Uplink<Body> extends Emitter<UplinkEvents<Body>> {
  readonly #options: UplinkOptions & typeof UPLINK_DEFAULTS
  readonly #socket: Socket
  #state: BroadcastState = 'idle'
  #outbox: Outbox<Body>
  #resumeToken: string | undefined
  #connections = 0
  /** The stream is ours on the present connection, and takes chunks. */
  #sending = false
  /** The server has taken a chunk of this sending, so its `nextSeq` speaks of it. */
  #known = false
  #begun = false
  #endRequested = false
  #sentBytes = 0
  #endReason: string | undefined
  #error: ClientError | undefined
  /** The limit of what is waited for at present. */
  #deadline: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor (options: UplinkOptions) {
    super()
    this.#options = { ...UPLINK_DEFAULTS, ...options }
    this.#resumeToken = options.resumeToken
    this.#outbox = new Outbox(this.#options.window)
    const { origin, path, streamKey, credential } = options
    this.#socket = io(origin, {
      path,
      // Polling costs a request a chunk: only where nothing else gets through.
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      forceNew: true,
      autoConnect: false,
      query: { streamKey },
      auth: give => give({ ...(credential === undefined ? {} : { token: typeof credential === 'function' ? credential() : credential }), ...(this.#resumeToken === undefined ? {} : { resumeToken: this.#resumeToken }) }),
      reconnectionDelay: RECONNECT_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS
    })
    this.#listen()
  }

  get state (): BroadcastState { return this.#state }
  /** Proves ownership, to be kept secret: whoever has it can take the stream over. Undefined before the stream was started. */
  get resumeToken (): string | undefined { return this.#resumeToken }
  /** Why the stream ended, in the server's words. */
  get endReason (): string | undefined { return this.#endReason }
  /** Why it failed. */
  get error (): ClientError | undefined { return this.#error }
  /** Bytes sent, what was sent again included. */
  get sentBytes (): number { return this.#sentBytes }
  /** Bytes kept because they are not safe yet. */
  get keptBytes (): number { return this.#outbox.keptBytes }
  /** Chunks that the server has not taken yet. */
  get waiting (): ReadonlyArray<OutgoingChunk<Body>> { return this.#outbox.waiting }
  /** Connections after the first one. */
  get reconnects (): number { return Math.max(0, this.#connections - 1) }

  start (): void {
    this.#become('connecting')
    this.#deadlineAfter(this.#options.connectTimeoutMs, () => this.#fail(new ClientError('NO_CONNECTION')))
    this.#socket.connect()
  }

  /** Sends a chunk of `size` bytes, now or when it can. */
  send (body: Body, size: number): void {
    this.#outbox.add(body, size)
    this.#pump()
  }

  /** Asks what is safe by now, with an empty chunk: only answers tell. */
  askWhatIsSafe (): void {
    this.send(new Uint8Array(0) as Body, 0)
  }

  /** Ends the stream when all was sent; nothing is to be given to `send` any more. */
  finish (): void {
    if (this.#state === 'idle' || this.#state === 'connecting') {
      this.#over('ended', 'stopped before it began')
    } else if (!isOver(this.#state) && this.#state !== 'ending') {
      this.#become('ending')
      this.#deadlineAfter(this.#options.endTimeoutMs, () => this.#endWithoutTheRest())
      this.#pump()
    }
  }

  /** Leaves at once. The server keeps the stream for its resume window. */
  abort (): void {
    if (!isOver(this.#state)) this.#over('ended', 'left')
  }

  /** Fails for a reason of the caller's. */
  fail (error: ClientError): void {
    if (!isOver(this.#state)) this.#fail(error)
  }

  #listen (): void {
    const socket = this.#socket
    socket.on('connect', () => {
      this.#connections++
      // All was sent before; to start again might begin another broadcast.
      if (this.#endRequested) this.#requestEnd()
      else this.#begin()
    })
    socket.on('disconnect', () => {
      if (isOver(this.#state)) return
      this.#sending = false
      clearTimeout(this.#retry)
      if (this.#state === 'live') {
        this.#become('reconnecting')
        this.#deadlineAfter(this.#options.giveUpMs, () => this.#fail(new ClientError('NO_CONNECTION')))
      }
      // Socket.IO comes back by itself, except when the server said goodbye.
      if (!socket.active) this.#retryAfter(RETRY_MS, () => socket.connect())
    })
    socket.on('connect_error', (error: Error & { data?: ErrorBody }) => {
      // Nor does it when a rule of the server refused it.
      if (!socket.active) this.#refused(error.data === undefined ? new ClientError('NO_CONNECTION', { cause: error }) : ClientError.from(error.data), () => socket.connect())
    })
    this.#on('stream-error', body => {
      // What answers a start is told there.
      if (!this.#sending) return
      if (body.code === 'STREAM_ALREADY_EXISTS') this.#fail(new ClientError('TAKEN_OVER'))
      // What is sent takes more than the server has left; it says what would take less.
      else if (body.code === 'SERVER_BUSY') this.#fail(ClientError.from(body))
      else this.emit('trouble', ClientError.from(body))
    })
    this.#on('stream-ended', ({ reason }) => { if (this.#begun) this.#over('ended', reason ?? 'ended') })
    this.#on('stream-segments-updated', () => this.emit('listed', undefined))
    this.#on('viewer-joined', ({ viewerCount }) => this.emit('viewers', viewerCount))
    this.#on('viewer-left', ({ viewerCount }) => this.emit('viewers', viewerCount))
    this.#on('stream-condition', told => this.emit('condition', told))
  }

  #on<Name extends 'stream-error' | 'stream-ended' | 'stream-segments-updated' | 'viewer-joined' | 'viewer-left' | 'stream-condition'> (event: Name, take: (payload: Parameters<ServerEvents[Name]>[0]) => void): void {
    this.#socket.on(event as string, (payload: Parameters<ServerEvents[Name]>[0]) => {
      if (!isOver(this.#state) && (payload.streamKey ?? this.#options.streamKey) === this.#options.streamKey) take(payload)
    })
  }

  /** Starts the stream, or takes it up again. */
  #begin (): void {
    const { userId, streamKey } = this.#options
    this.#ask<StreamStarted>('start-stream', { userId, streamKey, resumeToken: this.#resumeToken }, answer => {
      if ('error' in answer) this.#refused(ClientError.from(answer), () => this.#begin())
      else this.#started(answer)
    })
  }

  #started (answer: StreamStarted): void {
    this.#resumeToken = answer.resumeToken
    const isAnew = this.#begun && !this.#outbox.resume(this.#known ? answer.nextSeq ?? 0 : 0)
    this.#begun = true
    this.#sending = true
    const since = this.#outbox.keptSince ?? performance.now()
    if (isAnew) {
      this.#outbox = new Outbox(this.#options.window)
      this.#known = false
    }
    if (this.#state !== 'ending') {
      clearTimeout(this.#deadline)
      this.#become('live')
    }
    this.emit('started', answer)
    if (isAnew) this.emit('anew', { since })
    this.#pump()
  }

  #refused (error: ClientError, again: () => void): void {
    // Nobody knows when a full server has room again: who has not begun decides for themselves.
    const comesBack = error.code === 'SERVER_BUSY' ? this.#begun : error.retryAfterMs !== undefined
    if (!comesBack) {
      this.#fail(error)
      return
    }
    const ms = error.retryAfterMs ?? RETRY_MS
    this.emit('trouble', error)
    if (this.#state === 'connecting') this.#deadlineAfter(this.#options.connectTimeoutMs + ms, () => this.#fail(error))
    this.#retryAfter(ms, again)
  }

  /** Sends what may go; when all of a finished recording was taken, ends the stream. */
  #pump (): void {
    if (!this.#sending) return
    for (let chunk = this.#outbox.take(); chunk !== undefined; chunk = this.#outbox.take()) this.#sendChunk(chunk)
    if (this.#state === 'ending' && this.#outbox.idle) this.#requestEnd()
  }

  #sendChunk (chunk: OutgoingChunk<Body>): void {
    const { streamKey } = this.#options
    const outbox = this.#outbox
    const connection = this.#connections
    this.#sentBytes += chunk.size
    this.#socket.emit('stream-data', { streamKey, seq: chunk.seq, chunk: chunk.body, ...(chunk.seq === 0 ? { sending: outbox.id } : {}) }, (answer: Answer<ChunkAnswer>) => {
      // What an earlier connection answered is settled by the resume.
      if (isOver(this.#state) || this.#outbox !== outbox || this.#connections !== connection) return
      if (!('seq' in answer)) {
        this.#turnedAway(answer)
        return
      }
      if (outbox.acknowledge(chunk.seq, answer)) {
        this.#known = true
        this.emit('taken', { chunk, safeSeq: answer.safeSeq })
      } else {
        this.#sending = false
        this.#retryAfter(answer.retryAfterMs ?? RETRY_MS, () => {
          this.#sending = this.#socket.connected && !this.#endRequested
          this.#pump()
        })
      }
      this.#pump()
    })
  }

  /** The stream takes no chunks from here any more; it ends, or the server closes, and that is told by itself. */
  #turnedAway (body: ErrorBody): void {
    this.#sending = false
    if (body.code === 'UNAUTHORIZED') this.#fail(new ClientError('TAKEN_OVER'))
    else if (this.#state !== 'ending') this.#deadlineAfter(EXPLANATION_MS, () => this.#fail(ClientError.from(body)))
  }

  #requestEnd (): void {
    const { streamKey, userId } = this.#options
    this.#endRequested = true
    this.#sending = false
    this.#ask<{ reason: string }>('end-stream', { streamKey, userId, resumeToken: this.#resumeToken }, answer => {
      if (!('error' in answer)) this.#over('ended', answer.reason)
      // It may have ended while the connection was gone.
      else if (answer.code === 'STREAM_NOT_FOUND') this.#over('ended', 'ended')
      else this.#fail(ClientError.from(answer))
    })
  }

  #endWithoutTheRest (): void {
    if (this.#endRequested || !this.#sending) {
      this.#over('ended', 'stopped without a connection')
      return
    }
    this.#requestEnd()
    this.#deadlineAfter(ANSWER_MS, () => this.#over('ended', 'stopped without an answer'))
  }

  /** A question on the present connection; one that gets no answer is given up, and the connection with it. */
  #ask<T extends object> (event: string, payload: object, take: (answer: Answer<T>) => void): void {
    const connection = this.#connections
    this.#socket.timeout(ANSWER_MS).emit(event, payload, (timeout: Error | null, answer: Answer<T>) => {
      if (isOver(this.#state) || this.#connections !== connection || !this.#socket.connected) return
      if (timeout === null) take(answer)
      else this.#socket.disconnect().connect()
    })
  }

  #deadlineAfter (ms: number, act: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(act, ms)
  }

  #retryAfter (ms: number, again: () => void): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(again, ms + Math.random() * JITTER_MS)
  }

  #fail (error: ClientError): void {
    this.#error = error
    this.#over('failed')
  }

  #over (state: 'ended' | 'failed', reason?: string): void {
    this.#endReason = reason
    this.#sending = false
    clearTimeout(this.#deadline)
    clearTimeout(this.#retry)
    this.#become(state)
    this.#socket.disconnect()
  }

  #become (state: BroadcastState): void {
    if (this.#state === state) return
    if (!canBecome(this.#state, state)) throw new Error(`A broadcast that is ${this.#state} cannot become ${state}`)
    this.#state = state
    this.emit('state', state)
  }
}
