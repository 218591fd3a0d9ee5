import { Emitter } from './emitter.ts'

/** The event of everything that has a state; the others are its own. */
export interface Change<Snapshot> {
  /** There is a new snapshot. */
  change: Snapshot
}

/**
 * Something whose state is one immutable snapshot at any moment. With React:
 * `useSyncExternalStore(listener => it.on('change', listener), () => it.snapshot)`.
 */
export class Stateful<Snapshot extends object, Events extends object = object> extends Emitter<Events & Change<Snapshot>> {
  #snapshot: Snapshot

  constructor (initial: Snapshot) {
    super()
    this.#snapshot = Object.freeze(initial)
  }

  get snapshot (): Snapshot {
    return this.#snapshot
  }

  /** Takes what differs into a new snapshot, and tells; where nothing differs, nothing happens. */
  protected update (changes: Partial<Snapshot>): void {
    const names = Object.keys(changes) as Array<keyof Snapshot>
    if (names.every(name => Object.is(changes[name], this.#snapshot[name]))) return
    this.#snapshot = Object.freeze({ ...this.#snapshot, ...changes })
    this.emit('change', this.#snapshot as (Events & Change<Snapshot>)['change'])
  }
}
