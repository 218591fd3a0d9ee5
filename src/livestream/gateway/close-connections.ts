import { setTimeout as delay } from 'node:timers/promises'
import type { Server } from 'socket.io'

/** Connections get so long to take what was said to them last... */
const FLUSH_MS = 1_000
/** ...and WebSockets so long for their closing handshake. */
const CLOSE_HANDSHAKE_MS = 1_000

/** What closing needs of a connection of Engine.IO; not in its public types. */
interface Connection {
  writeBuffer: unknown[]
  transport: { socket?: { terminate (): void } }
}

/** Closes all connections. Clients come back by themselves, to the next server. */
export async function closeConnections (engine: Server['engine']): Promise<void> {
  const { clients } = engine as unknown as { clients: Record<string, Connection> }
  // Long polling: what was said last waits for the client's next poll.
  const until = performance.now() + FLUSH_MS
  while (performance.now() < until && Object.values(clients).some(({ writeBuffer }) => writeBuffer.length > 0)) await delay(20)
  const connections = Object.values(clients)
  engine.close()
  // Whose network is gone never answers the closing handshake, and the HTTP server would wait for it.
  setTimeout(() => { for (const { transport } of connections) transport.socket?.terminate() }, CLOSE_HANDSHAKE_MS).unref()
}
