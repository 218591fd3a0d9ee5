import type { ByteQueue } from './byte-queue.ts'
import { Malformed, Refusal } from './damage.ts'
import { elementLength, idName, writeElement, type ElementHead } from './ebml.ts'
import { readTimestampScale, readTracks, type MatroskaTracks } from './matroska-header.ts'
import * as ID from './matroska-ids.ts'
import type { Step } from './recording.ts'
import type { InitSegment, ReaderLimits } from './types.ts'

/** What a Matroska recording says before its first cluster. */
export interface MatroskaHeader {
  init: InitSegment
  tracks: MatroskaTracks
  /** Nanoseconds per tick of the timestamps. */
  nanosPerTick: number
}

// Of no use to a demuxer that is fed by units. Some of them are larger than what may be held.
const DROPPED = new Set([ID.VOID, ID.CRC_32, ID.SEEK_HEAD, ID.CUES, ID.ATTACHMENTS, ID.CHAPTERS, ID.TAGS])

/** Gathers what stands before the first cluster, element by element, from the front of a queue (RFC 9559 section 5.1). */
export class MatroskaPreamble {
  readonly #queue: ByteQueue
  readonly #limits: ReaderLimits
  #ebmlHeader: Buffer | undefined
  #isInSegment = false
  #info: Buffer | undefined
  #nanosPerTick = 1_000_000
  #tracks: MatroskaTracks | undefined

  constructor (queue: ByteQueue, limits: ReaderLimits) {
    this.#queue = queue
    this.#limits = limits
  }

  /** Nothing has been read yet. */
  get isEmpty (): boolean {
    return this.#ebmlHeader === undefined
  }

  /** All that is needed is here. */
  get isEnough (): boolean {
    return this.#tracks !== undefined
  }

  /** Bytes that are kept. */
  get held (): number {
    return (this.#ebmlHeader?.length ?? 0) + (this.#info?.length ?? 0) + (this.#tracks?.element.length ?? 0)
  }

  /** Takes the element that begins at the front. Throws `Malformed` where it cannot stand there, `Refusal` where the recording cannot be taken. */
  take (head: ElementHead): Step {
    if (this.#ebmlHeader === undefined) return this.#keep(head, element => { this.#ebmlHeader = Buffer.from(element) })
    if (head.id === ID.SEGMENT && !this.#isInSegment) {
      this.#isInSegment = true
      this.#queue.drop(head.length)
      return 'on'
    }
    if (this.#isInSegment && head.id === ID.INFO) return this.#keep(head, element => { this.#takeInfo(element, head.length) })
    if (this.#isInSegment && head.id === ID.TRACKS) return this.#keep(head, element => { this.#takeTracks(element, head.length) })
    if (DROPPED.has(head.id)) return this.#passOver(head)
    throw new Malformed(`Element ${idName(head.id)} in the header`)
  }

  /** What was gathered. Throws `Malformed` where something is missing. */
  finish (): MatroskaHeader {
    const tracks = this.#tracks
    if (this.#ebmlHeader === undefined || tracks === undefined) throw new Malformed('A cluster before any tracks')
    const bytes = Buffer.concat([this.#ebmlHeader, writeElement(ID.SEGMENT), this.#info ?? Buffer.alloc(0), tracks.element])
    return {
      init: { container: 'matroska', bytes, video: tracks.video, audio: tracks.audio },
      tracks,
      nanosPerTick: this.#nanosPerTick
    }
  }

  #keep (head: ElementHead, take: (element: Buffer) => void): Step {
    const length = elementLength(head)
    if (this.held + length > this.#limits.maxInitBytes) throw new Refusal('bad-header', `The header has more than ${this.#limits.maxInitBytes} bytes`)
    if (this.#queue.length < length) return 'more'
    take(this.#queue.view().subarray(0, length))
    this.#queue.drop(length)
    return 'on'
  }

  #takeInfo (element: Buffer, bodyAt: number): void {
    this.#nanosPerTick = readTimestampScale(element.subarray(bodyAt))
    this.#info = Buffer.from(element)
  }

  #takeTracks (element: Buffer, bodyAt: number): void {
    // A copy, because what is read from it has to last.
    this.#tracks = readTracks(Buffer.from(element.subarray(bodyAt)))
  }

  #passOver (head: ElementHead): Step {
    const length = elementLength(head)
    if (length > Math.max(this.#limits.maxInitBytes, this.#limits.maxUnitBytes)) throw new Malformed(`Element ${idName(head.id)} of ${length} bytes`)
    this.#queue.drop(length)
    return 'on'
  }
}
