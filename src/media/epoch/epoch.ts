import type { InitSegment, Unit } from '../container/types.ts'
import { HeldUnits } from './held-units.ts'
import { Timeline } from './timeline.ts'

/**
 * One uninterrupted stretch of a recording: one header, one time line. Units come in at one end; runs of
 * FFmpeg read them at the other, each from what is not published yet.
 */
export class Epoch {
  readonly init: InitSegment
  readonly held = new HeldUnits()
  readonly timeline = new Timeline()
  /** Nothing before this has to be published any more, in microseconds; undefined before the first segment. */
  publishedUs: number | undefined
  /** Time of the last frame of sound that is published. */
  soundUs: number | undefined
  /** When its first unit came, in milliseconds since 1970, and that unit's media time. */
  #anchor: { wallMs: number, mediaUs: number } | undefined
  #closed = false
  #waiting: Array<() => void> = []

  constructor (init: InitSegment) {
    this.init = init
  }

  /** No more units come. */
  get closed (): boolean { return this.#closed }
  get empty (): boolean { return this.#anchor === undefined }

  /** Media time of the first unit, in microseconds. */
  get startUs (): number { return this.#anchor?.mediaUs ?? 0 }

  add (unit: Unit): void {
    this.#anchor ??= { wallMs: Date.now(), mediaUs: unit.frames[0]!.timeUs }
    this.timeline.add(unit)
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
   * @param soundUs the last frame of sound that is in it, which the pictures' order does not tell
   * @param maxHeldBytes what may stay for a decoder's sake
   */
  publish (untilUs: number, soundUs: number | undefined, maxHeldBytes: number): void {
    this.publishedUs = untilUs
    this.soundUs = soundUs ?? this.soundUs
    this.held.release(untilUs, maxHeldBytes)
  }

  /** When a frame of this epoch was taken in, in milliseconds since 1970. */
  wallTimeMs (mediaUs: number): number {
    const anchor = this.#anchor ?? { wallMs: Date.now(), mediaUs }
    return Math.round(anchor.wallMs + (mediaUs - anchor.mediaUs) / 1000)
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
