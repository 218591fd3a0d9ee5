import t from 'tap'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import type { AudioTrack, InitSegment, VideoTrack } from '../../../src/media/container/types.ts'
import { encodeArguments, firstPictureUs, OUTPUT_OFFSET_US, planFor, workOf, type EncodePlan } from '../../../src/media/ffmpeg/arguments.ts'

const SETTINGS = completeLivestreamOptions({})
const INPUT = ['-hide_banner', '-nostats', '-loglevel', 'level+warning', '-progress', 'pipe:3', '-stats_period', '0.5', '-protocol_whitelist', 'pipe']
const LIMITS = ['-max_pixels', '8294400', '-threads', '1', '-fpsprobesize', '0', '-copyts']
const OUTPUT = [
  '-filter_threads', '1', '-max_interleave_delta', '500000', '-muxdelay', '0', '-muxpreload', '0',
  '-output_ts_offset', '10.000000', '-avoid_negative_ts', 'disabled', '-flush_packets', '1',
  '-f', 'mpegts', '-pes_payload_size', '0', '-pat_period', '3600', '-sdt_period', '3600', 'pipe:1'
]
const X264 = [
  '-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-profile:v', 'main', '-threads:v', '1', '-bf', '0', '-sc_threshold', '0',
  '-g', '300', '-force_key_frames', 'expr:gte(t,n_forced*1)', '-crf', '23'
]
const FILTERS_640 = 'scale=640:360:force_original_aspect_ratio=decrease,pad=640:360:-1:-1,setsar=1,format=yuv420p'
const AAC = ['-map', '0:a:0', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000', '-af', 'aresample=async=1']

const ARGUMENTS: Array<{ name: string, plan: EncodePlan, expected: string[] }> = [
  {
    name: 'Matroska, all copied',
    plan: { container: 'matroska', video: 'copy', audio: 'copy', startUs: undefined },
    expected: [...INPUT, '-format_whitelist', 'matroska,webm', ...LIMITS, '-f', 'matroska', '-i', 'pipe:0', '-map', '0:v:0', '-c:v', 'copy', '-map', '0:a:0', '-c:a', 'copy', ...OUTPUT]
  },
  {
    name: 'MP4, video copied, sound transcoded',
    plan: { container: 'mp4', video: 'copy', audio: 'transcode', startUs: 7_000_000 },
    expected: [...INPUT, '-format_whitelist', 'mov,mp4,m4a,3gp,3g2,mj2', ...LIMITS, '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-c:v', 'copy', ...AAC, ...OUTPUT]
  },
  {
    name: 'WebM, all transcoded',
    plan: { container: 'matroska', video: { width: 640, height: 360 }, audio: 'transcode', startUs: undefined },
    expected: [...INPUT, '-format_whitelist', 'matroska,webm', ...LIMITS, '-f', 'matroska', '-i', 'pipe:0', '-map', '0:v:0', '-vf', `fps=30,${FILTERS_640}`, ...X264, '-maxrate', '625k', '-bufsize', '1250k', ...AAC, ...OUTPUT]
  },
  {
    name: 'a run that goes on: what is published is not encoded again',
    plan: { container: 'matroska', video: { width: 640, height: 360 }, audio: undefined, startUs: 4_000_000 },
    expected: [...INPUT, '-format_whitelist', 'matroska,webm', ...LIMITS, '-f', 'matroska', '-i', 'pipe:0', '-map', '0:v:0', '-vf', `fps=30,trim=start_pts=120,${FILTERS_640}`, ...X264, '-maxrate', '625k', '-bufsize', '1250k', ...OUTPUT]
  },
  {
    name: 'sound alone',
    plan: { container: 'matroska', video: undefined, audio: 'transcode', startUs: undefined },
    expected: [...INPUT, '-format_whitelist', 'matroska,webm', ...LIMITS, '-f', 'matroska', '-i', 'pipe:0', ...AAC, ...OUTPUT]
  }
]

for (const { name, plan, expected } of ARGUMENTS) {
  t.test(`arguments: ${name}`, async t => {
    t.strictSame(encodeArguments(plan, SETTINGS), expected)
  })
}

t.test('settings reach the arguments', async t => {
  const plan: EncodePlan = { container: 'matroska', video: { width: 1920, height: 1080 }, audio: 'transcode', startUs: 1_000_000 }
  const args = encodeArguments(plan, {
    ...SETTINGS, segmentTargetSeconds: 4, silentTrackMs: 700, maxVideoPixels: 1000, transcodePreset: 'fast', transcodeVideoKbps: 1000, transcodeFrameRate: 25, transcodeThreads: 2, audioKbps: 64
  })
  const after = (name: string) => args[args.indexOf(name) + 1]
  t.strictSame(['-max_pixels', '-threads', '-threads:v', '-preset', '-maxrate', '-bufsize', '-g', '-force_key_frames', '-b:a', '-max_interleave_delta'].map(after),
    ['1000', '2', '2', 'fast', '2250k', '4500k', '500', 'expr:gte(t,n_forced*2)', '64k', '700000'])
  t.match(after('-vf'), /^fps=25,trim=start_pts=25,scale=1920:1080:/)
  t.equal(encodeArguments({ ...plan, video: { width: 64, height: 64 } }, SETTINGS)[args.indexOf('-maxrate') + 1], '300k', 'never less than 300 kbit/s')
})

t.test('where a run goes on: pictures stand on the grid of the frame rate when they are transcoded', async t => {
  const video = { width: 2, height: 2 }
  for (const { startMs, index } of [
    { startMs: 4000, index: 120 },
    { startMs: 4016, index: 120 },
    { startMs: 4017, index: 121 },
    { startMs: 5461, index: 164 },
    { startMs: 50, index: 2 },
    { startMs: 0, index: 0 },
    { startMs: -21, index: -1 }
  ]) {
    const startUs = startMs * 1000
    t.equal(Math.round(firstPictureUs(video, startUs, SETTINGS)), Math.round(index * 1e6 / 30), `${startMs} ms`)
    t.ok(encodeArguments({ container: 'mp4', video, audio: undefined, startUs }, SETTINGS).includes(`fps=30,trim=start_pts=${index},scale=2:2:force_original_aspect_ratio=decrease,pad=2:2:-1:-1,setsar=1,format=yuv420p`))
    t.equal(firstPictureUs('copy', startUs, SETTINGS), startUs)
  }
})

t.test('the offset keeps time stamps from becoming negative', async t => {
  t.equal(OUTPUT_OFFSET_US, 10_000_000)
})

const VIDEO: VideoTrack = { kind: 'video', id: 1, codec: 'h264', width: 1280, height: 720, copyable: true }
const AUDIO: AudioTrack = { kind: 'audio', id: 2, codec: 'aac', sampleRate: 44_100, channels: 1, copyable: true }
const BOTH = { video: true, audio: true }

function init (video: Partial<VideoTrack> | undefined, audio: Partial<AudioTrack> | undefined): InitSegment {
  return { container: 'matroska', bytes: Buffer.alloc(0), video: video && { ...VIDEO, ...video }, audio: audio && { ...AUDIO, ...audio } }
}

t.test('the plan does least: what HLS takes is copied', async t => {
  for (const { name, of, present = BOTH, transcode = false, expected } of [
    { name: 'H.264 and AAC', of: init({}, {}), expected: { video: 'copy', audio: 'copy' } },
    { name: 'H.264 and Opus', of: init({}, { codec: 'opus', copyable: false }), expected: { video: 'copy', audio: 'transcode' } },
    { name: 'VP8 and AAC', of: init({ codec: 'vp8', copyable: false }, {}), expected: { video: { width: 1280, height: 720 }, audio: 'copy' } },
    { name: '10-bit H.264', of: init({ copyable: false }, undefined), expected: { video: { width: 1280, height: 720 }, audio: undefined } },
    { name: 'long GOPs', of: init({}, {}), transcode: true, expected: { video: { width: 1280, height: 720 }, audio: 'copy' } },
    { name: 'no video', of: init(undefined, {}), expected: { video: undefined, audio: 'copy' } },
    { name: 'a silent sound track', of: init({}, {}), present: { video: true, audio: false }, expected: { video: 'copy', audio: undefined } },
    { name: 'a silent video track', of: init({}, {}), present: { video: false, audio: true }, expected: { video: undefined, audio: 'copy' } }
  ] as const) t.strictSame(planFor(of, present, 5, transcode, SETTINGS), { container: 'matroska', ...expected, startUs: 5 }, name)
})

t.test('picture sizes are even, and no larger than what is transcoded', async t => {
  for (const { from, to, max = SETTINGS.transcodeMaxPixels } of [
    { from: [640, 360], to: { width: 640, height: 360 } },
    { from: [321, 241], to: { width: 320, height: 240 } },
    { from: [1, 1], to: { width: 2, height: 2 } },
    { from: [3840, 2160], to: { width: 1920, height: 1080 } },
    { from: [2160, 3840], to: { width: 1080, height: 1920 } },
    { from: [400, 200], to: { width: 200, height: 100 }, max: 20_000 }
  ]) {
    const { video } = planFor(init({ codec: 'vp8', copyable: false, width: from[0]!, height: from[1]! }, undefined), BOTH, undefined, false, { ...SETTINGS, transcodeMaxPixels: max })
    t.strictSame(video, to, from.join('x'))
  }
})

t.test('the costliest work of a run', async t => {
  const picture = { width: 640, height: 360 }
  for (const [plan, work] of [
    [{ video: 'copy', audio: 'copy' }, 'copy'],
    [{ video: 'copy', audio: undefined }, 'copy'],
    [{ video: 'copy', audio: 'transcode' }, 'audio'],
    [{ video: undefined, audio: 'transcode' }, 'audio'],
    [{ video: picture, audio: 'transcode' }, 'video'],
    [{ video: picture, audio: undefined }, 'video']
  ] as const) t.equal(workOf(plan), work)
})
