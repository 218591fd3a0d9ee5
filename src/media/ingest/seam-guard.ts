import { createHash } from 'node:crypto'
import type { Frame, ReaderEvent, Unit } from '../container/types.ts'

/** So many bytes behind a unit are a head that the reader has looked at: what it did not complain about makes sense. */
const HEAD_BYTES = 16
/** Media from before this is no late chunk: the recorder's clock was set back. */
const LATE_US = 5_000_000
/** Pictures are stored in decoding order, so their times go back a little; so many units are remembered to know one that comes again. */
const REMEMBERED_UNITS = 64

/**
 * Chunks of a client that does not number them may be missing, doubled or swapped; the container reader
 * sees bytes only. Two things pass there that must not be published:
 *
 * - Where two chunks do not belong together, the unit across the seam has its proper length and somebody
 *   else's bytes; that shows only behind it. So a unit that began in an earlier chunk waits until what
 *   follows makes sense.
 * - Chunks that consist of whole units make sense anywhere. Media that was there before is left out, and told.
 */
export class SeamGuard {
  #waiting: Unit | undefined
  #soundUs = -Infinity
  #pictureUs = -Infinity
  /** Digests of the newest units. */
  #known: string[] = []
  /** What comes was there before; it was told. */
  #isBehind = false

  /**
   * @param events what the reader said to a chunk
   * @param from where the chunk begins in the recording (bytes)
   * @param end where it ends
   * @returns what is certain, in order
   */
  take (events: readonly ReaderEvent[], from: number, end: number): ReaderEvent[] {
    const certain: ReaderEvent[] = []
    for (const event of events) {
      if (event.type === 'damage') this.#waiting = undefined
      else certain.push(...this.release())
      if (event.type === 'init') this.#forget()
      if (event.type !== 'unit') certain.push(event)
      else if (event.unit.start < from) this.#waiting = event.unit
      else certain.push(...this.#inOrder(event.unit))
    }
    if (this.#waiting !== undefined && end - this.#waiting.end >= HEAD_BYTES) certain.push(...this.release())
    return certain
  }

  /** Nothing follows: what waits is taken as it is. */
  release (): ReaderEvent[] {
    const unit = this.#waiting
    this.#waiting = undefined
    return unit === undefined ? [] : this.#inOrder(unit)
  }

  #inOrder (unit: Unit): ReaderEvent[] {
    // Recorders give two frames the same time when they are late, and a still picture has the same bytes again: only both are the same frame.
    const digest = createHash('sha256').update(`${unit.frames[0]!.timeUs} `).update(unit.bytes).digest('base64')
    const isKnown = this.#known.includes(digest)
    const oldestUs = Math.max(this.#soundUs, this.#pictureUs) - LATE_US
    if (!unit.frames.some(frame => frame.timeUs > oldestUs && this.#wasThere(frame, isKnown))) {
      this.#isBehind = false
      this.#remember(unit, digest)
      return [{ type: 'unit', unit }]
    }
    if (this.#isBehind) return []
    this.#isBehind = true
    return [{ type: 'damage', reason: 'lost-sync', message: 'Media that was there before has come again', fatal: false, offset: unit.start }]
  }

  #wasThere ({ kind, timeUs }: Frame, isKnown: boolean): boolean {
    if (kind === 'audio') return timeUs < this.#soundUs || (timeUs === this.#soundUs && isKnown)
    return isKnown || (this.#isBehind && timeUs <= this.#pictureUs)
  }

  #remember ({ frames }: Unit, digest: string): void {
    for (const { kind, timeUs } of frames) {
      if (kind === 'audio') this.#soundUs = timeUs
      else this.#pictureUs = Math.max(this.#pictureUs, timeUs)
    }
    this.#known = [...this.#known, digest].slice(-REMEMBERED_UNITS)
  }

  #forget (): void {
    this.#soundUs = this.#pictureUs = -Infinity
    this.#known = []
    this.#isBehind = false
  }
}
