/**
 * What goes wrong with a request. `throttle`: 429; `status`: that one, with the name of an error or the one that goes
 * with it; `hang`: no answer; `garbage`: 200 and no JSON; `empty`: 200 and nothing in it; `drop`: the connection ends
 * before anything was done; `lose-answer`: it is done, and then the connection ends.
 */
export type Fault =
  | { kind: 'throttle' | 'hang' | 'garbage' | 'empty' | 'drop' | 'lose-answer' }
  | { kind: 'status', status: number, name?: string, text?: string }

interface Planned {
  operation: string
  fault: Fault
  times: number
}

/** Faults that were asked for, the first one that fits first. */
export class Faults {
  readonly #planned: Planned[] = []

  /**
   * @param operation its name, or `*` for every one
   * @param times how often; without it until the end
   * @returns an end to it
   */
  add (operation: string, fault: Fault, times = Infinity): () => void {
    const planned = { operation, fault, times }
    this.#planned.push(planned)
    return () => this.#remove(planned)
  }

  clear (): void {
    this.#planned.length = 0
  }

  take (operation: string): Fault | undefined {
    const planned = this.#planned.find(({ operation: of }) => of === '*' || of === operation)
    if (planned === undefined) return undefined
    if (--planned.times <= 0) this.#remove(planned)
    return planned.fault
  }

  #remove (planned: Planned): void {
    const index = this.#planned.indexOf(planned)
    if (index >= 0) this.#planned.splice(index, 1)
  }
}
