import type { Server, Socket } from 'socket.io'
import type { Publisher } from '../publish-auth.ts'
import type { ClientEvents, ServerEvents } from '../events.ts'

/** What is kept with a connection, and comes back when it is recovered. */
export interface SocketData {
  /** Where it comes from, behind trusted proxies too. */
  address: string
  /** What its credential lets it publish; undefined when one is needed and none was given. */
  publisher: Publisher | undefined
  /** Streams that it publishes, with their tokens: a key may mean another stream by the time it is back. */
  publishing: Map<string, string>
  /** Streams that it watches. */
  watching: Set<string>
}

export type GatewaySocket = Socket<ClientEvents, ServerEvents, Record<string, never>, SocketData>
export type GatewayServer = Server<ClientEvents, ServerEvents, Record<string, never>, SocketData>

/** The room of everybody who has to do with a stream. */
export function roomOf (streamKey: string): string {
  return `stream:${streamKey}`
}
