const SMALLEST = 4096
const ROOMY = 1 << 20

/**
 * Bytes in a row: taken in at the back, let go at the front, seen as one piece. Costs time in
 * proportion to the bytes, however small the pieces that come in.
 */
export class ByteQueue {
  #store = Buffer.allocUnsafeSlow(SMALLEST)
  #start = 0
  #end = 0
  #offset = 0
  #owed = 0

  /** How many bytes are held. */
  get length (): number {
    return this.#end - this.#start
  }

  /** Where the front stands, in bytes since the first byte that was ever taken in. */
  get offset (): number {
    return this.#offset
  }

  /** The bytes held. Good until the next `append`; copy what has to last. */
  view (): Buffer {
    return this.#store.subarray(this.#start, this.#end)
  }

  append (bytes: Uint8Array): void {
    const unwanted = Math.min(this.#owed, bytes.length)
    this.#owed -= unwanted
    this.#offset += unwanted
    const wanted = bytes.subarray(unwanted)
    this.#makeRoom(wanted.length)
    this.#store.set(wanted, this.#end)
    this.#end += wanted.length
  }

  /** Lets go of `count` bytes at the front; those that are not here yet will be let go as they come. */
  drop (count: number): void {
    const held = Math.min(count, this.length)
    this.#start += held
    this.#offset += held
    this.#owed += count - held
  }

  /** Lets go of everything, and takes whatever comes next. */
  clear (): void {
    this.drop(this.length)
    this.#owed = 0
  }

  #makeRoom (count: number): void {
    const { length } = this
    if (length === 0) {
      this.#start = this.#end = 0
      // One large unit must not keep its room for as long as the stream lasts.
      if (this.#store.length > ROOMY) this.#store = Buffer.allocUnsafeSlow(SMALLEST)
    }
    if (this.#end + count <= this.#store.length) return
    let store = this.#store
    if (length + count > store.length) {
      store = Buffer.allocUnsafeSlow(Math.max(length + count, store.length * 2))
    }
    this.#store.copy(store, 0, this.#start, this.#end)
    this.#store = store
    this.#start = 0
    this.#end = length
  }
}
