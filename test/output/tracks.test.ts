import t, { type Test } from 'tap'
import { broadcast, type Published } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, fragmented, MATROSKA, numbered, OPUS, readNumbers, tone, VP8, VP9, WEBM, X264 } from '../fixtures/generate.ts'
import { interleave, mapFrames, readRecording, writeRecording, type Recording } from '../fixtures/matroska.ts'
import { aacFrames, checkPublished, checkSameBytes, distances, mediaMs, timesMs, wholeStream } from '../fixtures/published.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const SECONDS = 9
const RATE = 30
const FRAME_MS = 1000 / RATE
const AAC_FRAME_MS = 1024 / 48
const FORMATS = {
  'H.264 and AAC, copied': { video: [...X264, ...everyFrames(RATE)], audio: AAC, muxer: MATROSKA },
  'H.264 copied, Opus transcoded': { video: [...X264, ...everyFrames(RATE)], audio: OPUS, muxer: MATROSKA },
  'VP8 and Opus, transcoded': { video: [...VP8, ...everyFrames(RATE * 3)], audio: OPUS, muxer: WEBM },
  'VP9 and Opus, transcoded': { video: [...VP9, ...everyFrames(RATE * 3)], audio: OPUS, muxer: WEBM }
}
/** Where a test changes the recording afterwards, two kinds stand for all: all copied, all transcoded. */
const TWO = Object.entries(FORMATS).filter(([name]) => /AAC|VP8/.test(name))

for (const [name, { video, audio, muxer }] of Object.entries(FORMATS)) {
  t.test(`video and audio: ${name}`, async t => {
    const published = await broadcast(t, await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...video, ...audio, ...muxer]))
    checkPublished(t, published, { video: true, audio: true })
    t.ok(published.segments.every(({ ts }) => ts.types.video !== undefined && ts.types.audio !== undefined), 'both tracks in every segment')
    checkTrack(t, published, 'video', 0, SECONDS)
    checkTrack(t, published, 'audio', 0, SECONDS)
    await checkPictures(t, published)
  })

  t.test(`video only: ${name}`, async t => {
    const published = await broadcast(t, await ffmpeg([...numbered({ seconds: SECONDS }), ...video, ...muxer]))
    checkPublished(t, published, { video: true, audio: false })
    checkTrack(t, published, 'video', 0, SECONDS)
    await checkPictures(t, published)
  })

  t.test(`audio only: ${name}`, async t => {
    const published = await broadcast(t, await ffmpeg([...tone(SECONDS), ...audio, ...muxer]))
    checkPublished(t, published, { video: false, audio: true })
    checkTrack(t, published, 'audio', 0, SECONDS)
    t.ok(published.segments.slice(1, -1).every(({ durationMs }) => durationMs >= 1900 && durationMs < 2450))
    t.ok(Math.abs(mediaMs(published) - SECONDS * 1000) < 80, `the durations add up: ${mediaMs(published)} ms`)
  })
}

t.test('audio only in MP4', async t => {
  const recording = await ffmpeg([...tone(SECONDS), ...AAC, '-frag_duration', '250000', ...fragmented('empty_moov+default_base_moof')])
  const published = await broadcast(t, recording)
  checkPublished(t, published, { video: false, audio: true })
  checkSameBytes(t, aacFrames(published), (await sourcePackets(recording)).audio, 'every frame of sound, once, in order')
})

t.test('sound with the longest frames there are (AAC at 8 kHz), and video that ends', async t => {
  const recording = await record(FORMATS['H.264 and AAC, copied'].video, [...AAC, '-ar', '8000'], MATROSKA)
  const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'video' && frame.timeMs > 3500 ? undefined : frame)))
  checkPublished(t, published, { video: true, audio: true })
  const { most } = distances(timesMs(published, 'audio'))
  t.ok(most < 130, `there is no hole in the sound: ${most} ms`)
})

for (const [name, { video, audio, muxer }] of TWO) {
  t.test(`a declared audio track that stays silent: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'audio' ? undefined : frame)))
    checkPublished(t, published, { video: true, audio: false })
    checkTrack(t, published, 'video', 0, SECONDS)
    t.equal(published.runs.length, 1)
    await checkPictures(t, published)
  })

  t.test(`a declared video track that stays silent: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'video' ? undefined : frame)))
    checkPublished(t, published, { video: false, audio: true })
    checkTrack(t, published, 'audio', 0, SECONDS)
  })

  for (const beginsAt of [0.3, 1.5, 4]) {
    t.test(`audio that begins at ${beginsAt} s: ${name}`, async t => {
      const recording = await record(video, audio, muxer)
      const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'audio' && frame.timeMs < beginsAt * 1000 ? undefined : frame)))
      checkPublished(t, published, { video: true, audio: true })
      checkTrack(t, published, 'video', 0, SECONDS)
      checkTrack(t, published, 'audio', beginsAt, SECONDS)
      await checkPictures(t, published)
    })

    t.test(`video that begins at ${beginsAt} s: ${name}`, async t => {
      const recording = await record(video, audio, muxer, ['-force_key_frames', String(beginsAt)])
      let begun = false
      const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => {
        if (kind === 'video') begun ||= frame.key && frame.timeMs >= beginsAt * 1000
        return kind === 'video' && !begun ? undefined : frame
      })))
      checkPublished(t, published, { video: true, audio: true })
      checkTrack(t, published, 'audio', 0, SECONDS)
      checkTrack(t, published, 'video', beginsAt, SECONDS)
      await checkPictures(t, published, Math.round(beginsAt * RATE))
    })
  }

  t.test(`audio that ends in the middle: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'audio' && frame.timeMs > 4300 ? undefined : frame)))
    checkPublished(t, published, { video: true, audio: true })
    checkTrack(t, published, 'video', 0, SECONDS)
    checkTrack(t, published, 'audio', 0, 4.3)
    t.equal(published.runs.length, 1)
    await checkPictures(t, published)
  })

  t.test(`video that ends in the middle: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'video' && frame.timeMs > 4300 ? undefined : frame)))
    checkPublished(t, published, { video: true, audio: true })
    checkTrack(t, published, 'video', 0, 4.3)
    checkTrack(t, published, 'audio', 0, SECONDS)
    t.equal(published.runs.length, 1)
    t.ok(Math.abs(mediaMs(published) - SECONDS * 1000) < 80, `the durations add up: ${mediaMs(published)} ms`)
    t.ok(published.segments.at(-1)!.ts.pes.every(({ kind }) => kind === 'audio'), 'sound alone in the end')
  })
}

for (const [name, { video, audio, muxer }] of TWO) {
  t.test(`sound that stays away for 2 s: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const published = await broadcast(t, writeRecording(mapFrames(recording, (frame, kind) => kind === 'audio' && frame.timeMs > 3000 && frame.timeMs < 5000 ? undefined : frame)))
    checkPublished(t, published, { video: true, audio: true })
    t.equal(published.runs.length, 1)
    checkTrack(t, published, 'video', 0, SECONDS)
    await checkPictures(t, published)
    const times = timesMs(published, 'audio')
    t.ok(Math.abs(times.at(-1)! - times[0]! - SECONDS * 1000) < 80, 'sound ends when it did')
    const hole = times.findIndex((time, index) => (times[index + 1] ?? time) - time > 100)
    if (name.includes('transcoded')) t.equal(hole, -1, 'silence fills the hole')
    else t.ok(Math.abs(times[hole]! - times[0]! - 3000) < 50 && Math.abs(times[hole + 1]! - times[0]! - 5000) < 50, 'the hole is where it was')
  })

  t.test(`pictures that stay away for 3 s, and go on without a key frame: ${name}`, async t => {
    const recording = await record(video, audio, muxer)
    const last = (SECONDS - 3) * RATE
    let picture = 0
    // The recorder sends nothing for what does not change: later pictures come later.
    const late = recording.frames.filter(({ track }) => track === recording.video).slice(0, last).map(frame => ({ ...frame, timeMs: frame.timeMs + (picture++ < 100 ? 0 : 3000) }))
    const sound = recording.frames.filter(({ track }) => track === recording.audio)
    const published = await broadcast(t, writeRecording({ ...recording, frames: interleave(late, sound) }))
    checkPublished(t, published, { video: true, audio: true, holes: true })
    t.ok(Math.abs(mediaMs(published) - SECONDS * 1000) < 80, `the durations add up: ${mediaMs(published)} ms`)
    checkTrack(t, published, 'audio', 0, SECONDS)
    t.strictSame([...new Set(await readNumbers(wholeStream(published)))], Array.from({ length: last }, (_, index) => index), 'every picture, in order')
  })
}

t.test('copied sound with a hole of 3 s', async t => {
  const recording = readRecording(await ffmpeg([...tone(SECONDS), ...AAC, ...MATROSKA]))
  const published = await broadcast(t, writeRecording(mapFrames(recording, frame => frame.timeMs > 2500 && frame.timeMs < 5500 ? undefined : frame)))
  checkPublished(t, published, { video: false, audio: true, holes: true })
  t.ok(Math.abs(mediaMs(published) - SECONDS * 1000) < 80, `the durations add up: ${mediaMs(published)} ms`)
})

async function record (video: string[], audio: string[], muxer: string[], more: string[] = []): Promise<Recording> {
  return readRecording(await ffmpeg([...numbered({ seconds: SECONDS }), ...tone(SECONDS), ...video, ...more, ...audio, ...muxer]))
}

/** Frame after frame from one second to another, with no hole and no overlap. */
function checkTrack (t: Test, published: Published, kind: 'video' | 'audio', fromSeconds: number, toSeconds: number): void {
  const times = timesMs(published, kind)
  const frameMs = kind === 'video' ? FRAME_MS : AAC_FRAME_MS
  const { least, most } = distances(times)
  t.ok(least > frameMs / 2 && most < 2 * frameMs, `${kind}: no hole and no overlap of a frame (${least.toFixed(1)} to ${most.toFixed(1)} ms)`)
  const lengthMs = times.at(-1)! - times[0]! + frameMs
  t.ok(Math.abs(lengthMs - (toSeconds - fromSeconds) * 1000) < 80, `${kind} is as long as its source: ${lengthMs.toFixed(0)} ms`)
}

async function checkPictures (t: Test, published: Published, from = 0): Promise<void> {
  t.strictSame(await readNumbers(wholeStream(published)), Array.from({ length: SECONDS * RATE - from }, (_, index) => from + index), 'every picture, once, in order')
}
