import { ContainerReader } from '../../src/media/container/reader.ts'
import { AAC, everyFrames, ffmpeg, fragmented, NUMBER_BITS, OPUS, VP8, X264 } from '../fixtures/generate.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'

/** What a chunk covers, as the documented client records it. */
export const CHUNK_MS = 250
/** Pictures a second. A server that transcodes has to be set to the same (TRANSCODE_FRAME_RATE), so that every picture is published once. */
export const SOURCE_RATE = 25
/** One key frame a second. */
const GOP = SOURCE_RATE
const SIZE = '176x48'
/** Where sound is transcoded its frames are other ones; the length is compared. */
const AAC_FRAME_MS = 1024 / 48

export type SourceKind = 'h264-matroska' | 'h264-mp4' | 'vp8-webm'

export interface SourceChunk {
  bytes: Buffer
  /** When its recorder hands it over, in milliseconds since the recording began. */
  dueMs: number
}

export interface Source {
  kind: SourceKind
  seconds: number
  /** The recording, as a recorder would write it. */
  bytes: Buffer
  /** The same in chunks: what was recorded in each {@link CHUNK_MS}. */
  chunks: SourceChunk[]
  /** H.264: the coded slices in decoding order, all different. Empty where pictures are transcoded. */
  slices: Buffer[]
  /** AAC frames, all different. Empty where sound is transcoded. */
  sounds: Buffer[]
  /** Pictures; each says its number, from 0. */
  pictures: number
}

const BARS = `if(mod(floor(N/pow(2,floor(X*${NUMBER_BITS}/W))),2),235,16)`
/** Above the bars, a pattern that is another one in each picture: no two coded pictures are alike. */
const PATTERN = 'mod((floor(X/4)+1)*(floor(Y/4)+3)*mod(N*7919+17,10007),200)+28'
const PATTERNED = `geq=lum='if(lt(Y,H/4),${PATTERN},${BARS})':cb=128:cr=128`
const NUMBERED = `geq=lum='${BARS}':cb=128:cr=128`

/** A little less than a chunk, so that each chunk has one. */
const FRAGMENT_MS = 200
const LIVE_MATROSKA = ['-live', '1', '-cluster_time_limit', '1000']

const RECIPES: Record<SourceKind, { picture: string, args: string[] }> = {
  'h264-matroska': { picture: PATTERNED, args: [...X264, ...everyFrames(GOP), '-bf', '0', ...AAC, ...LIVE_MATROSKA, '-f', 'matroska', 'pipe:1'] },
  'h264-mp4': { picture: PATTERNED, args: [...X264, ...everyFrames(GOP), '-bf', '0', ...AAC, '-frag_duration', String(FRAGMENT_MS * 1000), ...fragmented('frag_keyframe+delay_moov+default_base_moof')] },
  'vp8-webm': { picture: NUMBERED, args: [...VP8, ...everyFrames(GOP), ...OPUS, ...LIVE_MATROSKA, '-f', 'webm', 'pipe:1'] }
}

const made = new Map<string, Promise<Source>>()

/** A recording of so many whole seconds (up to 80: then the numbers of the pictures run out). Made once a process. */
export function source (kind: SourceKind, seconds: number): Promise<Source> {
  const name = `${kind} ${seconds}`
  const known = made.get(name) ?? make(kind, seconds)
  made.set(name, known)
  return known
}

async function make (kind: SourceKind, seconds: number): Promise<Source> {
  const pictures = seconds * SOURCE_RATE
  if (pictures > 2 ** NUMBER_BITS) throw new Error(`${seconds} s have more pictures than there are numbers`)
  const { picture, args } = RECIPES[kind]
  const bytes = await ffmpeg([
    '-f', 'lavfi', '-i', `color=black:s=${SIZE}:r=${SOURCE_RATE}:d=${seconds},format=yuv420p,${picture}`,
    // Noise: the frames of a steady tone are like one another.
    '-f', 'lavfi', '-i', `anoisesrc=color=pink:r=48000:seed=7:d=${seconds}`,
    ...args
  ])
  const source: Source = { kind, seconds, bytes, chunks: inChunks(bytes, seconds), slices: [], sounds: [], pictures }
  if (kind === 'vp8-webm') return source
  const { slices, audio } = await sourcePackets(bytes)
  if (slices.length !== pictures) throw new Error(`${kind}: ${slices.length} slices for ${pictures} pictures`)
  if (Math.abs(audio.length - seconds * 1000 / AAC_FRAME_MS) > 2) throw new Error(`${kind}: ${audio.length} frames of sound in ${seconds} s`)
  for (const [what, list] of [['slices', slices], ['frames of sound', audio]] as const) {
    const different = new Set(list.map(item => item.toString('latin1'))).size
    if (different !== list.length) throw new Error(`${kind}: of ${list.length} ${what} only ${different} are different`)
  }
  return { ...source, slices, sounds: audio }
}

/** Cuts a recording where its recorder's timeslice would: a frame (a fragment) is in the chunk of the time at which it is complete. */
function inChunks (bytes: Buffer, seconds: number): SourceChunk[] {
  const reader = new ContainerReader({ maxInitBytes: bytes.length, maxUnitBytes: bytes.length, maxVideoPixels: 1_000_000 })
  const count = Math.ceil(seconds * 1000 / CHUNK_MS)
  const ends = new Array<number>(count).fill(0)
  for (const event of reader.push(bytes)) {
    if (event.type === 'damage') throw new Error(`The source is damaged: ${event.message}`)
    if (event.type !== 'unit') continue
    const completeMs = Math.max(...event.unit.frames.map(({ timeUs }) => timeUs)) / 1000
    const index = Math.min(count - 1, Math.floor(completeMs / CHUNK_MS))
    // Every second chunk ends in the middle of its last frame: recorders do not care either.
    const { start, end } = event.unit
    ends[index] = index % 2 === 0 ? end : Math.floor((start + end) / 2)
  }
  ends[count - 1] = bytes.length
  const chunks: SourceChunk[] = []
  let from = 0
  for (const [index, end] of ends.entries()) {
    // A fragment that takes longer than a chunk leaves the one before it empty: a recorder then hands over nothing.
    if (end <= from) continue
    chunks.push({ bytes: bytes.subarray(from, end), dueMs: (index + 1) * CHUNK_MS })
    from = end
  }
  return chunks
}
