import { renameSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, isOutOfSpace } from '../../errors/file-system.ts'
import { EVENT_PLAYLIST, JOURNAL, lastWritten, LIVE_PLAYLIST, readNumbering } from '../hls/files.ts'
import { keepNumbering } from '../hls/kept-numbering.ts'
import { parseSegmentName } from '../hls/playlist.ts'

export interface StreamFolder {
  key: string
  /** Milliseconds since 1970; for an ended stream, when it ended. */
  writtenAt: number
}

/** What is in a folder below the media root. */
export interface FolderContent {
  /** Size of the files that a stream consists of. */
  bytes: number
  /** It holds a stream. */
  isStream: boolean
  /** It holds nothing else: the media root may have been pointed at a folder with other things in it. */
  isOurs: boolean
}

/** A folder that is being removed. */
const REMOVED = '.headwater-removed.'
/** Files whose sizes are asked for at a time. */
const BATCH = 32

/** Folders that may be streams, the one written to longest ago first. Links and names with a dot in front are left alone. */
export async function listStreamFolders (streamsDir: string): Promise<StreamFolder[]> {
  const folders: StreamFolder[] = []
  for (const entry of await entriesOf(streamsDir) ?? []) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    const writtenAt = await lastWritten(join(streamsDir, entry.name))
    if (writtenAt !== undefined) folders.push({ key: entry.name, writtenAt })
  }
  return folders.sort((a, b) => a.writtenAt - b.writtenAt)
}

/** Undefined when there is no such folder. */
export async function readContent (folder: string, { sizes }: { sizes: boolean }): Promise<FolderContent | undefined> {
  const entries = await entriesOf(folder)
  if (entries === undefined) return undefined
  const files = entries.filter(entry => entry.isFile() && isOurName(entry.name)).map(({ name }) => name)
  return {
    bytes: sizes ? await sizeOf(folder, files) : 0,
    isStream: files.includes(EVENT_PLAYLIST),
    isOurs: files.length === entries.length
  }
}

/**
 * Removes a folder that holds a stream and nothing else, unless it must stay.
 * @param mayGo asked at the last moment; from then on a new stream on this key has a folder of its own
 * @returns whether it is gone
 */
export async function removeStream (streamsDir: string, key: string, mayGo: () => boolean): Promise<boolean> {
  const folder = join(streamsDir, key)
  const content = await readContent(folder, { sizes: false })
  if (content === undefined || !content.isStream || !content.isOurs || !mayGo()) return false
  await keepNumbering(folder, await readNumbering(folder)).catch(unlessFull)
  const removed = join(streamsDir, REMOVED + key)
  await rm(removed, { recursive: true, force: true })
  if (!mayGo()) return false
  // In step with the answer: no stream can begin in between.
  try {
    renameSync(folder, removed)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  await rm(removed, { recursive: true, force: true })
  return true
}

/** Removes what a server that died was removing. */
export async function finishRemovals (streamsDir: string): Promise<void> {
  for (const { name } of await entriesOf(streamsDir) ?? []) {
    if (name.startsWith(REMOVED)) await rm(join(streamsDir, name), { recursive: true, force: true })
  }
}

/** Room matters more than names. */
function unlessFull (error: unknown): void {
  if (!isOutOfSpace(error)) throw error
}

function isOurName (name: string): boolean {
  const whole = name.replace(/\.part$/, '')
  return whole === EVENT_PLAYLIST || whole === LIVE_PLAYLIST || whole === JOURNAL || parseSegmentName(whole) !== undefined
}

async function entriesOf (folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function sizeOf (folder: string, names: string[]): Promise<number> {
  let bytes = 0
  for (let at = 0; at < names.length; at += BATCH) {
    const sizes = await Promise.all(names.slice(at, at + BATCH).map(async name => {
      try {
        return (await stat(join(folder, name))).size
      } catch (error) {
        if (isMissing(error)) return 0
        throw error
      }
    }))
    bytes += sizes.reduce((sum, size) => sum + size, 0)
  }
  return bytes
}
