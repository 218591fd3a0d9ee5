import type { Log } from '../../../log.ts'
import { mustBeTime } from '../check.ts'
import { jsonCopy } from '../json.ts'
import { Listeners } from '../listeners.ts'
import type { Member, Presence, PresenceOptions, PresenceSummary } from '../state.ts'
import { Register } from './register.ts'

export interface PresenceTiming {
  /** Who timed out is looked for this often. */
  sweepMs: number
  /** A place in which nobody was for so long is forgotten. */
  keepMs: number
}

export class MemoryPresence implements Presence {
  readonly #register = new Register()
  readonly #timedOut: Listeners<[string, Member]>
  readonly #timer: NodeJS.Timeout

  constructor ({ sweepMs, keepMs }: PresenceTiming, log: Log) {
    this.#timedOut = new Listeners(log, 'members that time out')
    this.#timer = setInterval(() => {
      const now = Date.now()
      for (const { place, member } of this.#register.takeTimedOut(now)) this.#timedOut.tell(place, member)
      this.#register.forgetUnused(now, keepMs)
    }, sweepMs).unref()
  }

  get size (): number {
    return this.#register.size
  }

  async join (place: string, member: string, { timeoutMs, data }: PresenceOptions): Promise<boolean> {
    mustBeTime('timeoutMs', timeoutMs)
    return this.#register.join(place, member, { timeoutMs, data: jsonCopy(data) }, Date.now())
  }

  async touch (place: string, member: string): Promise<boolean> {
    return this.#register.touch(place, member, Date.now())
  }

  async leave (place: string, member: string): Promise<boolean> {
    return this.#register.leave(place, member, Date.now())
  }

  async members (place: string): Promise<Member[]> {
    return structuredClone(this.#register.members(place))
  }

  async summary (place: string): Promise<PresenceSummary> {
    return this.#register.summary(place)
  }

  async places (): Promise<string[]> {
    return this.#register.places()
  }

  async clear (place: string): Promise<void> {
    this.#register.clear(place)
  }

  onTimeout (listener: (place: string, member: Member) => void): () => void {
    return this.#timedOut.add(listener)
  }

  close (): void {
    clearInterval(this.#timer)
  }
}
