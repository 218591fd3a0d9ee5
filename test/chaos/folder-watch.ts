import { createHash } from 'node:crypto'
import { watch, type FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readPlaylist } from '../fixtures/playlist.ts'
import { demux } from '../fixtures/transport-stream.ts'
import type { ReadBroadcast } from './output.ts'

const POLL_MS = 50
const PART = /^(segment_\d+\.ts)\.part$/

/**
 * Looks at a stream's folder as anybody with access to the disk would: the playlist again and again, and
 * each segment as soon as it is listed there. Memory of the server does not come into it.
 */
export class FolderWatch {
  readonly problems: string[] = []
  readonly #folder: string
  readonly #digests = new Map<string, string>()
  /** When each segment began to be written, performance.now(). */
  readonly #begun = new Map<string, number>()
  readonly #stopping = new AbortController()
  readonly #watcher: FSWatcher
  readonly #done: Promise<void>
  #listed = 0

  constructor (folder: string) {
    this.#folder = folder
    this.#watcher = watch(folder, (_event, name) => {
      const segment = PART.exec(name ?? '')?.[1]
      if (segment !== undefined && !this.#begun.has(segment)) this.#begun.set(segment, performance.now())
    })
    this.#done = this.#look()
  }

  /** Segments that the playlist on disk has listed. */
  get listed (): number { return this.#listed }

  /** When the first segment that is not listed yet began to be written; undefined when there is none. */
  get firstFailedAt (): number | undefined {
    const times = [...this.#begun].filter(([name]) => !this.#digests.has(name)).map(([, at]) => at)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** @param segments as they are served @returns what was wrong: a segment that was not whole when it was listed, or is another one now */
  async stop (segments: ReadBroadcast['segments']): Promise<string[]> {
    this.#stopping.abort()
    await this.#done
    this.#watcher.close()
    for (const { name, data } of segments) {
      const known = this.#digests.get(name)
      if (known !== undefined && known !== digest(data)) this.problems.push(`${name} was another one on disk when it was listed`)
    }
    return this.problems
  }

  async #look (): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const text = await readFile(join(this.#folder, 'stream.m3u8'), 'utf8').catch(() => '')
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      if (whole !== '') await this.#read(whole)
      await delay(POLL_MS, undefined, { signal: this.#stopping.signal }).catch(() => {})
    }
  }

  async #read (text: string): Promise<void> {
    const { segments } = readPlaylist(text)
    this.#listed = segments.length
    for (const { name } of segments) {
      if (this.#digests.has(name)) continue
      try {
        const data = await readFile(join(this.#folder, name))
        demux(data)
        this.#digests.set(name, digest(data))
      } catch (error) {
        this.#digests.set(name, '')
        this.problems.push(`${name} is listed on disk and not whole: ${(error as Error).message}`)
      }
    }
  }
}

function digest (data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
