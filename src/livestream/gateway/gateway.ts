import type { Server as HttpServer } from 'node:http'
import { Server, type Namespace } from 'socket.io'
import type { LivestreamConfig } from '../../config/livestream.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { clientNetwork } from '../../http/client-network.ts'
import { isFailure, toHeadwaterError } from '../../http/error-handler.ts'
import { clientAddress, type TrustedProxies } from '../../http/trust-proxy.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { Stream } from '../../media/stream.ts'
import { errorBody } from '../envelope.ts'
import type { ClientEvents } from '../events.ts'
import type { PlaybackAccess } from '../playback-access.ts'
import type { PlaybackUrls } from '../playback-urls.ts'
import type { PublishAuth } from '../publish-auth.ts'
import { closeConnections } from './close-connections.ts'
import { PublishHandlers } from './publish.ts'
import { RecoveryAdapter, SESSION_OFFSET } from './recovery-adapter.ts'
import { roomOf, type GatewayServer, type GatewaySocket } from './socket.ts'
import { WatchHandlers } from './watch.ts'
import { WindowCounter } from '../../http/window-counter.ts'
import type { Log } from '../../log.ts'

export interface GatewayOptions {
  /** What Socket.IO is attached to. */
  server: HttpServer
  /** Where it answers, for example `/socket.io`. */
  path: string
  transports: Array<'polling' | 'websocket'>
  registry: StreamRegistry
  auth: PublishAuth
  access: PlaybackAccess
  urls: PlaybackUrls
  config: LivestreamConfig
  /** Proxies that may say whom they speak for; Engine.IO knows nothing of Fastify's. */
  trusted: TrustedProxies | undefined
  log: Log
}

const CONTROL_EVENTS = new Set<string>(['start-stream', 'join-stream', 'end-stream', 'leave-stream'] satisfies Array<keyof ClientEvents>)
/** Not counted as a control event: it has limits of its own. */
const MEDIA_EVENT = 'stream-data' satisfies keyof ClientEvents

type Handler = (payload: unknown, acknowledged: boolean) => unknown

/** The Socket.IO side of the livestream API. */
export class Gateway {
  readonly io: GatewayServer
  readonly #options: GatewayOptions
  readonly #connections: WindowCounter
  readonly #publish: PublishHandlers
  readonly #watch: WatchHandlers
  /** Ended by a message that was too large or made no sense. */
  #brokenConnections = 0

  constructor (options: GatewayOptions) {
    this.#options = options
    const { config, server, path, transports, registry, auth, access, urls } = options
    const windowMs = config.resumeWindowSeconds * 1000
    this.io = new Server({
      path,
      transports,
      serveClient: false,
      cors: { origin: '*', methods: ['GET', 'POST'] },
      maxHttpBufferSize: config.maxMessageBytes,
      perMessageDeflate: false,
      httpCompression: false,
      pingInterval: config.pingIntervalMs,
      pingTimeout: config.pingTimeoutMs,
      // Called with `new`, so no arrow function.
      adapter: function (namespace: Namespace) { return new RecoveryAdapter(namespace, windowMs) },
      ...(windowMs === 0 ? {} : { connectionStateRecovery: { maxDisconnectionDuration: windowMs, skipMiddlewares: true } })
    })
    this.io.attach(server)
    this.#connections = new WindowCounter(config.maxConnectionsPerMinute)
    this.#publish = new PublishHandlers({ io: this.io, registry, auth, urls, probeTimeoutMs: config.probeTimeoutMs })
    this.#watch = new WatchHandlers(registry, auth, access)
    this.io.use((socket, next) => {
      this.#admit(socket).then(() => next(), (error: unknown) => next(connectError(toHeadwaterError(error))))
    })
    this.io.on('connection', socket => this.#connected(socket))
    this.#relay()
  }

  /** Disconnects everybody. The HTTP server stays open: it is not ours. */
  async close (): Promise<void> {
    await closeConnections(this.io.engine)
    void this.io.sockets.adapter.close()
  }

  /** @throws HeadwaterError `CONNECTION_FAILED`, `UNAUTHORIZED` */
  async #admit (socket: GatewaySocket): Promise<void> {
    const { auth, address, headers } = socket.handshake
    const token: unknown = auth['token']
    socket.data.publishing = new Map()
    socket.data.watching = new Set()
    socket.data.address = clientAddress(address, headers, this.#options.trusted)
    if (!this.#isResume(auth['resumeToken'], socket.handshake.query['streamKey'])) {
      const retryAfterMs = this.#connections.add(clientNetwork(socket.data.address), performance.now())
      if (retryAfterMs > 0) throw new HeadwaterError('CONNECTION_FAILED', { message: 'Too many connections from this address', retryAfterMs })
    }
    const streamKey = socket.handshake.query['streamKey']
    // Who comes for a stream that a feature owns has the feature's credential.
    const isFeatures = typeof streamKey === 'string' && this.#options.auth.isReserved(streamKey)
    socket.data.publisher = await this.#options.auth.check(typeof token === 'string' && !isFeatures ? token : undefined)
  }

  /** A broadcaster that comes back is not turned away. */
  #isResume (token: unknown, streamKey: unknown): boolean {
    if (typeof token !== 'string') return false
    const { registry } = this.#options
    const candidates = typeof streamKey === 'string' ? [registry.get(streamKey)] : registry.active()
    return candidates.some(stream => stream?.isToken(token) ?? false)
  }

  #reconnecting (streamKey: string): { streamKey: string, windowSeconds: number } {
    return { streamKey, windowSeconds: this.#options.config.resumeWindowSeconds }
  }

  #connected (socket: GatewaySocket): void {
    const { registry } = this.#options
    this.#limitEvents(socket)
    this.#on(socket, 'start-stream', async payload => {
      const started = await this.#publish.start(socket, payload)
      this.#watch.broadcasts(socket, started.streamKey)
      socket.emit('stream-started', started)
      return started
    })
    this.#on(socket, 'stream-data', async (payload, acknowledged) => await this.#publish.data(socket, payload, acknowledged))
    this.#on(socket, 'end-stream', async payload => await this.#publish.end(socket, payload))
    this.#on(socket, 'join-stream', async payload => {
      const joined = await this.#watch.join(socket, payload)
      socket.emit('stream-joined', joined)
      // Who comes while the broadcaster is away has missed the event.
      if (registry.get(joined.streamKey)?.state === 'reconnecting') socket.emit('stream-reconnecting', this.#reconnecting(joined.streamKey))
      return joined
    })
    this.#on(socket, 'leave-stream', payload => this.#watch.leave(socket, payload))
    socket.on('disconnect', (reason, description) => {
      const fields = { socket: socket.id, reason, description: String((description as Error | undefined)?.message ?? '') }
      // A client is not told that its message was too large: the cause stands here only.
      if (reason === 'transport error' || reason === 'parse error') this.#options.log.info({ ...fields, count: ++this.#brokenConnections }, 'client cut off')
      else this.#options.log.debug(fields, 'client disconnected')
      this.#watch.disconnected(socket)
      this.#publish.disconnected(socket)
    })
    if (socket.recovered) {
      this.#watch.recovered(socket)
      this.#publish.recovered(socket)
    }
    socket.emit('session-offset', SESSION_OFFSET)
  }

  /** Answers through the acknowledgement callback where there is one; failures are told in `stream-error` too. */
  #on (socket: GatewaySocket, event: keyof ClientEvents, handler: Handler): void {
    socket.on(event, (...args: unknown[]) => {
      const answer = args.at(-1)
      const acknowledged = typeof answer === 'function'
      void (async () => {
        try {
          const result = await handler(acknowledged && args.length === 1 ? undefined : args[0], acknowledged)
          if (acknowledged) answer(result)
        } catch (thrown) {
          const error = toHeadwaterError(thrown)
          if (isFailure(error)) this.#options.log.error({ err: error.cause ?? error, event }, error.message)
          const body = errorBody(error)
          socket.emit('stream-error', body)
          if (acknowledged) answer(body)
        }
      })()
    })
  }

  #limitEvents (socket: GatewaySocket): void {
    const counter = new WindowCounter(this.#options.config.maxEventsPerMinute)
    let told = false
    socket.use((event, next) => {
      const [name] = event as [string]
      const retryAfterMs = name === MEDIA_EVENT ? 0 : counter.add(socket.id, performance.now())
      if (retryAfterMs === 0) {
        told = false
        next()
        return
      }
      // What is no event of ours is told once; flooding gets no flood back.
      if (told && !CONTROL_EVENTS.has(name)) return
      told = true
      const body = errorBody(new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: `More than ${this.#options.config.maxEventsPerMinute} events in a minute`, retryAfterMs }))
      socket.emit('stream-error', body)
      const answer: unknown = event.at(-1)
      if (typeof answer === 'function') answer(body)
    })
  }

  /** What happens to streams, told to those who have to do with them. */
  #relay (): void {
    const { registry } = this.#options
    const everybody = ({ key }: Stream) => this.io.to(roomOf(key))
    const broadcaster = ({ broadcaster }: Stream) => broadcaster === null ? undefined : this.io.sockets.sockets.get(broadcaster)
    registry.on('started', stream => {
      everybody(stream).except(stream.broadcaster ?? []).emit('stream-started', { streamKey: stream.key, status: 'broadcasting' })
    })
    registry.on('resumed', stream => {
      everybody(stream).except(stream.broadcaster ?? []).emit('stream-started', { streamKey: stream.key, status: 'active' })
    })
    registry.on('reconnecting', stream => {
      everybody(stream).emit('stream-reconnecting', this.#reconnecting(stream.key))
    })
    registry.on('condition', (stream, fault) => {
      everybody(stream).emit('stream-condition', { streamKey: stream.key, condition: fault === undefined ? 'good' : 'degraded', reason: fault ?? null })
    })
    registry.on('segment-listed', stream => {
      everybody(stream).emit('stream-segments-updated', { streamKey: stream.key, segmentCount: stream.packager?.segmentCount ?? 0 })
    })
    registry.on('troubled', (stream, error) => {
      broadcaster(stream)?.emit('stream-error', errorBody(error, stream.key))
    })
    registry.on('ended', (stream, reason) => {
      everybody(stream).emit('stream-ended', { streamKey: stream.key, reason })
      // Viewers stay, for the next broadcast on this key.
      for (const id of this.io.sockets.adapter.rooms.get(roomOf(stream.key)) ?? []) {
        if (!stream.viewers.has(id)) void this.io.sockets.sockets.get(id)?.leave(roomOf(stream.key))
      }
    })
  }
}

/** Socket.IO hands `data` to the client's `connect_error`. */
function connectError (error: HeadwaterError): Error {
  return Object.assign(new Error(error.message), { data: errorBody(error) })
}
