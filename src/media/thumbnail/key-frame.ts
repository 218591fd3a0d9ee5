import { join } from 'node:path'
import { EVENT_PLAYLIST, readBytes, readText } from '../hls/files.ts'
import type { Packager } from '../hls/packager.ts'
import { listedSequences, segmentName } from '../hls/playlist.ts'
import { firstPicture } from '../mpegts/first-picture.ts'

/** What a stream that the server knows has listed. */
export type Listed = Pick<Packager, 'firstSequence' | 'segmentCount' | 'segment'>

/** Segments that are looked into: the newest may hold sound alone, where pictures pause. */
const LOOK_BACK = 5

/** Sequence numbers of a stream's newest segments, the newest first; from its playlist on disk where the server does not know it. */
export async function newestSequences (folder: string, listed: Listed | undefined): Promise<number[]> {
  if (listed === undefined) return listedSequences(await readText(join(folder, EVENT_PLAYLIST)) ?? '').slice(-LOOK_BACK).reverse()
  const { firstSequence, segmentCount } = listed
  return Array.from({ length: Math.min(LOOK_BACK, segmentCount) }, (_, index) => firstSequence + segmentCount - 1 - index)
}

/** The key frame at the beginning of the first of these segments that has pictures, as MPEG-TS; undefined where none has. */
export async function findKeyFrame (folder: string, sequences: readonly number[], listed: Listed | undefined): Promise<Buffer | undefined> {
  for (const sequence of sequences) {
    const segment = listed?.segment(sequence) ?? await readBytes(join(folder, segmentName(sequence)))
    const picture = segment && firstPicture(segment)
    if (picture !== undefined) return picture
  }
  return undefined
}
