import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { LivestreamOptions } from '../../src/livestream/index.ts'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

/** Servers that follow one another on one folder. */
async function servers (t: Test): Promise<{ streamsDir: string, next (options?: LivestreamOptions): Promise<TestServer> }> {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-restart-'))
  let last: TestServer | undefined
  t.teardown(async () => {
    await last?.close()
    await rm(streamsDir, { recursive: true, force: true })
  })
  return {
    streamsDir,
    next: async (options = {}) => {
      await last?.close()
      last = await startServer(t, { options: { streamsDir, ...options } })
      return last
    }
  }
}

async function manifestOf (server: TestServer, key: string, name = 'stream.m3u8') {
  return readPlaylist((await http(server, `/livestream/${key}/${name}`)).text)
}

for (const [name, options] of Object.entries({
  'copied H.264 in Matroska': { seconds: 12 },
  'H.264 in MP4': { seconds: 12, container: 'mp4' },
  'transcoded VP8': { seconds: 12, video: 'vp8', audio: 'opus' }
} as const)) {
  t.test(`a rolling restart: the broadcaster goes on where the first server ended (${name})`, async t => {
    const { streamsDir, next } = await servers(t)
    const settings: LivestreamOptions = { transcodePreset: 'ultrafast' }
    const first = await next(settings)
    const owner = await newBroadcaster(first, 'show')
    const pieces = inPieces(await recording(options), 48)
    const answers = await sendAll(owner, 'show', pieces.slice(0, 26))
    await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
    const viewer = newClient(first)
    await viewer.ask('join-stream', { streamKey: 'show', userId: 'v' })
    await first.app.close()
    t.equal(viewer.heard.count('stream-ended'), 0, 'it has not ended')
    t.match(await owner.heard.next('disconnect'), /^transport/, 'a reason for which the client library reconnects')
    t.strictSame(childProcesses(/ffmpeg/), [])
    const before = readPlaylist(await readFile(join(streamsDir, 'show', 'stream.m3u8'), 'utf8'))
    t.equal(before.ended, false)

    const second = await next(settings)
    t.match((await http(second, '/livestream/show/status')).json, { local: { isActive: true, streamData: { userId: 'alice', state: 'reconnecting', broadcasterSocketId: null, segmentCount: before.segments.length } } })
    t.match(await manifestOf(second, 'show'), { ended: false, segments: before.segments }, 'viewers have what they had')
    const again = newClient(second)
    t.match(await again.ask('start-stream', { streamKey: 'show', userId: 'mallory' }), { code: 'STREAM_ALREADY_EXISTS' }, 'nobody else gets it')
    const resumed = await again.ask('start-stream', { streamKey: 'show', userId: 'alice', resumeToken: owner.started.resumeToken })
    t.match(resumed, { status: 'active', resumeToken: owner.started.resumeToken })
    const told = Math.max(...answers.map(({ safeSeq }) => safeSeq))
    t.ok(resumed.nextSeq > told, `chunk ${resumed.nextSeq} is wanted; up to ${told} was said to be safe`)
    t.ok(resumed.nextSeq <= 26)
    await sendAll(again, 'show', pieces.slice(resumed.nextSeq), resumed.nextSeq)
    t.strictSame(await again.ask('end-stream', { streamKey: 'show', userId: 'alice' }), { streamKey: 'show', reason: 'ended by owner' })

    const after = await manifestOf(second, 'show')
    t.match(after, { ended: true, mediaSequence: 0, segments: before.segments })
    t.strictSame(after.segments.map(({ name }) => name), after.segments.map((_, index) => `segment_${index}.ts`), 'numbering goes on')
    t.equal(after.segments.filter(({ discontinuity }) => discontinuity).length, 1)
    const seconds = after.segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
    t.ok(Math.abs(seconds - 12) < 0.15, `${seconds} s: nothing is missing, nothing is there twice`)
    t.equal(again.heard.count('stream-error'), 1, 'the refusal of the stranger alone')
    t.notOk((await readdir(join(streamsDir, 'show'))).includes('journal.jsonl'), 'the journal is gone with the stream')
  })
}

t.test('nobody comes back: the stream ends after the resume window, with what it has', async t => {
  const { streamsDir, next } = await servers(t)
  const first = await next()
  const owner = await newBroadcaster(first, 'lonely')
  await sendAll(owner, 'lonely', inPieces(await recording({ seconds: 5 }), 10))
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const second = await next({ resumeWindowSeconds: 1 })
  const viewer = newClient(second)
  t.match(await viewer.ask('join-stream', { streamKey: 'lonely', userId: 'v' }), { isLive: true })
  t.match(await viewer.heard.next('stream-reconnecting'), { streamKey: 'lonely' })
  t.strictSame(await viewer.heard.next('stream-ended'), { streamKey: 'lonely', reason: 'broadcaster disconnected' })
  t.match(await manifestOf(second, 'lonely'), { ended: true })
  t.match(await manifestOf(second, 'lonely', 'live.m3u8'), { ended: true })
  t.ok(readPlaylist(await readFile(join(streamsDir, 'lonely', 'stream.m3u8'), 'utf8')).ended)
})

t.test('RESUME_WINDOW_SECONDS=0: what an earlier server left is closed at once', async t => {
  const { next } = await servers(t)
  const owner = await newBroadcaster(await next(), 'over')
  await sendAll(owner, 'over', inPieces(await recording({ seconds: 5 }), 10))
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const second = await next({ resumeWindowSeconds: 0 })
  t.match(await manifestOf(second, 'over'), { ended: true })
  t.match((await http(second, '/livestream/active')).json, { count: 0 })
  t.match(await newClient(second).ask('start-stream', { streamKey: 'over', userId: 'bob' }), { status: 'broadcasting' }, 'the key is free')
})

t.test('the page was loaded anew meanwhile: it counts from 0 again, and its recording follows as a new epoch', async t => {
  const { next } = await servers(t)
  const owner = await newBroadcaster(await next(), 'reloaded')
  await sendAll(owner, 'reloaded', inPieces(await recording({ seconds: 5 }), 10))
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const second = await next()
  const page = newClient(second)
  t.match(await page.ask('start-stream', { streamKey: 'reloaded', userId: 'alice' }), { status: 'active' })
  await sendAll(page, 'reloaded', inPieces(await recording({ seconds: 6 }), 12))
  await page.ask('end-stream', { streamKey: 'reloaded', userId: 'alice' })
  const { segments, ended } = await manifestOf(second, 'reloaded')
  t.ok(ended)
  const from = segments.findIndex(({ discontinuity }) => discontinuity)
  const seconds = segments.slice(from).reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
  t.ok(Math.abs(seconds - 6) < 0.15, `${seconds} s: all of the new recording`)
})

t.test('a client that does not count goes on too, from its next key frame on', async t => {
  const { next } = await servers(t)
  const pieces = inPieces(await recording({ seconds: 12 }), 48)
  const first = await next()
  const owner = await newBroadcaster(first, 'plain')
  for (const chunk of pieces.slice(0, 24)) owner.socket.emit('stream-data', { streamKey: 'plain', chunk })
  await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const second = await next()
  const again = newClient(second)
  t.match(await again.ask('start-stream', { streamKey: 'plain', userId: 'alice' }), { status: 'active' })
  for (const chunk of pieces.slice(25)) again.socket.emit('stream-data', { streamKey: 'plain', chunk })
  await again.ask('end-stream', { streamKey: 'plain', userId: 'alice' })
  const { segments, ended } = await manifestOf(second, 'plain')
  const seconds = segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
  t.ok(ended)
  t.ok(seconds > 8 && seconds < 11.8, `${seconds} s of 12`)
  t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1)
})
