/** What things are called in Redis. */
export class Names {
  readonly #prefix: string

  constructor (prefix: string) {
    this.#prefix = prefix
  }

  /** What the server has done last. */
  server (id: string): string { return `${this.#prefix}server:${id}` }
  limit (key: string): string { return `${this.#prefix}limit:${key}` }
  counter (name: string): string { return `${this.#prefix}counter:${name}` }
  lock (name: string): string { return `${this.#prefix}lock:${name}` }
  channel (name: string): string { return `${this.#prefix}channel:${name}` }

  /** Who is in a place. */
  present (place: string): string { return `${this.#prefix}present:${place}` }
  /** What was counted in a place. */
  history (place: string): string { return `${this.#prefix}history:${place}` }
  /** Who has a seat where. */
  seats (pool: string): string { return `${this.#prefix}seats:${pool}` }
  /** Places in which somebody is. */
  get places (): string { return `${this.#prefix}next-timeouts` }
  /** What the scripts of the register need, in their order: see lua/register.ts. */
  get register (): string[] {
    return [this.present(''), this.history(''), `${this.#prefix}timeouts:`, this.seats(''), `${this.#prefix}stays:`, this.places, `${this.#prefix}sweep`]
  }
}
