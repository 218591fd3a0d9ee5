import { HeadwaterError } from '../../errors/catalogue.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { PlaybackAccess } from '../playback-access.ts'
import type { PublishAuth } from '../publish-auth.ts'
import { readJoin, readLeave } from './payload.ts'
import { roomOf, type GatewaySocket } from './socket.ts'
import { whileConnected } from './while-connected.ts'

/** What a viewer does: join and leave. A connection counts once, the broadcaster's does not count. */
export class WatchHandlers {
  readonly #registry: StreamRegistry
  readonly #auth: PublishAuth
  readonly #access: PlaybackAccess

  constructor (registry: StreamRegistry, auth: PublishAuth, access: PlaybackAccess) {
    this.#registry = registry
    this.#auth = auth
    this.#access = access
  }

  async join (socket: GatewaySocket, payload: unknown): Promise<{ streamKey: string, viewerCount: number, isLive: boolean }> {
    const { streamKey } = readJoin(payload)
    // Others join at once: what comes right behind takes effect after it.
    const isHidden = this.#auth.isReserved(streamKey) && await this.#isHidden(socket, streamKey)
    const stream = this.#registry.get(streamKey)
    if (stream === undefined || isHidden) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey })
    await socket.join(roomOf(streamKey))
    if (stream.broadcaster !== socket.id && !stream.viewers.has(socket.id)) {
      stream.viewers.add(socket.id)
      socket.data.watching.add(streamKey)
      socket.to(roomOf(streamKey)).emit('viewer-joined', { streamKey, viewerCount: stream.viewers.size })
    }
    return { streamKey, viewerCount: stream.viewers.size, isLive: stream.isLive }
  }

  leave (socket: GatewaySocket, payload: unknown): { streamKey: string } {
    const { streamKey } = readLeave(payload)
    const isHidden = this.#auth.isReserved(streamKey) && !socket.rooms.has(roomOf(streamKey))
    if (this.#registry.get(streamKey) === undefined || isHidden) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey })
    this.#leave(socket, streamKey)
    return { streamKey }
  }

  /** A viewer that begins to broadcast a stream counts among its viewers no more. */
  broadcasts (socket: GatewaySocket, streamKey: string): void {
    socket.data.watching.delete(streamKey)
    this.#uncount(socket, streamKey)
  }

  disconnected (socket: GatewaySocket): void {
    for (const streamKey of socket.data.watching) this.#uncount(socket, streamKey)
  }

  /** Socket.IO gave a connection its session back. */
  recovered (socket: GatewaySocket): void {
    for (const streamKey of socket.data.watching) {
      const stream = this.#registry.get(streamKey)
      if (stream === undefined || stream.viewers.has(socket.id)) continue
      stream.viewers.add(socket.id)
      socket.to(roomOf(streamKey)).emit('viewer-joined', { streamKey, viewerCount: stream.viewers.size })
    }
  }

  /** Whether the feature does not let who asks hear of its stream. Its broadcaster has shown that it may. */
  async #isHidden (socket: GatewaySocket, streamKey: string): Promise<boolean> {
    if (this.#registry.get(streamKey)?.broadcaster === socket.id) return false
    const { headers, query } = socket.handshake
    return await whileConnected(socket, async gone => await this.#access.hides({ streamKey, resource: 'events', address: socket.data.address, headers, query }, gone))
  }

  #leave (socket: GatewaySocket, streamKey: string): void {
    socket.data.watching.delete(streamKey)
    if (this.#registry.get(streamKey)?.broadcaster !== socket.id) void socket.leave(roomOf(streamKey))
    this.#uncount(socket, streamKey)
  }

  #uncount (socket: GatewaySocket, streamKey: string): void {
    const stream = this.#registry.get(streamKey)
    if (stream?.viewers.delete(socket.id) !== true) return
    socket.to(roomOf(streamKey)).emit('viewer-left', { streamKey, viewerCount: stream.viewers.size })
  }
}
