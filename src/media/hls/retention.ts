import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { listStreamFolders, removeStream } from '../storage/stream-folders.ts'
import { lastWritten, listFiles } from './files.ts'
import { forgetNumberings } from './kept-numbering.ts'
import { parseSegmentName } from './playlist.ts'

/** Streams that have not ended, by key; asked anew before anything is removed. */
export interface RunningStreams {
  get (key: string): { firstSequence: number } | undefined
}

/** Removes what is older than the retention: folders of ended streams, and segments that an earlier broadcast left in a running stream's folder. */
export async function sweep (streamsDir: string, retentionMs: number, nowMs: number, running: RunningStreams): Promise<string[]> {
  const removed: string[] = []
  const isOld = (writtenAt: number) => writtenAt < nowMs - retentionMs
  for (const { key, writtenAt } of await listStreamFolders(streamsDir)) {
    if (running.get(key) === undefined) {
      if (isOld(writtenAt) && await removeStream(streamsDir, key, () => running.get(key) === undefined)) removed.push(key)
      continue
    }
    const folder = join(streamsDir, key)
    for (const name of await listFiles(folder) ?? []) {
      const sequence = parseSegmentName(name)
      const broadcast = running.get(key)
      if (sequence === undefined || broadcast === undefined || sequence >= broadcast.firstSequence) continue
      if (!isOld(await lastWritten(join(folder, name)) ?? Infinity)) continue
      await rm(join(folder, name), { force: true })
      removed.push(join(key, name))
    }
  }
  await forgetNumberings(streamsDir, nowMs)
  return removed
}
