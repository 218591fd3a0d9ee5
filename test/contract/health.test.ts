import { rename } from 'node:fs/promises'
import t from 'tap'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const UNREACHABLE_BYTES = Number.MAX_SAFE_INTEGER

t.test('ready with its folder, not ready without; alive both times, and no limit counts the questions', async t => {
  const server = await startServer(t, { standalone: true, options: { generalRequestsPerMinute: 1, statusRequestsPerMinute: 1 } })
  for (let count = 0; count < 5; count++) {
    t.strictSame((await http(server, '/readyz')).json, { status: 'ready', failing: [] })
    t.strictSame((await http(server, '/livez')).json, { status: 'alive' })
  }
  await rename(server.streamsDir, `${server.streamsDir}-away`)
  const without = await http(server, '/readyz')
  const alive = await http(server, '/livez')
  await rename(`${server.streamsDir}-away`, server.streamsDir)
  t.match(without, { status: 503, headers: { 'cache-control': 'no-store' } })
  t.strictSame(without.json, { status: 'not ready', failing: [{ check: 'folder', reason: 'The folder of the streams is not there' }] })
  t.equal(alive.status, 200)
})

t.test('not ready with a disk that is nearly full', async t => {
  const server = await startServer(t, { standalone: true, options: { diskLowBytes: UNREACHABLE_BYTES, diskCriticalBytes: UNREACHABLE_BYTES } })
  const answer = await http(server, '/readyz')
  t.equal(answer.status, 503)
  t.match(answer.json.failing, [{ check: 'disk', reason: /DISK_CRITICAL_BYTES/ }])
})

t.test('while it closes: not ready, alive, viewers still get what is there, and nothing new begins', async t => {
  const ffmpeg = await loggedFfmpeg(t)
  const server = await startServer(t, { standalone: true, options: { ffmpegPath: ffmpeg.path, closeGraceSeconds: 60, ffmpegDrainSeconds: 60 } })
  const owner = await newBroadcaster(server, 'last')
  await sendAll(owner, 'last', inPieces(await recording({ seconds: 4 }), 4))
  await owner.heard.next('stream-segments-updated')
  const { pid } = await ffmpeg.nthStart(1)
  process.kill(pid, 'SIGSTOP')
  // It waits for FFmpeg.
  const closed = server.app.close()
  t.match(await http(server, '/readyz'), { status: 503, json: { status: 'not ready', failing: [{ check: 'server', reason: 'The server is closing' }] } })
  t.equal((await http(server, '/livez')).status, 200)
  t.match(await http(server, '/livestream/last/stream.m3u8'), { status: 200, text: /segment_0\.ts/ })
  t.equal((await http(server, '/livestream/last/segment_0.ts')).status, 200)
  const post = async (key: string, action: string) => await http(server, `/livestream/${key}/${action}`, { method: 'POST', body: { action, timestamp: 1, userId: 'alice' } })
  t.match(await post('new', 'start'), { status: 503, json: { code: 'SERVER_BUSY', error: 'The server is closing' } })
  t.match(await post('last', 'stop'), { status: 503, json: { code: 'SERVER_BUSY', error: 'The server is closing' } })
  process.kill(pid, 'SIGCONT')
  await closed
})
