import { mkdir, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../errors/file-system.ts'
import { readKeptNumbering } from './kept-numbering.ts'
import { ENDLIST, parseSegmentName, summarisePlaylist, type PlaylistSummary } from './playlist.ts'

export const EVENT_PLAYLIST = 'stream.m3u8'
export const LIVE_PLAYLIST = 'live.m3u8'
/** What a server that starts anew has to know of a running stream; gone when the stream has ended. */
export const JOURNAL = 'journal.jsonl'

const TEMPORARY = /\.part$/

export interface WriteOptions {
  /** Waits until the disk itself has it. */
  sync?: boolean
  /** Permissions of a new file. */
  mode?: number
}

/** A reader sees the whole file or none: written under another name, then renamed. */
export async function writeWhole (folder: string, name: string, bytes: Uint8Array, { sync = false, mode = 0o644 }: WriteOptions = {}): Promise<void> {
  const path = join(folder, name)
  const temporary = `${path}.part`
  try {
    const file = await open(temporary, 'w', mode)
    try {
      await file.writeFile(bytes)
      // A full disk can show only here.
      const { size } = await file.stat()
      if (size !== bytes.length) throw new Error(`${name}: ${size} of ${bytes.length} bytes were written`)
      if (sync) await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    if (sync) await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The new name of a file is part of its folder. */
async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Adds a text to a file of `length` bytes, all of it or nothing. @returns the new length */
export async function appendWhole (path: string, text: string, length: number, { sync = false }: WriteOptions = {}): Promise<number> {
  const bytes = Buffer.from(text)
  const file = await open(path, 'r+')
  try {
    let at = 0
    while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at, length + at)).bytesWritten
    if (sync) await file.datasync()
  } catch (error) {
    await truncate(path, length)
    throw error
  } finally {
    await file.close()
  }
  return length + bytes.length
}

/** File names in a stream's folder, playlists first, then segments by number; undefined when there is no folder. */
export async function listFiles (folder: string): Promise<string[] | undefined> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const rank = (name: string) => name === EVENT_PLAYLIST ? -2 : name === LIVE_PLAYLIST ? -1 : parseSegmentName(name) ?? Infinity
  return names.filter(name => !TEMPORARY.test(name) && name !== JOURNAL).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

/** A text file's content; undefined when it is not there. */
export async function readText (path: string): Promise<string | undefined> {
  return (await readBytes(path))?.toString()
}

/** A file's content; undefined when it is not there. */
export async function readBytes (path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Where a new broadcast on this key goes on: names and sequence numbers are never used twice. */
export async function readNumbering (folder: string): Promise<PlaylistSummary> {
  const text = await readText(join(folder, EVENT_PLAYLIST))
  const summary = { ...summarisePlaylist(text ?? ''), ...(text === undefined ? await readKeptNumbering(folder) : undefined) }
  const numbers = (await listFiles(folder) ?? []).map(parseSegmentName).filter(number => number !== undefined)
  // One by one: a long broadcast has more segments than a function takes arguments.
  return { ...summary, nextSequence: numbers.reduce((next, number) => Math.max(next, number + 1), summary.nextSequence) }
}

/** Creates a stream's folder and its playlist, removing what a crash left half-written. */
export async function openFolder (folder: string, playlist: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true })
  }
  await writeWhole(folder, EVENT_PLAYLIST, playlist)
}

/** A playlist that a dead server left open is closed, so that viewers do not wait for ever. @returns whether it was open */
export async function closeAbandoned (folder: string): Promise<boolean> {
  const path = join(folder, EVENT_PLAYLIST)
  const text = await readText(path)
  if (text === undefined || summarisePlaylist(text).ended) return false
  // The last line may be cut off: an entry counts when its name is whole.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).replace(/(#EXT[^\n]*\n)+$/, match => match.includes('#EXTM3U') ? match : '')
  await writeFile(path, whole + ENDLIST)
  return true
}

/** When a folder was last written to, in milliseconds since 1970; undefined when it is not there. */
export async function lastWritten (folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
