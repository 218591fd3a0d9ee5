import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../src/errors/file-system.ts'
import type { Log } from '../../src/log.ts'
import type { SegmentFile } from '../../src/media/join/layout.ts'

/** A segment of a stream, where the stream keeps it. */
export interface Captured {
  sequence: number
  path: string
  durationMs: number
  /** The encoding or the time line changed before it, or a broadcast begins with it. */
  isBreak: boolean
  /** When its first frame was recorded, in milliseconds since 1970. */
  takenAtMs: number
}

export interface CaptureOptions {
  folder: string
  /** What an earlier server published, for the case that it did not come to keep it. */
  published: () => Promise<Captured[]>
  /** The first one is kept. Told each time it is opened anew; where it fails, again with what is kept next. */
  onBegun: (takenAtMs: number) => Promise<void>
  log: Log
}

interface Kept {
  index: number
  sequence: number
  durationMs: number
  isBreak: boolean
  takenAtMs: number
  name: string
}

const NAME = /^(\d{8})\.(\d{1,15})\.(\d{1,9})\.([01])\.(\d{1,15})\.ts$/
/** How long the numbers of a stream are remembered at least. */
const RENUMBERED_MS = 3_600_000
/** A link cannot be made there: to another file system, or at all. */
const NO_LINKS = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']

/**
 * What is kept of a stream for one recording: links to its segments in a folder of their own, so that they stay when
 * the stream removes them. All that is known of a segment is in its name: the folder is all that a server needs to go on.
 */
export class Capture {
  readonly #options: CaptureOptions
  #last: Kept | undefined
  /** When the first one was taken, while that is still to be told. */
  #beganAtMs: number | undefined
  #isGap = false
  #bytes = 0
  /** In the order in which they are given. */
  #work: Promise<void>

  constructor (options: CaptureOptions) {
    this.#options = options
    this.#work = this.#open()
  }

  /** Of all that is kept. */
  get bytes (): number { return this.#bytes }

  /** Keeps a segment, after those that were given before. Never fails: what cannot be kept is logged, and is a gap. */
  take (segment: Captured): void {
    this.#work = this.#work.then(async () => { await this.#keep(segment) })
  }

  /** All that was kept, when everything that was given is; in its order. */
  async segments (): Promise<SegmentFile[]> {
    await this.#work
    await this.#tellBegun()
    return (await keptIn(this.#options.folder)).map(({ name, durationMs, isBreak }) => ({ path: join(this.#options.folder, name), durationMs, isBreak }))
  }

  /** Resolves when everything is done that was given so far. */
  async idle (): Promise<void> {
    await this.#work
  }

  async #open (): Promise<void> {
    const { folder, published, log } = this.#options
    try {
      const kept = await keptIn(folder)
      this.#last = kept.at(-1)
      for (const { name } of kept) this.#bytes += (await stat(join(folder, name))).size
      this.#beganAtMs = kept[0]?.takenAtMs
      await this.#tellBegun()
      for (const segment of await published()) await this.#keep(segment)
    } catch (error) {
      log.error({ err: error }, 'what was recorded before could not be looked at')
    }
  }

  async #keep (segment: Captured): Promise<void> {
    const { folder, log } = this.#options
    const { sequence, takenAtMs, durationMs, path } = segment
    const last = this.#last
    if (isKnown(segment, last)) return
    const index = last === undefined ? 0 : last.index + 1
    const isBreak = segment.isBreak || this.#isGap || last === undefined || sequence !== last.sequence + 1
    const name = `${String(index).padStart(8, '0')}.${sequence}.${Math.round(durationMs)}.${isBreak ? 1 : 0}.${Math.round(takenAtMs)}.ts`
    try {
      if (last === undefined) await mkdir(folder, { recursive: true })
      await linkOrCopy(path, join(folder, name))
      this.#bytes += (await stat(join(folder, name))).size
    } catch (error) {
      this.#isGap = true
      log.error({ err: error, sequence }, 'a segment could not be kept for its recording')
      return
    }
    this.#isGap = false
    this.#last = { index, sequence, durationMs, isBreak, takenAtMs, name }
    if (last === undefined) this.#beganAtMs = takenAtMs
    await this.#tellBegun()
  }

  async #tellBegun (): Promise<void> {
    if (this.#beganAtMs === undefined) return
    try {
      await this.#options.onBegun(this.#beganAtMs)
      this.#beganAtMs = undefined
    } catch (error) {
      this.#options.log.error({ err: error }, 'that a recording has begun could not be noted; it is tried again')
    }
  }
}

/** Numbers are not used twice while anybody could remember them; only long after may they begin anew. */
function isKnown ({ sequence, takenAtMs }: Captured, last: Kept | undefined): boolean {
  return last !== undefined && sequence <= last.sequence && takenAtMs < last.takenAtMs + RENUMBERED_MS
}

async function keptIn (folder: string): Promise<Kept[]> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isMissing(error)) return []
    throw error
  })
  return names.sort().flatMap(name => {
    const match = NAME.exec(name)
    if (match === null) return []
    const [, index, sequence, durationMs, isBreak, takenAtMs] = match
    return [{ index: Number(index), sequence: Number(sequence), durationMs: Number(durationMs), isBreak: isBreak === '1', takenAtMs: Number(takenAtMs), name }]
  })
}

async function linkOrCopy (from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    const part = `${to}.part`
    try {
      await copyFile(from, part)
      await rename(part, to)
    } finally {
      await rm(part, { force: true })
    }
  }
}
