import t, { type Test } from 'tap'
import { newBroadcaster, sendAll, type Client } from '../fixtures/client.ts'
import { AAC, everyFrames, ffmpeg, ffprobe, MATROSKA, numbered, OPUS, tone, VP8, WEBM, X264 } from '../fixtures/generate.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist, type Playlist } from '../fixtures/playlist.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { inPieces } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const RATE = 30
const SETTINGS = { maxBytesPerMinute: 1_000_000_000, maxChunksPerMinute: 100_000, transcodePreset: 'ultrafast', liveWindowSegments: 4 } as const

const h264 = (seconds: number) => ffmpeg([...numbered({ seconds }), ...tone(seconds), ...X264, ...everyFrames(RATE), ...AAC, ...MATROSKA])
const vp8 = (seconds: number) => ffmpeg([...numbered({ seconds }), ...tone(seconds), ...VP8, ...everyFrames(RATE), ...OPUS, ...WEBM])

t.test('HLS-07, HLS-21: what is served over HTTP, read by hls.js and by FFmpeg, while it grows and after it ended', async t => {
  const server = await startServer(t, { options: SETTINGS })
  const client = await newBroadcaster(server, 'show')
  const growing = watch(server, client, 'show')
  for (const [index, recording] of [await h264(9), await h264(9), await vp8(9)].entries()) await sendAll(client, 'show', inPieces(recording, 30), index * 30)
  await client.ask('end-stream', { streamKey: 'show', userId: 'alice' })
  const { events, lives } = await growing.stop()
  const event = await playlist(server, 'show', 'stream.m3u8')
  const live = await playlist(server, 'show', 'live.m3u8')

  t.match(event, { version: 6, targetSeconds: 2, type: 'EVENT', mediaSequence: 0, discontinuitySequence: 0, ended: true })
  t.strictSame(event.segments.map(({ name }) => name), event.segments.map((_, index) => `segment_${index}.ts`))
  t.match(event.text, /#EXT-X-INDEPENDENT-SEGMENTS\n/)
  t.ok(event.text.split('\n').filter(line => line.startsWith('#EXTINF')).every(line => /^#EXTINF:\d+\.\d{3},$/.test(line)), 'HLS-21: durations with three decimals')
  t.strictSame(event.segments.filter(({ durationMs }) => Math.round(durationMs / 1000) > event.targetSeconds), [], 'TARGETDURATION is kept')
  t.ok(Math.abs(sumMs(event) - 27_000) < 200, `the durations add up to the media: ${sumMs(event)} ms`)
  t.equal(event.segments.at(-1)?.continuity, 2, 'a discontinuity for each recorder run')

  t.ok(events.length >= 3 && lives.length >= 3, `the playlists were seen growing: ${events.length} times`)
  t.ok(events.every(({ text, type, ended }) => type === 'EVENT' && !ended && event.text.startsWith(text)), 'stream.m3u8 only ever grows')
  t.ok(lives.some(({ mediaSequence }) => mediaSequence > 0), 'live.m3u8 slides')
  for (const { mediaSequence, segments, type, targetSeconds } of [...lives, live]) {
    t.ok(segments.length > 0 && segments.length <= 4 && type !== 'EVENT' && targetSeconds === 2, 'live.m3u8 is a window')
    const same = event.segments.slice(mediaSequence, mediaSequence + segments.length)
    t.strictSame(segments.map(essence), same.map(essence), `from ${mediaSequence} on: the numbers and discontinuity sequence numbers of stream.m3u8`)
  }
  const positions = lives.map(({ mediaSequence, segments }) => mediaSequence + segments.length)
  t.strictSame(positions, positions.toSorted((a, b) => a - b), 'it never goes back')
  t.equal(live.ended, true)
  t.equal(live.segments.at(-1)?.sequence, event.segments.at(-1)?.sequence)

  await checkBySegment(t, server, 'show', event)
  await checkWhole(t, server, 'show', 27)
  await server.close()
  t.strictSame(childProcesses(/ffmpeg/), [], 'no process is left')
})

t.test('HLS-07: a key that is started anew goes on counting', async t => {
  const server = await startServer(t, { options: SETTINGS })
  const recording = await h264(5)
  const playlists: Playlist[] = []
  for (let broadcast = 0; broadcast < 3; broadcast++) {
    const client = await newBroadcaster(server, 'again')
    await sendAll(client, 'again', inPieces(Buffer.concat([recording, recording]), 10))
    await client.ask('end-stream', { streamKey: 'again', userId: 'alice' })
    playlists.push(await playlist(server, 'again', 'stream.m3u8'))
    t.match(await playlist(server, 'again', 'live.m3u8'), { ended: true, segments: { length: 4 } })
    client.socket.disconnect()
  }
  for (const [index, { mediaSequence, discontinuitySequence, segments }] of playlists.entries()) {
    const before = playlists[index - 1]
    if (before === undefined) continue
    t.equal(mediaSequence, before.segments.at(-1)!.sequence + 1, 'media sequence goes on')
    t.equal(segments[0]!.name, `segment_${mediaSequence}.ts`)
    t.ok(discontinuitySequence > before.segments.at(-1)!.continuity, 'so does the discontinuity sequence')
  }
  for (const { name } of playlists.flatMap(({ segments }) => segments)) {
    t.equal((await http(server, `/livestream/again/${name}`, { method: 'HEAD' })).status, 200, `${name} is still there`)
  }
  await checkWhole(t, server, 'again', 10)
})

t.test('audio only and video only, by ffprobe', async t => {
  const server = await startServer(t, { options: SETTINGS })
  for (const { key, args, types } of [
    { key: 'sound', args: [...tone(5), ...OPUS, ...WEBM], types: ['aac'] },
    { key: 'picture', args: [...numbered({ seconds: 5 }), ...X264, ...everyFrames(RATE), ...MATROSKA], types: ['h264'] }
  ]) {
    const client = await newBroadcaster(server, key)
    await sendAll(client, key, inPieces(await ffmpeg(args), 10))
    await client.ask('end-stream', { streamKey: key, userId: 'alice' })
    await checkBySegment(t, server, key, await playlist(server, key, 'stream.m3u8'), types)
  }
})

/** Reads both playlists whenever a segment is told. */
function watch (server: TestServer, client: Client, key: string): { stop (): Promise<{ events: Playlist[], lives: Playlist[] }> } {
  const events: Playlist[] = []
  const lives: Playlist[] = []
  let reading: Promise<void> = Promise.resolve()
  client.socket.on('stream-segments-updated', () => {
    reading = reading.then(async () => {
      events.push(await playlist(server, key, 'stream.m3u8'))
      lives.push(await playlist(server, key, 'live.m3u8'))
    })
  })
  return {
    async stop () {
      await reading
      return { events: events.filter(({ ended }) => !ended), lives: lives.filter(({ ended }) => !ended) }
    }
  }
}

async function playlist (server: TestServer, key: string, name: string): Promise<Playlist> {
  return readPlaylist((await http(server, `/livestream/${key}/${name}`)).text)
}

function essence ({ name, sequence, durationMs, continuity }: Playlist['segments'][number]): object {
  return { name, sequence, durationMs, continuity }
}

function sumMs ({ segments }: Playlist): number {
  return segments.reduce((sum, { durationMs }) => sum + durationMs, 0)
}

/** Each segment stands for itself: ffprobe finds the tracks in it, and FFmpeg decodes it from its first picture on. */
async function checkBySegment (t: Test, server: TestServer, key: string, { segments }: Playlist, types = ['aac', 'h264']): Promise<void> {
  for (const { name, durationMs } of segments) {
    const url = `${server.url}/livestream/${key}/${name}`
    const probed = JSON.parse((await ffprobe(['-show_streams', '-of', 'json', url])).toString()) as { streams: Array<{ codec_name: string }> }
    t.strictSame(probed.streams.map(({ codec_name: codec }) => codec).sort(), types, `${name}: ${types.join(' and ')}`)
    if (!types.includes('h264')) continue
    const pictures = (await ffmpeg(['-xerror', '-i', url, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framehash', '-'])).toString().split('\n').filter(line => /^\d/.test(line)).length
    t.ok(Math.abs(pictures - durationMs * RATE / 1000) <= 1.1, `${name}: every picture can be decoded: ${pictures} in ${durationMs} ms`)
  }
}

/** FFmpeg plays the playlist from its beginning to its end without a complaint. */
async function checkWhole (t: Test, server: TestServer, key: string, seconds: number): Promise<void> {
  const url = `${server.url}/livestream/${key}/stream.m3u8`
  const probed = JSON.parse((await ffprobe(['-show_streams', '-of', 'json', url])).toString()) as { streams: Array<{ codec_name: string }> }
  t.strictSame(probed.streams.map(({ codec_name: codec }) => codec).sort(), ['aac', 'h264'])
  const hashes = (await ffmpeg(['-live_start_index', '0', '-i', url, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framehash', '-'])).toString()
  const pictures = hashes.split('\n').filter(line => /^\d/.test(line)).length
  t.ok(Math.abs(pictures - seconds * RATE) <= 1, `all pictures of the playlist: ${pictures}`)
}
