/** Text that only grows, as one buffer. What was handed out earlier never changes: bytes are only added behind it. */
export class GrowingText {
  #buffer: Buffer = Buffer.alloc(4_096)
  #length = 0

  append (text: string): void {
    const bytes = Buffer.from(text)
    if (this.#length + bytes.length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes.length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    bytes.copy(this.#buffer, this.#length)
    this.#length += bytes.length
  }

  get bytes (): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}
