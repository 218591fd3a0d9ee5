/** What a browser's recorder would send: container, video codec, audio codec. */
export const FORMATS = {
  h264: { muxer: 'matroska', video: 'h264', audio: 'opus' },
  'h264-aac': { muxer: 'matroska', video: 'h264', audio: 'aac' },
  mp4: { muxer: 'mp4', video: 'h264', audio: 'aac' },
  vp8: { muxer: 'webm', video: 'vp8', audio: 'opus' },
  vp9: { muxer: 'webm', video: 'vp9', audio: 'opus' }
} as const

export type Format = keyof typeof FORMATS
type VideoCodec = typeof FORMATS[Format]['video']
type AudioCodec = typeof FORMATS[Format]['audio']

/**
 * A moving test picture with its media time written in it. Every full second of media time is marked
 * three ways at the same instant: a white flash of two frames, a beep of 50 ms, and, with the clock, a
 * new number. That is enough to measure delay, loss and lip sync in whatever comes out at the far end.
 * FFmpeg 5 puts Opus 7 ms too early into Matroska; with AAC, sound and picture agree to the sample.
 */
export interface GeneratedSource {
  kind: 'generated'
  /** Where the flash is: the whole picture for machines, a corner of it for eyes. Default `picture`. */
  flash?: 'picture' | 'corner'
}

export interface FileSource {
  kind: 'file'
  path: string
  /** Encode anew even what could be copied. Default false. */
  transcode?: boolean
}

export type Source = GeneratedSource | FileSource

export interface Encoding {
  format: Format
  video: boolean
  audio: boolean
  /** Picture size in pixels. Undefined: 1280 x 720, or a file's own size. */
  width?: number | undefined
  height?: number | undefined
  /** Frames per second, an integer. */
  frameRate: number
  /** Distance of key frames, in seconds. */
  keyFrameSeconds: number
  videoKbps: number
  audioKbps: number
}

export const ENCODING_DEFAULTS: Encoding = {
  format: 'h264',
  video: true,
  audio: true,
  frameRate: 30,
  keyFrameSeconds: 1,
  videoKbps: 2_000,
  audioKbps: 96
}

export interface RecordingPlan extends Encoding {
  source: Source
  /** Longest time that the recorder keeps media to itself, in milliseconds. */
  chunkMs: number
  /** Length in seconds; undefined: until it is stopped, or the file ends. */
  seconds?: number | undefined
  /** Whether this FFmpeg can write text into the picture. */
  clock?: boolean
  /** Codecs of a file, where they are known; what fits the format is copied. */
  tracks?: { video?: string | undefined, audio?: string | undefined }
}

const FLASH_FRAMES = 2
const BEEP_SECONDS = 0.05
const BEEP_HZ = 1_000
const SAMPLE_RATE = 48_000

const VIDEO_ENCODERS: Record<VideoCodec, string[]> = {
  h264: ['libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-profile:v', 'main', '-sc_threshold', '0', '-bf', '0'],
  vp8: ['libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-auto-alt-ref', '0'],
  vp9: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-row-mt', '1']
}

const AUDIO_ENCODERS: Record<AudioCodec, string> = { opus: 'libopus', aac: 'aac' }

/** The whole FFmpeg argument list: a recording in real time on standard output. */
export function recordingArguments (plan: RecordingPlan): string[] {
  if (!plan.video && !plan.audio) throw new Error('A recording needs video or audio')
  if (!Number.isInteger(plan.frameRate) || plan.frameRate < 1) throw new Error('The frame rate must be an integer from 1')
  const maps = [...(plan.video ? ['-map', '0:v:0'] : []), ...(plan.audio ? ['-map', '0:a:0'] : [])]
  return [
    '-hide_banner', '-nostats', '-loglevel', 'level+error',
    '-re', ...inputArguments(plan),
    ...maps,
    ...(plan.video ? videoArguments(plan) : []),
    ...(plan.audio ? audioArguments(plan) : []),
    ...(plan.seconds === undefined ? [] : ['-t', String(plan.seconds)]),
    ...muxerArguments(plan),
    'pipe:1'
  ]
}

function inputArguments (plan: RecordingPlan): string[] {
  if (plan.source.kind === 'file') return ['-i', plan.source.path]
  return ['-f', 'lavfi', '-i', [...(plan.video ? [`${picture(plan, plan.source)}[out0]`] : []), ...(plan.audio ? [`${sound()}[out${plan.video ? 1 : 0}]`] : [])].join(';')]
}

function picture ({ width = 1280, height = 720, frameRate, clock }: RecordingPlan, { flash = 'picture' }: GeneratedSource): string {
  const fontSize = Math.max(12, Math.round(height / 12))
  const text = (value: string, y: string) => `drawtext=text='${value}':x=(w-tw)/2:y=${y}:fontsize=${fontSize}:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=${Math.round(fontSize / 4)}`
  const area = flash === 'picture' ? 'x=0:y=0:w=iw:h=ih' : 'x=iw-iw/8:y=0:w=iw/8:h=ih/8'
  return [
    `testsrc2=size=${width}x${height}:rate=${frameRate}`,
    ...(clock === true ? [text('%{pts\\:hms}', `h-3.2*${fontSize}`), text('%{localtime\\:%T}', `h-1.6*${fontSize}`)] : []),
    // Counted in frames: times are fractions, and 0.9999 is not yet a new second.
    `drawbox=${area}:color=white:t=fill:enable='lt(mod(n,${frameRate}),${FLASH_FRAMES})'`
  ].join(',')
}

function sound (): string {
  return `aevalsrc='if(lt(mod(t,1),${BEEP_SECONDS}),0.5*sin(2*PI*${BEEP_HZ}*t),0)':s=${SAMPLE_RATE},aformat=channel_layouts=stereo`
}

function videoArguments (plan: RecordingPlan): string[] {
  const codec = FORMATS[plan.format].video
  if (copies(plan, 'video')) return ['-c:v', 'copy']
  const { width, height, frameRate, keyFrameSeconds, videoKbps, source } = plan
  return [
    ...(source.kind === 'file' ? ['-vf', `${fileScale(width, height)},fps=${frameRate}`] : []),
    '-c:v', ...VIDEO_ENCODERS[codec],
    '-threads:v', '1',
    '-pix_fmt', 'yuv420p',
    '-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps}k`,
    '-g', String(Math.ceil(frameRate * keyFrameSeconds)),
    '-force_key_frames', `expr:gte(t,n_forced*${keyFrameSeconds})`
  ]
}

/** 4:2:0 needs even sides. */
function fileScale (width: number | undefined, height: number | undefined): string {
  return width === undefined || height === undefined
    ? 'scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1'
    : `scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}:-1:-1,setsar=1`
}

function audioArguments (plan: RecordingPlan): string[] {
  if (copies(plan, 'audio')) return ['-c:a', 'copy']
  return ['-c:a', AUDIO_ENCODERS[FORMATS[plan.format].audio], '-b:a', `${plan.audioKbps}k`, '-ac', '2', '-ar', String(SAMPLE_RATE)]
}

/** A file's own size and key frames are kept where its track is copied. */
function copies ({ source, tracks, format }: RecordingPlan, kind: 'video' | 'audio'): boolean {
  return source.kind === 'file' && source.transcode !== true && tracks?.[kind] === FORMATS[format][kind]
}

function muxerArguments ({ format, chunkMs }: RecordingPlan): string[] {
  const { muxer } = FORMATS[format]
  const limits = muxer === 'mp4'
    ? ['-movflags', '+empty_moov+default_base_moof+frag_keyframe', '-frag_duration', String(chunkMs * 1000)]
    : ['-live', '1', '-cluster_time_limit', String(chunkMs)]
  return [...limits, '-flush_packets', '1', '-f', muxer]
}
