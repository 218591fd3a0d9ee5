import { ByteQueue } from './byte-queue.ts'
import { Malformed, Refusal } from './damage.ts'
import { search } from './landmarks.ts'
import { MatroskaRecording } from './matroska.ts'
import { Mp4Recording } from './mp4.ts'
import type { Recording } from './recording.ts'
import { HEADERS, sniff } from './sniff.ts'
import type { Container, DamageReason, ReaderEvent, ReaderLimits } from './types.ts'

const RECORDINGS = { matroska: MatroskaRecording, mp4: Mp4Recording }

// So much of a large chunk is taken in at a time, so that its size does not add to what is held.
const BITE = 65536

/**
 * Reads the bytes that a browser's recorder makes, as they come: Matroska/WebM (RFC 9559) or fragmented
 * MP4 (ISO/IEC 14496-12), one recorder run after another, with gaps and garbage in between. What comes
 * out does not depend on how the bytes were split.
 */
export class ContainerReader {
  readonly #limits: ReaderLimits
  readonly #queue = new ByteQueue()
  #recording: Recording | undefined
  /** No recording is under way, and what came has been complained about. */
  #isSearching = false
  /** A stretch of damage has been told and nothing of use has come since. */
  #isDamaged = false
  #events: ReaderEvent[] = []

  constructor (limits: ReaderLimits) {
    this.#limits = limits
  }

  /** Takes the next bytes of the recording, however they were split; returns what became certain. Never throws on bad input. */
  push (chunk: Uint8Array): ReaderEvent[] {
    for (let at = 0; at < chunk.length; at += BITE) {
      this.#queue.append(chunk.subarray(at, at + BITE))
      while (this.#advance());
    }
    const events = this.#events
    this.#events = []
    return events
  }

  /** Absolute offset (bytes since the first byte pushed) of the first byte that no event has settled yet: the start of an incomplete unit. */
  get settled (): number {
    return this.#recording?.settled ?? this.#queue.offset
  }

  /** Bytes held inside. Bounded by the limits. */
  get buffered (): number {
    return this.#queue.length + (this.#recording?.held ?? 0)
  }

  /** Forget the position (bytes were lost on purpose): skip to the next cluster, fragment or header. No damage event is raised for it. */
  skip (): void {
    this.#queue.clear()
    if (this.#recording?.seek() !== true) this.#search()
  }

  /** Takes one step; false where bytes are missing for it. */
  #advance (): boolean {
    const recording = this.#recording
    if (recording === undefined) return this.#isSearching ? this.#findHeader() : this.#begin()
    try {
      const step = recording.step()
      if (step === 'over') this.#recording = undefined
      return step !== 'more'
    } catch (error) {
      this.#recover(recording, error)
      return true
    }
  }

  #begin (): boolean {
    const container = sniff(this.#queue.view())
    if (container === 'undecided') return false
    if (container === 'unknown') {
      this.#damage('not-a-container', 'The bytes are neither Matroska/WebM nor MP4', false)
      this.#search()
    } else {
      this.#open(container)
    }
    return true
  }

  #findHeader (): boolean {
    const { at, found } = search(this.#queue.view(), 0, HEADERS)
    this.#queue.drop(at)
    this.#isSearching = !found
    return found
  }

  #open (container: Container): void {
    this.#recording = new RECORDINGS[container](this.#queue, this.#limits, event => { this.#tell(event) })
  }

  /** After bytes that a recording could not use: they are at the front. */
  #recover (recording: Recording, error: unknown): void {
    if (error instanceof Refusal) {
      this.#damage(error.reason, error.message, true)
    } else if (!(error instanceof Malformed)) {
      throw error
    } else if (recording.isInHeader) {
      this.#damage('bad-header', error.message, true)
    } else if (!this.#isDamaged) {
      this.#damage(error.reason, error.message, false)
    }
    this.#queue.drop(1)
    if (error instanceof Refusal || recording.isInHeader || !recording.seek()) this.#search()
  }

  #search (): void {
    this.#recording = undefined
    this.#isSearching = true
  }

  #damage (reason: DamageReason, message: string, fatal: boolean): void {
    this.#tell({ type: 'damage', reason, message, fatal, offset: this.#queue.offset })
    this.#isDamaged = true
  }

  #tell (event: ReaderEvent): void {
    if (event.type !== 'damage') this.#isDamaged = false
    this.#events.push(event)
  }
}
