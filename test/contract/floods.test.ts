import { io } from 'socket.io-client'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { buildStandalone } from '../../src/standalone.ts'
import { newClient, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { startServer } from '../fixtures/server.ts'
import { startSteadyStream } from '../fixtures/steady-stream.ts'
import { Transcript } from '../fixtures/transcript.ts'

t.test('200 connections at once', async t => {
  await t.test('within the limit: each is served', async t => {
    const server = await startServer(t)
    const steady = await startSteadyStream(t, server)
    const clients = Array.from({ length: 200 }, (_, index) => newClient(server, { transports: [index % 4 === 0 ? 'polling' : 'websocket'] }))
    const counts = await Promise.all(clients.map(async ({ ask }) => (await ask('join-stream', { streamKey: 'steady', userId: 'v' })).viewerCount))
    t.strictSame(counts.sort((a, b) => a - b), Array.from({ length: 200 }, (_, index) => index + 1))
    await Promise.all(clients.map(async ({ heard }) => await heard.next('stream-segments-updated')))
    for (const { socket } of clients) socket.disconnect()
    await steady.finish(t)
  })

  await t.test('HLS-16: beyond it: ten get in, the others are told when to come again', async t => {
    const server = await startServer(t, { options: { maxConnectionsPerMinute: 11 } })
    const steady = await startSteadyStream(t, server)
    const outcomes = await Promise.all(Array.from({ length: 200 }, async () => {
      const { socket } = newClient(server)
      return await new Promise<unknown>(resolve => {
        socket.once('connect', () => resolve('connected'))
        socket.once('connect_error', error => resolve((error as Error & { data?: unknown }).data))
      })
    }))
    const refused = outcomes.filter(outcome => outcome !== 'connected')
    t.equal(refused.length, 190)
    for (const data of refused) t.match(data, { error: String, code: 'CONNECTION_FAILED', retryAfterMs: Number })
    await steady.finish(t)
  })
})

/** Payloads that make no sense, of every type that Socket.IO can carry. */
const GARBAGE: unknown[][] = [
  [], [null], [0], [-1e308], ['x'], ['x'.repeat(1_000)], [true], [[]], [{}], [{ streamKey: {} }], [{ streamKey: 'a', userId: [] }], [{ __proto__: null, constructor: 1 }], [Buffer.alloc(100)], [{ streamKey: 'steady', chunk: Buffer.alloc(0) }],
  [{ streamKey: 'steady', userId: 'mallory' }], [{ streamKey: 'steady', userId: 'steady', resumeToken: 'x' }], [1, 2, 3], [{ deep: { deep: { deep: [[[[]]]] } } }], ['stream-started', { streamKey: 'steady' }]
]
const EVENTS = ['start-stream', 'join-stream', 'end-stream', 'leave-stream', 'stream-ended', 'stream-error', 'session-offset', 'x', '', 'toString', '__proto__', 'constructor', 'ünïcode', 'a'.repeat(500)]

t.test('10,000 garbage events', async t => {
  const server = await startServer(t)
  const steady = await startSteadyStream(t, server)
  const flood = async (client: Client, event: (index: number) => string) => {
    for (let index = 0; index < 10_000; index++) {
      client.socket.emit(event(index), ...GARBAGE[index % GARBAGE.length]!)
      // Lets the answers in.
      if (index % 500 === 0) await new Promise(resolve => setImmediate(resolve))
    }
  }

  await t.test('of any name: told that it is too much, and no answer for each that is not even an event', async t => {
    const client = newClient(server)
    await client.heard.next('connect')
    await flood(client, index => EVENTS[index % EVENTS.length]!)
    t.match(await client.heard.next('stream-error', ({ code }) => code === 'RATE_LIMIT_EXCEEDED'), { error: String, retryAfterMs: Number })
    t.match(await client.ask('join-stream', { streamKey: 'steady', userId: 'v' }), { code: 'RATE_LIMIT_EXCEEDED' }, 'still connected, still refused')
    const control = 10_000 * 4 / EVENTS.length
    t.ok(client.heard.count('stream-error') < control + 100, `${client.heard.count('stream-error')} answers`)
    client.socket.disconnect()
  })

  await t.test('as stream-data: each is refused', async t => {
    const client = newClient(server)
    await flood(client, () => 'stream-data')
    await client.ask('stream-data', 'the last one')
    t.equal(client.heard.count('stream-error'), 10_001)
    t.ok(client.heard.all('stream-error').every(({ code }) => ['INVALID_REQUEST', 'MEDIA_ERROR', 'STREAM_NOT_FOUND', 'UNAUTHORIZED'].includes(code)))
    client.socket.disconnect()
  })

  await t.test('packets that are none, below Socket.IO: the connection closes, no other does', async t => {
    for (const packet of ['4', '42', '42[', '42["start-stream"', '42{}', '451-["stream-data",{"_placeholder":true,"num":7}]', '4999999', '9', 'garbage', '42["disconnect"]', '40{"token":', Buffer.alloc(1_000), '42/admin,["x"]', `42${'['.repeat(10_000)}`]) {
      const { socket, heard } = newClient(server)
      await heard.next('connect')
      const { transport } = socket.io.engine as unknown as { transport: { ws: { send (data: string | Buffer): void } } }
      transport.ws.send(packet)
      // Some are ignored; then this ends it.
      transport.ws.send('42[')
      await heard.next('disconnect')
    }
    const { heard } = newClient(server, { transports: ['polling'] })
    await heard.next('connect')
    for (const query of ['EIO=3&transport=polling', 'EIO=4&transport=websocket', 'EIO=4', '', 'EIO=4&transport=polling&sid=../../x', 'EIO=99&transport=polling']) {
      t.match(await http(server, `/socket.io/?${query}`), { status: 400 }, query)
    }
    t.ok(heard.count('disconnect') === 0)
  })

  await steady.finish(t)
})

t.test('chunk sizes: a message over the limit closes the connection, and the cause is logged', async t => {
  const lines: string[] = []
  const config = loadConfig({ STREAMS_DIR: t.testdir(), ACCOUNTS: 'off', IVS: 'off', ROOMS: 'off', MAX_MESSAGE_BYTES: '100000', MAX_CHUNK_BYTES: '50000' })
  const app = await buildStandalone(config, { logger: { level: 'info', stream: { write: line => { lines.push(line) } } } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => await app.close())
  const socket = io(url, { transports: ['websocket'], reconnection: false })
  t.teardown(() => socket.disconnect())
  const heard = new Transcript(socket)
  socket.emit('stream-data', { streamKey: 'large', chunk: Buffer.alloc(200_000) })
  t.match(await heard.next('disconnect'), 'transport close')
  t.ok(lines.some(line => /max payload size exceeded/i.test(line)), 'in the words of the WebSocket library')
})
