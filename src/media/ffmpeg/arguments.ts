import type { Container, InitSegment } from '../container/types.ts'

/** What FFmpeg does with each track of an epoch. */
export interface EncodePlan {
  container: Container
  /** `transcode` gives the picture size, both sides even. */
  video: undefined | 'copy' | { width: number, height: number }
  audio: undefined | 'copy' | 'transcode'
  /** What stands before this on the recording's time line is published already, in microseconds; undefined: nothing is. */
  startUs: number | undefined
}

export interface EncodeSettings {
  segmentTargetSeconds: number
  silentTrackMs: number
  maxVideoPixels: number
  transcodePreset: string
  transcodeVideoKbps: number
  transcodeFrameRate: number
  transcodeMaxPixels: number
  transcodeThreads: number
  audioKbps: number
}

/**
 * Added to every output time stamp: audio priming and reordered pictures may stand before zero, which
 * MPEG-TS cannot say.
 */
export const OUTPUT_OFFSET_US = 10_000_000

const DEMUXERS = {
  matroska: { name: 'matroska', whitelist: 'matroska,webm' },
  mp4: { name: 'mp4', whitelist: 'mov,mp4,m4a,3gp,3g2,mj2' }
} as const

/** Exactly between two instants of the grid, a picture goes to the later one. */
const ROUNDING_US = 100

/** How often FFmpeg says how far it is, in seconds. */
const PROGRESS_SECONDS = 0.5

/** 720p is where TRANSCODE_VIDEO_KBPS is measured. */
const REFERENCE_PIXELS = 1280 * 720
const LOWEST_KBPS = 300
/** FFmpeg counts the bits of the encoder's buffer, twice as many, with 31 bits. */
const HIGHEST_KBPS = 1_000_000

/** x264 takes no longer side. */
const LONGEST_SIDE = 16_384
const SHORTEST_SIDE = 2

/** The plan that does least: tracks that HLS takes are copied. A track that is not `present` yet is left out. */
export function planFor (init: InitSegment, present: { video: boolean, audio: boolean }, startUs: number | undefined, transcodeVideo: boolean, settings: EncodeSettings): EncodePlan {
  const video = present.video ? init.video : undefined
  const audio = present.audio ? init.audio : undefined
  return {
    container: init.container,
    video: video && (video.copyable && !transcodeVideo ? 'copy' : pictureSize(video.width, video.height, settings.transcodeMaxPixels)),
    audio: audio && (audio.copyable ? 'copy' : 'transcode'),
    startUs
  }
}

/** What a run costs most: `video` and `audio` are transcoded (`video`: the sound, if any, may be too), `copy` is neither. */
export const ENCODE_WORKS = ['copy', 'audio', 'video'] as const

export type EncodeWork = typeof ENCODE_WORKS[number]

export function workOf ({ video, audio }: Pick<EncodePlan, 'video' | 'audio'>): EncodeWork {
  if (typeof video === 'object') return 'video'
  return audio === 'transcode' ? 'audio' : 'copy'
}

/** The first picture of a run that goes on at `startUs`, in microseconds: transcoded ones stand on the grid of the frame rate. */
export function firstPictureUs (video: EncodePlan['video'], startUs: number, { transcodeFrameRate }: Pick<EncodeSettings, 'transcodeFrameRate'>): number {
  return typeof video === 'object' ? gridIndex(startUs, transcodeFrameRate) * 1e6 / transcodeFrameRate : startUs
}

/** The instant of the grid on which FFmpeg puts a picture of this time, up to half a frame before or after it. */
function gridIndex (timeUs: number, rate: number): number {
  return Math.ceil((timeUs + ROUNDING_US) * rate / 1e6 - 0.5)
}

/** 4:2:0 needs even sides; a picture over the limits is scaled down in proportion, as far as its shape allows. */
function pictureSize (width: number, height: number, maxPixels: number): { width: number, height: number } {
  const longest = Math.min(LONGEST_SIDE, maxPixels / SHORTEST_SIDE)
  const scale = Math.min(1, Math.sqrt(maxPixels / (width * height)), longest / Math.max(width, height))
  const even = (side: number) => Math.max(SHORTEST_SIDE, Math.floor(side * scale / 2) * 2)
  return { width: even(width), height: even(height) }
}

function seconds (us: number): string {
  return (us / 1e6).toFixed(6)
}

function videoArguments (video: NonNullable<EncodePlan['video']>, startUs: number | undefined, settings: EncodeSettings): string[] {
  if (video === 'copy') return ['-c:v', 'copy']
  const { width, height } = video
  const kbps = Math.min(HIGHEST_KBPS, Math.max(LOWEST_KBPS, Math.round(settings.transcodeVideoKbps * width * height / REFERENCE_PIXELS)))
  const keyInterval = settings.segmentTargetSeconds / 2
  return [
    // The filter, not the muxer, fixes the rate: a recorder's jitter can make FFmpeg guess 1000 fps, and
    // unlike `-fps_mode cfr` it does not fill the time before the first picture.
    '-vf', [
      `fps=${settings.transcodeFrameRate}`,
      // Decoding starts at a key frame; what is published is not encoded again.
      ...(startUs === undefined ? [] : [`trim=start_pts=${gridIndex(startUs, settings.transcodeFrameRate)}`]),
      `scale=${width}:${height}:force_original_aspect_ratio=decrease`,
      `pad=${width}:${height}:-1:-1`,
      'setsar=1',
      'format=yuv420p'
    ].join(','),
    '-c:v', 'libx264',
    '-preset', settings.transcodePreset,
    '-tune', 'zerolatency',
    '-profile:v', 'main',
    '-threads:v', String(settings.transcodeThreads),
    '-bf', '0',
    '-sc_threshold', '0',
    '-g', String(settings.transcodeFrameRate * settings.segmentTargetSeconds * 5),
    // FFmpeg counts from the first picture that is encoded.
    '-force_key_frames', `expr:gte(t,n_forced*${keyInterval})`,
    '-crf', '23',
    '-maxrate', `${kbps}k`,
    '-bufsize', `${kbps * 2}k`
  ]
}

function audioArguments (audio: NonNullable<EncodePlan['audio']>, settings: EncodeSettings): string[] {
  if (audio === 'copy') return ['-c:a', 'copy']
  return ['-c:a', 'aac', '-b:a', `${settings.audioKbps}k`, '-ac', '2', '-ar', '48000', '-af', 'aresample=async=1']
}

/**
 * The whole argument list: one recording on standard input, one MPEG-TS on standard output, time
 * stamps kept (plus {@link OUTPUT_OFFSET_US}), warnings on standard error, progress on descriptor 3.
 */
export function encodeArguments (plan: EncodePlan, settings: EncodeSettings): string[] {
  const demuxer = DEMUXERS[plan.container]
  return [
    '-hide_banner', '-nostats', '-loglevel', 'level+warning',
    '-progress', 'pipe:3', '-stats_period', String(PROGRESS_SECONDS),
    '-protocol_whitelist', 'pipe', '-format_whitelist', demuxer.whitelist,
    '-max_pixels', String(settings.maxVideoPixels),
    '-threads', String(settings.transcodeThreads),
    // Chromium writes no DefaultDuration; looking for a frame rate costs over a second.
    '-fpsprobesize', '0',
    '-copyts',
    '-f', demuxer.name, '-i', 'pipe:0',
    ...(plan.video === undefined ? [] : ['-map', '0:v:0', ...videoArguments(plan.video, plan.startUs, settings)]),
    ...(plan.audio === undefined ? [] : ['-map', '0:a:0', ...audioArguments(plan.audio, settings)]),
    '-filter_threads', '1',
    '-max_interleave_delta', String(settings.silentTrackMs * 1000),
    '-muxdelay', '0', '-muxpreload', '0',
    '-output_ts_offset', seconds(OUTPUT_OFFSET_US), '-avoid_negative_ts', 'disabled',
    '-flush_packets', '1',
    // A frame of audio waits for no other; the cutter writes the tables.
    '-f', 'mpegts', '-pes_payload_size', '0', '-pat_period', '3600', '-sdt_period', '3600',
    'pipe:1'
  ]
}
