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
  /** No landmark stands before this place (bytes since the first one of the queue) that could matter. */
  #at = 0
  /** One stands at it. */
  #isFound = false

  constructor (queue: ByteQueue, landmarks: readonly Landmark[]) {
    this.#queue = queue
    this.#landmarks = landmarks
  }

  /**
   * Whether the first `length` bytes of the queue are there. `inner` is where a landmark can stand at
   * the earliest. Throws `Malformed` where one does.
   */
  isWhole (length: number, inner: number): boolean {
    const front = this.#queue.offset
    const bytes = this.#queue.view()
    if (this.#at < front + inner) {
      this.#at = front + inner
      this.#isFound = false
    }
    if (!this.#isFound) this.#look(front, bytes)
    // Beyond the unit nothing has to be known about a landmark, not even whether it is one.
    if (this.#isFound && this.#at < front + length && search(bytes.subarray(0, length), this.#at - front, this.#landmarks).found) {
      throw new Malformed('Something else begins inside what should have been one piece')
    }
    return bytes.length >= length
  }

  /** Looks through all that is there, once for all units in it: there are many, and each look has its price. */
  #look (front: number, bytes: Buffer): void {
    const { at, found } = search(bytes, this.#at - front, this.#landmarks)
    this.#at = front + at
    this.#isFound = found
  }
}
