import type { Unit } from '../container/types.ts'

/** Media time may run forward by so much from one unit to the next; more is a new epoch. */
const FORWARD_US = 5_000_000
/** Pictures are stored in decoding order, so the time of a track goes back a little; more is a new epoch. */
const BACK_US = 1_000_000

/** Follows the media time of one epoch and tells where it jumps. */
export class Timeline {
  #latestUs: number | undefined
  readonly #latestOf = { video: -Infinity, audio: -Infinity }

  /** The latest time seen, in microseconds. */
  get latestUs (): number | undefined {
    return this.#latestUs
  }

  /** The latest time of a track; -Infinity before its first frame. */
  latestOf (kind: 'video' | 'audio'): number {
    return this.#latestOf[kind]
  }

  /** Whether the unit stands apart from what came before it. */
  isJump (unit: Unit): boolean {
    const latestUs = this.#latestUs
    if (latestUs === undefined) return false
    return unit.frames.some(({ kind, timeUs }) => timeUs > latestUs + FORWARD_US || timeUs < this.#latestOf[kind] - BACK_US)
  }

  add (unit: Unit): void {
    for (const { kind, timeUs } of unit.frames) {
      this.#latestUs = Math.max(this.#latestUs ?? timeUs, timeUs)
      this.#latestOf[kind] = Math.max(this.#latestOf[kind], timeUs)
    }
  }
}
