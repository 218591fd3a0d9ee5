import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { signPlayback } from '../../src/index.ts'
import type { LivestreamOptions, PlaybackRequest } from '../../src/livestream/index.ts'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http, type Answer } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const KEYS = ['the newer playback key, thirty-two or more', 'the older playback key, thirty-two or more']
const MEDIA = ['stream.m3u8', 'live.m3u8', 'segment_0.ts', 'thumbnail.jpg']

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)
const sign = (streamKey = 'show', { key = KEYS[0]!, expiresAt = inSeconds(600) } = {}) => signPlayback(streamKey, { key, expiresAt })

async function get (server: TestServer, name: string, query: string, { method = 'GET', headers = {} }: { method?: string, headers?: Record<string, string> } = {}): Promise<Answer> {
  return await http(server, `/livestream/show/${name}?${query}`, { method, headers })
}

/** A server with a stream on air that has a segment. */
async function onAir (t: Test, options: LivestreamOptions = {}, parts: { log?: (line: string) => void } = {}) {
  const server = await startServer(t, { ...parts, options: { playbackKeys: KEYS, ...options } })
  const owner = await newBroadcaster(server, 'show')
  await sendAll(owner, 'show', inPieces(await recording({ seconds: 5 }), 5))
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  return { server, owner, end: async () => await owner.ask('end-stream', { streamKey: 'show', userId: 'alice' }) }
}

/** What playlists say, and that each line of theirs leads to a segment. */
async function checkPlaylists (t: Test, server: TestServer, unsigned: string | undefined): Promise<void> {
  const query = sign()
  for (const name of ['stream.m3u8', 'live.m3u8']) {
    const { status, headers, text, bytes } = await get(server, name, `x=1&${query}&_HLS_msn=2`)
    t.equal(status, 200, name)
    t.match(headers, { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-cache', 'content-length': String(bytes.length) })
    const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    t.ok(lines.length >= 2)
    for (const line of lines) {
      t.match(line, /^segment_\d+\.ts\?expires=\d+&signature=[\w-]{43}$/)
      t.ok(line.endsWith(`?${query}`), 'the signature as it came, and nothing else of the query')
      t.equal((await http(server, `/livestream/show/${line}`)).status, 200)
    }
    if (name === 'stream.m3u8' && unsigned !== undefined) t.equal(text.replaceAll(`?${query}`, ''), unsigned, 'otherwise what is on disk')

    const head = await get(server, name, query, { method: 'HEAD' })
    t.match(head, { status: 200, headers: { 'content-length': String(bytes.length) } })
    t.equal(head.bytes.length, 0)
    const zipped = await get(server, name, query, { headers: { 'accept-encoding': 'gzip' } })
    t.match(zipped.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding' })
    t.equal(gunzipSync(zipped.bytes).toString(), text)
    const part = await get(server, name, query, { headers: { range: 'bytes=8-20', 'accept-encoding': 'gzip' } })
    t.match(part, { status: 206, headers: { 'content-range': `bytes 8-20/${bytes.length}` }, text: text.slice(8, 21) })
  }
}

t.test('playlists hand the signature on to their segments: live, ended, and from disk', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-signed-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const { server, end } = await onAir(t, { streamsDir })
  const onDisk = async () => await readFile(join(streamsDir, 'show', 'stream.m3u8'), 'utf8')
  await t.test('live', async t => await checkPlaylists(t, server, await onDisk()))
  await end()
  await t.test('ended', async t => await checkPlaylists(t, server, await onDisk()))
  await server.app.close()
  const next = await startServer(t, { options: { streamsDir, playbackKeys: KEYS } })
  await t.test('of an earlier server', async t => await checkPlaylists(t, next, await onDisk()))
  t.notMatch(await onDisk(), 'signature', 'files stay unsigned')
  t.equal((await http(next, `/livestream/other/stream.m3u8?${sign('other')}`)).status, 404)
})

t.test('segments and thumbnails as before: ranges, HEAD, entity tags', async t => {
  const { server } = await onAir(t)
  const query = sign()
  const whole = await get(server, 'segment_0.ts', query)
  t.match(whole, { status: 200, headers: { 'content-type': 'video/mp2t' } })
  t.ok(whole.bytes.equals(await readFile(join(server.streamsDir, 'show', 'segment_0.ts'))))
  t.match(await get(server, 'segment_0.ts', query, { headers: { range: 'bytes=0-187' } }), { status: 206, headers: { 'content-range': `bytes 0-187/${whole.bytes.length}` } })
  t.match(await get(server, 'segment_0.ts', query, { method: 'HEAD' }), { status: 200, headers: { 'content-length': String(whole.bytes.length) } })
  const picture = await get(server, 'thumbnail.jpg', query)
  t.match(picture, { status: 200, headers: { 'content-type': 'image/jpeg' } })
  t.equal((await get(server, 'thumbnail.jpg', query, { headers: { 'if-none-match': String(picture.headers.etag) } })).status, 304)
})

t.test('nobody keeps an answer for longer than its signature is good', async t => {
  const { server } = await onAir(t)
  const maxAge = async (name: string, seconds: number) => Number(/^public, max-age=(\d+)$/.exec(String((await get(server, name, sign('show', { expiresAt: inSeconds(seconds) }))).headers['cache-control']))![1])
  t.equal(await maxAge('segment_0.ts', 7_200), 3_600)
  for (const name of ['segment_0.ts', 'thumbnail.jpg']) {
    const age = await maxAge(name, 8)
    t.ok(age >= 1 && age <= 8, `${name}: ${age}`)
  }
})

t.test('what is not signed, not by us, not for this, or not any more', async t => {
  const log: string[] = []
  const { server } = await onAir(t, {}, { log: line => { log.push(line) } })
  const good = sign()
  const refused: Array<[query: string, message: RegExp]> = [
    ['', /expires and signature are missing/],
    [good.split('&')[0]!, /are missing/],
    [good.split('&')[1]!, /are missing/],
    [sign('other'), /signature of this link is not valid/],
    [sign('show', { key: 'a key that the server does not know at all' }), /not valid/],
    [good.replace(/\d+/, digits => String(Number(digits) + 1)), /not valid/],
    [`${good}x`, /not valid/],
    [`${good}&${good}`, /not valid/],
    [`expires=${'9'.repeat(400)}&signature=x`, /not valid/],
    [sign('show', { expiresAt: inSeconds(-1) }), /This link has expired/]
  ]
  for (const [query, message] of refused) {
    for (const name of MEDIA) {
      const answer = await get(server, name, query)
      t.equal(answer.status, 403, `${name}?${query}`)
      t.match(answer.json, { code: 'UNAUTHORIZED', error: message, streamKey: 'show' })
      t.match(answer.headers, { 'cache-control': 'no-store', 'access-control-allow-origin': '*' })
      t.equal((await get(server, name, query, { method: 'HEAD' })).status, 403)
    }
  }
  t.equal((await http(server, '/livestream/unknown/stream.m3u8')).status, 403, 'nor does it say what is there')
  t.equal((await http(server, '/livestream/.bad/stream.m3u8')).status, 400)
  for (const name of MEDIA) t.equal((await get(server, name, good)).status, 200, name)
  for (const secret of [...KEYS, good.split('signature=')[1]!]) t.notMatch(log.join(''), secret)
})

t.test('keys can be changed without a break', async t => {
  const { server } = await onAir(t)
  for (const key of KEYS) t.equal((await get(server, 'live.m3u8', sign('show', { key }))).status, 200)
  t.notSame(sign('show', { key: KEYS[0]! }), sign('show', { key: KEYS[1]! }))
  const later = await startServer(t, { options: { playbackKeys: KEYS.slice(0, 1) } })
  t.equal((await get(later, 'live.m3u8', sign('show', { key: KEYS[1]! }))).status, 403, 'the older one is gone')
})

t.test('who gets a signed URL from the server', async t => {
  const prepare = async (server: TestServer, headers: Record<string, string> = {}) =>
    (await http(server, '/livestream/show/start', { method: 'POST', headers, body: { action: 'start', timestamp: 1, userId: 'alice' } })).json.playbackUrl
  const isGood = async (server: TestServer, url: string) => (await http(server, url)).status === 200
  const { server, owner } = await onAir(t, { playbackUrlSeconds: 100 })

  await t.test('the broadcaster, and whoever looks on not', async t => {
    const { playbackUrl } = owner.started
    t.match(playbackUrl, /^\/livestream\/show\/stream\.m3u8\?expires=\d+&signature=[\w-]{43}$/)
    t.ok(await isGood(server, playbackUrl))
    const left = Number(/expires=(\d+)/.exec(playbackUrl)![1]) - Date.now() / 1000
    t.ok(left > 60 && left <= 100, `good for so many seconds: ${left}`)
    const viewer = newClient(server)
    await viewer.ask('join-stream', { streamKey: 'show', userId: 'v' })
    owner.socket.disconnect()
    const again = newClient(server)
    t.ok(await isGood(server, (await again.ask('start-stream', { streamKey: 'show', userId: 'alice', resumeToken: owner.started.resumeToken })).playbackUrl), 'also when it comes back')
    t.notOk('playbackUrl' in await viewer.heard.next('stream-started'))
    const [listed] = (await http(server, '/livestream/active')).json.streams
    t.match(listed, { playbackUrl: '/livestream/show/stream.m3u8', thumbnailUrl: '/livestream/show/thumbnail.jpg' })
    t.notMatch(JSON.stringify([viewer.heard.heard, listed]), 'signature')
  })

  await t.test('who prepares a stream; for the one of somebody else only with a credential', async t => {
    t.equal(await prepare(server), '/livestream/show/stream.m3u8')
    const fresh = await startServer(t, { options: { playbackKeys: KEYS } })
    t.match(await prepare(fresh), /\?expires=/)
    t.equal(await prepare(fresh), '/livestream/show/stream.m3u8')
    const guarded = await startServer(t, { options: { playbackKeys: KEYS, publishAuth: 'key', publishKeys: ['a-publish-key-of-16'] } })
    for (let time = 0; time < 2; time++) t.match(await prepare(guarded, { authorization: 'Bearer a-publish-key-of-16' }), /\?expires=/)
    const asked = await startServer(t, { options: { playbackKeys: KEYS, authorizePublish: () => true } })
    for (let time = 0; time < 2; time++) t.match(await prepare(asked), /\?expires=/)
  })

  await t.test('the host', async t => {
    const hosted = await startServer(t, { prefix: '/video', options: { playbackKeys: KEYS } })
    const expiresAt = inSeconds(60)
    t.equal(hosted.app.liveCore.playbackUrl('show', { playlist: 'live.m3u8', expiresAt }), `/video/livestream/show/live.m3u8?${sign('show', { expiresAt })}`)
  })
})

t.test('the signature first, then the host', async t => {
  const requests: PlaybackRequest[] = []
  const { server } = await onAir(t, { authorizePlayback: request => requests.push(request) > 1 })
  t.match((await get(server, 'live.m3u8', '')).json, { error: /missing/ })
  t.strictSame(requests, [])
  const query = sign()
  t.match((await get(server, 'live.m3u8', query)).json, { code: 'UNAUTHORIZED', error: 'The host does not allow it' })
  t.match(await get(server, 'live.m3u8', query), { status: 200, text: new RegExp(`segment_\\d+\\.ts\\?${query}\n`) })
  t.match(requests, [{ query: { expires: String, signature: String } }, {}])
  t.match((await get(server, 'segment_0.ts', query)).headers['cache-control'], /^private, max-age=\d+$/)
})

t.test('a viewer who comes before the first segment is held with a signature, and not without', async t => {
  const server = await startServer(t, { options: { playbackKeys: KEYS, maxHeldRequests: 1 } })
  const owner = await newBroadcaster(server, 'show')
  t.equal((await get(server, 'live.m3u8', '')).status, 403)
  const held = get(server, 'live.m3u8', sign())
  await sendAll(owner, 'show', inPieces(await recording({ seconds: 3 }), 3))
  t.match(await held, { status: 200, text: /segment_0\.ts\?expires=/ })
})

t.test('without keys nothing changes; with keys and open publishing, a word at boot', async t => {
  const words = 'PLAYBACK_KEYS are set and PUBLISH_AUTH is open'
  const boot = async (options: LivestreamOptions): Promise<string> => {
    const log: string[] = []
    await (await startServer(t, { log: line => { log.push(line) }, options })).close()
    return log.join('')
  }
  t.match(await boot({ playbackKeys: KEYS }), words)
  t.notMatch(await boot({ playbackKeys: KEYS, authorizePublish: () => true }), words)
  t.notMatch(await boot({}), words)
  const { server } = await onAir(t, { playbackKeys: [] })
  const { text, headers } = await get(server, 'live.m3u8', sign())
  t.notMatch(text, 'signature')
  t.match(headers, { 'cache-control': 'no-cache' })
  t.equal((await get(server, 'segment_0.ts', 'expires=1')).headers['cache-control'], 'public, max-age=3600')
})
