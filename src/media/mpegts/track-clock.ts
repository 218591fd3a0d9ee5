/** The length of a frame that is the only one. */
const DEFAULT_FRAME_US = 33_333
/** A frame after which nothing came is not listed with more. */
const LONGEST_FRAME_US = 200_000

/** Where a track stands: takes the presentation times of its frames in decoding order, in microseconds. */
export class TrackClock {
  #latestUs: number | undefined
  /** The one that is presented before the latest. */
  #beforeUs: number | undefined

  add (timeUs: number): void {
    if (this.#latestUs === undefined || timeUs > this.#latestUs) {
      this.#beforeUs = this.#latestUs
      this.#latestUs = timeUs
    } else if (timeUs < this.#latestUs && timeUs > (this.#beforeUs ?? -Infinity)) {
      this.#beforeUs = timeUs
    }
  }

  /** Undefined before the first frame. */
  get latestUs (): number | undefined {
    return this.#latestUs
  }

  /** When the latest frame is over, if it is as long as the one before it. */
  get endUs (): number | undefined {
    if (this.#latestUs === undefined) return undefined
    const lengthUs = this.#beforeUs === undefined ? DEFAULT_FRAME_US : this.#latestUs - this.#beforeUs
    return this.#latestUs + Math.min(lengthUs, LONGEST_FRAME_US)
  }
}
