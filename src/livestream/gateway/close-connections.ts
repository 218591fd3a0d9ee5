import { setTimeout as delay } from 'node:timers/promises'
import type { Server } from 'socket.io'

/** Long polling: what was said last waits so long for the client's next poll. */
const FLUSH_MS = 1_000
/** WebSockets have so long for their closing handshake; meanwhile the others are waited for. */
const CLOSE_HANDSHAKE_MS = 1_000

/** What closing needs of a connection of Engine.IO; not in its public types. */
interface Connection {
  writeBuffer: unknown[]
  transport: { name: string, socket?: { terminate (): void } }
  close (): void
}

/** Closes all connections. Clients come back by themselves, to the next server. */
export async function closeConnections (engine: Server['engine']): Promise<void> {
  const { clients } = engine as unknown as { clients: Record<string, Connection> }
  const from = performance.now()
  const polling: Connection[] = []
  const sockets: Connection[] = []
  for (const connection of Object.values(clients)) (connection.transport.name === 'polling' ? polling : sockets).push(connection)
  for (const connection of sockets) connection.close()
  // Whose network is gone never answers the closing handshake, and the HTTP server would wait for it.
  setTimeout(() => { for (const { transport } of sockets) transport.socket?.terminate() }, CLOSE_HANDSHAKE_MS).unref()
  while (performance.now() - from < FLUSH_MS && polling.some(({ writeBuffer }) => writeBuffer.length > 0)) await delay(20)
  engine.close()
}
