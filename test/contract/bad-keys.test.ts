import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { startSteadyStream } from '../fixtures/steady-stream.ts'

const BAD_KEYS = [
  '..', '.', '.hidden', '../outside', '../../etc/passwd', '/etc/passwd', '..\\outside', 'C:\\outside', 'a/b', 'a\\b', 'a/../b', './a', 'a%2fb', '%2e%2e', '%252e%252e%252f', '..%c0%af', 'a\0', 'a\0/../b',
  'a b', ' a', 'a ', 'a\n', '\na', 'a\r\nSet-Cookie: x=y', 'ä', '😀', 'a\u202eb', '-a', '_a', '~', '$HOME', '`id`', '$(id)', 'a;b', 'a|b', 'a&b', 'a*', 'a?', '<script>', '"', "'", '__proto__', 'k'.repeat(129), 'k'.repeat(10_000)
]
const GOOD_KEYS = ['a', '0', 'Z9', 'a.b-c_d', 'a..b', 'con', 'constructor', 'toString', 'active', 'health', 'k'.repeat(128)]

const ROUTES: Array<[method: string, path: (key: string) => string]> = [
  ['GET', key => `/livestream/${key}/stream.m3u8`],
  ['HEAD', key => `/livestream/${key}/stream.m3u8`],
  ['GET', key => `/livestream/${key}/live.m3u8`],
  ['GET', key => `/livestream/${key}/segment_0.ts`],
  ['GET', key => `/livestream/${key}/status`],
  ['GET', key => `/livestream/${key}/debug`],
  ['POST', key => `/livestream/${key}/start`],
  ['POST', key => `/livestream/${key}/stop`]
]

/** The first line and the body of the answer to bytes as they are. */
async function exchange (server: TestServer, head: string): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.end(Buffer.from(`${head}\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`))
  return await text(socket)
}

/** Server and streams in a folder of their own, beside a file that must stay unseen. */
async function startEnclosed (t: Test): Promise<{ server: TestServer, folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-enclosed-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  await mkdir(join(folder, 'outside'))
  for (const name of ['stream.m3u8', 'live.m3u8', 'segment_0.ts']) await writeFile(join(folder, 'outside', name), 'SECRET')
  const server = await startServer(t, { standalone: true, options: { streamsDir: join(folder, 'streams') } })
  return { server, folder }
}

t.test('HLS-08: path characters in keys', async t => {
  const { server, folder } = await startEnclosed(t)
  const steady = await startSteadyStream(t, server)

  await t.test('over HTTP, percent-encoded: 400 on every route, no file is touched', async t => {
    const body = { start: { action: 'start', timestamp: 1 }, stop: { action: 'stop', timestamp: 1 } }
    for (const key of BAD_KEYS) {
      const everyByte = [...Buffer.from(key)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
      for (const encoded of new Set([encodeURIComponent(key), key.length < 200 ? everyByte : encodeURIComponent(key)])) {
        // A dot that is not encoded is a path's business, not a key's.
        if (/^\.+$/.test(encoded)) continue
        for (const [method, path] of ROUTES) {
          const answer = await http(server, path(encoded), { method, ...(method === 'POST' ? { body: path('').endsWith('start') ? body.start : body.stop } : {}) })
          if (answer.status !== 400) t.fail(`${method} ${path(encoded).slice(0, 100)}: ${answer.status}`)
          if (method !== 'HEAD') t.match(answer.json, { error: String, code: 'INVALID_REQUEST' })
          if (answer.text.includes('SECRET') || answer.text.includes('root:')) t.fail(`${path(encoded)} gave a file away`)
        }
      }
    }
  })

  await t.test('over HTTP as raw bytes: never a file, never a 500', async t => {
    const paths = [
      '/livestream/../../outside/stream.m3u8', '/livestream/../outside/stream.m3u8', '/livestream/./../../outside/segment_0.ts', '/livestream/..\\outside/stream.m3u8', '/livestream//stream.m3u8', '/livestream/%2e%2e/%2e%2e/outside/stream.m3u8',
      '/livestream/..;/outside/stream.m3u8', '/livestream/a\0/status', '/livestream/a b/status', '/livestream/ä/status', '//livestream/../outside/stream.m3u8', '/livestream/..%00/outside/stream.m3u8', `/livestream/${'../'.repeat(50)}etc/passwd`,
      '/livestream/a/../../outside/stream.m3u8', '/livestream/a/segment_0.ts/../../../outside/segment_0.ts', '/livestream/a/segment_..%2f..%2foutside%2fsegment_0.ts', 'http://127.0.0.1/livestream/..%2foutside/stream.m3u8', 'livestream/../outside/stream.m3u8', '*', '/livestream/%', '/livestream/%zz/status'
    ]
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await exchange(server, `${method} ${path} HTTP/1.1`)
        t.match(answer, method === 'OPTIONS' ? /^HTTP\/1\.1 (204|4\d\d) / : /^HTTP\/1\.1 4\d\d /, `${method} ${path.slice(0, 80)}`)
        t.notMatch(answer, /SECRET|root:/)
      }
    }
  })

  await t.test('over Socket.IO: INVALID_REQUEST for every event', async t => {
    const [client, sender] = [newClient(server), newClient(server)]
    for (const key of BAD_KEYS) {
      // A connection may send 100 events a minute; stream-data is not counted.
      const { ask, socket } = newClient(server)
      for (const event of ['start-stream', 'join-stream', 'leave-stream', 'end-stream']) {
        t.match(await ask(event, { streamKey: key, userId: 'alice' }), { error: String, code: 'INVALID_REQUEST' }, `${event} ${JSON.stringify(key.slice(0, 40))}`)
      }
      socket.disconnect()
      t.match(await sender.ask('stream-data', { streamKey: key, chunk: Buffer.from('x') }), { error: String, code: 'INVALID_REQUEST' })
    }
    for (const streamKey of [undefined, null, 7, {}, [], ['a'], { toString: 'a' }, true]) t.match(await client.ask('start-stream', { streamKey, userId: 'alice' }), { code: 'INVALID_REQUEST' })
  })

  await t.test('keys that look odd and are none of that work', async t => {
    const pieces = inPieces(await recording({ seconds: 3 }), 3)
    for (const key of GOOD_KEYS) {
      const owner = await newBroadcaster(server, key)
      await sendAll(owner, key, pieces)
      await owner.ask('end-stream', { streamKey: key, userId: 'alice' })
      t.match(await http(server, `/livestream/${key}/stream.m3u8`), { status: 200, text: /segment_0\.ts/ }, key.slice(0, 40))
      t.match((await http(server, `/livestream/${key}/status`)).json, { streamId: key, local: { manifestExists: true } })
    }
  })

  await steady.finish(t)
  t.strictSame((await readdir(folder)).sort(), ['outside', 'streams'], 'nothing was written outside')
  t.strictSame((await readdir(join(folder, 'streams'))).filter(name => !name.startsWith('.headwater-')).sort(), [...GOOD_KEYS, 'steady'].sort())
  t.equal(await readFile(join(folder, 'outside', 'stream.m3u8'), 'utf8'), 'SECRET')
})
