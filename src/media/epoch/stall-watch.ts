/** FFmpeg holds back some media on purpose (interleaving, reordered pictures); so much without output is a fault. */
const UNANSWERED_US = 2_000_000

/**
 * Why nothing comes out.
 *
 * - `publisher`: nothing goes in either; no fault
 * - `disk`: what came out waits to be written
 * - `encoder`: it is fed and makes no progress
 */
export type Stall = 'publisher' | 'disk' | 'encoder'

export interface StallLimits {
  /** Without any output since its start, in milliseconds. */
  startMs: number
  /** Without progress later on, in milliseconds. */
  staleMs: number
}

/**
 * Judges whether an encoder works: compares the media that it was given with the progress that it reports
 * and the output that it writes. Times come from outside: a monotonic clock in milliseconds.
 */
export class StallWatch {
  readonly #limits: StallLimits
  #fedUs = -Infinity
  #answeredUs: number
  #started = false
  #reported = 0
  /** Since when output waits for the disk. */
  #diskAt: number | undefined
  #lastFedAt: number | undefined
  /** When media was given for the first time since the last progress. */
  #unansweredAt: number | undefined

  /** @param fromUs media time before which no answer is expected */
  constructor (limits: StallLimits, fromUs: number) {
    this.#limits = limits
    this.#answeredUs = fromUs
  }

  /** Output has been seen. */
  get started (): boolean { return this.#started }

  fed (timeUs: number, nowMs: number): void {
    this.#fedUs = Math.max(this.#fedUs, timeUs)
    this.#lastFedAt = nowMs
    this.#unansweredAt ??= nowMs
  }

  /** Output came, up to this media time. */
  answered (timeUs: number): void {
    this.#started = true
    this.#answeredUs = Math.max(this.#answeredUs, timeUs)
    this.#unansweredAt = undefined
  }

  /** FFmpeg's own report: progress where it has come further, in bytes or in time. */
  reported (bytes: number | undefined, timeUs: number | undefined): void {
    const measure = (bytes ?? 0) + Math.max(0, timeUs ?? 0)
    if (measure <= this.#reported) return
    this.#reported = measure
    this.#unansweredAt = undefined
  }

  /** While output waits for the disk, nothing is expected of the encoder. */
  waitsForDisk (waits: boolean, nowMs: number): void {
    this.#diskAt = waits ? this.#diskAt ?? nowMs : undefined
    this.#unansweredAt = undefined
  }

  /** Why nothing comes out at present; undefined while something does or soon should. */
  stall (nowMs: number): Stall | undefined {
    if (this.#diskAt !== undefined) return nowMs - this.#diskAt >= this.#limits.staleMs ? 'disk' : undefined
    // A full pipe takes nothing more: what is in it counts from now on.
    if (this.#isUnanswered) this.#unansweredAt ??= nowMs
    if (this.#isOverdue(nowMs)) return 'encoder'
    const idleMs = this.#lastFedAt === undefined ? 0 : nowMs - this.#lastFedAt
    return idleMs >= this.#limits.staleMs ? 'publisher' : undefined
  }

  get #isUnanswered (): boolean {
    return this.#fedUs - this.#answeredUs >= UNANSWERED_US
  }

  #isOverdue (nowMs: number): boolean {
    if (this.#unansweredAt === undefined || !this.#isUnanswered) return false
    return nowMs - this.#unansweredAt >= (this.#started ? this.#limits.staleMs : this.#limits.startMs)
  }
}
