import { Malformed, Refusal } from './damage.ts'
import type { AvcConfig } from './h264.ts'
import { boxesIn, findBox, needBox, openFullBox, type Box } from './iso-boxes.ts'
import { readAudioEntry, readVisualEntry } from './mp4-sample-entry.ts'
import type { AudioTrack, VideoTrack } from './types.ts'

/** What a `moov` box says about a fragmented recording. */
export interface Mp4Header {
  video: VideoTrack | undefined
  audio: AudioTrack | undefined
  /** Of an H.264 track. */
  avc: AvcConfig | undefined
  /** All tracks, also those that are not used, by track id. */
  tracks: ReadonlyMap<number, Mp4Track>
}

/** What fragments need to know of a track. */
export interface Mp4Track {
  id: number
  /** Undefined for a track that is not used. */
  kind: 'video' | 'audio' | undefined
  /** Ticks per second. */
  timescale: number
  /** The media time, in ticks, that is shown first (ISO/IEC 14496-12 section 8.6.6). */
  firstTime: number
  /** How much later than zero it is shown, in microseconds. */
  delayUs: number
  defaults: SampleDefaults
}

/** Of a `trex` or `tfhd` box (ISO/IEC 14496-12 sections 8.8.3 and 8.8.7). */
export interface SampleDefaults {
  duration: number
  size: number
  flags: number
}

interface Trak {
  id: number
  /** handler_type (ISO/IEC 14496-12 section 8.4.3). */
  handler: string
  timescale: number
  edits: Edit[]
  /** Body of the `stsd` box. */
  descriptions: Buffer
}

interface Edit {
  /** In ticks of the movie. */
  duration: number
  /** In ticks of the track; -1 is an empty edit. */
  mediaTime: number
}

const NO_DEFAULTS: SampleDefaults = { duration: 0, size: 0, flags: 0 }

/**
 * Reads the body of a `moov` box: the first video and the first audio track are used. Throws
 * `Malformed`, and `Refusal` where there are no fragments, one of the two tracks cannot be taken, or
 * there is none.
 */
export function readMoov (moov: Buffer): Mp4Header {
  const mvex = findBox(moov, 'mvex')
  if (mvex === undefined) throw new Refusal('not-fragmented', 'The MP4 does not announce fragments')
  const movieTimescale = readTimescale(needBox(moov, 'mvhd'))
  const traks = childrenOf(moov, 'trak').map(({ body }) => readTrak(body))
  if (new Set(traks.map(trak => trak.id)).size !== traks.length) throw new Malformed('Two tracks with the same id')
  const videoTrak = traks.find(trak => trak.handler === 'vide')
  const audioTrak = traks.find(trak => trak.handler === 'soun')
  if (videoTrak === undefined && audioTrak === undefined) throw new Refusal('unsupported', 'The recording has neither video nor audio')
  const visual = videoTrak === undefined ? undefined : readVisualEntry(onlyEntry(videoTrak), videoTrak.id)
  const defaults = readDefaults(mvex.body)
  const tracks = traks.map((trak): Mp4Track => ({
    id: trak.id,
    kind: trak === videoTrak ? 'video' : trak === audioTrak ? 'audio' : undefined,
    timescale: trak.timescale,
    ...readShift(trak.edits, movieTimescale),
    defaults: defaults.get(trak.id) ?? NO_DEFAULTS
  }))
  return {
    video: visual?.video,
    audio: audioTrak === undefined ? undefined : readAudioEntry(onlyEntry(audioTrak), audioTrak.id),
    avc: visual?.avc,
    tracks: new Map(tracks.map(track => [track.id, track]))
  }
}

function childrenOf (body: Buffer, type: string): Box[] {
  return [...boxesIn(body)].filter(box => box.type === type)
}

function readTrak (trak: Buffer): Trak {
  const tkhd = openFullBox(needBox(trak, 'tkhd'))
  tkhd.fields.skip(tkhd.version === 1 ? 16 : 8)
  const id = tkhd.fields.u32()
  const hdlr = openFullBox(needBox(trak, 'mdia', 'hdlr'))
  hdlr.fields.skip(4)
  const edts = findBox(trak, 'edts')
  const elst = edts === undefined ? undefined : findBox(edts.body, 'elst')
  return {
    id,
    handler: hdlr.fields.take(4).toString('latin1'),
    timescale: readTimescale(needBox(trak, 'mdia', 'mdhd')),
    edits: elst === undefined ? [] : readEdits(elst.body),
    descriptions: needBox(trak, 'mdia', 'minf', 'stbl', 'stsd')
  }
}

/** Of an `mvhd` or `mdhd` box, which begin alike (ISO/IEC 14496-12 sections 8.2.2 and 8.4.2). */
function readTimescale (body: Buffer): number {
  const { version, fields } = openFullBox(body)
  fields.skip(version === 1 ? 16 : 8)
  const timescale = fields.u32()
  if (timescale === 0) throw new Malformed('A time scale of zero')
  return timescale
}

function readEdits (elst: Buffer): Edit[] {
  const { version, fields } = openFullBox(elst)
  const edits: Edit[] = []
  for (let left = fields.u32(); left > 0; left--) {
    const duration = version === 1 ? fields.u64() : fields.u32()
    const mediaTime = version === 1 ? fields.i64() : fields.i32()
    fields.skip(4)
    edits.push({ duration, mediaTime })
  }
  return edits
}

/** A live recording is played through from its first real edit; what others there are cannot be known to come. */
function readShift (edits: Edit[], movieTimescale: number): { firstTime: number, delayUs: number } {
  const firstReal = edits.findIndex(edit => edit.mediaTime >= 0)
  const leading = firstReal < 0 ? [] : edits.slice(0, firstReal)
  const delay = leading.reduce((sum, edit) => sum + edit.duration, 0)
  return { firstTime: edits[firstReal]?.mediaTime ?? 0, delayUs: Math.round(delay / movieTimescale * 1e6) }
}

function onlyEntry ({ id, descriptions }: Trak): Box {
  const { fields } = openFullBox(descriptions)
  fields.skip(4)
  const [entry, ...others] = boxesIn(fields.rest())
  if (entry === undefined) throw new Malformed(`Track ${id} has no sample description`)
  if (others.length > 0) throw new Refusal('unsupported', `Track ${id} changes its codec parameters`)
  return entry
}

function readDefaults (mvex: Buffer): Map<number, SampleDefaults> {
  return new Map(childrenOf(mvex, 'trex').map(({ body }) => {
    const { fields } = openFullBox(body)
    const id = fields.u32()
    fields.skip(4) // default_sample_description_index
    return [id, { duration: fields.u32(), size: fields.u32(), flags: fields.u32() }]
  }))
}
