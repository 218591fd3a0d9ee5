import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { livestream } from '../../src/livestream/index.ts'
import { newBroadcaster } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { embed, embeddedAt, holderOf, knowTwoAddresses, listen, newFolder, newHost, type What } from './host.ts'
import { tryBroadcast, tryErrors, tryPages } from './live.ts'
import { exchange } from './upgrade.ts'

const PAIRS: Array<[What, What]> = [['livestream', 'livestream'], ['headwater', 'headwater'], ['livestream', 'headwater']]
for (const pair of PAIRS) {
  t.test(`${pair.join(' and ')} in one process, under two prefixes`, async t => {
    const app = newHost()
    const places = await Promise.all(pair.map(async (what, index) => ({ what, prefix: `/${'ab'[index]}`, streamsDir: await newFolder(t) })))
    for (const { what, prefix, streamsDir } of places) await embed(app, what, streamsDir, { prefix })
    const emit = Object.getPrototypeOf(app.server).emit
    const url = await listen(t, app)
    const both = places.map(place => embeddedAt(t, url, place))
    for (const embedded of both) {
      for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
      await tryErrors(t, embedded)
      if (embedded.what === 'headwater') await tryPages(t, embedded)
    }
    await newBroadcaster(both[0]!, 'only-here')
    const keysOf = async (prefix: string) => (await http({ url }, `${prefix}/livestream/active`)).json.streams.map((stream: { streamId: string }) => stream.streamId)
    t.ok((await keysOf('/a')).includes('only-here'))
    t.notOk((await keysOf('/b')).includes('only-here'), 'each has its own streams')
    await app.close()
    t.equal(app.server.emit, emit, 'the server is as it was')
    for (const { streamsDir } of places) t.equal(await holderOf(streamsDir), 'released')
    t.strictSame(childProcesses(/ffmpeg/), [])
  })
}

t.test('what cannot be is said at boot', async t => {
  const folder = await newFolder(t)
  const boot = async (build: (app: FastifyInstance) => Promise<void>) => {
    const app = newHost()
    t.teardown(() => app.close())
    await build(app)
    await app.ready()
  }
  await t.rejects(boot(async app => {
    await embed(app, 'livestream', await newFolder(t))
    await embed(app, 'livestream', await newFolder(t))
  }), { code: 'CONFIG_INVALID', message: /\/socket\.io.*prefix of its own/ }, 'twice at one place')
  await t.rejects(boot(async app => {
    await embed(app, 'livestream', folder, { prefix: '/a' })
    await embed(app, 'livestream', folder, { prefix: '/b' })
  }), { code: 'STREAMS_DIR_IN_USE' }, 'twice in one folder')
  await t.rejects(boot(async app => await embed(app, 'livestream', await newFolder(t), { prefix: '/:tenant' })), { code: 'CONFIG_INVALID', message: /parameter/ })
  await t.rejects(boot(async app => await embed(app, 'livestream', await newFolder(t), { more: { maxStream: 1 } })), { code: 'CONFIG_INVALID', message: /maxStream is not a setting/ })
  await t.rejects(boot(async app => { await app.register(livestream, { maxStreams: 0 }) }), { code: 'CONFIG_INVALID', message: /maxStreams/ })
})

for (const what of ['livestream', 'headwater'] as const) {
  t.test(`${what}: the host does not boot for a reason of its own`, async t => {
    const streamsDir = await newFolder(t)
    const app = newHost()
    await embed(app, what, streamsDir)
    void app.register(async () => { throw new Error('a plugin of the host') })
    await t.rejects(async () => await app.ready(), { message: 'a plugin of the host' })
    await app.close()
    t.equal(await holderOf(streamsDir), 'released')
    t.notOk(Object.hasOwn(app.server, 'emit'), 'the server is as it was')
  })

  t.test(`${what}: a host that does not listen`, async t => {
    const streamsDir = await newFolder(t)
    const app = newHost()
    await embed(app, what, streamsDir)
    t.match((await app.inject('/livestream/health')).json(), { status: 'healthy' })
    await app.close()
    t.equal(await holderOf(streamsDir), 'released')
  })

  t.test(`${what}: a host that listens already`, async t => {
    const app = newHost()
    await listen(t, app)
    await t.rejects(async () => await embed(app, what, await newFolder(t)), { code: 'AVV_ERR_ROOT_PLG_BOOTED' }, 'says so')
  })

  t.test(`${what}: localhost is two addresses`, async t => {
    const streamsDir = await newFolder(t)
    const app = newHost()
    await embed(app, what, streamsDir)
    knowTwoAddresses(t)
    await listen(t, app, 'localhost')
    const urls = (app.addresses() as AddressInfo[]).map(({ address, family, port }) => `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`)
    t.equal(urls.length, 2, 'Fastify listens with two servers')
    for (const url of urls) {
      t.comment(`${what} on a host at localhost: ${new URL(url).hostname}`)
      const embedded = embeddedAt(t, url, { what, streamsDir })
      for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
      const answer = await exchange(url, 'GET /livestream/health HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n', /"status":"healthy"/)
      t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, 'an upgrade that nobody knows')
    }
    await app.close()
    t.notOk(Object.hasOwn(app.server, 'emit'))
  })
}

t.test('an upgrade that nobody takes is a request as any other', async t => {
  const app = newHost()
  app.post('/own', async request => request.body)
  await embed(app, 'livestream', await newFolder(t), { prefix: '/live' })
  const url = await listen(t, app)
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n`

  t.test('with a body, twice on one connection', async t => {
    const body = '{"a":1}'
    const asking = `${head('POST /own')}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    t.match(await exchange(url, asking, /\{"a":1\}/), /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*?connection: keep-alive\r\n/i)
  })
  t.test('with a body in pieces', async t => {
    const asking = `${head('POST /own')}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`
    t.match(await exchange(url, asking, /\{"a":1\}/), /^HTTP\/1\.1 200 OK\r\n/)
  })
  for (const path of ['/nowhere', '/socket.io/?EIO=4&transport=websocket', '/live/socket.iox/', '/live/socket.io']) {
    t.test(path, async t => {
      const asking = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
      t.match(await exchange(url, asking, /Not Found/), /^HTTP\/1\.1 404 Not Found\r\n/)
    })
  }
})
