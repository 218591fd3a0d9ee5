import { HeadwaterError } from '../../errors/catalogue.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { Stream } from '../../media/stream.ts'
import { errorBody } from '../envelope.ts'
import type { ChunkAnswer, StreamStarted } from '../events.ts'
import type { PublishAction, PublishRequest } from '../host-hooks.ts'
import type { PlaybackUrls } from '../playback-urls.ts'
import { mayPublish, type PublishAuth } from '../publish-auth.ts'
import { nextStep, taken } from './next-step.ts'
import { readData, readEnd, readStart, type StartPayload } from './payload.ts'
import { isAlive } from './probe.ts'
import { roomOf, type GatewayServer, type GatewaySocket } from './socket.ts'
import { whileConnected } from './while-connected.ts'

export interface PublishOptions {
  io: GatewayServer
  registry: StreamRegistry
  auth: PublishAuth
  urls: PlaybackUrls
  probeTimeoutMs: number
}

/** What a broadcaster does: start (or resume), send, end. Errors are thrown; the gateway writes them. */
export class PublishHandlers {
  readonly #io: GatewayServer
  readonly #registry: StreamRegistry
  readonly #auth: PublishAuth
  readonly #urls: PlaybackUrls
  readonly #probeTimeoutMs: number
  /**
   * Starts that are being decided; chunks that come right behind them wait. Nothing else is waited for:
   * events of a connection take effect in the order in which they came.
   */
  readonly #starting = new WeakMap<GatewaySocket, Map<string, Promise<unknown>>>()

  constructor ({ io, registry, auth, urls, probeTimeoutMs }: PublishOptions) {
    this.#io = io
    this.#registry = registry
    this.#auth = auth
    this.#urls = urls
    this.#probeTimeoutMs = probeTimeoutMs
  }

  async start (socket: GatewaySocket, payload: unknown): Promise<StreamStarted> {
    const request = readStart(payload)
    const { streamKey, userId } = request
    if (!this.#auth.isReserved(streamKey) && !mayPublish(socket.data.publisher, streamKey, userId)) {
      throw new HeadwaterError('UNAUTHORIZED', { message: 'Publishing here needs a credential for this stream (auth.token in the handshake)', streamKey })
    }
    const starting = this.#starting.get(socket) ?? new Map<string, Promise<unknown>>()
    this.#starting.set(socket, starting)
    // A second start on this connection waits for the first.
    const started = (starting.get(streamKey) ?? Promise.resolve()).then(() => this.#startOrResume(socket, request))
    const settled = started.catch(() => {})
    starting.set(streamKey, settled)
    try {
      return await started
    } finally {
      if (starting.get(streamKey) === settled) starting.delete(streamKey)
    }
  }

  async data (socket: GatewaySocket, payload: unknown, acknowledged: boolean): Promise<ChunkAnswer> {
    const { streamKey, chunk, seq, sending } = readData(payload)
    const starting = this.#starting.get(socket)?.get(streamKey)
    if (starting !== undefined) await starting
    const stream = this.#known(streamKey, stream => stream.broadcaster === socket.id)
    if (stream === undefined || !stream.isLive) throw new HeadwaterError('STREAM_NOT_FOUND', { message: 'The stream is not live; send start-stream first', streamKey })
    if (stream.broadcaster !== socket.id) throw new HeadwaterError('UNAUTHORIZED', { message: 'Only the broadcaster of a stream may send to it', streamKey })
    const { seq: taken, safeSeq, error } = await stream.take({ bytes: chunk, seq, sending, acknowledged })
    return { seq: taken, safeSeq, ...(error === undefined ? {} : errorBody(error, streamKey)) }
  }

  async end (socket: GatewaySocket, payload: unknown): Promise<{ streamKey: string, reason: string }> {
    const { streamKey, userId, resumeToken } = readEnd(payload)
    const starting = this.#starting.get(socket)?.get(streamKey)
    if (starting !== undefined) await starting
    const isOwner = (stream: Stream) => resumeToken === undefined
      ? stream.broadcaster === socket.id && stream.userId === userId
      : stream.isToken(resumeToken)
    const stream = this.#known(streamKey, isOwner)
    if (stream === undefined || stream.hasEnded) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey })
    if (!isOwner(stream)) throw new HeadwaterError('UNAUTHORIZED', { message: 'Only the owner may end a stream', streamKey })
    // Everybody in the stream is told; the caller may be somewhere else.
    void socket.join(roomOf(streamKey))
    await stream.end('ended by owner')
    return { streamKey, reason: 'ended by owner' }
  }

  /** The connection is gone: its streams wait for it. */
  disconnected (socket: GatewaySocket): void {
    for (const stream of this.#registry.active()) {
      if (stream.broadcaster === socket.id) stream.lose()
    }
  }

  /** Socket.IO gave a connection its session back: its streams go on. */
  recovered (socket: GatewaySocket): void {
    for (const [key, token] of socket.data.publishing) {
      const stream = this.#registry.get(key)
      if (stream?.state === 'reconnecting' && stream.isToken(token)) socket.emit('stream-started', this.#resume(socket, stream))
      else socket.data.publishing.delete(key)
    }
  }

  async #startOrResume (socket: GatewaySocket, request: StartPayload): Promise<StreamStarted> {
    const { streamKey, userId } = request
    const allowed = await this.#introduce(socket, request)
    // Much may have happened whenever something was waited for, so what to do is decided anew.
    for (;;) {
      const step = nextStep(this.#registry.get(streamKey), socket.id, request)
      if (step.asks !== undefined && this.#auth.asksHost(streamKey) && !allowed.has(step.asks)) {
        await this.#askHost(socket, { streamKey, userId, action: step.asks })
        allowed.add(step.asks)
        if (!socket.connected) throw taken(streamKey)
        continue
      }
      switch (step.do) {
        case 'begin':
          return await this.#begin(socket, step.stream ?? this.#registry.prepare(streamKey, { userId }), userId)
        case 'answer':
          return this.#answer(step.stream, 'active')
        case 'resume':
          return this.#resume(socket, step.stream)
        case 'take over':
          await this.#requireDeadOwner(step.stream)
          // It may have ended, or who asked has gone meanwhile.
          if (step.stream.isLive && socket.connected) return this.#resume(socket, step.stream)
          throw taken(streamKey)
        case 'wait':
          // What is left of it is being published; then the key is free.
          await step.stream.end('ended by owner')
          if (!socket.connected) throw taken(streamKey)
      }
    }
  }

  /** A stream, unless it is a feature's and who asks has nothing to do with it: to them it is not there. */
  #known (streamKey: string, hasToDo: (stream: Stream) => boolean): Stream | undefined {
    const stream = this.#registry.get(streamKey)
    return stream !== undefined && this.#auth.isReserved(streamKey) && !hasToDo(stream) ? undefined : stream
  }

  /**
   * Where a feature owns the stream: whether it lets who asks, before they are told anything of the stream.
   * @returns what the host, or the feature, has allowed
   */
  async #introduce (socket: GatewaySocket, { streamKey, userId, resumeToken }: StartPayload): Promise<Set<PublishAction>> {
    const stream = this.#registry.get(streamKey)
    if (!this.#auth.isReserved(streamKey) || (resumeToken !== undefined && stream?.isToken(resumeToken) === true)) return new Set()
    const action = stream?.isLive === true ? 'resume' : 'start'
    await this.#askHost(socket, { streamKey, userId, action })
    if (!socket.connected) throw taken(streamKey)
    return new Set([action])
  }

  async #askHost (socket: GatewaySocket, about: Pick<PublishRequest, 'streamKey' | 'userId' | 'action'>): Promise<void> {
    const { headers, auth } = socket.handshake
    const { address } = socket.data
    const token: unknown = auth['token']
    await whileConnected(socket, async gone => { await this.#auth.askHost({ ...about, credential: typeof token === 'string' ? token : undefined, address, headers }, gone) })
  }

  /** The user id is public, so it proves little while the owner's connection works. */
  async #requireDeadOwner (stream: Stream): Promise<void> {
    const { broadcaster } = stream
    const socket = broadcaster === null ? undefined : this.#io.sockets.sockets.get(broadcaster)
    if (socket !== undefined && await isAlive(socket, this.#probeTimeoutMs)) throw taken(stream.key)
    if (stream.broadcaster !== broadcaster) throw taken(stream.key)
  }

  async #begin (socket: GatewaySocket, stream: Stream, userId: string): Promise<StreamStarted> {
    void socket.join(roomOf(stream.key))
    socket.data.publishing.set(stream.key, stream.resumeToken)
    // No await before this: whoever asks for the key next finds it taken.
    await stream.start(socket.id, userId)
    // It may have gone while the folder was opened.
    if (!socket.connected) stream.lose()
    return this.#answer(stream, 'broadcasting')
  }

  #resume (socket: GatewaySocket, stream: Stream): StreamStarted {
    const former = stream.broadcaster === null ? undefined : this.#io.sockets.sockets.get(stream.broadcaster)
    stream.resume(socket.id)
    socket.data.publishing.set(stream.key, stream.resumeToken)
    void socket.join(roomOf(stream.key))
    if (former !== undefined && former.id !== socket.id) {
      void former.leave(roomOf(stream.key))
      former.data.publishing.delete(stream.key)
      former.emit('stream-error', errorBody(new HeadwaterError('STREAM_ALREADY_EXISTS', { message: 'Another connection of the owner has taken the stream over', streamKey: stream.key })))
    }
    return this.#answer(stream, 'active')
  }

  #answer (stream: Stream, status: StreamStarted['status']): StreamStarted {
    return {
      streamKey: stream.key,
      status,
      message: status === 'broadcasting' ? 'The stream has started' : 'The stream goes on',
      resumeToken: stream.resumeToken,
      nextSeq: stream.nextSeq,
      playbackUrl: this.#urls.signed(stream.key)
    }
  }
}
