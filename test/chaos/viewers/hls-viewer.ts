import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { readPlaylist, type PlaylistSegment } from '../../fixtures/playlist.ts'
import { Playhead } from './playhead.ts'

/** As the watch page's player has it: it begins with so much in hand... */
const START_MS = 2_500
/** ...so many segments behind the edge. */
const BEHIND_SEGMENTS = 2
const ATTEMPT_MS = 20_000

/** One request that was answered whole. */
export interface Sample {
  viewer: string
  kind: 'playlist' | 'segment'
  /** From the request to the last byte of the answer, in milliseconds. */
  ms: number
  bytes: number
}

export interface Watched {
  viewer: string
  /** Segments that were loaded. */
  segments: number
  /** Playing began. */
  started: boolean
  stalls: number
  stalledMs: number
  inHandMs: number
  /** Segments that left the playlist before they were loaded. */
  missed: number
  /** Requests that failed, and playlists that say what they may not, in words. */
  faults: string[]
}

export interface ViewerOptions {
  name: string
  /** Address of the playlist. */
  url: string
  onSample: (sample: Sample) => void
}

/**
 * A viewer that keeps to the protocol (RFC 8216, 6.3.4) and shows nothing: asks for the playlist each target
 * duration, or after half of it where nothing was new, loads each new segment once and in order, over one
 * connection, and counts how often its playhead stands still.
 */
export class HlsViewer {
  readonly #options: ViewerOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #playhead = new Playhead(START_MS)
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  /** Of the next segment. */
  #next: number | undefined
  #mediaSequence = 0
  #discontinuitySequence = 0
  #segments = 0
  #missed = 0
  #faults: string[] = []

  constructor (options: ViewerOptions) {
    this.#options = options
    this.#done = this.#watch()
  }

  get watched (): Watched {
    const now = performance.now()
    return {
      viewer: this.#options.name,
      segments: this.#segments,
      started: this.#playhead.started,
      stalls: this.#playhead.stalls(now),
      stalledMs: Math.round(this.#playhead.stalledMs(now)),
      inHandMs: Math.round(this.#playhead.inHandMs(now)),
      missed: this.#missed,
      faults: this.#faults
    }
  }

  async leave (): Promise<void> {
    this.#stop.abort()
    await this.#done
    this.#agent.destroy()
  }

  async #watch (): Promise<void> {
    const { signal } = this.#stop
    let text = ''
    while (!signal.aborted) {
      const askedAt = performance.now()
      let pauseMs = 1_000
      try {
        const before = text
        text = (await this.#get(this.#options.url, 'playlist')).toString()
        const playlist = readPlaylist(text)
        this.#check(playlist.mediaSequence, playlist.discontinuitySequence)
        for (const segment of this.#new(playlist.segments)) {
          await this.#get(new URL(segment.name, this.#options.url).href, 'segment')
          this.#segments++
          this.#next = segment.sequence + 1
          this.#playhead.add(segment.durationMs, performance.now())
        }
        if (playlist.ended) return
        pauseMs = playlist.targetSeconds * (text === before ? 500 : 1_000)
      } catch (error) {
        if (signal.aborted) return
        this.#faults.push((error as Error).message)
      }
      await delay(Math.max(0, askedAt + pauseMs - performance.now()), undefined, { signal }).catch(() => {})
    }
  }

  #check (mediaSequence: number, discontinuitySequence: number): void {
    if (mediaSequence < this.#mediaSequence) this.#faults.push(`the media sequence went back from ${this.#mediaSequence} to ${mediaSequence}`)
    if (discontinuitySequence < this.#discontinuitySequence) this.#faults.push(`the discontinuity sequence went back from ${this.#discontinuitySequence} to ${discontinuitySequence}`)
    this.#mediaSequence = mediaSequence
    this.#discontinuitySequence = discontinuitySequence
  }

  #new (segments: PlaylistSegment[]): PlaylistSegment[] {
    if (this.#next === undefined) return segments.slice(-BEHIND_SEGMENTS)
    const from = this.#next
    const found = segments.filter(({ sequence }) => sequence >= from)
    this.#missed += Math.max(0, (found[0]?.sequence ?? from) - from)
    return found
  }

  async #get (url: string, kind: Sample['kind']): Promise<Buffer> {
    const askedAt = performance.now()
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ATTEMPT_MS)])
    const body = await new Promise<Buffer>((resolve, reject) => {
      const asking = request(url, { agent: this.#agent, signal }, answer => {
        const pieces: Buffer[] = []
        answer.on('data', (piece: Buffer) => pieces.push(piece))
        answer.once('error', reject)
        answer.once('end', () => {
          const bytes = Buffer.concat(pieces)
          if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode} for ${url}`))
          else if (bytes.length !== Number(answer.headers['content-length'])) reject(new Error(`${bytes.length} bytes of ${answer.headers['content-length']} for ${url}`))
          else resolve(bytes)
        })
      })
      asking.once('error', reject)
      asking.end()
    })
    this.#options.onSample({ viewer: this.#options.name, kind, ms: performance.now() - askedAt, bytes: body.length })
    return body
  }
}
