export interface OutgoingChunk<Body> {
  seq: number
  body: Body
  /** Bytes. */
  size: number
  /** When it was recorded, performance.now(). */
  recordedAt: number
}

/** The answer to a chunk: see `stream-data` in the contract. */
export interface ChunkAcknowledgement {
  /** The chunk when it was taken, else the highest one that was taken with all before it. */
  seq: number
  /** The highest chunk that is safe on the server's disk with all before it; -1 when none is. */
  safeSeq: number
}

/**
 * The chunks of one sending on their way: numbered, sent in order with a bounded number under way, and kept
 * until the server says that they are safe.
 */
export class Outbox<Body> {
  /** Tells this sending from all others: a recorder's first chunk may be a header that the next recorder's is, too. Also where there is no `crypto.randomUUID`, in pages that are not secure. */
  readonly id = crypto.getRandomValues(new Uint32Array(4)).join('-')
  readonly #window: number
  /** Kept chunks, consecutive. */
  #kept: Array<OutgoingChunk<Body>> = []
  #keptBytes = 0
  #nextSeq = 0
  #nextToSend = 0
  /** The first chunk that was not answered yet. */
  #firstUnanswered = 0
  #underWay = new Set<number>()
  /** Sending goes back to this one as soon as nothing is under way any more. */
  #goBackTo: number | undefined

  /** @param window chunks that may be unanswered at a time */
  constructor (window: number) {
    this.#window = window
  }

  /** Chunks recorded so far. */
  get count (): number { return this.#nextSeq }
  /** Bytes that are kept because they are not safe yet. */
  get keptBytes (): number { return this.#keptBytes }
  /** When the oldest kept chunk was recorded, performance.now(). */
  get keptSince (): number | undefined { return this.#kept[0]?.recordedAt }
  /** Everything was sent and answered. */
  get idle (): boolean { return this.#nextToSend === this.#nextSeq && this.#underWay.size === 0 && this.#goBackTo === undefined }
  /** Chunks that the server has not taken yet. */
  get waiting (): ReadonlyArray<OutgoingChunk<Body>> { return this.#kept.slice(Math.max(0, this.#firstUnanswered - this.#firstKept)) }

  add (body: Body, size: number): void {
    this.#kept.push({ seq: this.#nextSeq++, body, size, recordedAt: performance.now() })
    this.#keptBytes += size
  }

  /** The next chunk to send; undefined when there is none or too many are under way. */
  take (): OutgoingChunk<Body> | undefined {
    if (this.#goBackTo !== undefined) {
      if (this.#underWay.size > 0) return undefined
      this.#nextToSend = Math.max(this.#firstKept, this.#goBackTo)
      this.#goBackTo = undefined
    }
    if (this.#underWay.size >= this.#window) return undefined
    const chunk = this.#kept[this.#nextToSend - this.#firstKept]
    if (chunk === undefined) return undefined
    this.#nextToSend++
    this.#underWay.add(chunk.seq)
    return chunk
  }

  /**
   * The answer to chunk `sent`.
   * @returns whether it was taken; if not, sending goes back to the first one that was not
   */
  acknowledge (sent: number, { seq, safeSeq }: ChunkAcknowledgement): boolean {
    this.#underWay.delete(sent)
    this.#forget(safeSeq)
    if (seq >= sent) {
      this.#firstUnanswered = Math.max(this.#firstUnanswered, sent + 1)
      return true
    }
    this.#goBackTo = Math.min(this.#goBackTo ?? Infinity, seq + 1)
    return false
  }

  /**
   * A new connection: nothing is under way any more, and the server wants to go on with chunk `nextSeq`.
   * @returns whether that chunk is still here (or the next to be recorded)
   */
  resume (nextSeq: number): boolean {
    this.#underWay.clear()
    this.#goBackTo = undefined
    this.#forget(nextSeq - 1)
    if (nextSeq < this.#firstKept || nextSeq > this.#nextSeq) return false
    this.#nextToSend = this.#firstUnanswered = nextSeq
    return true
  }

  get #firstKept (): number {
    return this.#kept[0]?.seq ?? this.#nextSeq
  }

  #forget (safeSeq: number): void {
    while (this.#kept.length > 0 && this.#kept[0]!.seq <= safeSeq) this.#keptBytes -= this.#kept.shift()!.size
    this.#nextToSend = Math.max(this.#nextToSend, this.#firstKept)
  }
}
