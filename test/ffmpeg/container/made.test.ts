import t from 'tap'
import type { Container, Unit } from '../../../src/media/container/types.ts'
import { AUDIO, BASE_IS_FILE, BASE_IS_MOOF, H264, H264_AAC, VIDEO, VPX, X264, decode, make } from '../../media/container/ffmpeg.ts'
import { packetsOf } from './oracle.ts'
import { feed, framesOf, read } from '../../media/container/reading.ts'

interface Recording {
  name: string
  args: string[]
  container: Container
  /** Part of what the header has to say. */
  video?: object
  audio?: object
  /** The oracle does not read it, or has another view of its times. */
  hasNoOracle?: true
}

const B_FRAMES = ['-bf', '2', '-x264-params', 'b-adapt=0:scenecut=0']
const AAC = { codec: 'aac', sampleRate: 48000, channels: 1, copyable: true }
const PICTURE = { width: 160, height: 120 }
const COPYABLE = { codec: 'h264', ...PICTURE, copyable: true }
const NOT_COPYABLE = { codec: 'h264', ...PICTURE, copyable: false }
const TWO_OF_EACH = [...VIDEO, ...VIDEO, ...AUDIO, ...AUDIO, '-map', '0', '-map', '1', '-map', '2', '-map', '3', ...X264, '-pix_fmt', 'yuv420p', '-c:a', 'aac']

const RECORDINGS: Recording[] = [
  { name: 'base-is-moof.mp4', container: 'mp4', args: [...H264_AAC, ...BASE_IS_MOOF], video: COPYABLE, audio: AAC },
  { name: 'base-is-file.mp4', container: 'mp4', args: [...H264_AAC, ...BASE_IS_FILE], video: COPYABLE, audio: AAC },
  { name: 'base-is-chain.mp4', container: 'mp4', args: [...H264_AAC, '-movflags', 'frag_keyframe+empty_moov+omit_tfhd_offset'], video: COPYABLE, audio: AAC },
  { name: 'cmaf.mp4', container: 'mp4', args: [...H264_AAC, '-movflags', 'cmaf+frag_keyframe+dash', '-write_prft', 'wallclock'], video: COPYABLE, audio: AAC },
  { name: 'edit-list.mp4', container: 'mp4', args: [...H264_AAC, ...B_FRAMES, '-movflags', 'frag_keyframe+delay_moov+default_base_moof'], video: COPYABLE, audio: AAC },
  { name: 'late-edit-list.mp4', container: 'mp4', args: [...H264_AAC, ...B_FRAMES, '-output_ts_offset', '1.5', '-movflags', 'frag_keyframe+delay_moov'], video: COPYABLE, audio: AAC },
  { name: 'tracks.mp4', container: 'mp4', args: [...TWO_OF_EACH, ...BASE_IS_FILE], video: COPYABLE, audio: AAC },
  { name: '422.mp4', container: 'mp4', args: [...H264, '-pix_fmt', 'yuv422p', ...BASE_IS_MOOF], video: NOT_COPYABLE },
  { name: '10-bit.mkv', container: 'matroska', args: [...H264, '-pix_fmt', 'yuv420p10le'], video: NOT_COPYABLE },
  { name: 'cropped.mkv', container: 'matroska', args: [...H264, '-pix_fmt', 'yuv420p', '-s', '150x110'], video: { codec: 'h264', width: 150, height: 110, copyable: true } },
  { name: 'sizes-known.mkv', container: 'matroska', args: [...H264_AAC, ...B_FRAMES], video: COPYABLE, audio: AAC },
  { name: 'sizes-unknown.mkv', container: 'matroska', args: [...H264_AAC, '-live', '1'], video: COPYABLE, audio: AAC },
  { name: 'tracks.mkv', container: 'matroska', args: TWO_OF_EACH, video: COPYABLE, audio: AAC },
  { name: 'annexb.mkv', container: 'matroska', args: [...H264, '-pix_fmt', 'yuv420p', '-bsf:v', 'h264_mp4toannexb', '-flags', '+global_header'], video: COPYABLE },
  { name: 'vp9-opus.webm', container: 'matroska', args: [...VIDEO, ...AUDIO, '-c:v', 'libvpx-vp9', ...VPX, '-c:a', 'libopus'], video: { codec: 'vp9', ...PICTURE }, audio: { codec: 'opus' } },
  { name: 'vp8-alpha-vorbis.webm', container: 'matroska', args: [...VIDEO, ...AUDIO, '-c:v', 'libvpx', '-pix_fmt', 'yuva420p', '-auto-alt-ref', '0', ...VPX, '-c:a', 'libvorbis'], video: { codec: 'vp8', ...PICTURE }, audio: { codec: 'vorbis', sampleRate: 48000 } },
  { name: 'vp9.mp4', container: 'mp4', args: [...VIDEO, '-c:v', 'libvpx-vp9', ...VPX, ...BASE_IS_MOOF], video: { codec: 'vp9', ...PICTURE } },
  { name: 'av1-pcm.mkv', container: 'matroska', args: [...VIDEO, ...AUDIO, '-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime', '-g', '15', '-c:a', 'pcm_s16le'], video: { codec: 'av1', ...PICTURE }, audio: { codec: 'pcm', sampleRate: 48000, channels: 1, copyable: false } },
  { name: 'big-endian.mkv', container: 'matroska', args: [...AUDIO, '-c:a', 'pcm_s16be'], audio: { codec: 'pcm' } },
  { name: 'stereo-44100.mkv', container: 'matroska', args: [...AUDIO, '-c:a', 'aac', '-ac', '2', '-ar', '44100'], audio: { codec: 'aac', sampleRate: 44100, channels: 2, copyable: true } },
  { name: 'surround.mp4', container: 'mp4', args: [...AUDIO, '-c:a', 'aac', '-ac', '6', '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '500000'], audio: { codec: 'aac', sampleRate: 48000, channels: 6, copyable: false } },
  { name: 'opus.mp4', container: 'mp4', args: [...AUDIO, '-c:a', 'libopus', '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '500000'], audio: { codec: 'opus', sampleRate: 48000, channels: 1 } },
  { name: 'pcm.mov', container: 'mp4', args: [...AUDIO, '-c:a', 'pcm_s16le', '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '500000'], audio: { codec: 'pcm', sampleRate: 48000, channels: 1 }, hasNoOracle: true }
]

for (const { name, args, container, video, audio, hasNoOracle } of RECORDINGS) {
  t.test(name, async t => {
    const bytes = make(t.testdir(), name, args)
    const { inits: [init, ...otherInits], units, damage, settled } = read(bytes)
    if (init === undefined) throw new Error('no header')

    t.strictSame(otherInits, [])
    t.strictSame(damage, [])
    t.equal(settled, bytes.length)
    t.equal(init.container, container)
    t.match(init, { video, audio })

    if (hasNoOracle !== true) {
      const oracle = await packetsOf(bytes)
      t.strictSame(framesOf(units, 'video').map(({ timeUs, key }) => ({ timeUs, key })), oracle.video)
      t.strictSame(framesOf(units, 'audio').map(({ timeUs, key }) => ({ timeUs, key })), oracle.audio)
    }

    const starts = units.filter(({ frames }) => frames.some(frame => frame.key && (frame.kind === 'video' || init.video === undefined)))
    t.ok(starts.length >= 2)
    const fed = units.slice(units.indexOf(starts.at(-1) as Unit))
    const decoded = decode(feed(init, fed), container)
    t.equal(decoded.complaints, '')
    t.equal(decoded.video, framesOf(fed, 'video').length)
    t.ok(Math.abs(decoded.audio - framesOf(fed, 'audio').length) <= 1)
  })
}
