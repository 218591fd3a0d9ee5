import { Malformed } from './damage.ts'

/** Reads big-endian fields one after another. Throws `Malformed` past the end. */
export class FieldReader {
  readonly #bytes: Buffer
  #at = 0

  constructor (bytes: Buffer) {
    this.#bytes = bytes
  }

  u8 (): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  u16 (): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  u24 (): number {
    return this.#bytes.readUIntBE(this.#advance(3), 3)
  }

  u32 (): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  i32 (): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  /** Throws `Malformed` on values beyond 2^53. */
  u64 (): number {
    return safe(this.#bytes.readBigUInt64BE(this.#advance(8)))
  }

  /** Throws `Malformed` on values beyond 2^53 either way. */
  i64 (): number {
    return safe(this.#bytes.readBigInt64BE(this.#advance(8)))
  }

  f64 (): number {
    return this.#bytes.readDoubleBE(this.#advance(8))
  }

  skip (count: number): void {
    this.#advance(count)
  }

  take (count: number): Buffer {
    const at = this.#advance(count)
    return this.#bytes.subarray(at, at + count)
  }

  rest (): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  #advance (count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) throw new Malformed('Fields that are cut off')
    this.#at += count
    return at
  }
}

function safe (value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Malformed('A number that is too large')
  return number
}
