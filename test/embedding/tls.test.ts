import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { newClient } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { certificate } from './certificate.ts'
import { embed, embeddedAt, holderOf, listen, newFolder } from './host.ts'
import { tryBroadcast, tryErrors, tryPages } from './live.ts'

const POLLING = '/socket.io/?EIO=4&transport=polling'
const HTTP2_ALONE = /HTTP\/2 alone.*allowHTTP1/
/** What stands between packets in one body (Engine.IO, revision 4). */
const SEPARATOR = '\x1e'

/** One request over HTTP/2. */
async function ask (session: ClientHttp2Session, path: string, body?: string): Promise<{ status: number, bytes: Buffer, text: string }> {
  const stream = session.request({ ':path': path, ...(body === undefined ? {} : { ':method': 'POST', 'content-type': 'text/plain' }) })
  stream.end(body)
  const [headers] = await once(stream, 'response')
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  return { status: headers[':status'], bytes, text: bytes.toString() }
}

async function tryPlayback (t: Test, session: ClientHttp2Session, key: string): Promise<void> {
  const playlist = await ask(session, `/livestream/${key}/stream.m3u8`)
  t.equal(playlist.status, 200, 'playlist over HTTP/2')
  const [first] = readPlaylist(playlist.text).segments
  t.equal((await ask(session, `/livestream/${key}/${first!.name}`)).bytes[0], 0x47, 'segment over HTTP/2')
}

/** A broadcast as a browser sends it where it has long polling alone: text, and base64 for what is binary. */
async function broadcastByPolling (t: Test, session: ClientHttp2Session, key: string): Promise<void> {
  const hello = JSON.parse((await ask(session, POLLING)).text.slice(1))
  t.strictSame(hello.upgrades, [], 'no other transport is offered')
  const send = async (...packets: string[]) => t.equal((await ask(session, `${POLLING}&sid=${hello.sid}`, packets.join(SEPARATOR))).text, 'ok')
  let heard = ''
  const hear = async (event: string) => { while (!heard.includes(`["${event}"`)) heard += (await ask(session, `${POLLING}&sid=${hello.sid}`)).text }
  await send('40')
  await send(`42["start-stream",{"streamKey":"${key}","userId":"alice"}]`)
  await hear('stream-started')
  for (const [seq, chunk] of inPieces(await recording({ seconds: 3 }), 4).entries()) {
    await send(`451-["stream-data",{"streamKey":"${key}","seq":${seq},"chunk":{"_placeholder":true,"num":0}}]`, `b${chunk.toString('base64')}`)
  }
  await hear('stream-segments-updated')
}

/** A log that keeps what it warns of. */
function warnings (): { heard: string[], logger: { level: string, stream: { write (line: string): void } } } {
  const heard: string[] = []
  return { heard, logger: { level: 'warn', stream: { write: line => { heard.push(JSON.parse(line).msg) } } } }
}

for (const what of ['livestream', 'headwater'] as const) {
  const open = async (t: Test, app: FastifyInstance, ca?: string) => {
    const streamsDir = await newFolder(t)
    await embed(app, what, streamsDir)
    const url = await listen(t, app)
    return embeddedAt(t, url, { what, streamsDir, ...(ca === undefined ? {} : { ca }) })
  }
  const over = (t: Test, url: string, ca?: string) => {
    const session = connect(url, ca === undefined ? {} : { ca })
    t.teardown(() => { session.destroy() })
    return session
  }

  t.test(`${what}: HTTPS`, async t => {
    const tls = await certificate(t)
    if (tls === undefined) return
    const embedded = await open(t, Fastify({ https: tls, routerOptions: { maxParamLength: 512 } }) as unknown as FastifyInstance, tls.cert)
    for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
    await tryErrors(t, embedded)
    if (what === 'headwater') await tryPages(t, embedded)
    t.equal((await http(embedded, '/livestream/health', { headers: { connection: 'upgrade', upgrade: 'h2c' } })).status, 200, 'an upgrade that nobody knows')
  })

  t.test(`${what}: HTTP/2 with HTTP/1 beside it: playback over the one, broadcasters on WebSockets of the other`, async t => {
    const tls = await certificate(t)
    if (tls === undefined) return
    const { heard, logger } = warnings()
    const app = Fastify({ http2: true, https: { ...tls, allowHTTP1: true }, logger, routerOptions: { maxParamLength: 512 } }) as unknown as FastifyInstance
    const embedded = await open(t, app, tls.cert)
    t.notOk(heard.some(message => HTTP2_ALONE.test(message)))
    for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
    const session = over(t, embedded.url, tls.cert)
    await tryPlayback(t, session, 'over-websocket')
    if (what === 'headwater') t.match(await ask(session, '/studio'), { status: 200, text: /<base href/ })
    await app.close()
    t.equal(await holderOf(embedded.streamsDir), 'released', 'a session of HTTP/2 that is open does not hold close() up')
  })

  for (const kind of ['TLS', 'h2c']) {
    t.test(`${what}: HTTP/2 alone (${kind}): said at boot; long polling goes, WebSockets do not`, async t => {
      const tls = kind === 'TLS' ? await certificate(t) : undefined
      if (kind === 'TLS' && tls === undefined) return
      const { heard, logger } = warnings()
      const app = Fastify({ http2: true, ...(tls === undefined ? {} : { https: tls }), logger, routerOptions: { maxParamLength: 512 } } as object) as unknown as FastifyInstance
      // Else Node.js keeps a connection of HTTP/1 for 10 s, and close() waits for it.
      app.server.on('unknownProtocol', socket => { socket.destroy() })
      const embedded = await open(t, app, tls?.cert)
      t.equal(heard.filter(message => HTTP2_ALONE.test(message)).length, 1, 'said at boot')
      const session = over(t, embedded.url, tls?.cert)
      await broadcastByPolling(t, session, 'show')
      await tryPlayback(t, session, 'show')
      if (what === 'headwater') t.match(await ask(session, '/watch/show'), { status: 200, text: /<base href/ })
      t.ok(await newClient(embedded).heard.next('connect_error'), 'no WebSocket')
      await app.close()
      t.equal(await holderOf(embedded.streamsDir), 'released')
    })
  }
}
