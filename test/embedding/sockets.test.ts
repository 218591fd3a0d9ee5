import type { Socket as NetSocket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import { tryMatrix } from './matrix.ts'
import { firstMessage } from './upgrade.ts'

/** Longer than the second after which another Socket.IO ends what is not its own. */
const SLOW_LOGIN_MS = 1_500

async function ownWebSocket (app: FastifyInstance): Promise<void> {
  await app.register(fastifyWebsocket)
  await app.register(async child => {
    child.addHook('preValidation', async request => {
      await delay(SLOW_LOGIN_MS)
      if (request.url.endsWith('/refused')) throw Object.assign(new Error('refused'), { statusCode: 401 })
    })
    for (const path of ['/own/ws', '/own/ws/refused']) child.get(path, { websocket: true }, socket => { socket.send('from the host') })
  })
}

async function tryOwnWebSocket (t: Test, url: string): Promise<void> {
  const paths = ['/own/ws', '/own/ws/refused', '/own/nowhere']
  t.strictSame(await Promise.all(paths.map(async path => await firstMessage(url, path))), ['from the host', 401, 404], "the host's WebSockets")
}

/** With its default: what is not its own and says nothing within a second is ended. */
function ownSocketIo (app: FastifyInstance): void {
  const server = new Server(app.server, { path: '/own/chat' })
  server.on('connection', socket => { socket.emit('hello', 'from the host') })
  app.addHook('preClose', async () => { server.disconnectSockets(true) })
}

async function tryOwnSocketIo (t: Test, url: string): Promise<void> {
  for (const transport of ['websocket', 'polling']) {
    const client = io(url, { path: '/own/chat', transports: [transport], forceNew: true, reconnection: false })
    const said = await new Promise((resolve, reject) => {
      client.on('hello', resolve)
      client.on('connect_error', reject)
    })
    t.equal(said, 'from the host', `the host's Socket.IO over ${transport}`)
    client.disconnect()
  }
}

/** As `ws` does it with a path: whatever asks for another is turned away. */
function jealous (app: FastifyInstance): void {
  app.server.on('upgrade', (request: { url: string }, socket: NetSocket) => {
    socket.end(request.url === '/own/jealous' ? 'HTTP/1.1 418 Mine\r\n\r\n' : 'HTTP/1.1 400 Not mine\r\n\r\n')
  })
}

async function tryJealous (t: Test, url: string): Promise<void> {
  t.strictSame([await firstMessage(url, '/own/jealous'), await firstMessage(url, '/other')], [418, 400], "the host's listener")
}

await tryMatrix(t, [
  { kind: 'own @fastify/websocket before us', before: ownWebSocket, also: tryOwnWebSocket },
  { kind: 'own @fastify/websocket after us', after: ownWebSocket, also: tryOwnWebSocket, registration: { prefix: '/live' } },
  { kind: 'own Socket.IO before us', before: ownSocketIo, also: tryOwnSocketIo },
  { kind: 'own Socket.IO after us', after: ownSocketIo, also: tryOwnSocketIo },
  { kind: 'own upgrade listener before us', before: jealous, also: tryJealous },
  { kind: 'own upgrade listener, added when it listens', listening: jealous, also: tryJealous }
])
