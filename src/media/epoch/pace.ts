/** Media that waits is to be caught up with at this speed, against real time: an encoder that only just keeps up stays late. */
const CATCH_UP_RATE = 1.25
/** An encoder holds so much back on purpose (interleaving, reordered pictures): with no more than this it has caught up. */
const HELD_BACK_US = 1_000_000
/** How closely arrivals are remembered. */
const STEP_US = 100_000

interface Arrival {
  /** Media time up to which it reaches, in microseconds. */
  timeUs: number
  /** When an encoder that is fast enough has done with it. */
  dueMs: number
}

/**
 * Judges whether what comes out keeps up with what comes in. Media that comes as fast as it was recorded is due at
 * once; of a burst (after an outage) each piece is due when it would be its turn. So what counts is how long media has
 * waited for the encoder, not how much of it there is. Times come from outside: a monotonic clock in milliseconds.
 */
export class Pace {
  #arrivals: Arrival[] = []
  #cameUs: number | undefined
  #lastDueMs = -Infinity
  #lateMs = 0

  /** How far what came out last was behind, in milliseconds. */
  get lateMs (): number { return this.#lateMs }

  /** Media has come. */
  came (timeUs: number, nowMs: number): void {
    const stepUs = timeUs - (this.#cameUs ?? timeUs - STEP_US)
    if (stepUs < STEP_US) return
    this.#cameUs = timeUs
    this.#lastDueMs = Math.max(nowMs, this.#lastDueMs + stepUs / 1000 / CATCH_UP_RATE)
    this.#arrivals.push({ timeUs, dueMs: this.#lastDueMs })
  }

  /** An encoder begins: what waits is as a burst to it. */
  begin (nowMs: number): void {
    let dueMs = nowMs
    let formerUs = this.#arrivals[0]?.timeUs ?? 0
    for (const arrival of this.#arrivals) {
      dueMs += (arrival.timeUs - formerUs) / 1000 / CATCH_UP_RATE
      formerUs = arrival.timeUs
      arrival.dueMs = dueMs
    }
    this.#lastDueMs = dueMs
    this.#lateMs = 0
  }

  /** Nobody could go on for so long, for another reason. */
  excuse (ms: number): void {
    for (const arrival of this.#arrivals) arrival.dueMs += ms
    this.#lastDueMs += ms
  }

  /** Output came, up to this media time. */
  answered (timeUs: number, nowMs: number): void {
    const open = this.#arrivals.findIndex(arrival => arrival.timeUs > timeUs)
    const done = this.#arrivals.splice(0, open < 0 ? this.#arrivals.length : open).at(-1)
    if (this.#cameUs !== undefined && this.#cameUs - timeUs <= HELD_BACK_US) this.#caughtUp(nowMs)
    else if (done !== undefined) this.#lateMs = Math.max(0, nowMs - done.dueMs)
  }

  /** What was granted to a burst is not needed any more. */
  #caughtUp (nowMs: number): void {
    this.#lateMs = 0
    this.#lastDueMs = Math.min(this.#lastDueMs, nowMs)
    for (const arrival of this.#arrivals) arrival.dueMs = Math.min(arrival.dueMs, nowMs)
  }
}
