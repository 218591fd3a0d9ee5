import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'
import { silence } from '../fixtures/silence.ts'

t.test('CLOSE_STREAMS=end: streams end with what was sent, everybody is told, no FFmpeg stays', async t => {
  const server = await startServer(t, { options: { closeStreams: 'end' } })
  const owner = await newBroadcaster(server, 'last')
  const viewers = [newClient(server), newClient(server, { transports: ['polling'] })]
  for (const viewer of viewers) await viewer.ask('join-stream', { streamKey: 'last', userId: 'v' })
  const published = owner.heard.next('stream-segments-updated')
  await sendAll(owner, 'last', inPieces(await recording({ seconds: 4 }), 4))
  await published
  t.equal(childProcesses(/ffmpeg/).length, 1)
  await server.app.close()
  for (const { heard } of [owner, ...viewers]) {
    t.strictSame(await heard.next('stream-ended'), { streamKey: 'last', reason: 'server closing' })
    t.match(await heard.next('disconnect'), /^transport/, 'a reason for which the client library reconnects')
  }
  const { ended, segments } = readPlaylist(await readFile(join(server.streamsDir, 'last', 'stream.m3u8'), 'utf8'))
  t.ok(ended)
  t.ok(Math.abs(segments.reduce((sum, { durationMs }) => sum + durationMs, 0) - 4_000) < 200)
  t.strictSame(childProcesses(/ffmpeg/), [])
})

t.test('closing the server does not wait for clients whose network is gone', async t => {
  const server = await startServer(t, { options: { pingIntervalMs: 60_000, pingTimeoutMs: 60_000 } })
  for (let count = 0; count < 3; count++) {
    const client = newClient(server)
    await client.heard.next('connect')
    silence(client.socket)
  }
  const from = performance.now()
  await server.app.close()
  t.ok(performance.now() - from < 10_000)
})
