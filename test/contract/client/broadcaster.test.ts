import t, { type Test } from 'tap'
import { Broadcaster, type BroadcasterEvents, type BroadcasterOptions, type BroadcastSnapshot } from '../../../src/client/broadcaster.ts'
import type { Change } from '../../../src/client/stateful.ts'
import { newBroadcaster, newClient } from '../../fixtures/client.ts'
import { cuttable } from '../../fixtures/cuttable.ts'
import { http } from '../../fixtures/http.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { startServer, type TestServer } from '../../fixtures/server.ts'
import { beABrowser, FakeRecorder, FakeStream } from './fake-recorder.ts'

beABrowser()

const PIECES = 12
const pieces = async () => inPieces(await recording({ seconds: 3 }), PIECES)

function newBroadcast (t: Test, { url }: Pick<TestServer, 'url'>, options: Partial<BroadcasterOptions> = {}) {
  const broadcaster = new Broadcaster({ server: url, streamKey: 'stream', userId: 'alice', ...options })
  t.teardown(() => broadcaster.abort())
  const stream = new FakeStream()
  return { broadcaster, stream, start: async () => await broadcaster.start(stream as never), replace: (other: FakeStream) => broadcaster.replace(other as never) }
}

type Events = BroadcasterEvents & Change<BroadcastSnapshot>

async function next<Name extends keyof Events> (broadcaster: Broadcaster, name: Name): Promise<Events[Name]> {
  return await new Promise(resolve => {
    const off = broadcaster.on(name, value => {
      off()
      resolve(value)
    })
  })
}

async function until (broadcaster: Broadcaster, is: (snapshot: BroadcastSnapshot) => boolean): Promise<BroadcastSnapshot> {
  while (!is(broadcaster.snapshot)) await next(broadcaster, 'change')
  return broadcaster.snapshot
}

async function playlistOf (server: TestServer) {
  const { segments, ended } = readPlaylist((await http(server, '/livestream/stream/stream.m3u8')).text)
  return { ended, discontinuities: segments.filter(({ discontinuity }) => discontinuity).length, seconds: segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000 }
}

t.test('what is recorded is published', async t => {
  const server = await startServer(t)
  const { broadcaster, start, stream } = newBroadcast(t, server)
  t.match(broadcaster.snapshot, { state: 'idle', isRecording: false, mimeType: '', liveSince: undefined })
  await start()
  t.match(broadcaster.snapshot, { state: 'live', isRecording: true, liveSince: Number })
  const recorder = FakeRecorder.latest
  t.equal(recorder.stream, stream)
  t.match(recorder, { timeslice: 250, init: { mimeType: 'video/x-matroska;codecs=avc1,opus', videoKeyFrameIntervalDuration: 1_000, videoBitsPerSecond: 2_500_000 } })
  const chunks = await pieces()
  for (const chunk of chunks.slice(0, -1)) recorder.give(chunk)
  recorder.rest = chunks.at(-1)!
  t.equal(broadcaster.snapshot.mimeType, 'video/x-matroska;codecs=avc1,opus')
  const { stats } = await until(broadcaster, ({ stats }) => stats.recordedBitrate > 0 && stats.queuedChunks === 0)
  t.match(stats, { queuedBytes: 0, lagSeconds: 0, reconnects: 0 })
  t.ok(stats.takenBitrate > 0 && stats.sentBytes > 0)
  await broadcaster.stop()
  t.match(broadcaster.snapshot, { state: 'ended', endReason: 'ended by owner', isRecording: false })
  const playlist = await playlistOf(server)
  t.ok(playlist.ended)
  t.ok(Math.abs(playlist.seconds - 3) < 0.1, `${playlist.seconds} s, the rest of the recorder too`)
})

/** Ends a recording of 3 s before its rest is there, in favour of another: both are published, one after the other. */
async function isFollowed (t: Test, server: TestServer, { broadcaster, end }: { broadcaster: Broadcaster, end: (recorder: FakeRecorder) => void }): Promise<void> {
  const [first, chunks] = [FakeRecorder.latest, await pieces()]
  for (const chunk of chunks.slice(0, -1)) first.give(chunk)
  first.rest = chunks.at(-1)!
  end(first)
  const second = FakeRecorder.latest
  t.not(second, first)
  t.equal(first.state, 'inactive')
  // Before the first one has handed over its rest.
  for (const chunk of chunks) second.give(chunk)
  await broadcaster.stop()
  const { seconds, discontinuities } = await playlistOf(server)
  t.ok(Math.abs(seconds - 6) < 0.2, `${seconds} s of both`)
  t.equal(discontinuities, 1, 'in their order')
}

t.test('another camera in mid-stream', async t => {
  const server = await startServer(t)
  const { broadcaster, start, replace } = newBroadcast(t, server)
  await start()
  await isFollowed(t, server, { broadcaster, end: () => replace(new FakeStream()) })
})

t.test('large chunks are split', async t => {
  const server = await startServer(t)
  const { broadcaster, start } = newBroadcast(t, server, { maxChunkBytes: 1_000 })
  await start()
  FakeRecorder.latest.give(await recording({ seconds: 3 }))
  await broadcaster.stop()
  t.ok(Math.abs((await playlistOf(server)).seconds - 3) < 0.1)
})

t.test('memory is bounded', async t => {
  const server = await startServer(t)
  const way = await cuttable(t, server)
  const chunks = inPieces(await recording({ seconds: 6 }), 24)
  const { broadcaster, start } = newBroadcast(t, way, { maxKeptBytes: chunks[0]!.length * 20 })
  await start()
  way.block()
  await until(broadcaster, ({ state }) => state === 'reconnecting')
  const full = next(broadcaster, 'trouble')
  const recorder = FakeRecorder.latest
  for (const chunk of chunks) recorder.give(chunk)
  t.equal((await full).code, 'BUFFER_FULL')
  t.equal(broadcaster.snapshot.isRecording, false)
  t.equal(recorder.state, 'inactive')
  const gap = next(broadcaster, 'gap')
  way.restore()
  t.match(await gap, { cause: 'buffer-full', seconds: Number })
  t.not(FakeRecorder.latest, recorder, 'a new recording, with a header of its own')
  t.equal(broadcaster.snapshot.isRecording, true)
  await broadcaster.stop()
  t.ok((await playlistOf(server)).seconds > 4.9, 'what was kept is published')
})

t.test('a connection that was gone for too long', async t => {
  const server = await startServer(t, { options: { resumeWindowSeconds: 0 } })
  const way = await cuttable(t, server)
  const { broadcaster, start } = newBroadcast(t, way)
  await start()
  const viewer = newClient(server)
  await viewer.ask('join-stream', { streamKey: 'stream', userId: 'bob' })
  const listed = viewer.heard.next('stream-segments-updated')
  const recorder = FakeRecorder.latest
  const chunks = await pieces()
  for (const chunk of chunks.slice(0, -1)) recorder.give(chunk)
  await listed
  // The answer to it says that the first ones are safe, so they are forgotten.
  recorder.give(chunks.at(-1)!)
  await until(broadcaster, ({ stats }) => stats.queuedChunks === 0 && stats.sentBytes > 0 && stats.keptBytes < stats.sentBytes)
  const gap = next(broadcaster, 'gap')
  way.cut()
  const { cause, seconds } = await gap
  t.equal(cause, 'window-over')
  t.ok(seconds > 0)
  t.not(FakeRecorder.latest, recorder)
  t.match(broadcaster.snapshot, { state: 'live', isRecording: true })
})

t.test('a recorder that fails', async t => {
  const server = await startServer(t)
  const { broadcaster, start, stream, replace } = newBroadcast(t, server)
  await start()
  const first = FakeRecorder.latest
  const failed = next(broadcaster, 'trouble')
  first.fail(new Error('the encoder is gone'))
  t.match(await failed, { code: 'RECORDER_FAILED', message: /the encoder is gone/ })
  const second = FakeRecorder.latest
  t.not(second, first, 'is started again')
  second.fail(new Error('again'))
  t.equal(FakeRecorder.latest, second, 'but not for ever')
  t.match(broadcaster.snapshot, { state: 'live', isRecording: false })

  replace(new FakeStream())
  t.equal(broadcaster.snapshot.isRecording, true, 'another source does')
  t.not(FakeRecorder.latest.stream, stream)
})

t.test('a recorder that fails without a stop is stopped', async t => {
  const server = await startServer(t)
  const { broadcaster, start } = newBroadcast(t, server)
  await start()
  const troubles: string[] = []
  broadcaster.on('trouble', ({ code }) => { troubles.push(code) })
  await isFollowed(t, server, { broadcaster, end: recorder => recorder.complain(new Error('the encoder is gone')) })
  t.strictSame(troubles, ['RECORDER_FAILED'])
})

t.test('devices that go', async t => {
  const server = await startServer(t)
  const { broadcaster, start, stream, replace } = newBroadcast(t, server)
  await start()
  const lost = next(broadcaster, 'trouble')
  stream.getAudioTracks()[0]!.end()
  t.equal((await lost).code, 'DEVICE_LOST')
  t.equal(broadcaster.snapshot.isRecording, true, 'the picture goes on')
  const all = next(broadcaster, 'trouble')
  stream.getVideoTracks()[0]!.end()
  FakeRecorder.latest.dispatchEvent(new Event('stop'))
  t.equal((await all).code, 'DEVICE_LOST')
  t.match(broadcaster.snapshot, { state: 'live', isRecording: false })
  replace(new FakeStream())
  t.equal(broadcaster.snapshot.isRecording, true)
})

t.test('what does not begin says why', async t => {
  const server = await startServer(t)
  await newBroadcaster(server, 'taken')
  await t.rejects(newBroadcast(t, server, { streamKey: 'taken', userId: 'bob' }).start(), { name: 'ClientError', code: 'STREAM_ALREADY_EXISTS' })
  await t.rejects(newBroadcast(t, server, { streamKey: 'other', format: 'webm-vp8' }).start(), { code: 'FORMAT_UNSUPPORTED' })
  const { broadcaster, start } = newBroadcast(t, server, { streamKey: 'third' })
  const started = t.rejects(start(), { code: 'CANCELLED' })
  await broadcaster.stop()
  await started
  t.equal(broadcaster.snapshot.state, 'ended')
})
