import type { InitSegment, Unit } from '../container/types.ts'
import { HeldUnits } from './held-units.ts'
import { Pace } from './pace.ts'
import { Timeline } from './timeline.ts'

/** What is known of an epoch that an earlier server published in part. */
export interface EpochProgress {
  /** Nothing before this has to be published any more, in microseconds; undefined before the first segment. */
  publishedUs: number | undefined
  /** Time of the last frame of sound that is published. */
  soundUs: number | undefined
  /** When a frame was recorded, in milliseconds since 1970, and its media time. */
  anchor: { wallMs: number, mediaUs: number }
}

/**
 * One uninterrupted stretch of a recording: one header, one time line. Units come in at one end; runs of
 * FFmpeg read them at the other, each from what is not published yet.
 */
export class Epoch {
  readonly init: InitSegment
  readonly held = new HeldUnits()
  readonly timeline = new Timeline()
  readonly pace = new Pace()
  #publishedUs: number | undefined
  #soundUs: number | undefined
  #anchor: EpochProgress['anchor'] | undefined
  #startUs: number | undefined
  #closed = false
  #waiting: Array<() => void> = []

  /** @param progress of the same epoch, where an earlier server began it */
  constructor (init: InitSegment, progress?: EpochProgress) {
    this.init = init
    this.#publishedUs = progress?.publishedUs
    this.#soundUs = progress?.soundUs
    this.#anchor = progress?.anchor
  }

  /** Nothing before this has to be published any more, in microseconds; undefined before the first segment. */
  get publishedUs (): number | undefined { return this.#publishedUs }
  /** Time of the last frame of sound that is published. */
  get soundUs (): number | undefined { return this.#soundUs }
  /** No more units come. */
  get closed (): boolean { return this.#closed }
  get empty (): boolean { return this.#startUs === undefined }

  /** Media time of the first unit that came, in microseconds. */
  get startUs (): number { return this.#startUs ?? 0 }
  /** What came and is not published yet, in microseconds of media. */
  get lagUs (): number {
    return Math.max(0, (this.timeline.latestUs ?? this.startUs) - (this.#publishedUs ?? this.startUs))
  }

  /** When a frame was recorded, as far as can be known, and its media time; from these follow all others. */
  get anchor (): EpochProgress['anchor'] { return this.#anchor ?? { wallMs: Date.now(), mediaUs: this.startUs } }

  add (unit: Unit): void {
    this.#startUs ??= unit.frames[0]!.timeUs
    this.timeline.add(unit)
    this.pace.came(this.timeline.latestUs!, performance.now())
    if (this.#publishedUs === undefined) this.#settleAnchor(unit)
    this.held.add(unit)
    this.#wake()
  }

  close (): void {
    this.#closed = true
    this.#wake()
  }

  /** Resolves with the next unit, or the end. */
  changed (): Promise<void> {
    return new Promise(resolve => { this.#waiting.push(resolve) })
  }

  /**
   * Everything before `untilUs` is published; the oldest units are let go.
   * @param soundUs the last frame of sound that is in it, which the pictures' order does not tell
   * @param release how many units are not needed any more
   */
  publish (untilUs: number, soundUs: number | undefined, release: number): void {
    this.#publishedUs = untilUs
    this.#soundUs = soundUs ?? this.#soundUs
    this.held.release(release)
  }

  /** When a frame of this epoch was recorded, in milliseconds since 1970 of this machine's clock. */
  wallTimeMs (mediaUs: number): number {
    const { wallMs, mediaUs: from } = this.anchor
    return Math.round(wallMs + (mediaUs - from) / 1000)
  }

  /**
   * A chunk brings what was recorded since the one before it, so its last frame came with the least delay. The
   * least of all tells best when frames were recorded; with the first segment it is settled.
   */
  #settleAnchor (unit: Unit): void {
    const wallMs = Date.now()
    const mediaUs = Math.max(...unit.frames.map(({ timeUs }) => timeUs))
    if (this.#anchor === undefined || wallMs < this.wallTimeMs(mediaUs)) this.#anchor = { wallMs, mediaUs }
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
