import t from 'tap'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist, type Playlist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { cut, silence } from '../fixtures/silence.ts'

const RECONNECTING = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 100 }

async function manifestOf (server: TestServer, key: string): Promise<Playlist & { seconds: number }> {
  const playlist = readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
  return { ...playlist, seconds: playlist.segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000 }
}

async function newViewer (server: TestServer, streamKey: string, options = {}): Promise<Client> {
  const viewer = newClient(server, options)
  await viewer.ask('join-stream', { streamKey, userId: 'viewer' })
  return viewer
}

for (const transport of ['websocket', 'polling']) {
  t.test(`connectionStateRecovery: the documented client, cut off, goes on without a new start-stream (${transport})`, async t => {
    const server = await startServer(t)
    const owner = await newBroadcaster(server, 'cut', { ...RECONNECTING, transports: [transport] })
    const viewer = await newViewer(server, 'cut')
    const { id } = owner.socket
    const pieces = inPieces(await recording({ seconds: 6 }), 6)
    const send = (chunk: Buffer) => owner.socket.emit('stream-data', { streamKey: 'cut', chunk })
    for (const piece of pieces.slice(0, 3)) send(piece)
    await owner.heard.next('stream-segments-updated')

    cut(owner.socket)
    await owner.heard.next('disconnect')
    // Recorded while it was away: the client library keeps it.
    for (const piece of pieces.slice(3, 5)) send(piece)
    t.strictSame(await viewer.heard.next('stream-reconnecting'), { streamKey: 'cut', windowSeconds: 60 })
    t.match(await owner.heard.next('stream-started', ({ status }) => status === 'active'), { streamKey: 'cut', resumeToken: owner.started.resumeToken, nextSeq: Number })
    t.ok(owner.socket.recovered)
    t.equal(owner.socket.id, id)
    t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'cut', status: 'active' })
    send(pieces[5]!)
    t.strictSame(await owner.ask('end-stream', { streamKey: 'cut', userId: 'alice' }), { streamKey: 'cut', reason: 'ended by owner' })

    const { seconds, segments, ended } = await manifestOf(server, 'cut')
    t.ok(Math.abs(seconds - 6) < 0.2, `${seconds} s: nothing is missing`)
    t.ok(segments.every(({ discontinuity }) => !discontinuity))
    t.ok(ended)
    t.equal(owner.heard.count('stream-error'), 0)
  })

  t.test(`connectionStateRecovery: a viewer, cut off, is counted again and hears what comes (${transport})`, async t => {
    const server = await startServer(t)
    const owner = await newBroadcaster(server, 'seen')
    const viewer = await newViewer(server, 'seen', { ...RECONNECTING, transports: [transport] })
    t.match(await owner.heard.next('viewer-joined'), { viewerCount: 1 })
    cut(viewer.socket)
    t.strictSame(await owner.heard.next('viewer-left'), { streamKey: 'seen', viewerCount: 0 })
    t.strictSame(await owner.heard.next('viewer-joined'), { streamKey: 'seen', viewerCount: 1 })
    await owner.ask('end-stream', { streamKey: 'seen', userId: 'alice' })
    await viewer.heard.next('stream-ended')
  })
}

t.test('connectionStateRecovery: a stream that somebody took over meanwhile is not given back', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'taken', { ...RECONNECTING, reconnectionDelay: 1_000, reconnectionDelayMax: 1_000 })
  const viewer = await newViewer(server, 'taken')
  cut(owner.socket)
  await viewer.heard.next('stream-reconnecting')
  const other = newClient(server)
  t.match(await other.ask('start-stream', { streamKey: 'taken', userId: 'alice' }), { status: 'active' })
  await owner.heard.next('connect', () => owner.socket.recovered)
  t.match(await owner.ask('stream-data', { streamKey: 'taken', chunk: Buffer.from('x') }), { code: 'UNAUTHORIZED' })
  t.match((await http(server, '/livestream/taken/status')).json, { local: { streamData: { broadcasterSocketId: other.socket.id } } })
})

t.test('HLS-01, HLS-18: a resume by another connection goes on from nextSeq; repeated chunks are acknowledged and ignored', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'resumed')
  const pieces = inPieces(await recording({ seconds: 8 }), 16)
  const before = await sendAll(owner, 'resumed', pieces.slice(0, 10))
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const { safeSeq } = await owner.ask('stream-data', { streamKey: 'resumed', seq: 9, chunk: pieces[9] })
  t.equal(before.at(-1).seq, 9)
  cut(owner.socket)

  const { resumeToken } = owner.started
  const back = newClient(server, { auth: { resumeToken }, query: { streamKey: 'resumed' } })
  const resumed = await back.ask('start-stream', { streamKey: 'resumed', userId: 'alice', resumeToken })
  t.match(resumed, { status: 'active', resumeToken })
  t.equal(resumed.nextSeq, safeSeq + 1)
  t.ok(resumed.nextSeq > 0 && resumed.nextSeq < 10, 'lower than what was acknowledged: that is not safe yet')
  const answers = await sendAll(back, 'resumed', pieces.slice(resumed.nextSeq), resumed.nextSeq)
  t.strictSame(answers.map(({ seq }) => seq), pieces.map((_, seq) => seq).slice(resumed.nextSeq))
  await back.ask('end-stream', { streamKey: 'resumed', userId: 'alice' })

  const { seconds, segments } = await manifestOf(server, 'resumed')
  t.ok(Math.abs(seconds - 8) < 0.2, `${seconds} s: nothing is missing, nothing is there twice`)
  t.ok(segments.every(({ discontinuity }) => !discontinuity), 'the viewer notices nothing')
})

t.test('HLS-01: chunks that overtake each other are put in order', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'shuffled')
  const pieces = inPieces(await recording({ seconds: 6 }), 12)
  for (const seq of [0, 2, 1, 5, 4, 3, 7, 8, 6, 11, 10, 9]) await owner.ask('stream-data', { streamKey: 'shuffled', seq, chunk: pieces[seq] })
  await owner.ask('end-stream', { streamKey: 'shuffled', userId: 'alice' })
  const { seconds, segments } = await manifestOf(server, 'shuffled')
  t.ok(Math.abs(seconds - 6) < 0.2, `${seconds} s`)
  t.ok(segments.every(({ discontinuity }) => !discontinuity))
  t.equal(owner.heard.count('stream-error'), 0)
})

t.test('HLS-01: a chunk that never comes: MEDIA_ERROR names it, and it may still be sent', async t => {
  const server = await startServer(t, { options: { maxReorderedChunks: 2 } })
  const owner = await newBroadcaster(server, 'gap')
  const pieces = inPieces(await recording({ seconds: 6 }), 6)
  const send = async (seq: number) => await owner.ask('stream-data', { streamKey: 'gap', seq, chunk: pieces[seq] })
  for (const seq of [0, 2, 3]) t.match(await send(seq), { seq })
  t.match(await send(4), { error: /Chunk 1 /, code: 'MEDIA_ERROR', streamKey: 'gap', seq: 0 })
  t.match(await owner.heard.next('stream-error'), { error: /Chunk 1 /, code: 'MEDIA_ERROR', streamKey: 'gap' })
  for (const seq of [1, 4, 5]) t.match(await send(seq), { seq })
  await owner.ask('end-stream', { streamKey: 'gap', userId: 'alice' })
  const { seconds, segments } = await manifestOf(server, 'gap')
  t.ok(Math.abs(seconds - 6) < 0.2, `${seconds} s`)
  t.ok(segments.every(({ discontinuity }) => !discontinuity))
})

t.test('HLS-02, HLS-03: a page loaded anew records anew: a discontinuity, numbering goes on', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'reloaded')
  const first = inPieces(await recording({ seconds: 4 }), 4)
  await sendAll(owner, 'reloaded', first)
  await owner.heard.next('stream-segments-updated')
  owner.socket.disconnect()
  const page = newClient(server)
  t.match(await page.ask('start-stream', { streamKey: 'reloaded', userId: 'alice' }), { status: 'active' })
  const second = inPieces(await recording({ seconds: 4, audio: 'none' }), 4)
  const answers = await sendAll(page, 'reloaded', second)
  t.strictSame(answers.map(({ seq }) => seq), [0, 1, 2, 3], 'the counting starts over')
  await page.ask('end-stream', { streamKey: 'reloaded', userId: 'alice' })
  const { seconds, segments } = await manifestOf(server, 'reloaded')
  t.strictSame(segments.map(({ name }) => name), segments.map((_, index) => `segment_${index}.ts`))
  t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1)
  t.ok(Math.abs(seconds - 8) < 0.4, `${seconds} s`)
})

t.test('HLS-02, HLS-03: so does one whose recorder begins with the same bytes, where it says that it is another sending', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'same')
  const pieces = inPieces(await recording({ seconds: 4 }), 4)
  const send = async (client: typeof owner, sending: string, count: number) => {
    const answers: any[] = []
    for (const [seq, chunk] of pieces.slice(0, count).entries()) answers.push(await client.ask('stream-data', { streamKey: 'same', chunk, seq, ...(seq === 0 ? { sending } : {}) }))
    return answers.map(({ seq }) => seq)
  }
  t.strictSame(await send(owner, 'one', 4), [0, 1, 2, 3])
  await owner.heard.next('stream-segments-updated')
  owner.socket.disconnect()
  const page = newClient(server)
  t.match(await page.ask('start-stream', { streamKey: 'same', userId: 'alice' }), { status: 'active' })
  t.strictSame(await send(page as typeof owner, 'two', 4), [0, 1, 2, 3], 'the counting starts over')
  t.strictSame(await send(page as typeof owner, 'two', 1), [0], 'what is sent again is known')
  t.match(await page.ask('stream-data', { streamKey: 'same', chunk: pieces[0], seq: 0, sending: 'x'.repeat(65) }), { code: 'INVALID_REQUEST' })
  await page.ask('end-stream', { streamKey: 'same', userId: 'alice' })
  const { seconds, segments } = await manifestOf(server, 'same')
  t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1)
  t.ok(Math.abs(seconds - 8) < 0.4, `${seconds} s`)
})

t.test('HLS-18: the resume window', async t => {
  const server = await startServer(t, { options: { resumeWindowSeconds: 1 } })

  t.test('over: stream-ended with the reason "broadcaster disconnected", and the playlist is closed', async t => {
    const owner = await newBroadcaster(server, 'gone')
    const viewer = await newViewer(server, 'gone')
    await sendAll(owner, 'gone', inPieces(await recording({ seconds: 3 }), 3))
    const from = performance.now()
    cut(owner.socket)
    t.strictSame(await viewer.heard.next('stream-reconnecting'), { streamKey: 'gone', windowSeconds: 1 })
    t.notOk((await manifestOf(server, 'gone')).ended)
    t.strictSame(await viewer.heard.next('stream-ended'), { streamKey: 'gone', reason: 'broadcaster disconnected' })
    t.ok(performance.now() - from > 950)
    const { ended, seconds } = await manifestOf(server, 'gone')
    t.ok(ended)
    t.ok(Math.abs(seconds - 3) < 0.2, 'all that was sent')
    t.match(await newClient(server).ask('start-stream', { streamKey: 'gone', userId: 'bob', resumeToken: owner.started.resumeToken }), { status: 'broadcasting' }, 'the key is free')
  })

  t.test('a resume in time stops the clock', async t => {
    const owner = await newBroadcaster(server, 'back')
    const viewer = await newViewer(server, 'back')
    owner.socket.disconnect()
    await viewer.heard.next('stream-reconnecting')
    const again = newClient(server)
    await again.ask('start-stream', { streamKey: 'back', userId: 'alice' })
    // Another stream's whole window goes by.
    const other = await newBroadcaster(server, 'clock')
    const watch = await newViewer(server, 'clock')
    other.socket.disconnect()
    await watch.heard.next('stream-ended')
    t.equal(viewer.heard.count('stream-ended'), 0)
    t.match(await again.ask('start-stream', { streamKey: 'back', userId: 'alice' }), { status: 'active' })
  })
})

t.test('HLS-18: a broadcaster whose network is gone is missed by the heartbeat', async t => {
  const server = await startServer(t, { options: { pingIntervalMs: 200, pingTimeoutMs: 300 } })
  const owner = await newBroadcaster(server, 'mute')
  const viewer = await newViewer(server, 'mute')
  silence(owner.socket)
  t.strictSame(await viewer.heard.next('stream-reconnecting'), { streamKey: 'mute', windowSeconds: 60 })
  t.match(await newClient(server).ask('start-stream', { streamKey: 'mute', userId: 'alice' }), { status: 'active' })
})

t.test('HLS-18: RESUME_WINDOW_SECONDS=0 ends a stream with its connection', async t => {
  const server = await startServer(t, { options: { resumeWindowSeconds: 0 } })
  const owner = await newBroadcaster(server, 'brief', RECONNECTING)
  const viewer = await newViewer(server, 'brief')
  await sendAll(owner, 'brief', inPieces(await recording({ seconds: 3 }), 3))
  cut(owner.socket)
  t.strictSame(await viewer.heard.next('stream-ended'), { streamKey: 'brief', reason: 'broadcaster disconnected' })
  await owner.heard.next('disconnect')
  await owner.heard.next('connect', () => owner.heard.count('disconnect') > 0 && owner.socket.connected)
  t.notOk(owner.socket.recovered)
  t.match(await owner.ask('stream-data', { streamKey: 'brief', chunk: Buffer.from('x') }), { code: 'STREAM_NOT_FOUND' })
  t.ok((await manifestOf(server, 'brief')).ended)
})
