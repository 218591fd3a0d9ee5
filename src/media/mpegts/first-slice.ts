/** NAL unit types of H.264 (ITU-T H.264, table 7-1). */
const NON_IDR_SLICE = 1
const PARTITIONS_FIRST = 2
const PARTITIONS_LAST = 4
const IDR_SLICE = 5

/** Parameter sets and SEI before the first slice are small; a picture without a slice in so many bytes is no key frame. */
const SEARCH_BYTES = 65_536

/**
 * Finds out whether an H.264 access unit in Annex B form is an IDR picture, from its first coded slice.
 * FFmpeg marks any I picture with a recovery point as a random access point; players need an IDR.
 */
export class FirstSliceProbe {
  #tail = Buffer.alloc(0)
  #seen = 0

  /** Takes the next bytes; answers once the first slice is there. */
  push (bytes: Buffer): 'idr' | 'other' | undefined {
    const data = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes])
    for (let at = 0; at + 3 < data.length; at++) {
      if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue
      const type = data[at + 3]! & 0x1f
      if (type === IDR_SLICE) return 'idr'
      if (type === NON_IDR_SLICE || (type >= PARTITIONS_FIRST && type <= PARTITIONS_LAST)) return 'other'
    }
    this.#seen += bytes.length
    this.#tail = Buffer.from(data.subarray(Math.max(0, data.length - 3)))
    return this.#seen > SEARCH_BYTES ? 'other' : undefined
  }
}
