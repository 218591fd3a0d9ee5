import { createHash } from 'node:crypto'

export interface Chunk {
  seq: number
  bytes: Buffer
  /** With chunk 0: tells the sending that it begins from all others; of recordings the beginnings may be the same. */
  sending?: string | undefined
}

export type Arrival =
  /** In order now: the chunk itself and those that waited for it. */
  | { kind: 'take', chunks: Chunk[] }
  /** Was taken before. */
  | { kind: 'repeated' }
  /** Waits for the ones before it. */
  | { kind: 'early' }
  /** Too early and no room to wait. */
  | { kind: 'gap' }

/** A place in a sending. */
export interface SendingPoint {
  /** The chunk in which it lies. */
  seq: number
  /** Bytes of that chunk in front of it. */
  skip: number
  /** Tells this sending's chunk 0 from another one's; undefined before it was taken. */
  firstDigest?: string
}

/**
 * The order of one sending: chunks are numbered from 0, taken once and in order, and mapped to the
 * bytes of the recording.
 */
export class Sequence {
  readonly #maxEarly: number
  #next: number
  #early = new Map<number, Chunk>()
  /** End of each taken chunk in the recording (bytes), from the first one that may still be unsafe. */
  #ends: Array<{ seq: number, end: number }> = []
  #safe: number
  /** Where the first chunk that may be unsafe begins in the recording (bytes). */
  #safeEnd: number
  #firstDigest: string | undefined

  /**
   * @param maxEarly chunks that may wait for earlier ones
   * @param start where the sending begins in the recording (bytes)
   * @param point where an earlier server left it: that chunk comes next
   */
  constructor (maxEarly: number, start = 0, point?: SendingPoint) {
    this.#maxEarly = maxEarly
    this.#next = point?.seq ?? 0
    this.#safe = this.#next - 1
    this.#safeEnd = start
    this.#firstDigest = point?.firstDigest
  }

  /** The number that the next chunk in order has. */
  get next (): number { return this.#next }
  /** The highest chunk that is safe together with all before it; -1 when none is. */
  get safe (): number { return this.#safe }
  /** Chunks that wait for earlier ones. */
  get early (): number { return this.#early.size }
  /** Bytes of chunks that wait for earlier ones. */
  get earlyBytes (): number { return [...this.#early.values()].reduce((sum, { bytes }) => sum + bytes.length, 0) }

  /** Whether a chunk 0 is another one than the chunk 0 that was taken: a recorder has begun anew. */
  isOtherFirst (chunk: Omit<Chunk, 'seq'>): boolean {
    return this.#firstDigest !== undefined && digest(chunk) !== this.#firstDigest
  }

  /** The next chunk begins here in the recording (bytes); what of it came before does not come again. */
  beginAt (offset: number): void {
    this.#safeEnd = offset
  }

  arrive (chunk: Chunk): Arrival {
    if (chunk.seq < this.#next) return { kind: 'repeated' }
    if (chunk.seq === this.#next) return { kind: 'take', chunks: [chunk, ...this.#drain(chunk.seq + 1)] }
    if (!this.#early.has(chunk.seq)) {
      if (this.#early.size >= this.#maxEarly) return { kind: 'gap' }
      this.#early.set(chunk.seq, chunk)
    }
    return { kind: 'early' }
  }

  /** What is missing will not come: goes on from the first of those that wait and `chunk`. */
  skipGap (chunk: Chunk): Chunk[] {
    this.#early.set(chunk.seq, chunk)
    this.#next = Math.min(...this.#early.keys())
    return this.#drain(this.#next)
  }

  /** Takes out the waiting chunks that follow one another from `seq` on. */
  #drain (seq: number): Chunk[] {
    const chunks: Chunk[] = []
    for (let chunk = this.#early.get(seq); chunk !== undefined; chunk = this.#early.get(++seq)) {
      this.#early.delete(seq)
      chunks.push(chunk)
    }
    return chunks
  }

  /** A chunk was taken; the recording now ends at `end` (bytes). */
  taken (chunk: Chunk, end: number): void {
    if (chunk.seq === 0) this.#firstDigest = digest(chunk)
    this.#next = chunk.seq + 1
    this.#ends.push({ seq: chunk.seq, end })
  }

  /** Everything of the recording before `offset` (bytes) is safe. */
  settle (offset: number): void {
    while (this.#ends.length > 0 && this.#ends[0]!.end <= offset) {
      const { seq, end } = this.#ends.shift()!
      this.#safe = seq
      this.#safeEnd = end
    }
  }

  /** The chunk in which a place of the recording (bytes) lies; undefined where it is before this sending. */
  locate (offset: number): SendingPoint | undefined {
    if (offset < this.#safeEnd) return undefined
    const before = this.#ends.findLast(({ end }) => end <= offset)
    const { seq, end } = before ?? { seq: this.#safe, end: this.#safeEnd }
    return { seq: seq + 1, skip: offset - end, ...(this.#firstDigest === undefined ? {} : { firstDigest: this.#firstDigest }) }
  }
}

function digest ({ bytes, sending = '' }: Omit<Chunk, 'seq'>): string {
  return createHash('sha256').update(sending).update(bytes).digest('base64')
}
