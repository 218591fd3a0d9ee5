/** How many there were in the second that has begun; the next begins with the first one after it. */
export class SecondCounter {
  #began = 0
  #count = 0

  /** Counts one. @returns how many it makes */
  add (): number {
    const now = performance.now()
    if (now - this.#began >= 1_000) {
      this.#began = now
      this.#count = 0
    }
    return ++this.#count
  }
}
