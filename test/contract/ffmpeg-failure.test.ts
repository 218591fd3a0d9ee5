import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { failingFfmpeg, loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

for (const video of ['h264', 'vp8'] as const) {
  t.test(`HLS-19: FFmpeg is killed in mid-stream and the stream goes on (${video === 'h264' ? 'copied' : 'transcoded'})`, async t => {
    const ffmpeg = await loggedFfmpeg(t)
    const server = await startServer(t, { options: { ffmpegPath: ffmpeg.path, transcodePreset: 'ultrafast' } })
    const owner = await newBroadcaster(server, 'wounded')
    const pieces = inPieces(await recording(video === 'h264' ? { seconds: 12 } : { seconds: 12, video, audio: 'opus' }), 12)
    for (const [run, from] of [0, 4].entries()) {
      await sendAll(owner, 'wounded', pieces.slice(from, from + 4), from)
      const { pid } = await ffmpeg.nthStart(run + 1)
      await owner.ask('leave-stream', { streamKey: 'wounded' })
      const before = owner.heard.count('stream-segments-updated')
      if (run > 0 || before === 0) await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount > before)
      process.kill(pid, 'SIGKILL')
    }
    await sendAll(owner, 'wounded', pieces.slice(8), 8)
    await owner.ask('end-stream', { streamKey: 'wounded', userId: 'alice' })

    t.equal((await ffmpeg.starts()).length, 3, 'each time a new one')
    t.equal(owner.heard.count('stream-error'), 0, 'the broadcaster has nothing to do')
    const { segments, ended } = readPlaylist((await http(server, '/livestream/wounded/stream.m3u8')).text)
    const seconds = segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
    t.ok(Math.abs(seconds - 12) < 0.3, `${seconds} s: restarted from what was held, nothing is missing`)
    t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 2)
    t.strictSame(segments.map(({ name }) => name), segments.map((_, index) => `segment_${index}.ts`))
    t.ok(ended)
  })
}

t.test('HLS-19: when the restart budget is used up: stream-error FFMPEG_ERROR, then stream-ended with the reason "ffmpeg error"', async t => {
  const server = await startServer(t, { options: { ffmpegPath: await failingFfmpeg(t), ffmpegRestarts: 2 } })
  const [owner, viewer] = [await newBroadcaster(server, 'hopeless'), newClient(server)]
  await viewer.ask('join-stream', { streamKey: 'hopeless', userId: 'v' })
  await sendAll(owner, 'hopeless', inPieces(await recording({ seconds: 3 }), 3))
  const error = await owner.heard.next('stream-error')
  t.match(error, { error: /out of order/, code: 'FFMPEG_ERROR', streamKey: 'hopeless' }, "with FFmpeg's own words")
  for (const { heard } of [owner, viewer]) t.strictSame(await heard.next('stream-ended'), { streamKey: 'hopeless', reason: 'ffmpeg error' })
  t.equal(owner.heard.count('stream-error'), 1)
  t.equal(viewer.heard.count('stream-error'), 0, 'viewers have no use for it')
  t.match((await http(server, '/livestream/health')).json, { status: 'healthy', activeStreams: { count: 0 } })
  t.match(await owner.ask('start-stream', { streamKey: 'hopeless', userId: 'alice' }), { status: 'broadcasting' }, 'a new try is possible')
})

t.test('HLS-19: without FFmpeg the server does not start, and says what to do', async t => {
  await t.rejects(startServer(t, { options: { ffmpegPath: '/nowhere/ffmpeg' } }), { code: 'FFMPEG_NOT_FOUND', message: /\/nowhere\/ffmpeg.*FFMPEG_PATH/ })
})
