import { request } from 'node:http'
import { framesOfAdts } from '../fixtures/adts.ts'
import { readNumbers } from '../fixtures/generate.ts'
import { nalsOfAnnexB, slicesOf } from '../fixtures/h264.ts'
import { readPlaylist, type Playlist, type PlaylistSegment } from '../fixtures/playlist.ts'
import { demux, type Demuxed } from '../fixtures/transport-stream.ts'
import { SOURCE_RATE, type Source } from './source.ts'

const HTTP_PATIENCE_MS = 20_000
const TICKS_PER_MS = 90
const AAC_FRAME_MS = 1024 / 48
/** Transcoded sound begins and ends with some frames of the encoder's own. */
const SOUND_MARGIN_MS = 150

/** What became of the source's pieces, by their place in the source. */
export interface Comparison {
  /** Never published. */
  lost: number[]
  /** Published again. */
  doubled: number[]
  /** Published after a later one. */
  late: number[]
  /** Published, but not in the source: for each, the latest place that came before it (-1: none). */
  foreign: number[]
  /** The same for each that came again or late: where it stands in the output, whatever it says itself. */
  displacedAfter: number[]
}

/** Compares what was published with the source. All pieces of the source have to be different. */
export function comparePieces (published: readonly Buffer[], source: readonly Buffer[]): Comparison {
  const places = new Map(source.map((piece, place) => [piece.toString('latin1'), place]))
  return comparePlaces(published.map(piece => places.get(piece.toString('latin1'))), source.length)
}

/** The same for places: undefined stands for something that is not in the source. */
export function comparePlaces (published: readonly (number | undefined)[], count: number): Comparison {
  const comparison: Comparison = { lost: [], doubled: [], late: [], foreign: [], displacedAfter: [] }
  const seen = new Set<number>()
  let highest = -1
  for (const place of published) {
    if (place === undefined || place >= count) {
      comparison.foreign.push(highest)
    } else if (seen.has(place)) {
      comparison.doubled.push(place)
      comparison.displacedAfter.push(highest)
    } else {
      if (place < highest) {
        comparison.late.push(place)
        comparison.displacedAfter.push(highest)
      }
      highest = Math.max(highest, place)
      seen.add(place)
    }
  }
  for (let place = 0; place < count; place++) if (!seen.has(place)) comparison.lost.push(place)
  return comparison
}

/** What may be wrong all the same. */
export interface Allowed {
  /** Media may be missing. Default false. */
  gaps?: boolean
  /** Media may come again or late: the caller judges it. Default false. */
  misplaced?: boolean
}

/** What is wrong, in words; empty when everything was published once and in order. */
export function describeComparison (what: string, { lost, doubled, late, foreign }: Comparison, { gaps = false, misplaced = false }: Allowed = {}): string[] {
  return [
    ...(lost.length > 0 && !gaps ? [`${lost.length} ${what} lost (${ranges(lost)})`] : []),
    ...(doubled.length > 0 && !misplaced ? [`${doubled.length} ${what} published twice (${ranges(doubled)})`] : []),
    ...(late.length > 0 && !misplaced ? [`${late.length} ${what} out of order (${ranges(late)})`] : []),
    ...(foreign.length > 0 ? [`${foreign.length} ${what} that are not in the source (after ${ranges(foreign)})`] : [])
  ]
}

/** `3-5, 9` */
function ranges (places: readonly number[]): string {
  const sorted = [...new Set(places)].sort((a, b) => a - b)
  const parts: string[] = []
  for (let from = 0; from < sorted.length;) {
    let to = from
    while (sorted[to + 1] === sorted[to]! + 1) to++
    parts.push(from === to ? `${sorted[from]}` : `${sorted[from]}-${sorted[to]}`)
    from = to + 1
  }
  return parts.slice(0, 5).join(', ') + (parts.length > 5 ? ', ...' : '')
}

export interface ReadSegment extends PlaylistSegment {
  data: Buffer
  ts: Demuxed
}

/** A broadcast as a viewer gets it. */
export interface ReadBroadcast {
  playlist: Playlist
  segments: ReadSegment[]
  /** Segments that are not whole, too long, or not to be had; numbering with holes. */
  problems: string[]
}

export async function get (url: string): Promise<{ status: number, body: Buffer }> {
  return await new Promise((resolve, reject) => {
    const asking = request(url, { agent: false, timeout: HTTP_PATIENCE_MS }, answer => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces) }))
    })
    asking.on('timeout', () => asking.destroy(new Error(`${url}: no answer within ${HTTP_PATIENCE_MS} ms`)))
    asking.on('error', reject)
    asking.end()
  })
}

/** Reads `stream.m3u8` and every segment that it lists, over HTTP. @throws Error when there is no playlist */
export async function readBroadcast (url: string, streamKey: string): Promise<ReadBroadcast> {
  const { status, body } = await get(`${url}/livestream/${streamKey}/stream.m3u8`)
  if (status !== 200) throw new Error(`${streamKey}: stream.m3u8 is answered ${status}`)
  const playlist = readPlaylist(body.toString())
  const problems: string[] = []
  const segments: ReadSegment[] = []
  for (const [index, segment] of playlist.segments.entries()) {
    if (segment.sequence !== playlist.mediaSequence + index) problems.push(`${segment.name} is number ${segment.sequence} in the playlist`)
    if (Math.round(segment.durationMs / 1000) > playlist.targetSeconds) problems.push(`${segment.name} lasts ${segment.durationMs} ms, the target is ${playlist.targetSeconds} s`)
    const answer = await get(`${url}/livestream/${streamKey}/${segment.name}`)
    if (answer.status !== 200) {
      problems.push(`${segment.name} is answered ${answer.status}`)
      continue
    }
    try {
      const ts = demux(answer.body)
      if (ts.pes.length === 0) problems.push(`${segment.name} is empty`)
      segments.push({ ...segment, data: answer.body, ts })
    } catch (error) {
      problems.push(`${segment.name} is not whole: ${(error as Error).message}`)
    }
  }
  return { playlist, segments, problems }
}

export interface OutputCheck {
  /** What is wrong, with the stream's name; empty: nothing lost, nothing twice, in order. */
  problems: string[]
  broadcast: ReadBroadcast
  /** Pictures of the source that were published. */
  pictures: number
  /** Pictures of the source that were not, by their number. */
  lost: number[]
  /** Milliseconds of sound of the source that was published. */
  soundMs: number
  /** Where pictures and sound came again or late: the media time before it, in milliseconds. */
  misplacedMs: number[]
}

export interface CheckOptions extends Allowed {
  /** The stream is over: ENDLIST is there. Default true. */
  ended?: boolean
  /** How many pictures (H.264: slices) of the source are to be there, when the recording was stopped early. Default all. */
  firstPictures?: number
}

/** Compares the broadcast on a key with its source. Copied tracks to the byte; transcoded pictures by their numbers. */
export async function checkOutput (url: string, streamKey: string, source: Source, options: CheckOptions = {}): Promise<OutputCheck> {
  const broadcast = await readBroadcast(url, streamKey)
  const { problems, ...compared } = await compareBroadcast(broadcast, source, options)
  return { problems: problems.map(problem => `${streamKey}: ${problem}`), broadcast, ...compared }
}

/** {@link checkOutput} for what was read already. */
export async function compareBroadcast (broadcast: ReadBroadcast, source: Source, { ended = true, gaps = false, misplaced = false, firstPictures = source.pictures }: CheckOptions = {}): Promise<Omit<OutputCheck, 'broadcast'>> {
  const problems = [...broadcast.problems]
  if (broadcast.playlist.ended !== ended) problems.push(ended ? 'there is no ENDLIST' : 'there is an ENDLIST')
  const pictures = source.slices.length > 0
    ? comparePieces(publishedSlices(broadcast), source.slices.slice(0, firstPictures))
    : comparePlaces(await publishedNumbers(broadcast), firstPictures)
  // A picture that is decoded at a wrong place is another one than it was.
  const misread = misplaced && source.slices.length === 0 ? pictures.foreign : []
  problems.push(...describeComparison('pictures', { ...pictures, foreign: misread.length > 0 ? [] : pictures.foreign }, { gaps, misplaced }))
  const misplacedMs = [...pictures.displacedAfter, ...misread].map(place => place / SOURCE_RATE * 1000)
  const sounds = publishedSounds(broadcast)
  let soundMs = sounds.length * AAC_FRAME_MS
  if (source.sounds.length > 0) {
    const wanted = source.sounds.slice(0, firstPictures === source.pictures ? undefined : Math.ceil(source.sounds.length * firstPictures / source.pictures))
    const compared = comparePieces(sounds, wanted)
    soundMs = (wanted.length - compared.lost.length) * AAC_FRAME_MS
    problems.push(...describeComparison('frames of sound', compared, { gaps, misplaced }))
    misplacedMs.push(...compared.displacedAfter.map(place => place * AAC_FRAME_MS))
  } else if (!gaps) {
    problems.push(...holesInSound(broadcast, firstPictures / source.pictures * source.seconds * 1000))
  }
  return { problems, pictures: firstPictures - pictures.lost.length, lost: pictures.lost, soundMs, misplacedMs }
}

export function publishedSlices ({ segments }: ReadBroadcast): Buffer[] {
  return segments.flatMap(({ ts }) => ts.pes.filter(({ kind }) => kind === 'video').flatMap(({ data }) => slicesOf(nalsOfAnnexB(data))))
}

export function publishedSounds ({ segments }: ReadBroadcast): Buffer[] {
  return segments.flatMap(({ ts }) => ts.pes.filter(({ kind }) => kind === 'audio').flatMap(({ data }) => framesOfAdts(data)))
}

/** The numbers that the pictures say, run after run: one decoder cannot be led over a change of the encoder. */
export async function publishedNumbers ({ segments }: ReadBroadcast): Promise<number[]> {
  const runs: Buffer[][] = []
  for (const { discontinuity, data } of segments) {
    if (discontinuity || runs.length === 0) runs.push([])
    runs.at(-1)!.push(data)
  }
  const numbers: number[] = []
  for (const run of runs) numbers.push(...await readNumbers(Buffer.concat(run)))
  return numbers
}

/** Sound that was transcoded has no bytes to compare: it has to be there all the time, once. */
function holesInSound ({ segments }: ReadBroadcast, wantedMs: number): string[] {
  const times = segments.flatMap(({ ts }) => ts.pes.filter(({ kind }) => kind === 'audio').flatMap(({ pts, data }) => framesOfAdts(data).map((_, index) => pts / TICKS_PER_MS + index * AAC_FRAME_MS)))
  const problems: string[] = []
  for (const [index, time] of times.entries()) {
    const step = time - (times[index - 1] ?? time - AAC_FRAME_MS)
    // Where one encoder follows another, their frames do not meet to the sample.
    if (step > 2 * AAC_FRAME_MS || step <= 0) problems.push(`the sound goes from ${Math.round(time - step)} to ${Math.round(time)} ms`)
  }
  const lengthMs = times.length === 0 ? 0 : times.at(-1)! - times[0]! + AAC_FRAME_MS
  if (Math.abs(lengthMs - wantedMs) > SOUND_MARGIN_MS) problems.push(`${Math.round(lengthMs)} ms of sound, ${Math.round(wantedMs)} in the source`)
  return problems
}
