import { Stateful } from '../../../client/stateful.ts'
import { liveStreams, type Listed, type LiveStream } from './listed.ts'

export interface LiveListState {
  /** Undefined until the server has answered once. */
  readonly streams: readonly LiveStream[] | undefined
  /** The last question was not answered; what is listed is what was known before. */
  readonly away: boolean
}

/** A change is seen within so long, while somebody looks. */
const ASK_AGAIN_MS = 10_000
const ANSWER_MS = 8_000

/** What is live, kept up to date while the page is in view, until `close()`. What fails is tried again. */
export class LiveList extends Stateful<LiveListState> {
  readonly #url: URL
  readonly #closing = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false

  /** @param server the server's root */
  constructor (server: URL) {
    super({ streams: undefined, away: false })
    this.#url = new URL('livestream/active', server)
    document.addEventListener('visibilitychange', () => { void this.#look() }, { signal: this.#closing.signal })
    void this.#look()
  }

  close (): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
  }

  async #look (): Promise<void> {
    if (this.#asking || document.visibilityState === 'hidden') return
    clearTimeout(this.#timer)
    this.#asking = true
    const retryAfterMs = await this.#ask()
    this.#asking = false
    if (!this.#closing.signal.aborted) this.#timer = setTimeout(() => { void this.#look() }, Math.max(ASK_AGAIN_MS, retryAfterMs))
  }

  /** @returns how long the server wants to be left alone, in milliseconds */
  async #ask (): Promise<number> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_MS)]) })
      const answer = await response.json() as { streams: Listed[] } | { retryAfterMs?: number }
      if (this.#closing.signal.aborted) return 0
      if (!('streams' in answer)) {
        this.update({ away: true })
        return answer.retryAfterMs ?? 0
      }
      this.update({ streams: liveStreams(answer.streams), away: false })
    } catch {
      if (!this.#closing.signal.aborted) this.update({ away: true })
    }
    return 0
  }
}
