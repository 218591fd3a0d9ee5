import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import type { Recording, RecordingState } from '../../../src/recordings/recordings.ts'
import { newBroadcaster, newClient, sendAll, type Client } from '../../fixtures/client.ts'
import { brokenJoiner } from '../../fixtures/ffmpeg-program.ts'
import { http, type Answer } from '../../fixtures/http.ts'
import { probe } from '../../fixtures/probe.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { OWNER, startRecordingsHost, THING, type RecordingsHost, type RecordingsHostOptions } from '../../fixtures/recordings-host.ts'

const KEY = 'lesson-stream'

async function folderOf (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-recordings-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  return folder
}

/** A host that is closed with the test; one with PGlite takes two seconds to begin. */
async function hostOf (t: Test, options: Omit<RecordingsHostOptions, 'folder'> & { folder?: string } = {}): Promise<RecordingsHost> {
  const host = await startRecordingsHost({ folder: options.folder ?? await folderOf(t), ...options })
  t.teardown(host.close)
  return host
}

/** Where clients of a test connect to. */
const at = (t: Test, { url }: RecordingsHost) => ({
  connect: (options: object = {}) => {
    const client = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options })
    t.teardown(() => { client.disconnect() })
    return client
  }
})

const start = async ({ recordings }: RecordingsHost, id = THING.id, streamKey = KEY): Promise<Recording> =>
  await recordings.start({ of: { ...THING, id }, ownerId: OWNER, title: 'A lesson', source: { kind: 'stream', streamKey } })

/** Resolves when the newest recording of a thing is in one of these states. */
async function reach ({ recordings }: RecordingsHost, recordingId: string, ...states: RecordingState[]): Promise<Recording> {
  return await new Promise<Recording>((resolve, reject) => {
    const check = (found: Recording | undefined) => {
      if (found?.recordingId !== recordingId) return
      if (states.includes(found.state)) resolve(found)
      else if (found.state === 'failed' || found.state === 'ready') reject(new Error(`${found.state}: ${found.problem}`))
      else return
      end()
    }
    const end = recordings.onChange(check)
    recordings.find(recordingId).then(check, reject)
  })
}

const fileOf = async (host: RecordingsHost, recordingId: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  await http(host, `/recordings/${recordingId}.mp4`, { method, headers: { 'x-account': String(OWNER), ...headers } })

async function probed (t: Test, host: RecordingsHost, recordingId: string) {
  const { status, bytes } = await fileOf(host, recordingId)
  t.equal(status, 200)
  const path = join(await folderOf(t), 'recording.mp4')
  await writeFile(path, bytes)
  return { bytes, ...await probe(path) }
}

async function send (client: Client, seconds: number, { container }: { container?: 'mp4' } = {}): Promise<void> {
  await sendAll(client, KEY, inPieces(await recording({ seconds, ...(container === undefined ? {} : { container }) }), seconds * 2))
}

t.test('recordings of streams', async t => {
  const host = await hostOf(t)

  await t.test('what is published between start and stop becomes a file', async t => {
    const changes: RecordingState[] = []
    const end = host.recordings.onChange(({ state }) => { changes.push(state) })
    const asked = await start(host)
    t.match(asked, { recordingId: /^rec_[A-Za-z0-9]{16}$/, state: 'starting', of: THING, ownerId: OWNER, title: 'A lesson', durationSeconds: 0, bytes: 0 })
    t.equal(host.recordings.urlOf(asked), `/recordings/${asked.recordingId}.mp4`)
    await t.rejects(start(host), { code: 'INVALID_STATE' }, 'one at a time')
    t.match(await fileOf(host, asked.recordingId), { status: 404, json: { code: 'RECORDING_NOT_FOUND' }, headers: { 'retry-after': '5' } })
    // Before anything is published.
    const owner = await newBroadcaster(at(t, host), KEY)
    await send(owner, 7)
    t.match(await reach(host, asked.recordingId, 'active'), { startedAt: Date })
    await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
    t.match(await host.recordings.running(THING), { recordingId: asked.recordingId }, 'a stream that ends does not end its recording')
    t.match(await host.recordings.stop(THING), { state: 'processing', endedAt: Date })
    await t.rejects(host.recordings.stop(THING), { code: 'INVALID_STATE' })
    t.equal(await host.recordings.running(THING), undefined)
    const ready = await reach(host, asked.recordingId, 'ready')
    t.strictSame(changes, ['starting', 'active', 'processing', 'ready'])
    end()
    const file = await probed(t, host, asked.recordingId)
    t.match(file, { video: { codec: 'h264', frames: 105 }, audio: { codec: 'aac' }, holes: [] })
    t.comment(`a stream of 7 s, recorded whole: the file is of ${file.durationSeconds.toFixed(3)} s`)
    t.ok(Math.abs(file.durationSeconds - 7) < 0.2, `${file.durationSeconds} s`)
    t.ok(Math.abs(ready.durationSeconds - file.durationSeconds) < 0.1)
    t.equal(ready.bytes, file.bytes.length)
    t.match(await host.recordings.list({ of: THING, page: 1, pageSize: 10 }), { total: 1, recordings: [{ recordingId: asked.recordingId }] })
    t.match(await host.recordings.latest(THING), { recordingId: asked.recordingId })
    t.strictSame(await readdir(join(host.streamsDir, '.headwater-recordings')), [], 'nothing is kept twice')
  })

  await t.test('a reconnect and a second broadcast are joined; what was before and after is not in it', async t => {
    const early = await newBroadcaster(at(t, host), KEY)
    await send(early, 3)
    await early.heard.next('stream-segments-updated')
    const asked = await start(host, 'lesson-2')
    early.socket.disconnect()
    const again = newClient(at(t, host), { auth: { resumeToken: early.started.resumeToken } })
    await again.ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken: early.started.resumeToken })
    // Another recorder: its time line begins anew.
    const pieces = inPieces(await recording({ seconds: 4, container: 'mp4' }), 8)
    for (const chunk of pieces) await again.ask('stream-data', { streamKey: KEY, chunk })
    await again.ask('end-stream', { streamKey: KEY, userId: 'alice', resumeToken: early.started.resumeToken })
    const next = await newBroadcaster(at(t, host), KEY)
    await send(next, 5)
    await next.ask('end-stream', { streamKey: KEY, userId: 'alice' })
    await host.recordings.stop({ ...THING, id: 'lesson-2' })
    const ready = await reach(host, asked.recordingId, 'ready')
    const after = await newBroadcaster(at(t, host), KEY)
    await send(after, 3)
    await after.ask('end-stream', { streamKey: KEY, userId: 'alice' })
    const file = await probed(t, host, asked.recordingId)
    // Of the first three seconds, at most what was not published yet.
    t.ok(ready.durationSeconds > 8.5 && ready.durationSeconds < 12.1, `${ready.durationSeconds} s`)
    t.ok(Math.abs(ready.durationSeconds - file.durationSeconds) < 0.2)
    t.strictSame(file.holes.filter(hole => hole.startsWith('video')), [])
    t.ok(Math.abs(file.video!.durationSeconds - file.audio!.durationSeconds) < 0.3)
  })

  await t.test('while it goes on, what had come before the stop is in it', async t => {
    const owner = await newBroadcaster(at(t, host), KEY)
    const asked = await start(host, 'lesson-3')
    await send(owner, 5)
    await reach(host, asked.recordingId, 'active')
    await host.recordings.stop({ ...THING, id: 'lesson-3' })
    await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
    t.ok(Math.abs((await reach(host, asked.recordingId, 'ready')).durationSeconds - 5) < 0.2)
  })

  await t.test('nothing published', async t => {
    const asked = await start(host, 'lesson-4', 'nobody-sends')
    await host.recordings.stop({ ...THING, id: 'lesson-4' })
    t.match(await reach(host, asked.recordingId, 'failed'), { problem: 'Nothing was published while it was recorded' })
    t.match(await fileOf(host, asked.recordingId), { status: 404, json: { error: /Nothing was published/ } })
    t.equal(await host.recordings.latest({ ...THING, id: 'lesson-4' }), undefined)
    t.equal((await start(host, 'lesson-4', 'nobody-sends')).state, 'starting', 'and it can be tried again')
    await host.recordings.stop({ ...THING, id: 'lesson-4' })
  })

  await t.test('what cannot be recorded', async t => {
    await t.rejects(host.recordings.start({ of: { ...THING, id: 'lesson-5' }, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } }), { code: 'RECORDING_NOT_POSSIBLE' })
    await t.rejects(start(host, '../lesson'), { code: 'INVALID_REQUEST' })
    t.equal(await host.recordings.running({ ...THING, id: 'lesson-5' }), undefined)
  })

  await t.test('the file, for whom it is for', async t => {
    const [{ recordingId, bytes }] = (await host.recordings.list({ of: THING, page: 1, pageSize: 1 })).recordings as [Recording]
    const whole = await fileOf(host, recordingId)
    const etag = whole.headers.etag!
    t.match(whole.headers, { 'content-type': 'video/mp4', 'content-length': String(bytes), 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' })
    const part = await fileOf(host, recordingId, { range: 'bytes=4-7' })
    t.match(part, { status: 206, text: 'ftyp', headers: { 'content-range': `bytes 4-7/${bytes}`, 'content-length': '4' } })
    t.same((await fileOf(host, recordingId, { range: 'bytes=-10' })).bytes, whole.bytes.subarray(-10))
    t.equal((await fileOf(host, recordingId, { range: 'bytes=4-7', 'if-range': etag })).status, 206)
    t.equal((await fileOf(host, recordingId, { range: 'bytes=4-7', 'if-range': '"another"' })).status, 200)
    t.match(await fileOf(host, recordingId, { range: `bytes=${bytes}-` }), { status: 416, json: { code: 'RANGE_NOT_SATISFIABLE' }, headers: { 'content-range': `bytes */${bytes}`, 'cache-control': 'no-store' } })
    t.equal((await fileOf(host, recordingId, { 'if-none-match': etag })).status, 304)
    const head = await fileOf(host, recordingId, {}, 'HEAD')
    t.match(head, { status: 200, headers: { 'content-length': String(bytes), etag } })
    t.equal(head.bytes.length, 0)
    t.match(await fileOf(host, recordingId, { range: 'bytes=0-99' }, 'HEAD'), { status: 206, headers: { 'content-length': '100' } })

    const unknown = { status: 404, text: JSON.stringify({ error: 'There is no such recording', code: 'RECORDING_NOT_FOUND' }), headers: { 'cache-control': 'no-store' } }
    const asks = async (account: string) => await fileOf(host, recordingId, { 'x-account': account })
    for (const account of ['', '8']) t.match(await asks(account), unknown, `account ${account}`)
    t.equal((await asks('8 admin')).status, 200)
    host.recordings.addVisibility('live-session', async ({ id }, { accountId }) => id === THING.id && accountId === 8)
    t.equal((await asks('8')).status, 200)
    for (const account of ['', '9']) t.match(await asks(account), unknown, `account ${account}`)
    for (const path of ['/recordings/rec_0123456789abcdef.mp4', '/recordings/..%2f..%2fdata', '/recordings/x.mp4']) t.match(await http(host, path, { headers: { 'x-account': '7' } }), unknown, path)
    t.match(await http(host, '/recordings/a/b'), { status: 404, json: { code: 'NOT_FOUND' } })
  })

  await t.test('lists', async t => {
    const total = async (query: object) => (await host.recordings.list({ page: 1, pageSize: 1, ...query })).total
    t.equal(await total({}), 3)
    t.equal(await total({ states: ['failed', 'processing'] }), 2)
    t.equal(await total({ ofIds: Array.from({ length: 20_000 }, (_, index) => `lesson-${index}`) }), 3)
    t.equal(await total({ ofIds: ['lesson-1', "a'\"b"] }), 1)
    t.equal(await total({ ofIds: [] }), 0)
    t.equal(await total({ ownerId: OWNER + 1 }), 0)
    t.match(await host.recordings.list({ page: 2, pageSize: 2 }), { total: 3, recordings: [{ of: THING }] }, 'newest first')
  })

  await t.test('where no file can be made, nobody is told of paths', async t => {
    const asked = await start(host, 'lesson-6')
    const owner = await newBroadcaster(at(t, host), KEY)
    await send(owner, 3)
    await reach(host, asked.recordingId, 'active')
    // FFmpeg cannot write there, and says where.
    await mkdir(join(host.streamsDir, '.headwater-recordings', asked.recordingId, 'joined.mp4'))
    await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
    await host.recordings.stop({ ...THING, id: 'lesson-6' })
    const { problem } = await reach(host, asked.recordingId, 'failed')
    t.match(problem, /could not be made/)
    t.notMatch(problem, /FFmpeg|\//)
  })
})

t.test('a disk that is full when the file is made, while the stream goes on', async t => {
  const folder = await folderOf(t)
  const tried = join(folder, 'tried')
  const ffmpeg = await brokenJoiner(t, `touch '${tried}'; echo 'joined.mp4: No space left on device' >&2; exit 228`)
  const pieces = inPieces(await recording({ seconds: 12 }), 24)
  const first = await startRecordingsHost({ folder })
  const asked = await start(first)
  const owner = await newBroadcaster(at(t, first), KEY)
  await sendAll(owner, KEY, pieces.slice(0, 8))
  await reach(first, asked.recordingId, 'active')
  await first.close()
  const host = await hostOf(t, { folder, settings: { pollSeconds: 0.1, tailSeconds: 1 }, live: { ffmpegPath: ffmpeg.path } })
  const again = newClient(at(t, host), { auth: { resumeToken: owner.started.resumeToken } })
  const { nextSeq } = await again.ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken: owner.started.resumeToken })
  await host.recordings.stop(THING)
  while (!existsSync(tried)) await delay(20)
  // What it brings now is published while the file is tried again and again.
  for (const [index, piece] of pieces.slice(nextSeq).entries()) {
    await sendAll(again, KEY, [piece], nextSeq + index)
    await delay(100)
  }
  await ffmpeg.repair()
  const { durationSeconds } = await reach(host, asked.recordingId, 'ready')
  t.ok(durationSeconds > 1 && durationSeconds < 4.2, `${durationSeconds} s`)
})

t.test('what takes too long, and what grows too large', async t => {
  const host = await hostOf(t, { prefix: '/place', settings: { startSeconds: 0.1, maxSeconds: 12, pollSeconds: 0.2, maxBytes: 1_000_000, baseUrl: 'https://recordings.example.com/' } })
  const late = await start(host, 'late', 'nobody-sends')
  t.equal(host.recordings.urlOf(late), `https://recordings.example.com/${late.recordingId}.mp4`)
  const failed = reach(host, late.recordingId, 'failed')
  const owner = newClient(at(t, host), { path: '/place/socket.io' })
  await owner.ask('start-stream', { streamKey: KEY, userId: 'alice' })
  const large = await recording({ seconds: 4, videoKbps: 6_000, picture: 'mandelbrot=s=640x360:r=15' })
  const long = await start(host, 'long')
  const sending = sendAll(owner, KEY, inPieces(large, 16))
  t.match(await reach(host, long.recordingId, 'processing'), { startedAt: Date, endedAt: Date })
  await sending
  await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
  const ready = await reach(host, long.recordingId, 'ready')
  t.ok(ready.bytes > 1_000_000 && ready.durationSeconds > 1, `${ready.bytes} bytes, ${ready.durationSeconds} s`)
  t.match(await failed, { problem: 'Nothing was published within 12 seconds' })
  t.match(await http(host, `/place/recordings/${long.recordingId}.mp4`, { method: 'HEAD', headers: { 'x-account': '7' } }), { status: 200 })
})

t.test('the server closes in mid-recording and while a file is made: the next one goes on', async t => {
  const folder = await folderOf(t)
  const first = await startRecordingsHost({ folder })
  const asked = await start(first)
  const owner = await newBroadcaster(at(t, first), KEY)
  await send(owner, 4)
  await reach(first, asked.recordingId, 'active')
  const other = await start(first, 'lesson-2')
  await send(owner, 4, { container: 'mp4' })
  await reach(first, other.recordingId, 'active')
  await first.recordings.stop({ ...THING, id: 'lesson-2' })
  await first.close()

  const second = await hostOf(t, { folder })
  t.match(await second.recordings.running(THING), { recordingId: asked.recordingId, state: 'active' })
  const done = await reach(second, other.recordingId, 'ready')
  t.ok(done.durationSeconds > 1.5 && done.durationSeconds < 4.6, `${done.durationSeconds} s`)
  const again = newClient(at(t, second), { auth: { resumeToken: owner.started.resumeToken } })
  const { nextSeq } = await again.ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken: owner.started.resumeToken })
  t.ok(nextSeq > 0)
  await again.ask('end-stream', { streamKey: KEY, userId: 'alice', resumeToken: owner.started.resumeToken })
  await second.recordings.stop(THING)
  const ready = await reach(second, asked.recordingId, 'ready')
  t.ok(ready.durationSeconds > 4, `${ready.durationSeconds} s`)
  const file = await probed(t, second, asked.recordingId)
  t.ok(Math.abs(file.durationSeconds - ready.durationSeconds) < 0.2)
})
