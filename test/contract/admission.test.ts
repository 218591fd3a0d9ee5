import t from 'tap'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { programThat } from '../fixtures/programs.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const start = { method: 'POST', body: { userId: 'bob', action: 'start', timestamp: 1704110400 } }

/** All series of the metrics that begin so, by what follows. */
async function metrics (server: TestServer, prefix: string): Promise<Record<string, number>> {
  const { text } = await http(server, '/livestream/metrics')
  const lines = text.split('\n').filter(line => line.startsWith(prefix))
  return Object.fromEntries(lines.map(line => [line.slice(prefix.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

async function admission (server: TestServer) {
  return (await http(server, '/livestream/health')).json.admission
}

async function streamData (server: TestServer, key: string) {
  return (await http(server, `/livestream/${key}/status`)).json.local.streamData
}

t.test('transcodes that do not fit into the CPU budget are refused, and told so; the one that fits is not disturbed', async t => {
  const server = await startServer(t, { options: { cpuBudget: 0.05 } })
  const pieces = inPieces(await recording({ seconds: 6, video: 'vp8', audio: 'opus' }), 12)
  const first = await newBroadcaster(server, 'first')
  await sendAll(first, 'first', pieces.slice(0, 6))
  await first.heard.next('stream-segments-updated')
  t.match(await streamData(server, 'first'), { kind: 'video-transcode', costCores: Number, degraded: null })
  t.strictSame(await admission(server), { budgetCores: 0.05, reservedCores: 0.03, streams: 1, maxStreams: 64, startsWaiting: 0 })

  const refused = async (key: string, owner: Client) => {
    const viewer = newClient(server)
    await viewer.ask('join-stream', { streamKey: key, userId: 'v' })
    owner.socket.emit('stream-data', { streamKey: key, seq: 0, chunk: pieces[0] })
    const { error, ...rest } = await owner.heard.next('stream-error')
    t.strictSame(rest, { code: 'SERVER_BUSY', streamKey: key, retryAfterMs: 10_000 })
    t.equal(error, 'This stream needs 0.03 CPU cores, because its video has to be transcoded; the server has too little left (0.02 of 0.05 are free). Record H.264, which is copied, or try again later')
    for (const { heard } of [owner, viewer]) t.strictSame(await heard.next('stream-ended'), { streamKey: key, reason: 'server busy' })
    t.match(await owner.ask('stream-data', { streamKey: key, seq: 1, chunk: pieces[1] }), { code: 'STREAM_NOT_FOUND' })
  }
  await Promise.all(['second', 'third'].map(async key => await refused(key, await newBroadcaster(server, key))))

  const copied = await newBroadcaster(server, 'copied')
  await sendAll(copied, 'copied', inPieces(await recording({ seconds: 3 }), 6))
  await copied.heard.next('stream-segments-updated')
  t.match(await streamData(server, 'copied'), { kind: 'copy', costCores: 0.003 })
  t.equal(copied.heard.count('stream-error'), 0, 'one that is copied still fits')

  t.match(await metrics(server, 'headwater_streams_refused_total'), { '{reason="cpu"}': 2, '{reason="streams"}': 0, '{reason="storage"}': 0, '{reason="closing"}': 0 })
  t.match(await metrics(server, 'headwater_streams_ended_total'), { '{reason="server busy"}': 2 })
  const reserved = await metrics(server, 'headwater_cpu_reserved_cores')
  t.equal(reserved['{kind="copy"}'], 0.003)
  t.equal(reserved['{kind="audio-transcode"}'], 0)
  t.ok(reserved['{kind="video-transcode"}']! > 0.029 && reserved['{kind="video-transcode"}']! < 0.03, `${reserved['{kind="video-transcode"}']}`)
  t.strictSame(await metrics(server, 'headwater_cpu_budget_cores'), { '': 0.05 })
  t.strictSame(await metrics(server, 'headwater_cpu_overcommitted_total'), { '': 0 })
  t.strictSame(await metrics(server, 'headwater_starts_waiting'), { '': 0 })

  await sendAll(first, 'first', pieces.slice(6), 6)
  await first.ask('end-stream', { streamKey: 'first', userId: 'alice' })
  await copied.ask('end-stream', { streamKey: 'copied', userId: 'alice' })
  const { segments } = readPlaylist((await http(server, '/livestream/first/stream.m3u8')).text)
  t.ok(Math.abs(segments.reduce((sum, { durationMs }) => sum + durationMs, 0) - 6_000) < 200)
  t.equal(first.heard.count('stream-error'), 0)
  t.match(await admission(server), { reservedCores: 0, streams: 0 })

  const next = await newBroadcaster(server, 'second')
  await sendAll(next, 'second', pieces.slice(0, 6))
  await next.heard.next('stream-segments-updated')
  t.equal(next.heard.count('stream-error'), 0, 'what ends gives its share to the next')
})

t.test('when not even a copied stream would fit, a start is answered SERVER_BUSY, over Socket.IO and HTTP', async t => {
  const server = await startServer(t, { options: { cpuBudget: 0.15, copyCost: 0.1 } })
  const owner = await newBroadcaster(server, 'show')
  await sendAll(owner, 'show', inPieces(await recording({ seconds: 3 }), 6))
  await owner.heard.next('stream-segments-updated')
  const body = { code: 'SERVER_BUSY', error: "Streams take all of the server's CPU budget (0.05 of 0.15 are free). Try again later", streamKey: 'other', retryAfterMs: 10_000 }
  t.strictSame(await newClient(server).ask('start-stream', { streamKey: 'other', userId: 'bob' }), body)
  const answer = await http(server, '/livestream/other/start', start)
  t.equal(answer.status, 503)
  t.strictSame(answer.json, body)
  t.match(await newClient(server).ask('start-stream', { streamKey: 'show', userId: 'alice', resumeToken: owner.started.resumeToken }), { status: 'active' }, 'a stream that runs goes on')
  t.match(await metrics(server, 'headwater_streams_refused_total'), { '{reason="cpu"}': 2 })
})

t.test('another recorder that is dearer: the running stream goes on beyond the budget, and that is counted', async t => {
  const server = await startServer(t, { options: { cpuBudget: 0.005 } })
  const owner = await newBroadcaster(server, 'show')
  const sent = [...inPieces(await recording({ seconds: 3 }), 6), ...inPieces(await recording({ seconds: 3, video: 'vp8' }), 6)]
  await sendAll(owner, 'show', sent)
  await owner.ask('end-stream', { streamKey: 'show', userId: 'alice' })
  t.equal(owner.heard.count('stream-error'), 0)
  t.match(await metrics(server, 'headwater_cpu_overcommitted_total'), { '': 1 })
  const { segments } = readPlaylist((await http(server, '/livestream/show/stream.m3u8')).text)
  t.ok(Math.abs(segments.reduce((sum, { durationMs }) => sum + durationMs, 0) - 6_000) < 200)
})

t.test('an encoder that falls behind is told in every place, and is no failure', async t => {
  const server = await startServer(t, { options: { ffmpegPath: programThat('is-slow'), encoderLagSeconds: 0.5 } })
  const owner = await newBroadcaster(server, 'show')
  await sendAll(owner, 'show', inPieces(await recording({ seconds: 4 }), 8))
  t.strictSame(await owner.heard.next('stream-condition'), { streamKey: 'show', condition: 'degraded', reason: 'encoder-slow' })
  t.match(await streamData(server, 'show'), { degraded: 'encoder-slow', encoder: { state: 'running', restarts: 0 } })
  t.match(await metrics(server, 'headwater_degraded_streams'), { '{reason="encoder-slow"}': 1 })
  t.strictSame(await owner.heard.next('stream-condition'), { streamKey: 'show', condition: 'good', reason: null })
  t.match(await streamData(server, 'show'), { degraded: null })
  t.match(await metrics(server, 'headwater_faults_total'), { '{reason="encoder-slow"}': 1, '{reason="encoder-hung"}': 0 })
  t.equal(owner.heard.count('stream-error'), 0)
})
