const SLAB_BYTES = 65_536
/** A larger piece has memory of its own: less is left over at the end of a slab. */
const LARGEST_BYTES = 16_384

/**
 * Copies that last, many in one piece of memory: of small pieces, an allocation costs more than the bytes. What
 * is let go in the order in which it came leaves at most two slabs behind.
 */
export class Slab {
  #store = Buffer.alloc(0)
  #used = 0

  copy (bytes: Buffer): Buffer {
    if (bytes.length > LARGEST_BYTES) return Buffer.from(bytes)
    if (this.#used + bytes.length > this.#store.length) {
      this.#store = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const copy = this.#store.subarray(this.#used, this.#used + bytes.length)
    copy.set(bytes)
    this.#used += bytes.length
    return copy
  }
}
