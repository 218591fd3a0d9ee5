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
  members (place: string): string { return `${this.#prefix}members:${place}` }
  /** What was counted in a place. */
  history (place: string): string { return `${this.#prefix}history:${place}` }
  /** Who times out when, in all places. */
  get due (): string { return `${this.#prefix}due` }
  /** Those in which somebody is. */
  get places (): string { return `${this.#prefix}places` }
  /** When it was last looked for who timed out. */
  get sweep (): string { return `${this.#prefix}sweep` }
}
