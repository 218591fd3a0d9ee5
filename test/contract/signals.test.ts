import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import { logName } from '../../src/media/log-name.ts'
import { startServerProcess, type ServerProcess } from '../chaos/server-process.ts'
import { Transcript } from '../fixtures/transcript.ts'
import { inPieces, recording } from '../fixtures/recording.ts'

/** The server as a process of its own, with a stream that has segments. */
async function broadcasting (t: Test, env: Record<string, string> = {}): Promise<{ server: ServerProcess, manifest (): Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-signals-'))
  const server = await startServerProcess({ folder, env })
  const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false })
  t.teardown(async () => {
    socket.disconnect()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const heard = new Transcript(socket)
  await socket.emitWithAck('start-stream', { streamKey: 'show', userId: 'alice' })
  for (const [seq, chunk] of inPieces(await recording({ seconds: 5 }), 10).entries()) await socket.emitWithAck('stream-data', { streamKey: 'show', seq, chunk })
  await heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  return { server, manifest: async () => await readFile(join(folder, 'show', 'stream.m3u8'), 'utf8') }
}

t.test('SIGTERM: running streams are left to the next server, and nothing else is left', async t => {
  const { server, manifest } = await broadcasting(t)
  t.strictSame(await server.kill('SIGTERM'), { code: 0, signal: null })
  t.strictSame(await server.childrenGone(), [])
  t.notMatch(await manifest(), /ENDLIST/)
  await server.restart()
  t.match(await server.waitFor(({ msg }) => msg.startsWith('stream found again')), { stream: logName('show') })
})

t.test('SIGTERM with CLOSE_STREAMS=end: they end', async t => {
  const { server, manifest } = await broadcasting(t, { CLOSE_STREAMS: 'end' })
  t.strictSame(await server.kill('SIGTERM'), { code: 0, signal: null })
  t.match(await manifest(), /#EXT-X-ENDLIST\n$/)
  const from = server.lines.length
  await server.restart()
  t.equal(server.lines.slice(from).some(({ msg }) => msg.startsWith('stream found again')), false)
})

t.test('a second signal ends the server at once, and the next one still finds the stream', async t => {
  // An FFmpeg that has to be waited for.
  const { server } = await broadcasting(t, { CLOSE_GRACE_SECONDS: '60', CLOSE_TIMEOUT_MS: '60000', FFMPEG_DRAIN_SECONDS: '60' })
  const { pid } = server.lines.find(({ msg }) => msg === 'FFmpeg started')!
  process.kill(pid!, 'SIGSTOP')
  const began = performance.now()
  process.kill(server.pid, 'SIGTERM')
  await server.waitFor(({ msg }) => msg === 'closing')
  const { code, signal } = await server.kill('SIGTERM')
  t.ok(performance.now() - began < 5_000, `${Math.round(performance.now() - began)} ms`)
  t.ok(code !== 0 || signal !== null, 'it says that this was no proper end')
  process.kill(pid!, 'SIGCONT')
  t.strictSame(await server.childrenGone(), [], 'FFmpeg sees the end of its input')
  await server.restart()
  t.match(await server.waitFor(({ msg }) => msg.startsWith('stream found again')), { stream: logName('show') })
})
