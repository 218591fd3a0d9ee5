import t, { type Test } from 'tap'
import { broadcast, type Published } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, fragmented, MATROSKA, numbered, OPUS, readNumbers, tone, VP8, WEBM, X264 } from '../fixtures/generate.ts'
import { slicesOf } from '../fixtures/h264.ts'
import { aacFrames, checkPublished, checkSameBytes, distances, mediaMs, nals, timesMs, wholeStream } from '../fixtures/published.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const SECONDS = 16
const RATE = 25
const AAC_FRAME_MS = 1024 / 48

const PICTURES = [...numbered({ seconds: SECONDS, rate: RATE }), ...tone(SECONDS)]
const H264 = [...PICTURES, ...X264, ...everyFrames(RATE)]
const B_FRAMES = ['-bf', '3', '-x264-params', 'b-adapt=0']

const COPIED: Record<string, string[]> = {
  'Matroska with AAC': [...H264, ...AAC, ...MATROSKA],
  'Matroska with AAC and B-frames': [...H264, ...B_FRAMES, ...AAC, ...MATROSKA],
  'MP4 with B-frames': [...H264, ...B_FRAMES, ...AAC, ...fragmented('frag_keyframe+delay_moov+default_base_moof')],
  'MP4 with fragments of three pictures': [...H264, ...AAC, '-frag_duration', '120000', ...fragmented('delay_moov+default_base_moof')]
}

for (const [name, args] of Object.entries(COPIED)) {
  t.test(`HLS-19: FFmpeg is killed again and again while it copies: ${name}`, async t => {
    const recording = await ffmpeg(args)
    const source = await sourcePackets(recording)
    const published = await broadcastWithKills(t, recording, [0.25, 0.5, 0.8])
    checkPublished(t, published, { video: true, audio: true })
    t.ok(published.runs.every(({ video, audio }) => video === 'copy' && audio === 'copy'))
    checkSameBytes(t, slicesOf(nals(published)), source.slices, 'every coded slice was published, once, in order')
    checkSameBytes(t, aacFrames(published), source.audio, 'every frame of sound was published, once, in order')
    checkContinuous(t, published)
  })
}

const TRANSCODED: Record<string, { args: string[], rate: number }> = {
  'VP8 and Opus at 25 pictures a second': { args: [...PICTURES, ...VP8, ...everyFrames(50), ...OPUS, ...WEBM], rate: RATE },
  'VP8 and Opus at 30 pictures a second, one key frame': { args: [...numbered({ seconds: SECONDS, rate: 30 }), ...tone(SECONDS), ...VP8, '-g', '10000', ...OPUS, ...WEBM], rate: 30 }
}

for (const [name, { args, rate }] of Object.entries(TRANSCODED)) {
  t.test(`HLS-19: FFmpeg is killed again and again while it transcodes: ${name}`, async t => {
    const published = await broadcastWithKills(t, await ffmpeg(args), [0.3, 0.7])
    checkPublished(t, published, { video: true, audio: true })
    const numbers = await readNumbers(wholeStream(published))
    t.strictSame([...new Set(numbers)], Array.from({ length: SECONDS * rate }, (_, index) => index), 'every picture was published, in order')
    t.strictSame(numbers, numbers.toSorted((a, b) => a - b), 'none was published again')
    t.ok(Math.abs(numbers.length - SECONDS * 30) <= 1, `as many as the media is long: ${numbers.length}`)
    checkContinuous(t, published)
  })
}

/** Kills FFmpeg at some places of the recording, each time in the middle of its work: it was fed, it gave segments, more is to come. */
async function broadcastWithKills (t: Test, recording: Buffer, places: number[]): Promise<Published> {
  const chunkBytes = 1_500
  const killAt = new Set(places.map(place => Math.round(recording.length * place / chunkBytes)))
  const killed = new Set<number>()
  /** The process that made the latest segment. */
  const latest: { pid: number | undefined, tell: () => void } = { pid: undefined, tell () {} }
  const published = await broadcast(t, recording, {
    chunkBytes,
    settings: { ffmpegRestarts: 10 },
    onListed: (_segment, { pipeline }) => {
      latest.pid = pipeline?.pid
      latest.tell()
    },
    beforeChunk: async index => {
      if (!killAt.has(index)) return
      while (latest.pid === undefined || killed.has(latest.pid)) await new Promise<void>(resolve => { latest.tell = resolve })
      killed.add(latest.pid)
      process.kill(latest.pid, 'SIGKILL')
    }
  })
  t.match(published.runs.map(({ kind }) => kind), [...places.map(() => 'failed'), 'finished'], 'one run after the other')
  t.match(published.runs[0]?.reason, /SIGKILL/, 'the cause is told')
  t.strictSame(published.troubles, [])
  t.equal(published.reason, 'ended by owner')
  t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, places.length, 'a discontinuity for each')
  return published
}

function checkContinuous (t: Test, published: Published): void {
  const video = distances(timesMs(published, 'video'))
  t.ok(video.least > 0.5 * 1000 / 30 && video.most <= 1000 / RATE + 1.1, `pictures follow one another: ${video.least} to ${video.most} ms`)
  const audio = distances(timesMs(published, 'audio'))
  t.ok(audio.most <= 2 * AAC_FRAME_MS && audio.least > 0, `there is no hole in the sound: ${audio.least} to ${audio.most} ms`)
  t.ok(Math.abs(mediaMs(published) - SECONDS * 1000) < 100, `the durations add up: ${mediaMs(published)} ms`)
}
