import { HeadwaterError } from '../../errors/catalogue.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import { readJoin, readLeave } from './payload.ts'
import { roomOf, type GatewaySocket } from './socket.ts'

/** What a viewer does: join and leave. A connection counts once, the broadcaster's does not count. */
export class WatchHandlers {
  readonly #registry: StreamRegistry

  constructor (registry: StreamRegistry) {
    this.#registry = registry
  }

  async join (socket: GatewaySocket, payload: unknown): Promise<{ streamKey: string, viewerCount: number, isLive: boolean }> {
    const { streamKey } = readJoin(payload)
    const stream = this.#registry.get(streamKey)
    if (stream === undefined) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey })
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
    if (this.#registry.get(streamKey) === undefined) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey })
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
