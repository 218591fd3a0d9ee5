import { Malformed } from './damage.ts'
import type { Mp4Track } from './mp4-header.ts'
import type { TrackFragment } from './mp4-fragment.ts'

/** A sample of a used track, found. */
export interface Sample {
  track: Mp4Track
  /** Where its data begins, in bytes from the start of the `moof`. */
  at: number
  /** Bytes. */
  size: number
  /** Presentation time on the recording's own time line, in microseconds. */
  timeUs: number
  /** Decoding can start at it, by what the container says. */
  key: boolean
}

const IS_NON_SYNC = 0x010000

/**
 * The file position that counts as the start of the `moof`, where data positions are given in the file;
 * undefined where they are not. Positions in the file are of no use once boxes were dropped or lost, so
 * the earliest data is taken to begin at `dataAt` (bytes from the start of the `moof`), as all muxers
 * have it. Throws `Malformed` where a fragment counts both ways.
 */
export function filePositionOfMoof (fragments: readonly TrackFragment[], dataAt: number): number | undefined {
  let earliest: number | undefined
  for (const { base, runs } of fragments) {
    if (base.from !== 'file') continue
    for (const { dataOffset, samples } of runs) {
      if (samples.length === 0) continue
      const position = base.position + (dataOffset ?? 0)
      earliest = Math.min(position, earliest ?? position)
    }
  }
  if (earliest === undefined) return undefined
  if (fragments.some(({ base }) => base.from === 'moof') || fragments[0]?.base.from === 'chain') throw new Malformed('A fragment that counts data positions in two ways')
  return earliest - dataAt
}

/** Where the data of a fragment is, in bytes from the start of the `moof`. */
export interface DataPlace {
  from: number
  to: number
  /** What has to be taken off positions in the file, from `filePositionOfMoof`. */
  moofPosition: number
}

/**
 * The samples of the used tracks in the order of their data. `nextTimes` has the decoding time at which
 * each track goes on, in ticks by track id, for fragments that do not tell; it is brought up to date.
 * Throws `Malformed`, also on samples outside the fragment's data.
 */
export function samplesOf (fragments: readonly TrackFragment[], place: DataPlace, nextTimes: Map<number, number>): Sample[] {
  const samples: Sample[] = []
  let chainEnd = 0
  for (const { track, base, decodeTime, runs } of fragments) {
    const baseAt = base.from === 'file' ? base.position - place.moofPosition : base.from === 'moof' ? 0 : chainEnd
    let at = baseAt
    let time = decodeTime ?? nextTimes.get(track.id) ?? 0
    for (const run of runs) {
      if (run.dataOffset !== undefined) at = baseAt + run.dataOffset
      for (const { size, duration, compositionOffset, flags } of run.samples) {
        if (at < place.from || at + size > place.to) throw new Malformed('A sample outside the fragment\'s data')
        if (track.kind !== undefined) samples.push({ track, at, size, timeUs: presentationTimeUs(track, time + compositionOffset), key: (flags & IS_NON_SYNC) === 0 })
        at += size
        time += duration
      }
    }
    chainEnd = at
    nextTimes.set(track.id, time)
  }
  return samples.sort((a, b) => a.at - b.at)
}

/** `time` is in ticks on the track's media time line. */
function presentationTimeUs ({ timescale, firstTime, delayUs }: Mp4Track, time: number): number {
  const ticks = time - firstTime
  // Whole seconds apart from the rest, because ticks times a million need more than 53 bits.
  const seconds = Math.floor(ticks / timescale)
  const timeUs = seconds * 1e6 + Math.round((ticks - seconds * timescale) * 1e6 / timescale) + delayUs
  if (!Number.isSafeInteger(timeUs)) throw new Malformed('A time that is too far away')
  return timeUs
}
