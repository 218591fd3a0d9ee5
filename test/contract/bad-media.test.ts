import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { ffmpeg as make } from '../fixtures/generate.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { startSteadyStream } from '../fixtures/steady-stream.ts'

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=15:d=1']
const TONE = ['-f', 'lavfi', '-i', 'sine=r=48000:d=1']
const MATROSKA = ['-f', 'matroska', '-live', '1', 'pipe:1']

/** What is neither WebM, Matroska nor fragmented MP4: FFmpeg could read much of it, and must never be asked to. */
const NO_CONTAINER: Record<string, () => Buffer | Promise<Buffer>> = {
  text: () => Buffer.from('this is not a recording at all, but a sentence'),
  'an HLS playlist': () => Buffer.from('#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'),
  'an ffconcat file': () => Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\nfile 'http://127.0.0.1:9/secret'\n"),
  'a DASH manifest': () => Buffer.from('<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>'),
  'an SDP': () => Buffer.from('v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n'),
  'a PNG': async () => await make([...PICTURE, '-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', 'pipe:1']),
  'a GIF': async () => await make([...PICTURE, '-f', 'gif', 'pipe:1']),
  'MPEG-TS': async () => await make([...PICTURE, '-f', 'mpegts', 'pipe:1']),
  FLV: async () => await make([...PICTURE, '-f', 'flv', 'pipe:1']),
  AVI: async () => await make([...PICTURE, '-f', 'avi', 'pipe:1']),
  Ogg: async () => await make([...TONE, '-c:a', 'libopus', '-f', 'ogg', 'pipe:1']),
  WAV: async () => await make([...TONE, '-f', 'wav', 'pipe:1']),
  'raw H.264': async () => await make([...PICTURE, '-c:v', 'libx264', '-f', 'h264', 'pipe:1']),
  'a gzipped recording': async () => gzipSync(await recording({ seconds: 3 })),
  'random bytes': () => randomBytes(100_000),
  zeros: () => Buffer.alloc(100_000),
  'an EBML header of another document type': () => Buffer.from('1a45dfa38b4282856f7468657218538067', 'hex')
}

/** Containers that are taken, with what is not. */
const REFUSED: Record<string, { media: () => Promise<Buffer>, says: RegExp }> = {
  'MPEG-4 video': { media: async () => await make([...PICTURE, '-c:v', 'mpeg4', ...MATROSKA]), says: /V_MPEG4\/ISO\/ASP|V_MS/ },
  'HEVC video': { media: async () => await make([...PICTURE, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', ...MATROSKA]), says: /HEVC/ },
  'HEVC in MP4': { media: async () => await make([...PICTURE, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none', '-movflags', 'empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1']), says: /hev1|hvc1/ },
  'Theora video': { media: async () => await make([...PICTURE, '-c:v', 'libtheora', ...MATROSKA]), says: /THEORA/ },
  'FLAC audio': { media: async () => await make([...TONE, '-c:a', 'flac', ...MATROSKA]), says: /FLAC/ },
  'MP3 audio beside good video': { media: async () => await make([...PICTURE, ...TONE, '-c:v', 'libx264', '-c:a', 'libmp3lame', ...MATROSKA]), says: /MPEG\/L3/ },
  'subtitles only': { media: async () => await make(['-f', 'srt', '-i', 'pipe:0', ...MATROSKA], Buffer.from('1\n00:00:00,000 --> 00:00:01,000\nHello\n')), says: /neither video nor audio/ },
  'an MP4 whose media is not in fragments': { media: async () => await progressiveMp4(), says: /in one piece/ },
  'an AVIF picture': { media: async () => Buffer.concat([box('ftyp', 'avif\0\0\0\0avifmif1'), box('meta', '\0'.repeat(200)), box('mdat', 'x'.repeat(2_000))]), says: /./ },
  'a picture of 16,000 x 600 (VP8)': { media: async () => await make(['-f', 'lavfi', '-i', 'color=s=16000x600:r=1:d=1', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', ...MATROSKA]), says: /16000/ },
  'a picture of 16,000 x 600 (H.264 in MP4)': { media: async () => await make(['-f', 'lavfi', '-i', 'color=s=16000x600:r=1:d=1', '-c:v', 'libx264', '-preset', 'ultrafast', '-movflags', 'empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1']), says: /16000/ }
}

function box (name: string, body: string): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${name}${body}`, 'latin1')
  bytes.writeUInt32BE(bytes.length)
  return bytes
}

/** `ftyp`, `moov` without `mvex`, `mdat`: what a camera app saves. FFmpeg cannot write it to a pipe, so the boxes of a fragmented one are put in that order. */
async function progressiveMp4 (): Promise<Buffer> {
  const fragmented = await recording({ seconds: 3, container: 'mp4' })
  const boxes: Buffer[] = []
  for (let at = 0; at < fragmented.length; at += fragmented.readUInt32BE(at)) boxes.push(fragmented.subarray(at, at + fragmented.readUInt32BE(at)))
  const named = (name: string) => boxes.filter(box => box.toString('latin1', 4, 8) === name)
  return Buffer.concat([...named('ftyp'), ...named('moov'), ...named('mdat')])
}

async function secondsPublished (server: TestServer, key: string): Promise<number> {
  return readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text).segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
}

t.test('bad media, beside a good stream on the same server', async t => {
  const ffmpeg = await loggedFfmpeg(t)
  const server = await startServer(t, { options: { ffmpegPath: ffmpeg.path, transcodePreset: 'ultrafast' } })
  const steady = await startSteadyStream(t, server)
  const good = inPieces(await recording({ seconds: 3 }), 3)
  let starts = 1
  const newStarts = async () => {
    const count = (await ffmpeg.starts()).length
    const more = count - starts
    starts = count
    return more
  }

  for (const [index, [name, make]] of Object.entries(NO_CONTAINER).entries()) {
    await t.test(`${name}: MEDIA_ERROR, and no FFmpeg`, async t => {
      const key = `none-${index}`
      const owner = await newBroadcaster(server, key)
      const answer = await owner.ask('stream-data', { streamKey: key, seq: 0, chunk: await make() })
      t.match(answer, { error: String, code: 'MEDIA_ERROR', streamKey: key })
      t.match(await owner.heard.next('stream-error'), { error: answer.error, code: 'MEDIA_ERROR', streamKey: key })
      t.match(await owner.ask('stream-data', { streamKey: key, seq: 1, chunk: await make() }), { seq: 1 }, 'more of it is swallowed')
      await owner.ask('end-stream', { streamKey: key, userId: 'alice' })
      t.equal(await newStarts(), 0)
      t.match(await http(server, `/livestream/${key}/stream.m3u8`), { status: 404 })
    })
  }

  await t.test('MEDIA_ERROR reaches a client without acknowledgements too', async t => {
    const owner = await newBroadcaster(server, 'documented')
    owner.socket.emit('stream-data', { streamKey: 'documented', chunk: Buffer.from('nothing of use') })
    t.match(await owner.heard.next('stream-error'), { error: String, code: 'MEDIA_ERROR', streamKey: 'documented' })
  })

  await t.test('a good recording after a bad beginning is published', async t => {
    const owner = await newBroadcaster(server, 'second-try')
    t.match(await owner.ask('stream-data', { streamKey: 'second-try', seq: 0, chunk: Buffer.from('#EXTM3U\n') }), { code: 'MEDIA_ERROR' })
    await sendAll(owner, 'second-try', good, 1)
    await owner.ask('end-stream', { streamKey: 'second-try', userId: 'alice' })
    t.ok(Math.abs(await secondsPublished(server, 'second-try') - 3) < 0.2)
    t.equal(await newStarts(), 1)
  })

  for (const [index, [name, { media, says }]] of Object.entries(REFUSED).entries()) {
    await t.test(`${name}: MEDIA_ERROR that says what it is, and no FFmpeg`, async t => {
      const key = `refused-${index}`
      const owner = await newBroadcaster(server, key)
      const answers = await sendAll(owner, key, inPieces(await media(), 3))
      const refused = answers.find(({ code }) => code !== undefined)
      t.match(refused, { error: says, code: 'MEDIA_ERROR', streamKey: key })
      t.match(await owner.heard.next('stream-error'), { error: says, code: 'MEDIA_ERROR', streamKey: key })
      t.equal(owner.heard.count('stream-error'), 1, 'told once')
      await owner.ask('end-stream', { streamKey: key, userId: 'alice' })
      t.equal(await newStarts(), 0)
    })
  }

  for (const container of ['matroska', 'mp4'] as const) {
    await t.test(`a truncated init (${container}): MEDIA_ERROR where more comes, silence where nothing does; no FFmpeg`, async t => {
      const media = await recording({ seconds: 3, container })
      const [short, holed] = [`short-${container}`, `holed-${container}`]
      const owner = await newBroadcaster(server, short)
      t.strictSame(await owner.ask('stream-data', { streamKey: short, seq: 0, chunk: media.subarray(0, 150) }), { seq: 0, safeSeq: -1 }, 'the rest may come')
      t.strictSame(await owner.ask('end-stream', { streamKey: short, userId: 'alice' }), { streamKey: short, reason: 'ended by owner' })
      t.match(await http(server, `/livestream/${short}/stream.m3u8`), { status: 404 })

      await owner.ask('start-stream', { streamKey: holed, userId: 'alice' })
      const answers = await sendAll(owner, holed, [media.subarray(0, 150), ...inPieces(media.subarray(10_000), 4)])
      t.match(answers.find(({ code }) => code !== undefined), { error: String, code: 'MEDIA_ERROR', streamKey: holed })
      await owner.ask('end-stream', { streamKey: holed, userId: 'alice' })
      t.equal(await newStarts(), 0)
    })
  }

  await t.test('0 bytes: taken, and nothing happens (Safari sends empty Blobs)', async t => {
    const owner = await newBroadcaster(server, 'empty')
    const empty = Buffer.alloc(0)
    const answers = await sendAll(owner, 'empty', [empty, ...good, empty, empty])
    t.strictSame(answers.map(({ seq, code }) => [seq, code]), [0, 1, 2, 3, 4, 5].map(seq => [seq, undefined]))
    await owner.ask('end-stream', { streamKey: 'empty', userId: 'alice' })
    t.ok(Math.abs(await secondsPublished(server, 'empty') - 3) < 0.2)
    t.equal(await newStarts(), 1)
  })

  await t.test('text instead of binary, and what else is no chunk: MEDIA_ERROR', async t => {
    const owner = await newBroadcaster(server, 'text')
    for (const chunk of ['data:video/webm;base64,GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibQ==', '', 7, true, null, undefined, {}, [], [1, 2, 3], { type: 'Buffer', data: [26, 69, 223, 163] }, { 0: 26, length: 1 }]) {
      t.match(await owner.ask('stream-data', { streamKey: 'text', seq: 0, chunk }), { error: String, code: 'MEDIA_ERROR', streamKey: 'text' }, JSON.stringify(chunk))
    }
    await sendAll(owner, 'text', good)
    await owner.ask('end-stream', { streamKey: 'text', userId: 'alice' })
    t.ok(Math.abs(await secondsPublished(server, 'text') - 3) < 0.2, 'the stream is as good as new')
    await newStarts()
  })

  await t.test('a chunk before the start, and for the stream of somebody else', async t => {
    const client = newClient(server)
    t.match(await client.ask('stream-data', { streamKey: 'not-started', chunk: good[0] }), { error: String, code: 'STREAM_NOT_FOUND', streamKey: 'not-started' })
    await http(server, '/livestream/prepared/start', { method: 'POST', body: { action: 'start', timestamp: 1 } })
    t.match(await client.ask('stream-data', { streamKey: 'prepared', chunk: good[0] }), { error: String, code: 'STREAM_NOT_FOUND', streamKey: 'prepared' })
    t.match(await client.ask('stream-data', { streamKey: 'steady', chunk: good[0] }), { error: String, code: 'UNAUTHORIZED', streamKey: 'steady' })
    t.equal(await newStarts(), 0)
  })

  await t.test('5 MB in one chunk: MEDIA_ERROR; the connection and the stream go on', async t => {
    const owner = await newBroadcaster(server, 'five')
    const large = Buffer.concat([good[0]!, Buffer.alloc(5_000_000)])
    t.match(await owner.ask('stream-data', { streamKey: 'five', seq: 0, chunk: large }), { error: /4000000/, code: 'MEDIA_ERROR', streamKey: 'five', seq: -1 }, 'not taken')
    owner.socket.emit('stream-data', { streamKey: 'five', chunk: large })
    await owner.heard.next('stream-error')
    t.match(await owner.heard.next('stream-error'), { code: 'MEDIA_ERROR', streamKey: 'five' })
    await sendAll(owner, 'five', good)
    await owner.ask('end-stream', { streamKey: 'five', userId: 'alice' })
    t.ok(Math.abs(await secondsPublished(server, 'five') - 3) < 0.2)
    await newStarts()
  })

  for (const transport of ['websocket', 'polling']) {
    await t.test(`20 MB in one chunk: the connection closes, the stream stays resumable (${transport})`, async t => {
      const key = `twenty-${transport}`
      const owner = await newBroadcaster(server, key, { transports: [transport] })
      const viewer = newClient(server)
      await viewer.ask('join-stream', { streamKey: key, userId: 'v' })
      await sendAll(owner, key, good.slice(0, 2))
      owner.socket.emit('stream-data', { streamKey: key, seq: 2, chunk: Buffer.alloc(20_000_000) })
      t.match(await owner.heard.next('disconnect'), /^transport (close|error)$/)
      await viewer.heard.next('stream-reconnecting')
      const back = newClient(server)
      const { status, nextSeq } = await back.ask('start-stream', { streamKey: key, userId: 'alice' })
      t.equal(status, 'active')
      await sendAll(back, key, good.slice(nextSeq), nextSeq)
      await back.ask('end-stream', { streamKey: key, userId: 'alice' })
      t.ok(Math.abs(await secondsPublished(server, key) - 3) < 0.2)
      await newStarts()
    })
  }

  await t.test('a jump of 50 s in media time: a discontinuity, no error, nothing in between', async t => {
    const media = await make([
      '-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=15:d=8', '-f', 'lavfi', '-i', 'sine=r=48000:d=8',
      '-vf', 'setpts=PTS+gte(T\\,4)*50/TB', '-af', 'asetpts=PTS+gte(T\\,4)*50/TB', '-fps_mode', 'passthrough',
      '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15', '-pix_fmt', 'yuv420p', '-c:a', 'aac', ...MATROSKA
    ])
    const owner = await newBroadcaster(server, 'jump')
    await sendAll(owner, 'jump', inPieces(media, 8))
    await owner.ask('end-stream', { streamKey: 'jump', userId: 'alice' })
    const { segments } = readPlaylist((await http(server, '/livestream/jump/stream.m3u8')).text)
    t.equal(segments.filter(({ discontinuity }) => discontinuity).length, 1)
    const seconds = await secondsPublished(server, 'jump')
    t.ok(Math.abs(seconds - 8) < 0.5, `${seconds} s`)
    t.equal(owner.heard.count('stream-error'), 0)
    t.equal(await newStarts(), 2, 'one for each side')
  })

  await t.test('garbage in the middle of a recording: MEDIA_ERROR, and it goes on behind it', async t => {
    const owner = await newBroadcaster(server, 'hole')
    const pieces = inPieces(await recording({ seconds: 6 }), 6)
    const answers = await sendAll(owner, 'hole', [...pieces.slice(0, 3), randomBytes(30_000), ...pieces.slice(3)])
    t.match(answers.find(({ code }) => code !== undefined), { error: String, code: 'MEDIA_ERROR', streamKey: 'hole' })
    await owner.ask('end-stream', { streamKey: 'hole', userId: 'alice' })
    const seconds = await secondsPublished(server, 'hole')
    t.ok(seconds > 3.5 && seconds < 6.2, `${seconds} s`)
    await newStarts()
  })

  for (const { args } of await ffmpeg.starts()) {
    t.match(args, /-protocol_whitelist pipe .*-f (matroska|mp4) -i pipe:0 /, 'FFmpeg reads its standard input alone, with a demuxer that was chosen for it')
  }
  await steady.finish(t)
})
