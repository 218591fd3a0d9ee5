import { createHash } from 'node:crypto'

/**
 * Random numbers that a seed gives again. A fork by a label has a sequence of its own that depends on the
 * seed and the labels alone: what one stream draws changes nothing for the others.
 */
export class Random {
  readonly #path: string
  #state: number

  constructor (seed: number | string) {
    this.#path = String(seed)
    this.#state = createHash('sha256').update(this.#path).digest().readUInt32LE()
  }

  fork (label: string | number): Random {
    return new Random(`${this.#path}/${label}`)
  }

  /** From 0 (included) to 1 (excluded). */
  next (): number {
    // mulberry32 (public domain, Tommy Ettinger)
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** From `from` (included) to `to` (excluded). */
  between (from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** An integer, both ends included. */
  integer (from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  chance (probability: number): boolean {
    return this.next() < probability
  }

  pick<T> (choices: readonly T[]): T {
    const choice = choices[Math.floor(this.next() * choices.length)]
    if (choice === undefined) throw new Error('There is nothing to pick from')
    return choice
  }
}
