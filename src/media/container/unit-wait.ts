import type { ByteQueue } from './byte-queue.ts'
import { Malformed } from './damage.ts'
import { search, type Landmark } from './landmarks.ts'

/**
 * Waits until a unit is there as a whole. Where bytes were lost, a unit swallows what comes behind it;
 * a landmark inside tells, without having to wait for all the bytes that a wrong size asks for.
 */
export class UnitWait {
  readonly #queue: ByteQueue
  readonly #landmarks: readonly Landmark[]
  #front = -1
  #searched = 0

  constructor (queue: ByteQueue, landmarks: readonly Landmark[]) {
    this.#queue = queue
    this.#landmarks = landmarks
  }

  /**
   * Whether the first `length` bytes of the queue are there. `inner` is where a landmark can stand at
   * the earliest. Throws `Malformed` where one does.
   */
  isWhole (length: number, inner: number): boolean {
    if (this.#front !== this.#queue.offset) {
      this.#front = this.#queue.offset
      this.#searched = inner
    }
    const bytes = this.#queue.view().subarray(0, length)
    const { at, found } = search(bytes, this.#searched, this.#landmarks)
    if (found) throw new Malformed('Something else begins inside what should have been one piece')
    this.#searched = at
    return bytes.length === length
  }
}
