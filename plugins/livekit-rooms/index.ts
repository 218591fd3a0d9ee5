/**
 * headwater/livekit-rooms: the open rooms API as an encapsulated Fastify plugin (docs/api/livekit-rooms.md).
 *
 * Adds: `GET ${prefix}/api/health` where the scope has none, routes at `${prefix}/api/room/`, `${prefix}/api/rooms` and
 * `${prefix}/api/token`. Needs the decorators `livekit` and `state`. Tables: none. Settings: `LivekitRoomsOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivekitRoomsConfig } from '../../src/config/livekit-rooms.ts'
import { completeLivekitRoomsOptions } from '../../src/config/load.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { clientNetwork } from '../../src/http/client-network.ts'
import { openCors } from '../../src/http/cors.ts'
import { countRequest, perMinute } from '../../src/http/endpoint-limit.ts'
import { nothingAt } from '../../src/http/error-handler.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import { pathOwnersOf } from '../../src/http/path-owners.ts'
import { webSocketAddress } from '../../src/http/public-address.ts'
import type { State } from '../../src/platform/state/state.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import { answerError, useEnvelope } from './envelope.ts'
import { OpenRooms } from './open-rooms.ts'
import { health } from './routes/health.ts'
import { roomRoutes } from './routes/rooms.ts'

/** Every setting may be given; what is left out has its default. And: */
export interface LivekitRoomsOptions extends Partial<LivekitRoomsConfig> {
  /** What stands before paths of this server for people outside: an origin, a path or both. Default: as they ask. */
  publicBaseUrl?: string
}

const plugin: FastifyPluginAsync<LivekitRoomsOptions> = async (app, options) => {
  const has = (method: 'GET' | 'POST', path: string) => app.hasRoute({ method, url: `${app.prefix.replace(/\/$/, '')}${path}` })
  // Fastify would not survive two handlers for one 404.
  if (has('POST', '/api/room/create')) throw new HeadwaterError('CONFIG_INVALID', { message: 'There are open rooms at this place already: register each below a prefix of its own' })
  const { publicBaseUrl = '', ...settings } = ownOptions(options)
  const config = completeLivekitRoomsOptions(settings)
  const provider = app.getDecorator<RoomProvider>('livekit')
  const { limits } = app.getDecorator<State>('state')
  pathOwnersOf(app)?.add('livekit-rooms', answerError)

  await app.register(async scope => {
    useEnvelope(scope, config)
    openCors(scope, ['/api/health', '/api/room/*', '/api/rooms', '/api/token'])
    // A host may have one of its own.
    if (!has('GET', '/api/health')) await scope.register(health)
    await scope.register(async routes => {
      if (config.requestsPerMinute > 0) {
        routes.addHook('onRequest', async (request, reply) => { await countRequest(limits, `rooms:network:${clientNetwork(request.ip)}`, perMinute(config.requestsPerMinute), reply) })
      }
      await routes.register(roomRoutes, {
        rooms: new OpenRooms(provider, config),
        addressFor: request => provider.url ?? webSocketAddress(request, publicBaseUrl),
        socketPath: provider.socketPath
      })
    }, { prefix: '/api' })
    // With a slash: /api/rooms is a route, and what else begins so is not ours.
    await scope.register(async below => { below.setNotFoundHandler(async (request, reply) => await answerError(nothingAt(request), request, reply)) }, { prefix: '/api/room/' })
  })
}

export const livekitRooms = fp(plugin, { name: 'headwater-livekit-rooms', encapsulate: true, fastify: '5.x', dependencies: ['headwater-livekit'], decorators: { fastify: ['livekit', 'state'] } })
export default livekitRooms
