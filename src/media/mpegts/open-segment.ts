const SMALLEST = 65_536

/**
 * The bytes of the segment that is being filled. They are copied as they come, into memory that serves one
 * segment after the other: what FFmpeg's pipe hands over is let go at once, young, when that costs least.
 */
export class OpenSegment {
  #store = Buffer.allocUnsafeSlow(SMALLEST)
  #length = 0

  get length (): number { return this.#length }

  append (bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (length > this.#store.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.ceil(this.#store.length * 1.5)))
      this.#store.copy(larger, 0, 0, this.#length)
      this.#store = larger
    }
    bytes.copy(this.#store, this.#length)
    this.#length = length
  }

  /** Takes the first `count` bytes out, behind the tables; the others move up. @returns a copy, which lasts */
  take (count: number, tables: readonly Buffer[]): Buffer {
    const segment = Buffer.concat([...tables, this.#store.subarray(0, count)])
    this.#store.copyWithin(0, count, this.#length)
    this.#length -= count
    return segment
  }

  clear (): void {
    this.#length = 0
  }
}
