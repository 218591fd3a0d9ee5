/** A stream's newest segments, in memory, bounded by their size. */
export class SegmentWindow {
  readonly #maxBytes: number
  readonly #segments = new Map<number, Buffer>()
  #bytes = 0

  constructor (maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes (): number {
    return this.#bytes
  }

  add (sequence: number, data: Buffer): void {
    this.#segments.set(sequence, data)
    this.#bytes += data.length
    for (const [oldest, { length }] of this.#segments) {
      if (this.#bytes <= this.#maxBytes) return
      this.#segments.delete(oldest)
      this.#bytes -= length
    }
  }

  get (sequence: number): Buffer | undefined {
    return this.#segments.get(sequence)
  }

  clear (): void {
    this.#segments.clear()
    this.#bytes = 0
  }
}
