import type { FastifyInstance } from 'fastify'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { makeErrorHandler } from '../../../src/http/error-handler.ts'
import { webSocketRoute } from '../../../src/http/web-sockets.ts'
import type { Log } from '../../../src/log.ts'
import type { Database } from '../../../src/platform/database/database.ts'
import type { State } from '../../../src/platform/state/state.ts'
import type { SigningKey } from '../secret.ts'
import { LIVEKIT_MIGRATIONS } from '../tables.ts'
import { LocalRooms, type LocalRoomsOptions } from './provider.ts'
import { RoomSocket } from './room-socket.ts'

/** Below the scope's prefix. */
const SOCKET_PATH = '/ws/rooms'

export interface UseLocalRoomsOptions {
  config: LivekitConfig
  signingKey: SigningKey
  log: Log
}

/** Makes the tables where they are not there. */
export async function openLocalRooms ({ database, ...options }: Omit<LocalRoomsOptions, 'orm'> & { database: Database }): Promise<LocalRooms> {
  await database.migrate(LIVEKIT_MIGRATIONS)
  return await LocalRooms.open({ ...options, orm: database.orm })
}

/** Local rooms with their socket, closed with the scope. Needs the decorators `database` and `state`. */
export async function useLocalRooms (app: FastifyInstance, { config, signingKey, log }: UseLocalRoomsOptions): Promise<LocalRooms> {
  const socketPath = `${app.prefix.replace(/\/$/, '')}${SOCKET_PATH}`
  const rooms = await openLocalRooms({ config, signingKey, log, socketPath, database: app.getDecorator<Database>('database'), state: app.getDecorator<State>('state') })
  app.addHook('onClose', async () => { await rooms.close() })
  await app.register(async scope => {
    scope.setErrorHandler(makeErrorHandler(({ message, code, statusCode }) => ({ statusCode, message, code })))
    // Before the sockets are closed: each is told why.
    scope.addHook('preClose', async () => { await rooms.disconnectAll() })
    await webSocketRoute(scope, SOCKET_PATH, {
      max: config.maxSockets,
      maxPerNetwork: config.maxSocketsPerNetwork,
      maxBytes: config.maxSocketBytes,
      pingMs: config.socketPingSeconds * 1000,
      connected: socket => {
        void new RoomSocket(socket, { config, log, readToken: async token => await rooms.readToken(token), enter: async (claims, connection) => await rooms.enter(claims, connection) })
      }
    })
  })
  return rooms
}
