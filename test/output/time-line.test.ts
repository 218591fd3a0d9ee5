import t, { type Test } from 'tap'
import { broadcast, type Published } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, fragmented, MATROSKA, numbered, OPUS, readNumbers, tone, VP8, WEBM, X264 } from '../fixtures/generate.ts'
import { NAL, nalsWithLengths, nalType, parameterSetsOf, slicesOf } from '../fixtures/h264.ts'
import { joined, mapFrames, readRecording, writeRecording, type Recording } from '../fixtures/matroska.ts'
import { aacFrames, checkPublished, checkSameBytes, distances, mediaMs, nals, timesMs, wholeStream } from '../fixtures/published.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const SECONDS = 5
const RATE = 30
const H264 = [...X264, ...everyFrames(RATE)]
const FORMATS = {
  'H.264 and AAC': [...H264, ...AAC, ...MATROSKA],
  'H.264 and AAC in MP4': [...H264, ...AAC, ...fragmented('delay_moov+default_base_moof+frag_keyframe')],
  'VP8 and Opus': [...VP8, ...everyFrames(RATE), ...OPUS, ...WEBM]
}

for (const [name, args] of Object.entries(FORMATS)) {
  t.test(`HLS-03: a recorder that is started again begins a new epoch: ${name}`, async t => {
    const recording = await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...args])
    const published = await broadcast(t, Buffer.concat([recording, recording, recording]))
    checkPublished(t, published, { video: true, audio: true })
    t.strictSame(published.runs.map(({ kind }) => kind), ['finished', 'finished', 'finished'])
    t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 2)
    t.strictSame(published.troubles, [])
    for (const part of parts(published)) await checkPart(t, part)
    if (published.runs[0]?.video === 'copy') {
      const { slices, audio } = await sourcePackets(recording)
      checkSameBytes(t, slicesOf(nals(published)), [...slices, ...slices, ...slices], 'every coded slice, once, in order')
      checkSameBytes(t, aacFrames(published), [...audio, ...audio, ...audio], 'every frame of sound, once, in order')
    }
  })
}

t.test('HLS-03: another format after the first', async t => {
  const recordings = await Promise.all(Object.values(FORMATS).map(async args => await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...args])))
  const published = await broadcast(t, Buffer.concat([...recordings, await ffmpeg([...tone(SECONDS), ...OPUS, ...WEBM])]))
  checkPublished(t, published, { video: true, audio: true })
  t.match(published.runs, [{ video: 'copy', audio: 'copy' }, { video: 'copy', audio: 'copy' }, { video: 'transcode 176x48', audio: 'transcode' }, { video: 'none', audio: 'transcode' }])
  t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 3)
  for (const part of parts(published).slice(0, 3)) await checkPart(t, part)
})

for (const [name, args] of Object.entries(FORMATS).filter(([name]) => !name.includes('MP4'))) {
  for (const jumpMs of [50_000, 5_500, -3_000, -20_000]) {
    t.test(`media time jumps by ${jumpMs / 1000} s: ${name}`, async t => {
      const recording = readRecording(await ffmpeg([...numbered({ seconds: 10 }), ...tone(10), ...args]))
      const at = recording.frames.findIndex(({ track, key, timeMs }) => track === recording.video && key && timeMs > 4_500)
      const shifted = recording.frames.map((frame, index) => ({ ...frame, timeMs: frame.timeMs + 30_000 + (index < at ? 0 : jumpMs) }))
      const published = await broadcast(t, writeRecording({ ...recording, frames: shifted }))
      checkPublished(t, published, { video: true, audio: true })
      t.equal(published.runs.length, 2)
      t.strictSame(published.segments.filter(({ discontinuity }) => discontinuity).length, 1)
      t.strictSame(await readNumbers(wholeStream(published)), range(10 * RATE), 'every picture, once, in order')
      t.ok(Math.abs(mediaMs(published) - 10_000) < 150, `no time is made up: ${mediaMs(published)} ms`)
    })
  }

  t.test(`media time runs on for 40 s without sound or picture in between: ${name}`, async t => {
    const recording = readRecording(await ffmpeg([...numbered({ seconds: 6 }), ...tone(6), ...args]))
    const published = await broadcast(t, writeRecording(mapFrames(recording, frame => ({ ...frame, timeMs: frame.timeMs + (frame.timeMs > 3_500 ? 40_000 : 0) }))))
    checkPublished(t, published, { video: true, audio: true })
    t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 1)
  })
}

t.test('copied H.264 with other parameter sets from some frame on: a new epoch, still copied', async t => {
  const [first, second] = await Promise.all(['176x48', '352x96'].map(async size => readRecording(await ffmpeg([...numbered({ seconds: SECONDS, size }), ...tone(SECONDS), ...H264, ...AAC, ...MATROSKA])))) as [Recording, Recording]
  const withSets = mapFrames(second, (frame, kind) => ({
    ...frame,
    data: kind === 'video' && frame.key ? withParameterSets(frame.data, parameterSetsOf(second.avcC!)) : frame.data
  }))
  const published = await broadcast(t, writeRecording(joined([first, withSets], SECONDS * 1000 + 35)))
  checkPublished(t, published, { video: true, audio: true })
  t.match(published.runs, [{ video: 'copy', audio: 'copy' }, { video: 'copy', audio: 'copy' }])
  t.equal(published.runs.length, 2)
  t.equal(published.segments.filter(({ discontinuity }) => discontinuity).length, 1)
  const own = (recording: Recording) => recording.frames.filter(({ track }) => track === recording.video).flatMap(({ data }) => slicesOf(nalsWithLengths(data)))
  checkSameBytes(t, slicesOf(nals(published)), [...own(first), ...own(second)], 'every coded slice, once, in order')
  const [before, after] = parts(published) as [Published, Published]
  const sps = (part: Published) => nals(part).filter(nal => nalType(nal) === NAL.sps)
  const [firstSps, secondSps] = [parameterSetsOf(first.avcC!)[0]!, parameterSetsOf(second.avcC!)[0]!]
  t.notOk(firstSps.equals(secondSps))
  t.ok(sps(before).every(nal => nal.equals(firstSps)))
  t.ok(sps(after).every(nal => nal.equals(secondSps)))
  for (const part of [before, after]) await checkPart(t, part)
})

t.test('the same parameter sets in every key frame are no new epoch', async t => {
  const recording = readRecording(await ffmpeg([...numbered({ seconds: SECONDS }), ...H264, ...MATROSKA]))
  const withSets = mapFrames(recording, frame => ({ ...frame, data: frame.key ? withParameterSets(frame.data, parameterSetsOf(recording.avcC!)) : frame.data }))
  const published = await broadcast(t, writeRecording(withSets))
  checkPublished(t, published, { video: true, audio: false })
  t.equal(published.runs.length, 1)
})

t.test('EXT-X-PROGRAM-DATE-TIME follows the media, at the start and at each discontinuity', async t => {
  const recording = await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...FORMATS['H.264 and AAC']])
  const before = Date.now()
  const { playlist } = await broadcast(t, Buffer.concat([recording, recording]))
  const dates = playlist.segments.map(({ programDateTimeMs }) => programDateTimeMs!)
  t.ok(dates.every(Number.isFinite), 'hls.js knows a date for every segment')
  t.ok(dates[0]! >= before - SECONDS * 1_000 - 1_000 && dates[0]! <= Date.now(), 'it is the time of day; what is sent at once was recorded before')
  t.equal(playlist.text.match(/#EXT-X-PROGRAM-DATE-TIME/g)?.length, 2)
})

/** The stretches between discontinuities. */
function parts (published: Published): Published[] {
  const starts = published.segments.flatMap(({ discontinuity }, index) => discontinuity ? [index] : [])
  return [0, ...starts].map((start, index) => ({ ...published, segments: published.segments.slice(start, starts[index]) }))
}

/** All of a recording is in it, without a hole. */
async function checkPart (t: Test, part: Published): Promise<void> {
  t.strictSame(await readNumbers(wholeStream(part)), range(SECONDS * RATE), 'every picture, once, in order')
  const video = distances(timesMs(part, 'video'))
  t.ok(video.least > 30 && video.most < 37, `pictures follow one another: ${video.least} to ${video.most} ms`)
  const audio = distances(timesMs(part, 'audio'))
  t.ok(audio.least > 19 && audio.most < 24, `frames of sound follow one another: ${audio.least} to ${audio.most} ms`)
  t.ok(Math.abs(mediaMs(part) - SECONDS * 1000) < 80, `the durations add up: ${mediaMs(part)} ms`)
}

function withParameterSets (sample: Buffer, sets: Buffer[]): Buffer {
  return Buffer.concat([...sets.flatMap(set => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(set.length)
    return [length, set]
  }), sample])
}

function range (count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
