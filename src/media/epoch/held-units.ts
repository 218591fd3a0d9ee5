import type { Unit } from '../container/types.ts'

/** Containers round times to milliseconds. */
const SAME_FRAME_US = 5_000
/** A video track that was silent for so long is not waited for: its last key frame is let go. */
const SILENT_VIDEO_US = 10_000_000
/** Sound that began so long before the end of a segment may not be in it: where pictures are stored in another order, they are up to some frames ahead. */
const AUDIO_MARGIN_US = 200_000

/** Where reading a recording can go on: a place between two units. */
export interface ReadingPoint {
  /** Bytes since the reader's first byte. */
  offset: number
  /** What has to stand before the bytes from there on (see `Unit.lead`). */
  lead: Buffer | undefined
}

/**
 * The units of an epoch that are not safe yet: from the last published key frame on, in the order they
 * came. A new FFmpeg run starts from the first one; positions count from the beginning of the epoch.
 */
export class HeldUnits {
  #units: Unit[] = []
  /** When each of them came, in milliseconds of a monotonic clock. */
  #arrivals: number[] = []
  #first = 0
  #bytes = 0
  /** Behind the last unit that was let go. */
  #behind: ReadingPoint = { offset: 0, lead: undefined }

  /** Position of the first unit that is held. */
  get first (): number { return this.#first }
  /** Position of the next unit to come. */
  get next (): number { return this.#first + this.#units.length }
  get bytes (): number { return this.#bytes }
  /** Where the first held unit stands in the recording (bytes); undefined when nothing is held. */
  get start (): number | undefined { return this.#units[0]?.start }

  add (unit: Unit, nowMs = performance.now()): void {
    this.#units.push(unit)
    this.#arrivals.push(nowMs)
    this.#bytes += unit.bytes.length
  }

  /** Units from a position on, up to the newest. */
  from (position: number): Unit[] {
    return this.#units.slice(Math.max(0, position - this.#first))
  }

  /** Where the first `count` held units end, and the others begin. */
  pointBehind (count: number): ReadingPoint {
    const next = this.#units[count]
    if (next !== undefined) return { offset: next.start, lead: next.lead }
    const last = this.#units.at(-1)
    return last === undefined ? this.#behind : { offset: last.end, lead: last.lead }
  }

  /**
   * How many units can be let go when everything before `timeUs` is published. What a decoder needs to go on
   * from there stays: the last key frame at or before it, and all that was not published.
   * @param maxBytes where more would be kept for a decoder's sake alone, it is let go: a recorder that
   * hardly ever sends key frames must not fill the memory
   */
  releasable (timeUs: number, maxBytes: number): number {
    let open = this.#units.length
    let lastKey: number | undefined
    let lastVideoUs = -Infinity
    for (const [index, { frames }] of this.#units.entries()) {
      for (const frame of frames) {
        const isVideo = frame.kind === 'video'
        if (isVideo) lastVideoUs = Math.max(lastVideoUs, frame.timeUs)
        if (isVideo && frame.key && frame.timeUs <= timeUs + SAME_FRAME_US) lastKey = index
        if (frame.timeUs >= timeUs - (isVideo ? SAME_FRAME_US : AUDIO_MARGIN_US)) open = Math.min(open, index)
      }
    }
    const videoGoesOn = lastVideoUs > timeUs - SILENT_VIDEO_US && this.#bytes <= maxBytes
    return videoGoesOn && lastKey !== undefined ? Math.min(open, lastKey) : open
  }

  /** When the last unit with a frame from before `timeUs` came; undefined when none is held. */
  arrivedBefore (timeUs: number): number | undefined {
    const index = this.#units.findLastIndex(({ frames }) => frames.some(frame => frame.timeUs < timeUs - SAME_FRAME_US))
    return this.#arrivals[index]
  }

  /** Lets the oldest units go. */
  release (count: number): void {
    this.#behind = this.pointBehind(count)
    for (const unit of this.#units.splice(0, count)) this.#bytes -= unit.bytes.length
    this.#arrivals.splice(0, count)
    this.#first += count
  }

  releaseAll (): void {
    this.release(this.#units.length)
  }
}
