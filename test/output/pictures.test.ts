import t, { type Test } from 'tap'
import { broadcast, type Published } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, ffprobe, fragmented, MATROSKA, numbered, OPUS, readNumbers, tone, VP8, VP9, WEBM, X264 } from '../fixtures/generate.ts'
import { interleave, joined, mapFrames, readRecording, writeRecording } from '../fixtures/matroska.ts'
import { checkPublished, checkSameBytes, distances, mediaMs, nals, timesMs, wholeStream } from '../fixtures/published.ts'
import { slicesOf } from '../fixtures/h264.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const SECONDS = 7
const RATE = 30

for (const [name, args] of Object.entries({
  '10-bit H.264': [...X264, '-pix_fmt', 'yuv420p10le', '-profile:v', 'high10', ...AAC, ...MATROSKA],
  '4:2:2 H.264': [...X264, '-pix_fmt', 'yuv422p', '-profile:v', 'high422', ...AAC, ...fragmented('delay_moov+default_base_moof+frag_keyframe')],
  '4:4:4 H.264': [...X264, '-pix_fmt', 'yuv444p', '-profile:v', 'high444', ...AAC, ...MATROSKA]
})) {
  t.test(`${name} is transcoded to 8-bit 4:2:0, its sound is copied`, async t => {
    const published = await broadcast(t, await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...everyFrames(RATE), ...args]))
    checkPublished(t, published, { video: true, audio: true })
    t.match(published.runs, [{ video: 'transcode 176x48', audio: 'copy', kind: 'finished' }])
    t.match(await pictureOf(published), { codec_name: 'h264', pix_fmt: 'yuv420p', width: 176, height: 48 })
    await checkPictures(t, published, SECONDS * RATE)
  })
}

for (const { size, codec, expected } of [
  { size: '321x241', codec: VP8, expected: { width: 320, height: 240 } },
  { size: '177x49', codec: VP9, expected: { width: 176, height: 48 } },
  { size: '322x242', codec: VP8, expected: { width: 322, height: 242 } },
  { size: '241x321', codec: VP8, expected: { width: 240, height: 320 } }
]) {
  t.test(`an odd picture size: ${size} ${codec[1]}`, async t => {
    const published = await broadcast(t, await ffmpeg([...numbered({ seconds: 4, size }), ...codec, ...everyFrames(RATE), ...WEBM]))
    checkPublished(t, published, { video: true, audio: false })
    t.match(await pictureOf(published), { ...expected, sample_aspect_ratio: '1:1' })
    await checkPictures(t, published, 4 * RATE)
  })
}

t.test('copied H.264 of an odd size (cropped) stays what it is', async t => {
  const recording = await ffmpeg([...numbered({ seconds: 4, size: '178x50' }), ...X264, ...everyFrames(RATE), ...MATROSKA])
  const published = await broadcast(t, recording)
  checkPublished(t, published, { video: true, audio: false })
  checkSameBytes(t, slicesOf(nals(published)), (await sourcePackets(recording)).slices, 'copied')
  t.match(await pictureOf(published), { width: 178, height: 50 })
})

t.test('a picture that is larger than what is transcoded is scaled down in proportion', async t => {
  const published = await broadcast(t, await ffmpeg([...numbered({ seconds: 3, size: '400x200' }), ...VP8, ...everyFrames(RATE), ...WEBM]), { settings: { transcodeMaxPixels: 20_000 } })
  checkPublished(t, published, { video: true, audio: false })
  t.match(await pictureOf(published), { width: 200, height: 100 })
})

t.test('the picture size changes in VP8: scaled and padded into the first, in one run', async t => {
  const sizes = ['320x180', '160x120', '480x270']
  const parts = await Promise.all(sizes.map(async size => readRecording(await ffmpeg([...numbered({ seconds: 3, size }), ...tone(3), ...VP8, ...everyFrames(RATE * 2), ...OPUS, ...WEBM]))))
  const published = await broadcast(t, writeRecording(joined(parts, 3000)))
  checkPublished(t, published, { video: true, audio: true })
  t.equal(published.runs.length, 1)
  t.match(published.runs, [{ video: 'transcode 320x180', kind: 'finished' }])
  t.match(await pictureOf(published), { width: 320, height: 180 })
  const { least, most } = distances(timesMs(published, 'video'))
  // FFmpeg builds its filters anew for each size, which costs one picture.
  t.ok(least > 30 && most < 70, `pictures follow one another: ${least} to ${most} ms`)
  t.ok(timesMs(published, 'video').length >= 9 * RATE - 2)
  t.ok(Math.abs(mediaMs(published) - 9000) < 80)
})

for (const [name, video] of Object.entries({ 'H.264, copied': [...X264, '-g', '2', '-keyint_min', '2'], 'H.264 with a long GOP': [...X264, '-g', '1000'], VP8: [...VP8, '-g', '1000'] })) {
  t.test(`one picture a second: ${name}`, async t => {
    const seconds = 14
    const published = await broadcast(t, await ffmpeg([...numbered({ seconds, rate: 1 }), ...tone(seconds), ...video, ...(name === 'VP8' ? OPUS : AAC), ...MATROSKA]))
    checkPublished(t, published, { video: true, audio: true })
    t.strictSame([...new Set(await readNumbers(wholeStream(published)))], range(seconds), 'every picture, in order')
    const { most } = distances(timesMs(published, 'audio'))
    t.ok(most < 45, `sound goes on: ${most} ms`)
    t.ok(Math.abs(mediaMs(published) - seconds * 1000) < 1100, `the durations add up: ${mediaMs(published)} ms`)
  })
}

t.test('one picture a second and no sound: VP8', async t => {
  const published = await broadcast(t, await ffmpeg([...numbered({ seconds: 10, rate: 1 }), ...VP8, '-g', '1000', ...WEBM]))
  checkPublished(t, published, { video: true, audio: false })
  t.strictSame([...new Set(await readNumbers(wholeStream(published)))], range(10), 'every picture, in order')
})

for (const [name, video, audio] of [['H.264, copied', [...X264, ...everyFrames(RATE)], AAC], ['VP8', [...VP8, ...everyFrames(RATE)], OPUS]] as const) {
  t.test(`pictures that come up to 15 ms early or late, no DefaultDuration: ${name}`, async t => {
    const recording = readRecording(await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...video, ...audio, ...MATROSKA]))
    let picture = 0
    const jittered = mapFrames(recording, (frame, kind) => kind === 'audio' ? frame : { ...frame, timeMs: Math.max(0, frame.timeMs + [0, 15, -15, 7, -11, 3][picture++ % 6]!) })
    const published = await broadcast(t, writeRecording({ ...jittered, frames: interleave(jittered.frames) }))
    checkPublished(t, published, { video: true, audio: true })
    t.equal(published.runs.length, 1)
    const numbers = await readNumbers(wholeStream(published))
    if (name === 'VP8') {
      t.ok(Math.abs(numbers.length - SECONDS * RATE) <= 1, `the rate stays ${RATE}: ${numbers.length} pictures`)
      t.ok(new Set(numbers).size >= SECONDS * RATE * 0.8, 'of pictures that come almost at once, one is left out')
      t.strictSame(numbers, numbers.toSorted((a, b) => a - b))
    } else {
      t.strictSame(numbers, range(SECONDS * RATE), 'every picture, in order')
    }
  })
}

t.test('a variable frame rate: pictures at odd times, from 60 a second to two', async t => {
  const recording = readRecording(await ffmpeg([...numbered({ seconds: 10, rate: 60 }), ...tone(10), ...VP8, '-vf', "select='lt(t,2)+gte(t,4)*lt(mod(n,30),1)+between(t,6,8)*not(mod(n,7))+between(t,2,4)*not(mod(n,2))'", '-fps_mode', 'passthrough', '-g', '90', ...OPUS, ...WEBM]))
  const published = await broadcast(t, writeRecording(recording))
  checkPublished(t, published, { video: true, audio: true })
  const { most } = distances(timesMs(published, 'video'))
  t.ok(most < 37, `30 pictures a second: ${most} ms`)
  t.ok(Math.abs(mediaMs(published) - 10_000) < 600, `the durations add up: ${mediaMs(published)} ms`)
  const numbers = await readNumbers(wholeStream(published))
  t.strictSame(numbers, numbers.toSorted((a, b) => a - b))
})

async function pictureOf (published: Published): Promise<object> {
  const { streams } = JSON.parse((await ffprobe(['-f', 'mpegts', '-i', 'pipe:0', '-select_streams', 'v', '-show_streams', '-of', 'json'], wholeStream(published))).toString()) as { streams: object[] }
  return streams[0] ?? {}
}

async function checkPictures (t: Test, published: Published, count: number): Promise<void> {
  t.strictSame(await readNumbers(wholeStream(published)), range(count), 'every picture, once, in order')
}

function range (count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
