import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Log } from '../../log.ts'
import { TokenBucket } from '../../token-bucket.ts'
import { ContainerReader } from '../container/reader.ts'
import type { ReaderEvent } from '../container/types.ts'
import type { Pipeline } from '../pipeline.ts'
import { SeamGuard } from './seam-guard.ts'
import { Sequence, type Chunk, type SendingPoint } from './sequence.ts'

const MINUTE_MS = 60_000

export interface IngestSettings {
  maxChunkBytes: number
  maxInitBytes: number
  maxUnitBytes: number
  maxVideoPixels: number
  maxHeldBytes: number
  maxReorderedChunks: number
  maxBytesPerMinute: number
  maxChunksPerMinute: number
}

/** The answer to a chunk. */
export interface Acknowledgement {
  /** The chunk, when it was taken (now or before); else the highest that was taken with all before it, -1 when none was. */
  seq: number
  /** The highest chunk that is listed and on disk, with all before it: the client may forget it. -1 when none is. */
  safeSeq: number
  /** Why the chunk was not taken or could not be used. */
  error?: HeadwaterError
}

export interface IngestOptions {
  pipeline: Pipeline
  settings: IngestSettings
  log: Log
  /** The broadcaster has to know. */
  onTrouble: (error: HeadwaterError) => void
  /** Where an earlier server left the sending. */
  recovered?: RecoveredSending | undefined
}

/** What is needed to go on reading in the middle of a recording. */
export interface RecoveredSending {
  point: SendingPoint
  /** The header of the recording, and what has to stand before the bytes that come. */
  init: Buffer
  lead: Buffer | undefined
}

export interface IncomingChunk {
  bytes: Buffer
  /** Its number in this sending, from 0; undefined for clients that do not count. */
  seq: number | undefined
  /** With chunk 0: tells this sending from all others, where the client says so. */
  sending?: string | undefined
  /** The client waits for the answer: a limit then delays it, and nothing is dropped. */
  acknowledged: boolean
}

/**
 * One broadcaster's chunks: order, limits and acknowledgements in front of the container reader and the
 * pipeline. Lives as long as the broadcast, across reconnects.
 */
export class Ingest {
  readonly #options: IngestOptions
  readonly #reader: ContainerReader
  readonly #bytes: TokenBucket
  readonly #chunks: TokenBucket
  readonly #seams = new SeamGuard()
  /** What comes is in order for certain. */
  #isNumbered = false
  #sequence: Sequence
  /** Not gone on with yet. */
  #recovered: RecoveredSending | undefined
  /** Bytes that the reader was given. */
  #offset = 0
  /** Chunks are dropped because of a limit; it was told. */
  #dropping = false
  #roomWaiters: Array<() => void> = []
  #withheldAnswers = 0
  readonly #closing = new AbortController()

  constructor (options: IngestOptions) {
    this.#options = options
    const { settings } = options
    this.#reader = new ContainerReader(settings)
    this.#bytes = new TokenBucket(settings.maxBytesPerMinute, MINUTE_MS, performance.now())
    this.#chunks = new TokenBucket(settings.maxChunksPerMinute, MINUTE_MS, performance.now())
    this.#recovered = options.recovered
    this.#sequence = new Sequence(settings.maxReorderedChunks, 0, options.recovered?.point)
    // Every delayed answer listens.
    setMaxListeners(0, this.#closing.signal)
  }

  /** The number of the chunk that a resuming client sends first. */
  get nextSeq (): number { return this.#sequence.safe + 1 }
  /** Bytes that are kept in memory for this broadcaster. */
  get heldBytes (): number { return this.#options.pipeline.heldBytes + this.#reader.buffered + this.#sequence.earlyBytes }

  /** Answers that wait: for a limit, or for room. */
  get withheldAnswers (): number { return this.#withheldAnswers }
  /** Chunks that came too early and wait for the ones before them. */
  get earlyChunks (): number { return this.#sequence.early }

  /** Takes a chunk. Resolves when the client may go on; never rejects. */
  async take (chunk: IncomingChunk): Promise<Acknowledgement> {
    const { maxChunkBytes } = this.#options.settings
    if (chunk.bytes.length > maxChunkBytes) {
      return this.#refuse(new HeadwaterError('MEDIA_ERROR', { message: `A chunk of ${chunk.bytes.length} bytes is larger than ${maxChunkBytes}; send smaller ones` }))
    }
    if (chunk.seq === 0 && this.#sequence.isOtherFirst(chunk)) {
      // Another recorder run: the page was loaded anew. Its counting starts over.
      this.#options.log.info({ taken: this.#sequence.next }, 'sending begins anew')
      this.#forgetRecovered()
      this.#sequence = new Sequence(this.#options.settings.maxReorderedChunks, this.#offset)
      // What was cut off must not swallow the beginning of the new one.
      this.#reader.skip()
    } else if (chunk.seq === undefined && this.#recovered !== undefined) {
      this.#goOnAnywhere(this.#recovered)
    }
    this.#isNumbered = chunk.seq !== undefined
    const { seq = this.#sequence.next, bytes, sending } = chunk
    return chunk.acknowledged ? await this.#takeAcknowledged({ seq, bytes, sending }) : this.#takeUnacknowledged({ seq, bytes, sending })
  }

  /** In which chunk a place of the recording (bytes) lies; undefined where it is before what the client counts at present. */
  locate (offset: number): SendingPoint | undefined {
    return this.#sequence.locate(offset)
  }

  /** A segment was listed: more may be safe, and there may be room. */
  settle (): void {
    this.#sequence.settle(this.#options.pipeline.safeOffset)
    if (!this.#isFull()) this.#releaseWaiters()
  }

  /** The broadcaster is back after `ms` milliseconds: what it recorded meanwhile comes on top. */
  resumed (ms: number): void {
    this.#bytes.credit(ms)
    this.#chunks.credit(ms)
  }

  /** Answers whoever still waits. */
  close (): void {
    this.#closing.abort()
    for (const event of this.#seams.release()) this.#handle(event)
    this.#releaseWaiters()
  }

  async #takeAcknowledged (chunk: Chunk): Promise<Acknowledgement> {
    // Chunks that were under way when the answers began to wait still find room; whoever does not wait finds none.
    if (chunk.seq >= this.#sequence.next && this.heldBytes >= this.#hardLimit) {
      return this.#refuse(new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: 'Too much is waiting to be published; send this chunk again', retryAfterMs: 1_000 }))
    }
    const arrival = this.#sequence.arrive(chunk)
    switch (arrival.kind) {
      case 'repeated':
      case 'early': return this.#answer(chunk.seq)
      case 'gap': return this.#refuse(this.#gapError())
      case 'take': {
        const error = this.#read(arrival.chunks)
        this.#withheldAnswers++
        await this.#payDebt(arrival.chunks)
        if (this.#isFull()) await this.#room()
        this.#withheldAnswers--
        return this.#answer(chunk.seq, error)
      }
    }
  }

  #takeUnacknowledged (chunk: Chunk): Acknowledgement {
    const arrival = this.#sequence.arrive(chunk)
    let chunks: Chunk[] = []
    if (arrival.kind === 'take') {
      chunks = arrival.chunks
    } else if (arrival.kind === 'gap') {
      // Nobody will send the missing ones again.
      this.#options.onTrouble(this.#gapError())
      this.#lose()
      chunks = this.#sequence.skipGap(chunk)
    }
    let trouble: HeadwaterError | undefined
    // One by one: one that is left out counts behind those before it.
    for (const candidate of chunks) {
      const error = this.#allows(candidate) ? this.#read([candidate]) : undefined
      trouble ??= error
    }
    this.settle()
    return this.#answer(chunk.seq, trouble)
  }

  /** Whether the limits let a chunk through; if not, it is lost up to the next key frame, and told once. */
  #allows (chunk: Chunk): boolean {
    const now = performance.now()
    const withinRate = this.#bytes.hasRoom(now) && this.#chunks.hasRoom(now)
    if (withinRate && !this.#isFull()) {
      this.#bytes.take(chunk.bytes.length, now)
      this.#chunks.take(1, now)
      this.#dropping = false
      return true
    }
    if (!this.#dropping) {
      this.#dropping = true
      this.#lose()
      this.#options.onTrouble(new HeadwaterError('RATE_LIMIT_EXCEEDED', {
        message: withinRate ? 'Media comes faster than it can be published; it is left out up to the next key frame' : 'The data limit of the stream is reached; media is left out up to the next key frame'
      }))
    }
    // It counts as taken: the numbering goes on.
    this.#sequence.taken(chunk, this.#offset)
    return false
  }

  #lose (): void {
    this.#reader.skip()
    this.#options.pipeline.skipToKey()
  }

  /** @returns the first thing that could not be used, if any */
  #read (chunks: Chunk[]): HeadwaterError | undefined {
    let trouble: HeadwaterError | undefined
    for (const chunk of chunks) {
      const bytes = this.#recovered === undefined ? chunk.bytes : this.#goOn(this.#recovered, chunk)
      const error = this.#push(bytes)
      this.#sequence.taken(chunk, this.#offset)
      trouble ??= error
    }
    this.settle()
    return trouble
  }

  #push (bytes: Buffer): HeadwaterError | undefined {
    let trouble: HeadwaterError | undefined
    const from = this.#offset
    this.#offset += bytes.length
    const events = this.#reader.push(bytes)
    for (const event of this.#isNumbered ? [...this.#seams.release(), ...events] : this.#seams.take(events, from, this.#offset)) {
      const error = this.#handle(event)
      trouble ??= error
    }
    return trouble
  }

  /** The first chunk after a restart of the server. @returns the bytes of it that are still needed */
  #goOn (recovered: RecoveredSending, chunk: Chunk): Buffer {
    const { point, init, lead } = recovered
    if (chunk.seq !== point.seq) {
      // The one before it will not come.
      this.#goOnAnywhere(recovered)
      return chunk.bytes
    }
    this.#recovered = undefined
    this.#push(lead === undefined ? init : Buffer.concat([init, lead]))
    this.#sequence.beginAt(this.#offset - point.skip)
    return chunk.bytes.subarray(point.skip)
  }

  /** What was under way is lost: reading goes on wherever it makes sense, with the header that is known. */
  #goOnAnywhere ({ init }: RecoveredSending): void {
    this.#forgetRecovered()
    this.#push(init)
    this.#lose()
  }

  #forgetRecovered (): void {
    this.#recovered = undefined
    this.#options.pipeline.forget()
  }

  #handle (event: ReaderEvent): HeadwaterError | undefined {
    const { pipeline, log, onTrouble } = this.#options
    switch (event.type) {
      case 'init': {
        const { container, video, audio } = event.init
        log.info({ container, video, audio }, 'recording begins')
        pipeline.begin(event.init)
        return
      }
      case 'unit':
        pipeline.add(event.unit)
        return
      case 'damage': {
        log.warn({ reason: event.reason, offset: event.offset }, event.message)
        if (event.reason !== 'not-a-container') pipeline.skipToKey()
        const error = new HeadwaterError('MEDIA_ERROR', { message: event.message })
        onTrouble(error)
        return error
      }
    }
  }

  #gapError (): HeadwaterError {
    return new HeadwaterError('MEDIA_ERROR', { message: `Chunk ${this.#sequence.next} is missing` })
  }

  #refuse (error: HeadwaterError): Acknowledgement {
    this.#options.onTrouble(error)
    return this.#answer(this.#sequence.next - 1, error)
  }

  #answer (seq: number, error?: HeadwaterError): Acknowledgement {
    const answer = { seq, safeSeq: this.#sequence.safe }
    return error === undefined ? answer : { ...answer, error }
  }

  get #hardLimit (): number {
    const { maxHeldBytes, maxChunkBytes } = this.#options.settings
    return maxHeldBytes + 4 * maxChunkBytes
  }

  #isFull (): boolean {
    return this.#options.pipeline.heldBytes >= this.#options.settings.maxHeldBytes
  }

  async #payDebt (chunks: Chunk[]): Promise<void> {
    const now = performance.now()
    const size = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const debtMs = Math.max(this.#bytes.take(size, now), this.#chunks.take(chunks.length, now))
    if (debtMs === 0 || this.#closing.signal.aborted) return
    await delay(debtMs, undefined, { signal: this.#closing.signal }).catch(() => {})
  }

  #room (): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve()
    return new Promise(resolve => { this.#roomWaiters.push(resolve) })
  }

  #releaseWaiters (): void {
    const waiters = this.#roomWaiters
    this.#roomWaiters = []
    for (const resolve of waiters) resolve()
  }
}
