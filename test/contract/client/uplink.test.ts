import t, { type Test } from 'tap'
import type { BroadcastState } from '../../../src/client/broadcast-state.ts'
import { Uplink, type UplinkEvents, type UplinkOptions } from '../../../src/client/uplink.ts'
import { newBroadcaster, newClient } from '../../fixtures/client.ts'
import { cuttable } from '../../fixtures/cuttable.ts'
import { http } from '../../fixtures/http.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { startServer, type TestServer } from '../../fixtures/server.ts'

const PIECES = 12
const pieces = async (seconds = 3) => inPieces(await recording({ seconds }), PIECES)

/** An uplink that leaves with the test, and all its states. */
function newUplink (t: Test, { url }: Pick<TestServer, 'url'>, options: Partial<UplinkOptions> = {}): { uplink: Uplink<Buffer>, states: BroadcastState[] } {
  const uplink = new Uplink<Buffer>({ origin: url, path: '/socket.io', streamKey: 'stream', userId: 'alice', ...options })
  const states: BroadcastState[] = []
  uplink.on('state', state => states.push(state))
  t.teardown(() => uplink.abort())
  return { uplink, states }
}

/** The next event of that name; for a state, the next time that it is that. */
async function next<Name extends keyof UplinkEvents<Buffer>> (uplink: Uplink<Buffer>, name: Name, is: (value: UplinkEvents<Buffer>[Name]) => boolean = () => true): Promise<UplinkEvents<Buffer>[Name]> {
  return await new Promise(resolve => {
    const off = uplink.on(name, value => {
      if (!is(value)) return
      off()
      resolve(value)
    })
  })
}

const becomes = async (uplink: Uplink<Buffer>, state: BroadcastState) => {
  if (uplink.state !== state) await next(uplink, 'state', now => now === state)
}

async function goLive (uplink: Uplink<Buffer>): Promise<void> {
  uplink.start()
  await becomes(uplink, 'live')
}

function sendAll (uplink: Uplink<Buffer>, chunks: Buffer[]): void {
  for (const chunk of chunks) uplink.send(chunk, chunk.length)
}

async function playlistOf (server: TestServer, key = 'stream') {
  const playlist = readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
  return { ...playlist, seconds: playlist.segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000 }
}

t.test('from the first chunk to the end', async t => {
  const server = await startServer(t)
  const { uplink, states } = newUplink(t, server)
  const taken: number[] = []
  uplink.on('taken', ({ chunk }) => taken.push(chunk.seq))
  await goLive(uplink)
  t.type(uplink.resumeToken, 'string')
  const chunks = await pieces()
  sendAll(uplink, chunks)
  t.ok(uplink.waiting.length > 0, 'what is not taken waits')
  uplink.finish()
  await becomes(uplink, 'ended')
  t.same(states, ['connecting', 'live', 'ending', 'ended'])
  t.equal(uplink.endReason, 'ended by owner')
  t.same(taken, chunks.map((_, seq) => seq))
  t.equal(uplink.sentBytes, chunks.reduce((sum, { length }) => sum + length, 0))
  t.equal(uplink.reconnects, 0)
  const playlist = await playlistOf(server)
  t.ok(playlist.ended)
  t.ok(Math.abs(playlist.seconds - 3) < 0.1, `${playlist.seconds} s`)
})

t.test('what is recorded while there is no connection comes afterwards', async t => {
  const server = await startServer(t)
  const way = await cuttable(t, server)
  const { uplink, states } = newUplink(t, way)
  const chunks = await pieces()
  await goLive(uplink)
  sendAll(uplink, chunks.slice(0, 4))
  await next(uplink, 'taken', ({ chunk }) => chunk.seq === 3)
  way.block()
  await becomes(uplink, 'reconnecting')
  sendAll(uplink, chunks.slice(4))
  t.equal(uplink.waiting.length, PIECES - 4)
  way.restore()
  await becomes(uplink, 'live')
  uplink.finish()
  await becomes(uplink, 'ended')
  t.same(states, ['connecting', 'live', 'reconnecting', 'live', 'ending', 'ended'])
  t.equal(uplink.reconnects, 1)
  const playlist = await playlistOf(server)
  t.ok(Math.abs(playlist.seconds - 3) < 0.1, `${playlist.seconds} s`)
  t.same(playlist.segments.filter(({ discontinuity }) => discontinuity), [], 'one uninterrupted recording')
})

t.test('a connection that is lost while the rest is sent', async t => {
  const server = await startServer(t)
  const way = await cuttable(t, server)
  const { uplink } = newUplink(t, way)
  await goLive(uplink)
  way.block()
  sendAll(uplink, await pieces())
  uplink.finish()
  t.equal(uplink.state, 'ending')
  way.restore()
  await becomes(uplink, 'ended')
  t.equal(uplink.endReason, 'ended by owner')
  t.ok(Math.abs((await playlistOf(server)).seconds - 3) < 0.1)
})

t.test('an end whose answer is lost begins no other broadcast', async t => {
  const server = await startServer(t)
  const way = await cuttable(t, server)
  const { uplink } = newUplink(t, way)
  const viewer = newClient(server)
  await goLive(uplink)
  await viewer.ask('join-stream', { streamKey: 'stream', userId: 'bob' })
  sendAll(uplink, await pieces())
  await next(uplink, 'taken', ({ chunk }) => chunk.seq === PIECES - 1)
  way.swallowAnswers()
  const ended = viewer.heard.next('stream-ended')
  uplink.finish()
  await ended
  way.cut()
  await becomes(uplink, 'ended')
  t.equal((await http(server, '/livestream/active')).json.count, 0)
})

t.test('a server that cannot go on wants a new recording', async t => {
  const server = await startServer(t, { options: { resumeWindowSeconds: 1 } })
  const way = await cuttable(t, server)
  const { uplink } = newUplink(t, way)
  const viewer = newClient(server)
  await goLive(uplink)
  await viewer.ask('join-stream', { streamKey: 'stream', userId: 'bob' })
  const chunks = await pieces()
  sendAll(uplink, chunks.slice(0, -1))
  await viewer.heard.next('stream-segments-updated')
  const safe = next(uplink, 'taken', ({ safeSeq }) => safeSeq >= 0)
  sendAll(uplink, chunks.slice(-1))
  await safe
  const ended = viewer.heard.next('stream-ended')
  const token = uplink.resumeToken
  way.block()
  await ended
  const before = await playlistOf(server)
  const anew = next(uplink, 'anew')
  way.restore()
  t.ok((await anew).since < performance.now())
  t.not(uplink.resumeToken, token, 'it is another broadcast')
  t.equal(uplink.keptBytes, 0, 'what was kept lacks its header')
  sendAll(uplink, chunks)
  uplink.finish()
  await becomes(uplink, 'ended')
  const after = await playlistOf(server)
  t.equal(after.mediaSequence, before.mediaSequence + before.segments.length)
  t.ok(Math.abs(after.seconds - 3) < 0.1, `${after.seconds} s`)
})

t.test('what the server refuses is told in its words', async t => {
  const server = await startServer(t, { options: { publishAuth: 'key', publishKeys: ['a-key-of-16-characters-or-more'] } })
  const credential = 'a-key-of-16-characters-or-more'
  await newBroadcaster(server, 'taken', { auth: { token: credential } })
  for (const [options, code] of [
    [{ credential: undefined }, 'UNAUTHORIZED'],
    [{ credential: 'another-key-of-16-characters' }, 'UNAUTHORIZED'],
    [{ credential, streamKey: 'taken', userId: 'bob' }, 'STREAM_ALREADY_EXISTS'],
    [{ credential, streamKey: '../up' }, 'INVALID_REQUEST']
  ] as const) {
    const { uplink, states } = newUplink(t, server, options)
    uplink.start()
    await becomes(uplink, 'failed')
    t.equal(uplink.error?.code, code)
    t.ok(uplink.error!.message.length > 10, uplink.error!.message)
    t.same(states, ['connecting', 'failed'])
  }
})

t.test('a server that says when to come back is asked again then', async t => {
  const server = await startServer(t, { options: { maxConnectionsPerMinute: 1 } })
  const first = newUplink(t, server)
  await goLive(first.uplink)
  const { uplink } = newUplink(t, server, { streamKey: 'other' })
  uplink.start()
  const trouble = await next(uplink, 'trouble')
  t.equal(trouble.code, 'CONNECTION_FAILED')
  t.ok(trouble.retryAfterMs! > 0)
  t.equal(uplink.state, 'connecting', 'it waits')
  uplink.finish()
  t.match(uplink, { state: 'ended', endReason: 'stopped before it began' })
})

t.test('a stream is taken over', async t => {
  const server = await startServer(t)
  const { uplink: one } = newUplink(t, server)
  await goLive(one)
  const { uplink: two } = newUplink(t, server, { resumeToken: one.resumeToken! })
  const failed = becomes(one, 'failed')
  await goLive(two)
  await failed
  t.equal(one.error?.code, 'TAKEN_OVER')
  sendAll(two, await pieces())
  two.finish()
  await becomes(two, 'ended')
  t.ok(Math.abs((await playlistOf(server)).seconds - 3) < 0.1, 'the new one counts from 0')
})

t.test('ended by somebody else, and complaints on the way', async t => {
  const server = await startServer(t)
  const { uplink } = newUplink(t, server)
  await goLive(uplink)
  const trouble = next(uplink, 'trouble')
  uplink.send(Buffer.from('this is no recording at all'), 27)
  t.equal((await trouble).code, 'MEDIA_ERROR')
  t.equal(uplink.state, 'live')
  await http(server, '/livestream/stream/stop', { method: 'POST', body: { action: 'stop', timestamp: 0, userId: 'alice' } })
  await becomes(uplink, 'ended')
  t.equal(uplink.endReason, 'stopped')
})

t.test('viewers are told', async t => {
  const server = await startServer(t)
  const { uplink } = newUplink(t, server)
  await goLive(uplink)
  const count = next(uplink, 'viewers')
  const viewer = newClient(server)
  await viewer.ask('join-stream', { streamKey: 'stream', userId: 'bob' })
  t.equal(await count, 1)
})

t.test('nobody answers', async t => {
  const server = await startServer(t)
  const way = await cuttable(t, server)
  way.block()
  const { uplink } = newUplink(t, way, { connectTimeoutMs: 300 })
  uplink.start()
  await becomes(uplink, 'failed')
  t.equal(uplink.error?.code, 'NO_CONNECTION')

  const other = newUplink(t, way, { giveUpMs: 300, endTimeoutMs: 300 })
  way.restore()
  await goLive(other.uplink)
  way.block()
  await becomes(other.uplink, 'failed')
  t.equal(other.uplink.error?.code, 'NO_CONNECTION', 'nor for long')

  const last = newUplink(t, way, { streamKey: 'last', endTimeoutMs: 300 })
  way.restore()
  await goLive(last.uplink)
  way.block()
  last.uplink.finish()
  await becomes(last.uplink, 'ended')
  t.equal(last.uplink.endReason, 'stopped without a connection')
})

t.test('nothing is heard of what is over', async t => {
  const server = await startServer(t)
  const { uplink } = newUplink(t, server)
  uplink.abort()
  t.equal(uplink.state, 'ended')
  uplink.finish()
  uplink.abort()
  t.equal(uplink.state, 'ended')
  const { uplink: other } = newUplink(t, server)
  await goLive(other)
  other.abort()
  t.match(other, { state: 'ended', endReason: 'left' })
})

t.test('what takes more than the server has left is refused in words, and not tried again', async t => {
  const server = await startServer(t, { options: { cpuBudget: 0.01, videoCost: 10 } })
  const { uplink, states } = newUplink(t, server)
  const started: unknown[] = []
  uplink.on('started', () => started.push(0))
  await goLive(uplink)
  sendAll(uplink, inPieces(await recording({ seconds: 3, video: 'vp8' }), PIECES))
  await becomes(uplink, 'failed')
  t.match(uplink.error, { code: 'SERVER_BUSY', message: /its video has to be transcoded; .*Record H\.264, which is copied/, retryAfterMs: 10_000 })
  t.same(states, ['connecting', 'live', 'failed'])
  t.equal(started.length, 1)
})

t.test('a full server: a broadcast that has not begun does not wait for it', async t => {
  const server = await startServer(t, { options: { maxStreams: 1 } })
  await newBroadcaster(server, 'other')
  const { uplink, states } = newUplink(t, server)
  uplink.start()
  await becomes(uplink, 'failed')
  t.match(uplink.error, { code: 'SERVER_BUSY', message: 'The server carries 1 streams already', retryAfterMs: 10_000 })
  t.same(states, ['connecting', 'failed'])
})
