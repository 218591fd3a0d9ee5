import { Malformed } from './damage.ts'
import { boxesIn, openFullBox, type FullBox } from './iso-boxes.ts'
import type { Mp4Track, SampleDefaults } from './mp4-header.ts'

/** What a `moof` box says (ISO/IEC 14496-12 section 8.8). */
export interface TrackFragment {
  track: Mp4Track
  /** What the data offsets count from. */
  base: DataBase
  /** Decoding time of the first sample, in ticks; undefined where there is no `tfdt`. */
  decodeTime: number | undefined
  runs: Run[]
}

/**
 * Where the data of a track fragment is counted from (ISO/IEC 14496-12 section 8.8.7.1): 'moof', the
 * fragment's start; 'chain', the end of the data of the track fragment before it, or the fragment's
 * start for the first one; 'file', a position in the file.
 */
export type DataBase = { from: 'moof' } | { from: 'chain' } | { from: 'file', position: number }

/** A `trun` box (ISO/IEC 14496-12 section 8.8.8). */
export interface Run {
  /** From the base; undefined where the data follows the run before it. */
  dataOffset: number | undefined
  samples: RunSample[]
}

export interface RunSample {
  /** Ticks. */
  duration: number
  /** Bytes. */
  size: number
  flags: number
  /** Ticks from decoding to presentation. */
  compositionOffset: number
}

// tfhd
export const BASE_DATA_OFFSET = 0x000001
const SAMPLE_DESCRIPTION_INDEX = 0x000002
const DEFAULT_DURATION = 0x000008
const DEFAULT_SIZE = 0x000010
const DEFAULT_FLAGS = 0x000020
export const DEFAULT_BASE_IS_MOOF = 0x020000

// trun
export const DATA_OFFSET = 0x000001
const FIRST_SAMPLE_FLAGS = 0x000004
const SAMPLE_DURATION = 0x000100
const SAMPLE_SIZE = 0x000200
const SAMPLE_FLAGS = 0x000400
const SAMPLE_COMPOSITION = 0x000800

// Runs without fields per sample claim any number of samples in no space at all.
const MOST_SAMPLES = 1 << 18

/**
 * Reads the body of a `moof` box. `fragmentBytes` is the size of the fragment with its data: it cannot
 * have more samples than that. Throws `Malformed`, also on tracks that the header does not name.
 */
export function readMoof (moof: Buffer, tracks: ReadonlyMap<number, Mp4Track>, fragmentBytes: number): TrackFragment[] {
  const fragments: TrackFragment[] = []
  let room = Math.min(MOST_SAMPLES, fragmentBytes)
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue
    const fragment = readTraf(body, tracks, room)
    room -= sampleCount(fragment)
    fragments.push(fragment)
  }
  return fragments
}

function sampleCount ({ runs }: TrackFragment): number {
  return runs.reduce((sum, run) => sum + run.samples.length, 0)
}

function readTraf (traf: Buffer, tracks: ReadonlyMap<number, Mp4Track>, mostSamples: number): TrackFragment {
  let head: { track: Mp4Track, base: DataBase, defaults: SampleDefaults } | undefined
  let decodeTime: number | undefined
  let room = mostSamples
  const runs: Run[] = []
  for (const { type, body } of boxesIn(traf)) {
    if (type === 'tfhd') {
      if (head !== undefined) throw new Malformed('Two tfhd boxes')
      head = readTfhd(openFullBox(body), tracks)
    }
    if (type === 'tfdt') decodeTime = readTfdt(openFullBox(body))
    if (type !== 'trun') continue
    if (head === undefined) throw new Malformed('A trun box before its tfhd box')
    const run = readTrun(openFullBox(body), head.defaults, room)
    room -= run.samples.length
    runs.push(run)
  }
  if (head === undefined) throw new Malformed('No tfhd box')
  return { track: head.track, base: head.base, decodeTime, runs }
}

function readTfhd ({ flags, fields }: FullBox, tracks: ReadonlyMap<number, Mp4Track>): { track: Mp4Track, base: DataBase, defaults: SampleDefaults } {
  const id = fields.u32()
  const track = tracks.get(id)
  if (track === undefined) throw new Malformed(`A fragment of track ${id}, which the header does not name`)
  const base = readBase(flags, (flags & BASE_DATA_OFFSET) === 0 ? undefined : fields.u64())
  if ((flags & SAMPLE_DESCRIPTION_INDEX) !== 0) fields.skip(4)
  return {
    track,
    base,
    defaults: {
      duration: (flags & DEFAULT_DURATION) !== 0 ? fields.u32() : track.defaults.duration,
      size: (flags & DEFAULT_SIZE) !== 0 ? fields.u32() : track.defaults.size,
      flags: (flags & DEFAULT_FLAGS) !== 0 ? fields.u32() : track.defaults.flags
    }
  }
}

function readBase (flags: number, position: number | undefined): DataBase {
  if (position !== undefined) return { from: 'file', position }
  return { from: (flags & DEFAULT_BASE_IS_MOOF) !== 0 ? 'moof' : 'chain' }
}

function readTfdt ({ version, fields }: FullBox): number {
  return version === 1 ? fields.u64() : fields.u32()
}

function readTrun ({ flags, fields }: FullBox, defaults: SampleDefaults, mostSamples: number): Run {
  const count = fields.u32()
  if (count > mostSamples) throw new Malformed('A fragment of too many samples', 'too-large-unit')
  const dataOffset = (flags & DATA_OFFSET) !== 0 ? fields.i32() : undefined
  const firstFlags = (flags & FIRST_SAMPLE_FLAGS) !== 0 ? fields.u32() : undefined
  const samples: RunSample[] = []
  for (let i = 0; i < count; i++) {
    const duration = (flags & SAMPLE_DURATION) !== 0 ? fields.u32() : defaults.duration
    const size = (flags & SAMPLE_SIZE) !== 0 ? fields.u32() : defaults.size
    const ownFlags = (flags & SAMPLE_FLAGS) !== 0 ? fields.u32() : defaults.flags
    // Version 0 has it unsigned, and yet muxers have written negative values with it; none is that large.
    const compositionOffset = (flags & SAMPLE_COMPOSITION) !== 0 ? fields.i32() : 0
    samples.push({ duration, size, flags: i === 0 ? firstFlags ?? ownFlags : ownFlags, compositionOffset })
  }
  return { dataOffset, samples }
}
