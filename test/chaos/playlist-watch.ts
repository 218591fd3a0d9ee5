import { setTimeout as delay } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { demux } from '../fixtures/transport-stream.ts'
import { readPlaylist, type Playlist } from '../fixtures/playlist.ts'
import { get } from './output.ts'

const POLL_MS = 500

export interface WatchOptions {
  /** How often both playlists are read, in milliseconds. Default 500. */
  pollMs?: number
  /** Every segment is fetched and taken apart as soon as it is listed. Default false: it is read at the end anyway. */
  fetchSegments?: boolean
}

/**
 * A viewer that reads both playlists of a stream again and again, while things break, and writes down what
 * no player should see: numbering that goes back, lines that change, segments that are not whole.
 */
export class PlaylistWatch {
  /** With the stream's name; empty: nothing was wrong. */
  readonly problems: string[] = []
  /** Times that a playlist was read. */
  reads = 0
  readonly #url: string
  readonly #streamKey: string
  readonly #options: WatchOptions
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #event: Playlist | undefined
  #live: Playlist | undefined
  /** Discontinuity sequence number of each segment, once it was listed. */
  readonly #continuity = new Map<number, number>()
  readonly #digests = new Map<string, string>()

  constructor (url: string, streamKey: string, options: WatchOptions = {}) {
    this.#url = url
    this.#streamKey = streamKey
    this.#options = options
    this.#done = this.#watch()
  }

  /** Reads once more and stops. @returns what was wrong */
  async stop (): Promise<string[]> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort()
      await this.#done
      await this.#readBoth()
    }
    return this.problems
  }

  /** Content digests of the segments that were fetched, by name. */
  get digests (): ReadonlyMap<string, string> { return this.#digests }

  async #watch (): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#readBoth()
      await delay(this.#options.pollMs ?? POLL_MS, undefined, { signal: this.#stopping.signal }).catch(() => {})
    }
  }

  async #readBoth (): Promise<void> {
    const event = await this.#read('stream.m3u8')
    if (event !== undefined) {
      // The broadcast grows; nothing that was listed changes.
      if (this.#event !== undefined && !event.text.startsWith(body(this.#event))) this.#complain('stream.m3u8 has changed what it said before')
      this.#compare('stream.m3u8', this.#event, event)
      this.#event = event
    }
    const live = await this.#read('live.m3u8')
    if (live !== undefined) {
      this.#compare('live.m3u8', this.#live, live)
      this.#live = live
    }
    if (this.#options.fetchSegments === true) {
      for (const { name } of event?.segments ?? []) if (!this.#digests.has(name)) await this.#fetch(name)
    }
  }

  async #read (name: string): Promise<Playlist | undefined> {
    try {
      const { status, body } = await get(`${this.#url}/livestream/${this.#streamKey}/${name}`)
      // Not begun yet, or held until the time was up.
      if (status === 404 && this.#event === undefined) return undefined
      if (status !== 200) {
        this.#complain(`${name} is answered ${status}`)
        return undefined
      }
      this.reads++
      return readPlaylist(body.toString())
    } catch (error) {
      // The server may be the one that was killed; playlists that cannot be read are another matter.
      if ((error as NodeJS.ErrnoException).code === undefined) this.#complain(`${name}: ${(error as Error).message}`)
      return undefined
    }
  }

  #compare (name: string, before: Playlist | undefined, after: Playlist): void {
    if (before !== undefined) {
      if (after.mediaSequence < before.mediaSequence) this.#complain(`${name}: media sequence ${after.mediaSequence} after ${before.mediaSequence}`)
      if (after.discontinuitySequence < before.discontinuitySequence) this.#complain(`${name}: discontinuity sequence ${after.discontinuitySequence} after ${before.discontinuitySequence}`)
      if (after.mediaSequence + after.segments.length < before.mediaSequence + before.segments.length) this.#complain(`${name}: ends at ${after.mediaSequence + after.segments.length} after ${before.mediaSequence + before.segments.length}`)
      if (before.ended && !after.ended) this.#complain(`${name}: goes on after its end`)
    }
    for (const { sequence, continuity } of after.segments) {
      const known = this.#continuity.get(sequence)
      if (known !== undefined && known !== continuity) this.#complain(`${name}: segment ${sequence} has discontinuity sequence ${continuity}, it had ${known}`)
      this.#continuity.set(sequence, continuity)
    }
  }

  async #fetch (name: string): Promise<void> {
    try {
      const { status, body } = await get(`${this.#url}/livestream/${this.#streamKey}/${name}`)
      if (status !== 200) {
        this.#complain(`${name} is listed and answered ${status}`)
        return
      }
      demux(body)
      this.#digests.set(name, createHash('sha256').update(body).digest('hex'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) this.#complain(`${name} is listed and not whole: ${(error as Error).message}`)
    }
  }

  #complain (problem: string): void {
    this.problems.push(`${this.#streamKey}: ${problem}`)
  }
}

/** A playlist without its end. */
function body ({ text }: Playlist): string {
  return text.replace('#EXT-X-ENDLIST\n', '')
}
