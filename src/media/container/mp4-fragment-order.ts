import type { Box } from './iso-boxes.ts'

const SEQUENCE_NUMBER_AT = 4

/**
 * Fragments are numbered (`mfhd`, ISO/IEC 14496-12 section 8.8.5): where whole ones are missing, the bytes
 * fit together all the same, and only their numbers tell. Some recorders do not count: the numbers are
 * trusted once they have gone up by one.
 */
export class FragmentOrder {
  #last: number | undefined
  #isCounting = false

  /** @returns the number and the one that it does not follow; undefined where it does, or where that cannot be told */
  takeGap (mfhd: Box | undefined): { number: number, last: number } | undefined {
    const last = this.#last
    const number = mfhd !== undefined && mfhd.body.length >= SEQUENCE_NUMBER_AT + 4 ? mfhd.body.readUInt32BE(SEQUENCE_NUMBER_AT) : undefined
    this.#last = number
    if (number === undefined || last === undefined) return undefined
    if (number === last + 1) this.#isCounting = true
    else if (this.#isCounting) return { number, last }
    return undefined
  }

  /** Fragments were passed over; it is known already. */
  forget (): void {
    this.#last = undefined
  }
}
