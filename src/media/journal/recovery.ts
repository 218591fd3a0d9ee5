import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../errors/file-system.ts'
import { closeAbandoned, EVENT_PLAYLIST, readText } from '../hls/files.ts'
import { segmentName, summarisePlaylist } from '../hls/playlist.ts'
import { Journal } from './journal.ts'
import type { Journaled } from './records.ts'

/**
 * What a server that is gone left in a stream's folder; undefined when its stream was over, or when too
 * little is known to go on with it. The playlist says what was published only to viewers: the journal counts.
 */
export async function readAbandoned (folder: string): Promise<Journaled | undefined> {
  const journaled = await Journal.read(folder)
  if (journaled === undefined) return undefined
  // Closing the playlist is the last but one thing that a stream does.
  if (summarisePlaylist(await readText(join(folder, EVENT_PLAYLIST)) ?? '').ended) return undefined
  return await areWhole(folder, journaled) ? journaled : undefined
}

/** No more media comes: the playlist is closed. @returns whether it was open */
export async function closeForGood (folder: string): Promise<boolean> {
  const wasOpen = await closeAbandoned(folder)
  await Journal.remove(folder)
  return wasOpen
}

/** A power failure may have taken what was not synced: then the newest segments are shorter than the journal says, or gone. */
async function areWhole (folder: string, { segments }: Journaled): Promise<boolean> {
  const newest = segments.at(-1)
  if (newest === undefined) return true
  try {
    return (await stat(join(folder, segmentName(newest.sequence)))).size === newest.bytes
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
