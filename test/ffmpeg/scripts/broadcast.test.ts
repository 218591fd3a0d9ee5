import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { broadcast, type BroadcastOptions, type BroadcastProgress } from '../../../scripts/broadcaster/broadcast.ts'
import { http } from '../../fixtures/http.ts'
import { newBroadcaster } from '../../fixtures/client.ts'
import { cuttable } from '../../fixtures/cuttable.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { childProcesses } from '../../fixtures/processes.ts'
import { startServer, type TestServer } from '../../fixtures/server.ts'

const small = { userId: 'sender', source: { kind: 'generated' }, width: 160, height: 90, frameRate: 15, videoKbps: 100, chunkMs: 100 } satisfies Partial<BroadcastOptions>

async function playlistOf (server: TestServer, key: string) {
  return readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
}

function secondsOf ({ segments }: { segments: Array<{ durationMs: number }> }): number {
  return segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
}

t.test('all of a broadcast arrives, and nothing of it stays behind', async t => {
  const server = await startServer(t)
  const progress: BroadcastProgress[] = []
  const { reason, chunks, sentBytes, reconnects } = await broadcast({ ...small, url: server.url, streamKey: 'whole', seconds: 3, onAck: step => progress.push(step) })
  t.match({ reason, reconnects }, { reason: 'ended by owner', reconnects: 0 })
  t.same(progress.map(({ seq }) => seq), Array.from({ length: chunks }, (_, seq) => seq), 'each chunk was taken once and in order')
  t.equal(progress.at(-1)?.sentBytes, sentBytes)
  t.ok(progress.some(({ safeSeq }) => safeSeq > 0), 'chunks became safe on the way')
  const playlist = await playlistOf(server, 'whole')
  t.ok(playlist.ended)
  t.ok(Math.abs(secondsOf(playlist) - 3) < 0.1, `${secondsOf(playlist)} s`)
  await server.close()
  t.same(childProcesses(/ffmpeg/), [])
})

t.test('a connection that is cut costs no media', async t => {
  const server = await startServer(t)
  const { url, cut } = await cuttable(t, server)
  let cuts = 0
  const { reconnects } = await broadcast({
    ...small,
    url,
    streamKey: 'cut',
    seconds: 5,
    onAck: ({ seq }) => {
      if (seq >= 15 * (cuts + 1) && cuts < 2) {
        cuts++
        cut()
      }
    }
  })
  t.equal(reconnects, 2)
  const playlist = await playlistOf(server, 'cut')
  t.ok(Math.abs(secondsOf(playlist) - 5) < 0.1, `${secondsOf(playlist)} s`)
  t.same(playlist.segments.filter(({ discontinuity }) => discontinuity), [], 'one uninterrupted recording')
})

t.test('a file is sent as far as it goes', async t => {
  const server = await startServer(t)
  const folder = await mkdtemp(join(tmpdir(), 'headwater-file-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'silent film.mp4')
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=15:duration=2', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '15', path])
  const { reason } = await broadcast({ url: server.url, streamKey: 'file', userId: 'sender', format: 'mp4', source: { kind: 'file', path } })
  t.equal(reason, 'ended by owner')
  const playlist = await playlistOf(server, 'file')
  t.ok(Math.abs(secondsOf(playlist) - 2) < 0.1, `${secondsOf(playlist)} s`)
})

t.test('a signal ends it properly', async t => {
  const server = await startServer(t)
  const stop = new AbortController()
  const { reason } = await broadcast({ ...small, url: server.url, streamKey: 'stopped', signal: stop.signal, onAck: ({ seq }) => { if (seq === 15) stop.abort() } })
  t.equal(reason, 'ended by owner')
  t.ok((await playlistOf(server, 'stopped')).ended)
})

t.test('what cannot be is told', async t => {
  const server = await startServer(t)
  await newBroadcaster(server, 'taken')
  await t.rejects(broadcast({ ...small, url: server.url, streamKey: 'taken' }), { message: /^STREAM_ALREADY_EXISTS/ })
  await t.rejects(broadcast({ ...small, url: server.url, streamKey: '../up' }), { message: /^INVALID_REQUEST/ })
  await t.rejects(broadcast({ ...small, url: server.url, streamKey: 'no-file', source: { kind: 'file', path: '/nowhere.mp4' } }), { message: /There is nothing to send in \/nowhere\.mp4/ })
  await t.rejects(broadcast({ ...small, url: server.url, streamKey: 'no-ffmpeg', ffmpegPath: process.execPath }), { message: /^FFmpeg could not record/ })
  await t.rejects(broadcast({ ...small, url: server.url, streamKey: 'late', signal: AbortSignal.abort() }), { message: 'Stopped before it began' })
  t.same(childProcesses(/ffmpeg/), [])
})
