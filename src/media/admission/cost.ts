import type { InitSegment } from '../container/types.ts'
import type { EncodePlan } from '../ffmpeg/arguments.ts'

/** Streams by the dearest that is done with one of their tracks. */
export const STREAM_KINDS = ['copy', 'audio-transcode', 'video-transcode'] as const

export type StreamKind = typeof STREAM_KINDS[number]

/** What a stream takes of the processor, in cores. */
export interface StreamCost {
  kind: StreamKind
  cores: number
}

export interface CostSettings {
  copyCost: number
  audioCost: number
  videoCost: number
  transcodePreset: string
  transcodeFrameRate: number
}

const REFERENCE_PIXELS = 1280 * 720
const REFERENCE_RATE = 30
/** Of the cost of the reference so much is decoding, which follows the picture that comes; the rest follows the one that goes out. */
const DECODING = 0.15
/** Encoding against superfast: measured with FFmpeg 5.1 at 1280 x 720, see docs/admission.md. */
const PRESET_FACTORS: Partial<Record<string, number>> = { ultrafast: 0.55, superfast: 1, veryfast: 1.6, faster: 2.7, fast: 4, medium: 5 }

/** What a plan takes. The header does not tell the frame rate that comes: at least 30 fps are reckoned with. */
export function costOf (plan: EncodePlan, { video }: Pick<InitSegment, 'video'>, settings: CostSettings): StreamCost {
  const { copyCost, audioCost, videoCost, transcodePreset, transcodeFrameRate } = settings
  let kind: StreamKind = 'copy'
  let cores = copyCost
  if (plan.audio === 'transcode') {
    kind = 'audio-transcode'
    cores += audioCost
  }
  if (typeof plan.video === 'object') {
    kind = 'video-transcode'
    const came = video ?? plan.video
    const decoding = DECODING * pictures(came, Math.max(REFERENCE_RATE, transcodeFrameRate))
    const encoding = (1 - DECODING) * (PRESET_FACTORS[transcodePreset] ?? 1) * pictures(plan.video, transcodeFrameRate)
    cores += videoCost * (decoding + encoding)
  }
  return { kind, cores }
}

/** Pixels a second, against the reference. */
function pictures ({ width, height }: { width: number, height: number }, rate: number): number {
  return width * height * rate / (REFERENCE_PIXELS * REFERENCE_RATE)
}
