import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { slowFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist, type Playlist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

async function endAndRead (server: TestServer, client: Awaited<ReturnType<typeof newBroadcaster>>, streamKey: string): Promise<Playlist & { seconds: number }> {
  await client.ask('end-stream', { streamKey, userId: 'alice' })
  const playlist = readPlaylist((await http(server, `/livestream/${streamKey}/stream.m3u8`)).text)
  return { ...playlist, seconds: playlist.segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000 }
}

const SECONDS = 63

const LIMITS = {
  'HLS-15: bytes a minute': (bytes: number) => ({ maxBytesPerMinute: Math.floor(bytes * 60 / SECONDS) }),
  'HLS-16: chunks a minute': () => ({ maxChunksPerMinute: 60 })
}

for (const [limit, optionsFor] of Object.entries(LIMITS)) {
  t.test(`${limit}, with acknowledgements: the answer is delayed, nothing is dropped`, async t => {
    const media = await recording({ seconds: SECONDS })
    const server = await startServer(t, { options: optionsFor(media.length) })
    const from = performance.now()
    const client = await newBroadcaster(server, 'acknowledged')
    const pieces = inPieces(media, SECONDS)
    const answers = await sendAll(client, 'acknowledged', pieces)
    // A minute's allowance at once, then one piece a second.
    const ms = performance.now() - from
    t.ok(ms >= (SECONDS - 60) * 1_000 - 50, `${SECONDS} pieces took ${Math.round(ms)} ms`)
    t.strictSame(answers.map(({ seq }) => seq), pieces.map((_, seq) => seq), 'each was taken')
    t.equal(client.heard.count('stream-error'), 0)

    t.test('HLS-16: not applied to what is resent after a resume', async t => {
      client.socket.disconnect()
      const back = newClient(server, { auth: { resumeToken: client.started.resumeToken } })
      const { nextSeq } = await back.ask('start-stream', { streamKey: 'acknowledged', userId: 'alice', resumeToken: client.started.resumeToken })
      const resumedAt = performance.now()
      const first = Math.min(nextSeq, 30)
      t.strictSame((await sendAll(back, 'acknowledged', pieces.slice(first), first)).map(({ seq }) => seq), pieces.map((_, seq) => seq).slice(first))
      t.ok(performance.now() - resumedAt < 5_000)
      const { seconds, segments } = await endAndRead(server, { ...back, started: undefined }, 'acknowledged')
      t.ok(Math.abs(seconds - SECONDS) < 0.2, `${seconds} s`)
      t.ok(segments.every(({ discontinuity }) => !discontinuity))
    })
  })

  t.test(`${limit}, without acknowledgements: RATE_LIMIT_EXCEEDED, and media is left out up to the next key frame`, async t => {
    const media = await recording({ seconds: SECONDS })
    const pieces = inPieces(Buffer.concat([media, (await recording({ seconds: SECONDS + 14 })).subarray(media.length)]), SECONDS + 14)
    const server = await startServer(t, { options: optionsFor(media.length) })
    const client = await newBroadcaster(server, 'careless')
    for (const chunk of pieces.slice(0, 72)) client.socket.emit('stream-data', { streamKey: 'careless', chunk })
    t.match(await client.heard.next('stream-error'), { error: String, code: 'RATE_LIMIT_EXCEEDED', streamKey: 'careless' })
    // Nothing but time fills the bucket; two chunks' worth, so that one fits for certain.
    await delay(2_200)
    client.socket.emit('stream-data', { streamKey: 'careless', chunk: pieces[72] })
    client.socket.emit('stream-data', { streamKey: 'careless', chunk: pieces[73] })
    const { seconds, segments } = await endAndRead(server, client, 'careless')
    t.equal(client.heard.count('stream-error'), 1, 'a stretch is told once')
    t.ok(seconds > 59 && seconds < 66, `${seconds} s: about a minute and what came after the pause`)
    t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1)
    t.ok(segments.at(-1)!.discontinuity || segments.at(-2)!.discontinuity, 'it goes on behind the gap')
  })
}

t.test('HLS-15: more than can be published (a slow FFmpeg)', async t => {
  const path = await slowFfmpeg(t, 2)
  const media = await recording({ seconds: 10 })

  t.test('with acknowledgements: the answer waits for room', async t => {
    const server = await startServer(t, { options: { ffmpegPath: path, maxHeldBytes: 100_000 } })
    const client = await newBroadcaster(server, 'patient')
    const answers = await sendAll(client, 'patient', inPieces(media, 40))
    t.strictSame(answers.map(({ seq }) => seq), Array.from({ length: 40 }, (_, seq) => seq))
    t.ok(Math.abs((await endAndRead(server, client, 'patient')).seconds - 10) < 0.2)
    t.equal(client.heard.count('stream-error'), 0)
  })

  t.test('with acknowledgements that nobody waits for: refused in the end, to be sent again', async t => {
    const server = await startServer(t, { options: { ffmpegPath: path, maxHeldBytes: 100_000, maxChunkBytes: 20_000 } })
    const client = await newBroadcaster(server, 'pushy')
    const pieces = inPieces(media, 40)
    const answers = await Promise.all(pieces.map(async (chunk, seq) => await client.ask('stream-data', { streamKey: 'pushy', seq, chunk })))
    const refused = answers.findIndex(({ code }) => code === 'RATE_LIMIT_EXCEEDED')
    t.ok(refused > 8, 'what was under way has room')
    t.match(answers[refused], { error: String, code: 'RATE_LIMIT_EXCEEDED', seq: refused - 1, retryAfterMs: Number })
    t.match(await client.heard.next('stream-error'), { code: 'RATE_LIMIT_EXCEEDED', streamKey: 'pushy' })
    await sendAll(client, 'pushy', pieces.slice(refused), refused)
    t.ok(Math.abs((await endAndRead(server, client, 'pushy')).seconds - 10) < 0.2, 'nothing is missing')
  })

  t.test('without acknowledgements: told, and left out up to a key frame', async t => {
    const server = await startServer(t, { options: { ffmpegPath: path, maxHeldBytes: 100_000 } })
    const client = await newBroadcaster(server, 'deaf')
    for (const chunk of inPieces(media, 40)) client.socket.emit('stream-data', { streamKey: 'deaf', chunk })
    t.match(await client.heard.next('stream-error'), { error: String, code: 'RATE_LIMIT_EXCEEDED', streamKey: 'deaf' })
    const { seconds } = await endAndRead(server, client, 'deaf')
    t.ok(seconds > 1 && seconds < 9, `${seconds} s`)
  })
})
