import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

async function streamData (server: TestServer, key: string) {
  return (await http(server, `/livestream/${key}/status`)).json.local.streamData
}

/** The value of one series of the metrics. */
async function metric (server: TestServer, series: string): Promise<number> {
  const { status, headers, text } = await http(server, '/livestream/metrics')
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const line = text.split('\n').find(line => line.startsWith(`${series} `))
  if (line === undefined) throw new Error(`There is no ${series} in ${text}`)
  return Number(line.split(' ').at(-1))
}

for (const { signal, fault } of [{ signal: 'SIGKILL', fault: 'encoder-killed' }, { signal: 'SIGSTOP', fault: 'encoder-hung' }] as const) {
  t.test(`a fault has one name everywhere: ${fault}`, async t => {
    const ffmpeg = await loggedFfmpeg(t)
    const server = await startServer(t, { options: { ffmpegPath: ffmpeg.path, ffmpegStaleSeconds: 1 } })
    const owner = await newBroadcaster(server, 'show')
    const viewer = newClient(server)
    await viewer.ask('join-stream', { streamKey: 'show', userId: 'v' })
    const pieces = inPieces(await recording({ seconds: 12 }), 12)
    await sendAll(owner, 'show', pieces.slice(0, 4))
    await owner.heard.next('stream-segments-updated')
    t.match(await streamData(server, 'show'), { degraded: null, encoder: { state: 'running', restarts: 0, lastFault: null, stalled: null }, maxHeldBytes: 64_000_000 })
    process.kill((await ffmpeg.nthStart(1)).pid, signal)
    await sendAll(owner, 'show', pieces.slice(4), 4)
    for (const { heard } of [owner, viewer]) {
      t.strictSame(await heard.next('stream-condition'), { streamKey: 'show', condition: 'degraded', reason: fault })
      t.strictSame(await heard.next('stream-condition', ({ condition }) => condition === 'good'), { streamKey: 'show', condition: 'good', reason: null })
    }
    t.match(await streamData(server, 'show'), { degraded: null, encoder: { restarts: 1, lastFault: fault } })
    t.equal(await metric(server, `headwater_faults_total{reason="${fault}"}`), 1)
    t.equal(await metric(server, 'headwater_faults_total{reason="disk-full"}'), 0)
    t.equal(await metric(server, 'headwater_streams{state="live"}'), 1)
    t.equal(await metric(server, `headwater_degraded_streams{reason="${fault}"}`), 0)
    await owner.ask('end-stream', { streamKey: 'show', userId: 'alice' })
    t.equal(await metric(server, 'headwater_streams_ended_total{reason="ended by owner"}'), 1)
    t.equal(await metric(server, 'headwater_streams{state="live"}'), 0)
    const { segments } = readPlaylist((await http(server, '/livestream/show/stream.m3u8')).text)
    t.equal(await metric(server, 'headwater_segments_total'), segments.length)
    t.notMatch((await http(server, '/livestream/metrics')).text, /show|alice/, 'neither keys nor names')
  })
}

t.test('back-pressure: a stopped FFmpeg delays the acknowledgements, memory stays bounded, and all of it is published', async t => {
  const ffmpeg = await loggedFfmpeg(t)
  const maxHeldBytes = 500_000
  const server = await startServer(t, { options: { ffmpegPath: ffmpeg.path, ffmpegStaleSeconds: 600, ffmpegStartSeconds: 600, maxHeldBytes, maxChunkBytes: 100_000 } })
  const owner = await newBroadcaster(server, 'held')
  const seconds = 40
  const pieces = inPieces(await recording({ seconds, videoKbps: 500 }), 4 * seconds)
  await sendAll(owner, 'held', pieces.slice(0, 16))
  await owner.heard.next('stream-segments-updated')
  const { pid } = await ffmpeg.nthStart(1)
  process.kill(pid, 'SIGSTOP')
  t.teardown(() => { try { process.kill(pid, 'SIGCONT') } catch { /* it has gone */ } })
  let answered = 15
  let greatest = 0
  const sending = (async () => {
    for (const [index, chunk] of pieces.slice(16).entries()) {
      await owner.ask('stream-data', { streamKey: 'held', seq: 16 + index, chunk })
      answered++
    }
  })()
  for (let same = 0, last = -1; same < 20; same = answered === last ? same + 1 : 0) {
    last = answered
    const { heldBytes } = await streamData(server, 'held')
    greatest = Math.max(greatest, heldBytes)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  t.ok(answered < pieces.length - 10, `${answered} of ${pieces.length} chunks were answered`)
  t.ok(greatest >= maxHeldBytes, 'it is the bound that holds them up')
  t.ok(greatest <= maxHeldBytes + 2 * pieces[0]!.length, `${greatest} bytes held at most, with a bound of ${maxHeldBytes} and chunks of ${pieces[0]!.length}`)
  t.comment(`stopped FFmpeg: ${greatest} bytes held at most, the bound is ${maxHeldBytes}`)
  process.kill(pid, 'SIGCONT')
  await sending
  await owner.ask('end-stream', { streamKey: 'held', userId: 'alice' })
  const { segments } = readPlaylist((await http(server, '/livestream/held/stream.m3u8')).text)
  const published = segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
  t.ok(Math.abs(published - seconds) < 0.2, `${published} s of ${seconds}`)
  t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 0)
  t.equal(owner.heard.count('stream-error'), 0)
})
