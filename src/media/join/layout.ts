import { open, readFile } from 'node:fs/promises'
import { PACKET_BYTES, unwrap } from '../mpegts/packet.ts'
import { forEachPes, pidsOf, type Kind } from './track.ts'

/** A segment as `hls/packager.ts` writes them. */
export interface SegmentFile {
  path: string
  durationMs: number
  /** The encoding or the time line changed since the one before it, or something between them is missing. */
  isBreak: boolean
}

/** Segments with one time line, and where it goes to. */
export interface Stretch {
  segments: readonly SegmentFile[]
  /** Is added to all of its time stamps, in 90 kHz ticks. */
  shift: number
}

export interface Layout {
  stretches: Stretch[]
  durationMs: number
  /** Tracks that come somewhere. */
  tracks: Set<Kind>
  /** Sound has more than one rate or number of channels, which an MP4 cannot say. */
  mixedSound: boolean
}

const TICKS_PER_MS = 90
const TABLE_BYTES = 2 * PACKET_BYTES
/** Bits of an ADTS head that say what the sound is: profile, rate, channels. */
const ADTS_FORMAT = [0xfd, 0xc0] as const

interface Span {
  /** First decoding time. */
  from: number
  /** Of the last frame, as far as its neighbours tell how long one is. */
  to: number
}

/**
 * Puts the stretches one behind the other, each with picture and sound moved alike: what comes after a break begins
 * where the one before it ended, whichever of its tracks ended last.
 * @throws the file system's error
 */
export async function layOut (segments: readonly SegmentFile[]): Promise<Layout> {
  const layout: Layout = { stretches: [], durationMs: 0, tracks: new Set(), mixedSound: false }
  const formats = new Set<string>()
  let endTicks = 0
  for (const stretch of stretchesOf(segments)) {
    let span: Span | undefined
    for (const [index, { path }] of stretch.entries()) {
      // Within a stretch only its ends tell something, and segments in which a track begins.
      const isEnd = index === 0 || index === stretch.length - 1
      if (!isEnd && [...pidsOf(await headOf(path)).keys()].every(kind => layout.tracks.has(kind))) continue
      const bytes = await readFile(path)
      for (const [kind, pid] of pidsOf(bytes)) {
        const track = spanOf(bytes, pid, span?.from)
        if (track === undefined) continue
        layout.tracks.add(kind)
        span = { from: Math.min(span?.from ?? Infinity, track.from), to: Math.max(span?.to ?? -Infinity, track.to) }
        if (kind === 'audio') formats.add(soundOf(bytes, pid))
      }
    }
    // Tables alone.
    if (span === undefined) continue
    const listedTicks = stretch.reduce((sum, { durationMs }) => sum + durationMs, 0) * TICKS_PER_MS
    layout.stretches.push({ segments: stretch, shift: endTicks - span.from })
    endTicks += Math.max(span.to - span.from, Math.round(listedTicks))
  }
  layout.durationMs = endTicks / TICKS_PER_MS
  layout.mixedSound = formats.size > 1
  return layout
}

/** As much of a segment as its tables take. */
async function headOf (path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TABLE_BYTES), 0, TABLE_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function stretchesOf (segments: readonly SegmentFile[]): SegmentFile[][] {
  const stretches: SegmentFile[][] = []
  for (const segment of segments) {
    if (segment.isBreak || stretches.length === 0) stretches.push([])
    stretches.at(-1)!.push(segment)
  }
  return stretches
}

/** @param near time of the same clock, which may have wrapped since */
function spanOf (segment: Buffer, pid: number, near: number | undefined): Span | undefined {
  let clock = near
  let from = Infinity
  let latest = -Infinity
  let frame = 0
  forEachPes(segment, pid, ({ pts, dts }) => {
    const decoded = clock = unwrap(dts, clock ?? dts)
    const shown = decoded + unwrap(pts - dts, 0)
    from = Math.min(from, decoded)
    if (shown <= latest) return
    if (latest > -Infinity) frame = shown - latest
    latest = shown
  })
  return from === Infinity ? undefined : { from, to: latest + frame }
}

/** What the first frame of sound says of itself. */
function soundOf (segment: Buffer, pid: number): string {
  let format = ''
  forEachPes(segment, pid, (_times, head) => {
    if (format !== '') return
    const adts = head + 9 + segment[head + 8]!
    format = `${segment[adts + 2]! & ADTS_FORMAT[0]}/${segment[adts + 3]! & ADTS_FORMAT[1]}`
  })
  return format
}
