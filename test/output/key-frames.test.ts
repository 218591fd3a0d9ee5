import t from 'tap'
import { broadcast } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, MATROSKA, numbered, readNumbers, tone, X264 } from '../fixtures/generate.ts'
import { aacFrames, checkPublished, checkSameBytes, nals, wholeStream } from '../fixtures/published.ts'
import { NAL, nalsWithLengths, nalType, slicesOf } from '../fixtures/h264.ts'
import { readRecording } from '../fixtures/matroska.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const RATE = 30

for (const interval of [0.5, 1, 1.5, 2]) {
  t.test(`key frames every ${interval} s: copied, TARGETDURATION stays 2`, async t => {
    const recording = await record(12, RATE, everyFrames(interval * RATE))
    const published = await broadcast(t, recording)
    checkPublished(t, published, { video: true, audio: true })
    t.strictSame(published.runs.map(({ video, audio }) => [video, audio]), [['copy', 'copy']])
    t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 0)
    checkSameBytes(t, slicesOf(nals(published)), (await sourcePackets(recording)).slices, 'every slice, once, in order')
  })
}

for (const { interval, rate } of [{ interval: 3.3, rate: 30 }, { interval: 10, rate: 30 }, { interval: 3.28, rate: 25 }, { interval: 2.6, rate: 24 }, { interval: 4, rate: 15 }]) {
  t.test(`key frames every ${interval} s at ${rate} pictures a second: transcoded from the last one held, no picture is lost`, async t => {
    const seconds = 21
    const recording = await record(seconds, rate, everyFrames(Math.round(interval * rate)))
    const published = await broadcast(t, recording)
    checkPublished(t, published, { video: true, audio: true })
    t.match(published.runs, [{ video: 'copy', kind: 'long-gop' }, { video: 'transcode 176x48', kind: 'finished' }])
    t.strictSame(published.troubles, [], 'nothing that the broadcaster would have to know')
    const numbers = await readNumbers(wholeStream(published))
    t.strictSame([...new Set(numbers)], range(seconds * rate), 'every picture is there, in order')
    checkSameBytes(t, aacFrames(published), (await sourcePackets(recording)).audio, 'every frame of sound, once')
  })
}

t.test('a GOP that suddenly becomes long', async t => {
  // A key frame every second up to 5 s, then none for 4 s, then one every second again.
  const times = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12]
  const recording = await record(14, RATE, ['-g', '1000', '-force_key_frames', times.join(',')])
  const published = await broadcast(t, recording)
  checkPublished(t, published, { video: true, audio: true })
  t.match(published.runs, [{ video: 'copy', kind: 'long-gop' }, { video: 'transcode 176x48', kind: 'finished' }])
  t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 1)
  t.strictSame([...new Set(await readNumbers(wholeStream(published)))], range(14 * RATE), 'every picture is there, in order')
})

t.test('key frames that are no IDR pictures do not begin a segment: with open GOPs, only the first picture is one', async t => {
  const recording = await record(9, RATE, [...everyFrames(RATE), '-bf', '2', '-x264-params', 'open-gop=1:b-adapt=0'])
  const flagged = readRecording(recording).frames.filter(({ track, key }) => track === 1 && key)
  t.equal(flagged.length, 9, 'the container calls them key frames')
  t.equal(flagged.filter(({ data }) => nalsWithLengths(data).some(nal => nalType(nal) === NAL.idr)).length, 1)
  const published = await broadcast(t, recording)
  checkPublished(t, published, { video: true, audio: true })
  t.match(published.runs, [{ video: 'copy', kind: 'long-gop' }, { video: 'transcode 176x48', kind: 'finished' }])
  t.strictSame([...new Set(await readNumbers(wholeStream(published)))], range(9 * RATE), 'every picture is there, in order')
})

t.test('irregular key frames that can be copied', async t => {
  for (const times of ['0,0.3,1.1,1.3,2.9,3,4.8,5.5,6.1,8.2,10.4', '0,2.4,4.8,7.2,9.6', '0,1.96,3.99,6.02,8.01,10.04']) {
    const recording = await record(12, RATE, ['-g', '1000', '-force_key_frames', times])
    const published = await broadcast(t, recording)
    checkPublished(t, published, { video: true, audio: true })
    t.match(published.runs, [{ video: 'copy', kind: 'finished' }], times)
    checkSameBytes(t, slicesOf(nals(published)), (await sourcePackets(recording)).slices, 'every slice, once, in order')
  }
})

async function record (seconds: number, rate: number, keys: string[]): Promise<Buffer> {
  return await ffmpeg([...numbered({ seconds, rate }), ...tone(seconds), ...X264, ...keys, ...AAC, '-shortest', ...MATROSKA])
}

function range (count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
