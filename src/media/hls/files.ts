import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile, appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ENDLIST, parseSegmentName, summarisePlaylist, type PlaylistSummary } from './playlist.ts'

export const EVENT_PLAYLIST = 'stream.m3u8'
export const LIVE_PLAYLIST = 'live.m3u8'

const TEMPORARY = /\.part$/

/** A reader sees the whole file or none: written under another name, then renamed. */
export async function writeWhole (folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name)
  const temporary = `${path}.part`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(bytes)
      // A full disk can show only here.
      const { size } = await file.stat()
      if (size !== bytes.length) throw new Error(`${name}: ${size} of ${bytes.length} bytes were written`)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
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
  return names.filter(name => !TEMPORARY.test(name)).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

export function isMissing (error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** A text file's content; undefined when it is not there. */
export async function readText (path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Where a new broadcast on this key goes on: names and sequence numbers are never used twice. */
export async function readNumbering (folder: string): Promise<PlaylistSummary> {
  const text = await readText(join(folder, EVENT_PLAYLIST))
  const summary = summarisePlaylist(text ?? '')
  const numbers = (await listFiles(folder) ?? []).map(parseSegmentName).filter(number => number !== undefined)
  return { ...summary, nextSequence: Math.max(summary.nextSequence, ...numbers.map(number => number + 1)) }
}

/** Creates a stream's folder and its empty playlist, removing what a crash left half-written. */
export async function openFolder (folder: string, playlist: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true })
  }
  await writeWhole(folder, EVENT_PLAYLIST, playlist)
}

/** Adds lines to the EVENT playlist, which only ever grows. */
export async function appendPlaylist (folder: string, text: string): Promise<void> {
  await appendFile(join(folder, EVENT_PLAYLIST), text)
}

/** Playlists that a dead server left open are closed, so that viewers do not wait for ever. */
export async function closeAbandoned (streamsDir: string): Promise<string[]> {
  const closed: string[] = []
  for (const key of await listFiles(streamsDir) ?? []) {
    const path = join(streamsDir, key, EVENT_PLAYLIST)
    const text = await readText(path)
    if (text === undefined || summarisePlaylist(text).ended) continue
    // The last line may be cut off: an entry counts when its name is whole.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1).replace(/(#EXT[^\n]*\n)+$/, match => match.includes('#EXTM3U') ? match : '')
    await writeFile(path, whole + ENDLIST)
    closed.push(key)
  }
  return closed
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
