/**
 * The playhead of a player that shows nothing: media comes in, time passes, and when nothing is in hand
 * any more it stands still. Times are milliseconds of one clock that does not go back.
 */
export class Playhead {
  readonly #startMs: number
  /** Media that came in all. */
  #mediaMs = 0
  /** It moves since then, from there; undefined while it waits for media. */
  #moving: { sinceMs: number, fromMs: number } | undefined
  /** Where it waits. */
  #atMs = 0
  #waitsSinceMs: number | undefined
  #stalls = 0
  #stalledMs = 0

  /** @param startMs so much has to be in hand before it begins to move, at first and after a stall */
  constructor (startMs: number) {
    this.#startMs = startMs
  }

  /** Media that lasts so long came in. */
  add (durationMs: number, nowMs: number): void {
    this.#advance(nowMs)
    this.#mediaMs += durationMs
    if (this.#moving === undefined && this.#mediaMs - this.#atMs >= this.#startMs) {
      if (this.#waitsSinceMs !== undefined) this.#stalledMs += nowMs - this.#waitsSinceMs
      this.#waitsSinceMs = undefined
      this.#moving = { sinceMs: nowMs, fromMs: this.#atMs }
    }
  }

  /** How often it stood still after it had begun to move. */
  stalls (nowMs: number): number {
    this.#advance(nowMs)
    return this.#stalls
  }

  /** For how long it stood still, in all. */
  stalledMs (nowMs: number): number {
    this.#advance(nowMs)
    return this.#stalledMs + (this.#waitsSinceMs === undefined ? 0 : nowMs - this.#waitsSinceMs)
  }

  /** Media that came and is not played yet. */
  inHandMs (nowMs: number): number {
    this.#advance(nowMs)
    return this.#mediaMs - this.#positionMs(nowMs)
  }

  get started (): boolean {
    return this.#moving !== undefined || this.#stalls > 0
  }

  #positionMs (nowMs: number): number {
    return this.#moving === undefined ? this.#atMs : this.#moving.fromMs + nowMs - this.#moving.sinceMs
  }

  #advance (nowMs: number): void {
    if (this.#moving === undefined || this.#positionMs(nowMs) < this.#mediaMs) return
    this.#waitsSinceMs = this.#moving.sinceMs + this.#mediaMs - this.#moving.fromMs
    this.#atMs = this.#mediaMs
    this.#moving = undefined
    this.#stalls++
  }
}
