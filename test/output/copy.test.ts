import t from 'tap'
import { broadcast } from '../fixtures/broadcast.ts'
import { AAC, everyFrames, ffmpeg, fragmented, MATROSKA, numbered, OPUS, tone, X264 } from '../fixtures/generate.ts'
import { NAL, nalType, slicesOf } from '../fixtures/h264.ts'
import { aacFrames, checkPublished, checkSameBytes, distances, mediaMs, nals, pesOf, timesMs } from '../fixtures/published.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

const SECONDS = 7
const RATE = 25
const FRAME_MS = 1000 / RATE
const AAC_FRAME_MS = 1024 / 48

const PICTURES = [...numbered({ seconds: SECONDS, rate: RATE }), ...tone(SECONDS), ...X264, ...everyFrames(RATE)]
const B_FRAMES = ['-bf', '2', '-x264-params', 'b-adapt=0']
const OPEN_GOP = ['-bf', '2', '-x264-params', 'b-adapt=0:open-gop=1', '-g', String(RATE / 5), '-force_key_frames', 'expr:gte(t,n_forced)', '-forced-idr', '1']

interface Recording {
  args: string[]
  /** As the plan says it. */
  audio: 'copy' | 'transcode'
  /** What FFmpeg's demuxer is known to add between sound and pictures, in milliseconds. */
  skewMs?: number
}

const RECORDINGS: Record<string, Recording> = {
  'MP4, base is moof, a fragment per key frame': { args: [...AAC, ...fragmented('empty_moov+default_base_moof+frag_keyframe')], audio: 'copy' },
  'MP4, offsets in the file': { args: [...AAC, ...fragmented('empty_moov+frag_keyframe')], audio: 'copy' },
  'MP4, no offset at all': { args: [...AAC, ...fragmented('empty_moov+frag_keyframe+omit_tfhd_offset')], audio: 'copy' },
  'MP4, CMAF, fragments of 250 ms': { args: [...AAC, '-frag_duration', '250000', ...fragmented('cmaf+empty_moov')], audio: 'copy' },
  'MP4, a fragment per frame': { args: [...AAC, ...fragmented('empty_moov+default_base_moof+frag_every_frame')], audio: 'copy' },
  'MP4 with B-frames and an edit list': { args: [...B_FRAMES, ...AAC, ...fragmented('frag_keyframe+delay_moov+default_base_moof')], audio: 'copy' },
  'MP4 with B-frames and negative offsets': { args: [...B_FRAMES, ...AAC, ...fragmented('frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets')], audio: 'copy', skewMs: FRAME_MS },
  'MP4 with Opus': { args: [...OPUS, ...fragmented('empty_moov+default_base_moof+frag_keyframe')], audio: 'transcode' },
  'Matroska with AAC': { args: [...AAC, ...MATROSKA], audio: 'copy' },
  'Matroska with Opus': { args: [...OPUS, ...MATROSKA], audio: 'transcode' },
  'Matroska with Opus and B-frames': { args: [...B_FRAMES, ...OPUS, ...MATROSKA], audio: 'transcode' },
  'Matroska with AAC and B-frames': { args: [...B_FRAMES, ...AAC, ...MATROSKA], audio: 'copy' },
  'Matroska, open GOPs between the IDRs': { args: [...OPEN_GOP, ...AAC, ...MATROSKA], audio: 'copy' }
}

for (const [name, { args, audio, skewMs = 0 }] of Object.entries(RECORDINGS)) {
  t.test(`H.264 is copied: ${name}`, async t => {
    const recording = await ffmpeg([...PICTURES, ...args])
    const source = await sourcePackets(recording)
    const published = await broadcast(t, recording)
    checkPublished(t, published, { video: true, audio: true })
    t.match(published.runs, [{ video: 'copy', audio, kind: 'finished' }], 'one run, and what can be copied was copied')
    t.equal(published.runs.length, 1)
    t.strictSame(published.troubles, [])

    const units = nals(published)
    t.equal(source.slices.length, SECONDS * RATE)
    checkSameBytes(t, slicesOf(units), source.slices, 'coded slices are bit-identical, in order, none is missing, none is there twice')
    for (const type of [NAL.sps, NAL.pps]) {
      const own = source.parameterSets.filter(nal => nalType(nal) === type)
      t.ok(own.length > 0 && units.filter(nal => nalType(nal) === type).every(nal => own.some(known => known.equals(nal))), `parameter sets (${type}) are bit-identical`)
    }
    if (audio === 'copy') {
      checkSameBytes(t, aacFrames(published), source.audio, 'AAC frames are bit-identical, in order, none is missing, none is there twice')
    }

    const shifts = pesOf(published, 'video').map(({ pts }, index) => pts / 90 - source.videoMs[index]!)
    t.ok(spread(shifts) < 1, `pictures keep their times (${spread(shifts)} ms)`)
    const lastSoundMs = timesMs(published, 'audio').at(-1)!
    if (audio === 'copy') {
      const audioShifts = pesOf(published, 'audio').map(({ pts }, index) => pts / 90 - source.audioMs[index]!)
      t.ok(spread(audioShifts) < 1 && spread([...shifts, ...audioShifts]) < skewMs + 1, `sound keeps its times, against the pictures too (${spread([...shifts, ...audioShifts])} ms)`)
    } else {
      const { least, most } = distances(timesMs(published, 'audio'))
      t.ok(least >= AAC_FRAME_MS - 1.1 && most <= AAC_FRAME_MS + 1.1, `frames of sound follow one another: ${least} to ${most} ms`)
    }
    const expectedMs = Math.max(lastSoundMs, timesMs(published, 'video').at(-1)!) - timesMs(published, 'video')[0]!
    t.ok(Math.abs(mediaMs(published) - expectedMs) <= FRAME_MS + 2, `the durations add up to the media: ${mediaMs(published)} of ${expectedMs} ms`)
    t.ok(published.segments.slice(1, -1).every(({ durationMs }) => Math.abs(durationMs - 2000) <= 1), 'segments of two seconds')
  })
}

function spread (values: number[]): number {
  return Math.max(...values) - Math.min(...values)
}
