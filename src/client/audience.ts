import { io, type Socket } from 'socket.io-client'
import type { ClientEvents, ServerEvents } from '../livestream/events.ts'
import { serverRoot, socketAddress, streamUrl, type ServerAddress } from './server-address.ts'
import { Stateful } from './stateful.ts'

/**
 * What the server says of a stream.
 *
 * - `unknown`: it has not said anything yet
 * - `not-found`: there is no such stream; it may begin later
 * - `waiting`: it is prepared and has not begun
 * - `live`
 * - `reconnecting`: its broadcaster is away and may come back
 * - `ended`: its recording is there
 */
export type StreamState = 'unknown' | 'not-found' | 'waiting' | 'live' | 'reconnecting' | 'ended'

export interface AudienceState {
  readonly stream: StreamState
  /** Viewers, this one included; undefined until it is known. */
  readonly viewers: number | undefined
  /** Whether the server can be heard now. `stream` is what it said last. */
  readonly connected: boolean
  /** Grows with every broadcast that begins on this key while this one is in the audience. */
  readonly broadcasts: number
  /** Whether a fault holds the stream's segments up (`stream-condition`). Nothing is lost by it. */
  readonly degraded: boolean
}

type Payload<Name extends keyof ServerEvents> = Parameters<ServerEvents[Name]>[0]

/** Events of the server that are about the stream, as they come (docs/livestream.md). */
export interface AudienceEvents {
  'stream-started': Payload<'stream-started'>
  'stream-reconnecting': Payload<'stream-reconnecting'>
  'stream-condition': Payload<'stream-condition'>
  'stream-ended': Payload<'stream-ended'>
}

export interface AudienceOptions extends ServerAddress {
  streamKey: string
}

/** Pause before the server is asked again about a stream that it did not know, or after a failure. */
const ASK_AGAIN_MS = 5_000
const ANSWER_MS = 8_000

/**
 * One viewer in the audience of a stream: joins it over Socket.IO and knows its state and the number of
 * viewers, through every loss of the connection, until `close()`. It throws nothing: what fails is tried again.
 */
export class Audience extends Stateful<AudienceState, AudienceEvents> {
  readonly #key: string
  readonly #statusUrl: URL
  readonly #socket: Socket<ServerEvents, ClientEvents>
  readonly #viewerId = `viewer-${Math.random().toString(36).slice(2, 12)}`
  #timer: ReturnType<typeof setTimeout> | undefined
  /** An answer to a question that was asked before the last event is out of date. */
  #moment = 0
  #closed = false

  /** @throws TypeError when the server's address is no URL */
  constructor ({ streamKey, ...address }: AudienceOptions) {
    super({ stream: 'unknown', viewers: undefined, connected: false, broadcasts: 0, degraded: false })
    const root = serverRoot(address)
    const { origin, path } = socketAddress(root)
    this.#key = streamKey
    this.#statusUrl = streamUrl(root, streamKey, 'status')
    const socket = this.#socket = io(origin, { path, forceNew: true, transports: ['websocket', 'polling'], tryAllTransports: true, query: { streamKey }, reconnectionDelayMax: 5_000 })

    socket.on('connect', () => {
      this.update({ connected: true })
      void this.#join()
    })
    socket.on('disconnect', () => {
      this.update({ connected: false })
      // Socket.IO comes back by itself, except when the server said goodbye.
      if (!socket.active) this.#later(() => socket.connect(), ASK_AGAIN_MS)
    })
    socket.on('connect_error', (error: Error & { data?: { retryAfterMs?: number } }) => {
      if (!socket.active) this.#later(() => socket.connect(), error.data?.retryAfterMs ?? ASK_AGAIN_MS)
    })

    socket.on('stream-started', payload => this.#take(payload, () => {
      const begins = payload.status === 'broadcasting'
      this.update({ stream: 'live', degraded: begins ? false : this.snapshot.degraded, broadcasts: this.snapshot.broadcasts + (begins ? 1 : 0) })
      this.emit('stream-started', payload)
    }))
    socket.on('stream-reconnecting', payload => this.#take(payload, () => {
      this.update({ stream: 'reconnecting' })
      this.emit('stream-reconnecting', payload)
    }))
    socket.on('stream-condition', payload => this.#take(payload, () => {
      this.update({ degraded: payload.condition === 'degraded' })
      this.emit('stream-condition', payload)
    }))
    socket.on('stream-ended', payload => this.#take(payload, () => {
      this.update({ stream: 'ended', degraded: false })
      this.emit('stream-ended', payload)
    }))
    socket.on('viewer-joined', payload => this.#take(payload, () => this.update({ viewers: payload.viewerCount })))
    socket.on('viewer-left', payload => this.#take(payload, () => this.update({ viewers: payload.viewerCount })))
  }

  /** Leaves the audience, for good. */
  close (): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket.disconnect()
  }

  #take (payload: { streamKey: string }, take: () => void): void {
    if (this.#closed || payload.streamKey !== this.#key) return
    this.#moment++
    take()
  }

  async #join (): Promise<void> {
    let answer
    try {
      answer = await this.#socket.timeout(ANSWER_MS).emitWithAck('join-stream', { streamKey: this.#key, userId: this.#viewerId }) as JoinAnswer
    } catch {
      // No answer in time.
      if (this.snapshot.connected) this.#later(() => { void this.#join() }, ASK_AGAIN_MS)
      return
    }
    if (!this.snapshot.connected || this.#closed) return
    const joined = !('error' in answer)
    if ('error' in answer && answer.code !== 'STREAM_NOT_FOUND') {
      this.#later(() => { void this.#join() }, answer.retryAfterMs ?? ASK_AGAIN_MS)
      return
    }
    const { stream, broadcasts } = this.snapshot
    const viewers = 'error' in answer ? undefined : answer.viewerCount
    let known = true
    if (!('error' in answer) && answer.isLive) {
      this.update({ viewers, stream: 'live', broadcasts: broadcasts + (stream === 'ended' ? 1 : 0) })
    } else {
      this.update({ viewers })
      // Otherwise nothing is new: the server does not know the stream, as before.
      if (joined || (stream !== 'not-found' && stream !== 'ended')) known = await this.#askState()
    }
    // Only who has joined is told when it begins.
    if ((!joined || !known) && !this.#closed) this.#later(() => { void this.#join() }, ASK_AGAIN_MS)
  }

  /**
   * A stream that is not live may be to come, over, or nothing at all.
   * @returns whether its state is known now
   */
  async #askState (): Promise<boolean> {
    const moment = ++this.#moment
    try {
      const { local, overall } = await (await fetch(this.#statusUrl)).json() as StatusAnswer
      if (moment !== this.#moment || this.#closed) return true
      const state = local.streamData?.state
      if (state === 'live' || state === 'reconnecting') this.update({ stream: state, degraded: local.streamData?.degraded != null })
      else if (state === 'prepared') this.update({ stream: 'waiting' })
      else this.update({ stream: overall.hasVideoContent ? 'ended' : 'not-found' })
      return true
    } catch {
      return moment !== this.#moment
    }
  }

  #later (action: () => void, ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(action, ms)
  }
}

type JoinAnswer = Payload<'stream-joined'> | Payload<'stream-error'>

interface StatusAnswer {
  local: { streamData?: { state: string, degraded: string | null } }
  overall: { hasVideoContent: boolean }
}
