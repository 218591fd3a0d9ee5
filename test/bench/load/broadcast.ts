import { LiveBroadcaster } from '../../soak/live-broadcaster.ts'

export interface BroadcastOptions {
  url: string
  name: string
  /** What is recorded in each `chunkMs`. */
  chunks: readonly Buffer[]
  chunkMs: number
}

/** What came of a broadcast so far. Times are of one clock, in milliseconds. */
export interface BroadcastReport {
  name: string
  /** The server did not take it, and said so. */
  refusal: string | undefined
  /** When its recorder captured the first frame. */
  beganAt: number
  /** When this was told. */
  reportedAt: number
  /** When the first, the second, ... segment was listed. */
  listedAt: number[]
  /** What the server told, or did not do. */
  faults: string[]
}

/** A broadcast in real time: each chunk is sent when a recorder would have it, whatever became of the others. */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #broadcaster: LiveBroadcaster
  readonly #report: BroadcastReport
  #timer: NodeJS.Timeout | undefined

  constructor (options: BroadcastOptions) {
    const { url, name } = options
    this.#options = options
    this.#report = { name, refusal: undefined, beganAt: NaN, reportedAt: NaN, listedAt: [], faults: [] }
    this.#broadcaster = new LiveBroadcaster(url, name, segmentCount => {
      const { listedAt } = this.#report
      while (listedAt.length < segmentCount) listedAt.push(performance.now())
    })
  }

  get report (): BroadcastReport {
    return { ...this.#report, reportedAt: performance.now(), faults: this.#broadcaster.faults }
  }

  /** @returns whether the server took it */
  async start (): Promise<boolean> {
    try {
      await this.#broadcaster.start()
    } catch (error) {
      this.#report.refusal = (error as Error).message
      return false
    }
    this.#report.beganAt = performance.now()
    this.#sendAt(0)
    return true
  }

  /** Stops sending and ends the stream; the connection too. */
  async end (): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#report.refusal === undefined) await this.#broadcaster.end()
    this.#broadcaster.leave()
  }

  #sendAt (index: number): void {
    const { chunks, chunkMs } = this.#options
    const chunk = chunks[index]
    if (chunk === undefined) return
    const dueAt = this.#report.beganAt + (index + 1) * chunkMs
    this.#timer = setTimeout(() => {
      this.#broadcaster.send(chunk)
      this.#sendAt(index + 1)
    }, Math.max(0, dueAt - performance.now()))
  }
}
