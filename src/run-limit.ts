import { UnderWay } from './under-way.ts'

export interface TurnOptions {
  /** In front of those that wait already without this. */
  ahead?: boolean
  /** Gives the place in the queue up. What has begun goes on. */
  signal?: AbortSignal
}

interface Turn {
  ahead: boolean
  begin: () => void
}

/** So many pieces of work at a time; the others wait in turn. */
export class RunLimit {
  #free: number
  /** Those that go ahead, then the others; each in the order in which they came. */
  readonly #turns: Turn[] = []
  readonly #underWay = new UnderWay()

  constructor (max: number) {
    this.#free = max
  }

  /** Pieces of work that have not begun. */
  get waiting (): number { return this.#turns.length }

  /** Settles as the work does. @throws the signal's reason when it came before the work began */
  async run<T> (work: () => Promise<T>, options: TurnOptions = {}): Promise<T> {
    return await this.#underWay.track(this.#inTurn(work, options))
  }

  /** Resolves when all work is done that was given so far, the waiting one too. */
  async idle (): Promise<void> {
    await this.#underWay.idle()
  }

  async #inTurn<T> (work: () => Promise<T>, { ahead = false, signal }: TurnOptions): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else if (!await this.#turn(ahead, signal)) throw signal!.reason
    try {
      return await work()
    } finally {
      const next = this.#turns.shift()
      if (next === undefined) this.#free++
      else next.begin()
    }
  }

  /** @returns false when the place was given up */
  #turn (ahead: boolean, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise(resolve => {
      const leave = () => {
        this.#turns.splice(this.#turns.indexOf(turn), 1)
        resolve(false)
      }
      const turn: Turn = {
        ahead,
        begin: () => {
          signal?.removeEventListener('abort', leave)
          resolve(true)
        }
      }
      signal?.addEventListener('abort', leave, { once: true })
      const behind = ahead ? this.#turns.findIndex(other => !other.ahead) : -1
      this.#turns.splice(behind < 0 ? this.#turns.length : behind, 0, turn)
    })
  }
}
