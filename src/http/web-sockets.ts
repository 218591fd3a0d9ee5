import websocketPlugin, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'
import { OpenSockets, type OpenSocketsOptions } from './open-sockets.ts'
import { openUpgradeWay } from './socket-gate.ts'

export interface WebSocketRouteOptions extends OpenSocketsOptions {
  /** Largest message that is taken. In a host with a @fastify/websocket of its own, that one reads as much as it likes, and then the socket is closed. */
  maxBytes: number
  /** Attaches its listeners before it returns: what comes earlier is lost. */
  connected: (socket: WebSocket, request: FastifyRequest) => void
}

/**
 * A route for WebSockets, in a scope of its own. Where the scope has @fastify/websocket already, that one upgrades and
 * its settings hold; otherwise one of ours does, which nobody else notices.
 * @param path below the scope's prefix: `/ws`
 * @throws HeadwaterError `CONFIG_INVALID` when the path is taken, or has a parameter
 */
export async function webSocketRoute (scope: FastifyInstance, path: string, { maxBytes, connected, ...limits }: WebSocketRouteOptions): Promise<void> {
  const sockets = new OpenSockets(limits)
  if (scope.hasPlugin('@fastify/websocket')) scope.addHook('preClose', async () => { await sockets.close() })
  else await bringOwn(scope, path, maxBytes, sockets)

  scope.route({
    method: 'GET',
    url: path,
    exposeHeadRoute: false,
    schema: { hide: true },
    // The last before the handler, after whatever a host asks first: nothing comes between this and `add`.
    preHandler: (request, _reply, done) => {
      if (request.ws) sockets.check(request.ip)
      done()
    },
    handler: async request => { throw new HeadwaterError('NOT_FOUND', { message: `${request.url.split('?')[0]} is for WebSockets` }) },
    wsHandler: (socket, request) => {
      sockets.add(socket, request.ip)
      socket.prependListener('message', (data: Buffer) => {
        if (data.length > maxBytes) socket.close(1009, `More than ${maxBytes} bytes`)
      })
      connected(socket, request)
    }
  })
}

async function bringOwn (scope: FastifyInstance, path: string, maxBytes: number, sockets: OpenSockets): Promise<void> {
  const way = openUpgradeWay(scope, `${scope.prefix.replace(/\/$/, '')}${path}`)
  await scope.register(websocketPlugin, {
    options: { server: way.server, maxPayload: maxBytes, perMessageDeflate: false },
    preClose: async () => {
      way.close()
      await sockets.close()
    },
    errorHandler: (error, socket, request) => {
      // What cannot be read has been answered with its code by then.
      if (socket.readyState === socket.CLOSING || socket.readyState === socket.CLOSED) {
        request.log.debug({ err: error }, 'WebSocket cut off')
        return
      }
      request.log.error({ err: error }, 'WebSocket failed')
      socket.terminate()
    }
  })
}
