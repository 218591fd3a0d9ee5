import { Malformed } from './damage.ts'

/** Reads bits, most significant first. Throws `Malformed` past the end. */
export class BitReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** An unsigned number of `count` bits, at most 32: u(n) of ITU-T H.264 7.2. */
  bits (count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  bit (): number {
    const byte = this.#bytes[this.#at >> 3]
    if (byte === undefined) throw new Malformed('A bit stream that is cut off')
    return (byte >> (7 - (this.#at++ & 7))) & 1
  }

  flag (): boolean {
    return this.bit() === 1
  }

  /** An unsigned Exp-Golomb number: ue(v) of ITU-T H.264 9.1. */
  unsigned (): number {
    let zeros = 0
    while (this.bit() === 0) {
      if (++zeros > 32) throw new Malformed('An Exp-Golomb number that is too long')
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** A signed Exp-Golomb number: se(v) of ITU-T H.264 9.1.1. */
  signed (): number {
    const code = this.unsigned()
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2
  }
}
