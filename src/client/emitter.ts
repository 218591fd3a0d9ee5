/** Listeners by event; the value of an event in `Events` is what its listeners are given. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()

  /** Calls `listener` with each event of this name. @returns a function that takes the listener away again */
  on<Name extends keyof Events> (name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => { listeners.delete(listener) }
  }

  protected emit<Name extends keyof Events> (name: Name, value: Events[Name]): void {
    // A listener may take itself away.
    for (const listener of [...this.#listeners.get(name) ?? []]) (listener as (value: Events[Name]) => void)(value)
  }
}
