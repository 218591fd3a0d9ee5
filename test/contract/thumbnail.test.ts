import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newBroadcaster, sendAll, type Client } from '../fixtures/client.ts'
import { brokenThumbnailer, loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http, type Answer } from '../fixtures/http.ts'
import { lookAt, type SeenPicture } from '../fixtures/picture.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { inPieces, recording, type Recipe } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

type Colour = NonNullable<SeenPicture['colour']>

const CORS = { 'access-control-allow-origin': '*' }
/** No second look within any test. */
const LONG = { thumbnailIntervalSeconds: 600 }
/** Soon over, whatever a test does in between. */
const SHORT = { thumbnailIntervalSeconds: 0.1 }

/** A recording of one colour, so many seconds, in pieces of half a second. */
async function coloured (colour: Colour, seconds: number, { size = '320x180', ...recipe }: Partial<Recipe> & { size?: string } = {}): Promise<Buffer[]> {
  return inPieces(await recording({ seconds, picture: `color=${colour === 'green' ? 'lime' : colour}:s=${size}:r=15`, ...recipe }), seconds * 2)
}

/** A broadcast of one colour that has its first segment. */
async function broadcastOf (server: TestServer, key: string, colour: Colour, recipe?: Partial<Recipe> & { size?: string }): Promise<Client> {
  const owner = await newBroadcaster(server, key)
  await sendAll(owner, key, await coloured(colour, 3, recipe))
  await owner.heard.next('stream-segments-updated')
  return owner
}

async function end (owner: Client, key: string): Promise<void> {
  await owner.ask('end-stream', { streamKey: key, userId: 'alice' })
  owner.socket.disconnect()
}

async function ask (server: TestServer, key: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return await http(server, `/livestream/${key}/thumbnail.jpg`, { headers, method })
}

async function colourOf (server: TestServer, key: string): Promise<SeenPicture['colour']> {
  const { status, bytes, text } = await ask(server, key)
  if (status !== 200) throw new Error(`${status}: ${text}`)
  return (await lookAt(bytes)).colour
}

/** FFmpeg runs for thumbnails, as the metrics say. */
async function runs (server: TestServer, outcome: string): Promise<number> {
  const { text } = await http(server, '/livestream/metrics')
  return Number(new RegExp(`^headwater_thumbnail_runs_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)![1])
}

function checkRefusal (t: Test, { status, headers, json }: Answer, code: string, message: RegExp, retryAfter?: string): void {
  t.equal(status, code === 'INVALID_REQUEST' ? 400 : 404)
  t.match(headers, { ...CORS, 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.equal(headers['retry-after'], retryAfter)
  t.equal(headers['etag'], undefined)
  t.match(json, { error: message, code })
}

for (const { name, recipe } of [
  { name: 'copied H.264', recipe: { size: '1280x720' } },
  { name: 'H.264 in MP4, without sound', recipe: { size: '1280x720', container: 'mp4', audio: 'none' } },
  { name: 'transcoded VP8', recipe: { size: '1280x720', video: 'vp8', audio: 'opus' } }
] as const) {
  t.test(`a picture of a stream (${name})`, async t => {
    const server = await startServer(t, { options: { transcodePreset: 'ultrafast' } })
    await broadcastOf(server, 'show', 'red', recipe)
    const { status, headers, bytes } = await ask(server, 'show')
    t.equal(status, 200)
    t.match(headers, { ...CORS, 'content-type': 'image/jpeg', 'content-length': String(bytes.length), 'cache-control': /^public, max-age=([1-9]|10)$/, etag: /^"[\w-]+"$/ })
    t.strictSame(await lookAt(bytes), { codec: 'mjpeg', width: 640, height: 360, colour: 'red' })
  })
}

t.test('HEAD, ETag and 304', async t => {
  const server = await startServer(t, { options: { ...LONG, memoryWindowBytes: 0 } })
  await broadcastOf(server, 'show', 'blue')
  const { headers, bytes } = await ask(server, 'show')
  t.match(headers['cache-control'], /^public, max-age=(600|59\d)$/)
  t.match(await lookAt(bytes), { width: 320, height: 180, colour: 'blue' }, 'never enlarged; from disk too')
  const head = await ask(server, 'show', {}, 'HEAD')
  t.equal(head.status, 200)
  t.match(head.headers, { ...CORS, 'content-type': 'image/jpeg', 'content-length': String(bytes.length), etag: headers.etag, 'cache-control': /^public, max-age=\d+$/ })
  t.equal(head.bytes.length, 0)
  for (const known of [headers.etag!, `W/${headers.etag!}`, `"other", ${headers.etag!}`, '*']) {
    for (const method of ['GET', 'HEAD']) {
      const same = await ask(server, 'show', { 'if-none-match': known }, method)
      t.equal(same.status, 304, known)
      t.match(same.headers, { ...CORS, etag: headers.etag, 'cache-control': /^public, max-age=\d+$/ })
      t.equal(same.headers['content-type'], undefined)
      t.equal(same.bytes.length, 0)
    }
  }
  t.ok((await ask(server, 'show', { 'if-none-match': '"other"' })).bytes.equals(bytes))
  t.equal((await http(server, '/livestream/show/thumbnail.jpg?t=1')).status, 200, 'a query changes nothing')
  t.equal(await runs(server, 'made'), 1)
})

t.test('while it is live the picture follows the stream, once an interval', async t => {
  const server = await startServer(t, { options: SHORT })
  const owner = await newBroadcaster(server, 'show')
  const picture = "color=red:s=320x180:r=15,drawbox=c=blue:t=fill:enable='gte(t,4)'"
  const pieces = inPieces(await recording({ seconds: 10, picture }), 20)
  await sendAll(owner, 'show', pieces.slice(0, 7))
  await owner.heard.next('stream-segments-updated')
  const first = await ask(server, 'show')
  t.match(first.headers['cache-control'], 'public, max-age=1', 'at least a second for caches')
  t.match(await lookAt(first.bytes), { colour: 'red' })
  await sendAll(owner, 'show', pieces.slice(7), 7)
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 4)
  let changed = first
  while (changed.headers.etag === first.headers.etag || (await lookAt(changed.bytes)).colour === 'red') changed = await ask(server, 'show')
  t.match(await lookAt(changed.bytes), { colour: 'blue' })
  t.equal((await ask(server, 'show', { 'if-none-match': first.headers.etag! })).status, 200, 'what was known is old')
})

t.test('many requests: one run a stream and interval, also while segments come', async t => {
  const ffmpeg = await loggedFfmpeg(t)
  const server = await startServer(t, { options: { ...LONG, ffmpegPath: ffmpeg.path } })
  const owner = await broadcastOf(server, 'show', 'red')
  const askMany = async () => await Promise.all(Array.from({ length: 60 }, (_, index) => ask(server, 'show', {}, index % 3 === 0 ? 'HEAD' : 'GET')))
  const answers = await askMany()
  await sendAll(owner, 'show', await coloured('blue', 4), 6)
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 3)
  answers.push(...await askMany())
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(new Set(answers.map(({ headers }) => headers.etag)).size, 1)
  const started = (await ffmpeg.starts()).filter(({ args }) => args.includes('mjpeg'))
  t.equal(started.length, 1)
  t.match(started[0]!.args, /-f mpegts -i pipe:0 /)
  t.strictSame([await runs(server, 'made'), await runs(server, 'failed')], [1, 0])
  t.notMatch((await http(server, '/livestream/metrics')).text, /show/, 'no stream keys')
})

t.test('404: no stream, no segment yet, no picture', async t => {
  const server = await startServer(t, { options: LONG })
  for (const method of ['GET', 'HEAD']) {
    const unknown = await ask(server, 'unknown', {}, method)
    t.equal(unknown.status, 404)
    t.match(unknown.headers, { ...CORS, 'cache-control': 'no-store' })
  }
  t.strictSame((await ask(server, 'unknown')).json, { error: 'Stream not found', code: 'STREAM_NOT_FOUND', streamKey: 'unknown' })

  await http(server, '/livestream/early/start', { method: 'POST', body: { action: 'start', timestamp: 1704110400, userId: 'alice' } })
  const from = performance.now()
  checkRefusal(t, await ask(server, 'early'), 'THUMBNAIL_NOT_FOUND', /no segment yet/, '2')
  t.ok(performance.now() - from < 5_000, 'it is not held')
  const early = await broadcastOf(server, 'early', 'green')
  t.equal(await colourOf(server, 'early'), 'green', 'there as soon as a segment is')
  await end(early, 'early')

  await end(await newBroadcaster(server, 'silent'), 'silent')
  checkRefusal(t, await ask(server, 'silent'), 'THUMBNAIL_NOT_FOUND', /no segment/)

  const sound = await newBroadcaster(server, 'sound')
  await sendAll(sound, 'sound', inPieces(await recording({ seconds: 4, video: 'none' }), 8))
  await sound.heard.next('stream-segments-updated')
  checkRefusal(t, await ask(server, 'sound'), 'THUMBNAIL_NOT_FOUND', /sound alone/)
  await end(sound, 'sound')
  checkRefusal(t, await ask(server, 'sound'), 'THUMBNAIL_NOT_FOUND', /sound alone/)

  for (const key of ['..%2f..%2fetc', '.hidden', 'a%2fb', 'x'.repeat(129)]) checkRefusal(t, await ask(server, key), 'INVALID_REQUEST', /stream key/)
})

t.test('an ended stream shows its last segment, also after a restart, until retention removes it', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-thumbnail-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const first = await startServer(t, { options: { ...SHORT, streamsDir } })
  const owner = await broadcastOf(first, 'show', 'red')
  await sendAll(owner, 'show', await coloured('blue', 4), 6)
  await end(owner, 'show')
  t.equal(await colourOf(first, 'show'), 'blue')
  await first.close()
  t.ok((await readdir(join(streamsDir, 'show'))).every(name => /^(segment_\d+\.ts|(stream|live)\.m3u8)$/.test(name)), 'the picture is in memory alone')

  const second = await startServer(t, { options: { ...SHORT, streamsDir } })
  t.equal(await colourOf(second, 'show'), 'blue')
  await second.close()
  const longAgo = new Date(Date.now() - 25 * 3_600_000)
  await utimes(join(streamsDir, 'show'), longAgo, longAgo)
  const third = await startServer(t, { options: { ...SHORT, streamsDir } })
  checkRefusal(t, await ask(third, 'show'), 'STREAM_NOT_FOUND', /Stream not found/)
})

t.test('a rolling restart: the next server shows what the last one had listed', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-thumbnail-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const first = await startServer(t, { options: { streamsDir } })
  await broadcastOf(first, 'show', 'green')
  await first.close()
  const second = await startServer(t, { options: { streamsDir } })
  t.match((await http(second, '/livestream/show/status')).json, { local: { streamData: { state: 'reconnecting' } } })
  t.equal(await colourOf(second, 'show'), 'green')
})

t.test('a new broadcast on the key never shows the one before, however long the interval', async t => {
  const server = await startServer(t, { options: LONG })
  await end(await broadcastOf(server, 'show', 'red'), 'show')
  t.equal(await colourOf(server, 'show'), 'red')
  const second = await newBroadcaster(server, 'show')
  checkRefusal(t, await ask(server, 'show'), 'THUMBNAIL_NOT_FOUND', /no segment yet/, '2')
  await sendAll(second, 'show', await coloured('green', 3))
  await second.heard.next('stream-segments-updated')
  t.equal(await colourOf(server, 'show'), 'green')
  await end(second, 'show')
  await end(await broadcastOf(server, 'show', 'blue'), 'show')
  t.equal(await colourOf(server, 'show'), 'blue')
})

t.test('FFmpeg fails: 500 without its words; one try an interval; an older picture rather than the error', async t => {
  const ffmpeg = await brokenThumbnailer(t, 'echo /secret/place >&2; exit 1')
  const server = await startServer(t, { options: { ...LONG, ffmpegPath: ffmpeg.path } })
  await broadcastOf(server, 'show', 'red')
  for (let count = 0; count < 3; count++) {
    const answer = await ask(server, 'show')
    t.equal(answer.status, 500)
    t.match(answer.headers, { ...CORS, 'content-type': /^application\/json/, 'cache-control': 'no-store', 'retry-after': /^\d+$/ })
    t.strictSame(answer.json, { error: 'The picture of the stream could not be made', code: 'FFMPEG_ERROR', streamKey: 'show', retryAfterMs: 600_000 })
  }
  t.strictSame([await runs(server, 'failed'), await runs(server, 'made')], [1, 0])

  await ffmpeg.repair()
  const other = await startServer(t, { options: { ...SHORT, ffmpegPath: ffmpeg.path } })
  const owner = await broadcastOf(other, 'show', 'green')
  const { headers: { etag } } = await ask(other, 'show')
  await ffmpeg.break()
  await sendAll(owner, 'show', await coloured('blue', 4), 6)
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 3)
  let older = await ask(other, 'show')
  while (await runs(other, 'failed') === 0) older = await ask(other, 'show')
  t.match(older, { status: 200, headers: { etag } })
})

t.test('closing the server ends a run that is under way', async t => {
  const ffmpeg = await brokenThumbnailer(t, 'exec sleep 1000')
  const server = await startServer(t, { options: { ffmpegPath: ffmpeg.path, thumbnailTimeoutSeconds: 600, closeStreams: 'end' } })
  await broadcastOf(server, 'show', 'red')
  const asking = ask(server, 'show')
  while (childProcesses(/sleep/).length === 0) await http(server, '/livestream/health')
  const from = performance.now()
  await server.app.close()
  t.ok(performance.now() - from < 10_000)
  t.match(await asking, { status: 503, json: { code: 'SERVER_BUSY', error: 'The server is closing', streamKey: 'show' } })
  t.strictSame(childProcesses(/sleep|ffmpeg/), [])
  t.ok((await readdir(join(server.streamsDir, 'show'))).every(name => /^(segment_\d+\.ts|(stream|live)\.m3u8)$/.test(name)))
})
