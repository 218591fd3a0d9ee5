import { lstat, readdir, readlink, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing } from '../../errors/file-system.ts'

/** Where a new broadcast on a key goes on. */
export interface Numbering {
  nextSequence: number
  discontinuitySequence: number
}

/** A link beside the folders of the streams: its target holds the numbers, and takes no space of its own. */
const PREFIX = '.headwater-numbering.'
const NUMBERS = /^(\d{1,15}):(\d{1,15})$/
/** Caches keep a segment for an hour. So long, and once more, its name is not given to another one. */
const KEPT_MS = 2 * 3_600_000

function pathOf (folder: string): string {
  return join(dirname(folder), PREFIX + basename(folder))
}

/** Keeps the numbering of a stream whose folder is about to go. */
export async function keepNumbering (folder: string, { nextSequence, discontinuitySequence }: Numbering): Promise<void> {
  const path = pathOf(folder)
  await unlink(path).catch(ignoreMissing)
  await symlink(`${nextSequence}:${discontinuitySequence}`, path)
}

/** The numbering of a stream whose folder went not long ago. */
export async function readKeptNumbering (folder: string): Promise<Numbering | undefined> {
  try {
    const match = NUMBERS.exec(await readlink(pathOf(folder)))
    return match === null ? undefined : { nextSequence: Number(match[1]), discontinuitySequence: Number(match[2]) }
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

/** Forgets what no cache can hold any more. */
export async function forgetNumberings (streamsDir: string, nowMs: number): Promise<void> {
  const names = await readdir(streamsDir).catch((error: unknown): string[] => {
    ignoreMissing(error)
    return []
  })
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(streamsDir, name)
    if ((await lstat(path)).mtimeMs < nowMs - KEPT_MS) await unlink(path)
  }
}

function ignoreMissing (error: unknown): void {
  if (!isMissing(error)) throw error
}
