import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENT_PLAYLIST, lastWritten, listFiles, LIVE_PLAYLIST } from './files.ts'
import { parseSegmentName } from './playlist.ts'

/** Removes what is older than the retention: folders of ended streams, and segments that an earlier broadcast left in a running stream's folder. */
export async function sweep (streamsDir: string, retentionMs: number, nowMs: number, running: ReadonlyMap<string, { firstSequence: number }>): Promise<string[]> {
  const removed: string[] = []
  const old = async (path: string) => (await lastWritten(path) ?? Infinity) < nowMs - retentionMs
  for (const key of await listFiles(streamsDir) ?? []) {
    const folder = join(streamsDir, key)
    const files = await listFiles(folder)
    if (files === undefined) continue
    const broadcast = running.get(key)
    if (broadcast === undefined) {
      // The media root may have been pointed at a folder that holds other things too.
      if (!files.includes(EVENT_PLAYLIST) || !files.every(isOurs) || !await old(folder)) continue
      await rm(folder, { recursive: true, force: true })
      removed.push(key)
      continue
    }
    for (const name of files) {
      const sequence = parseSegmentName(name)
      if (sequence === undefined || sequence >= broadcast.firstSequence || !await old(join(folder, name))) continue
      await rm(join(folder, name), { force: true })
      removed.push(join(key, name))
    }
  }
  return removed
}

function isOurs (name: string): boolean {
  return name === EVENT_PLAYLIST || name === LIVE_PLAYLIST || parseSegmentName(name) !== undefined
}
