import { reasonOf } from '../../src/errors/reason.ts'
import type { Log } from '../../src/log.ts'
import { Listeners } from '../../src/listeners.ts'
import type { State } from '../../src/platform/state/state.ts'
import { RecentMap } from '../../src/recent-map.ts'
import type { StageProvider } from './provider.ts'
import type { PublisherState, PublisherWatch } from './stage.ts'

const CHANNEL = 'ivs:publisher'
/** Events whose ids are known, to tell those that come again. */
const MAX_HINTS = 1_000
/** Servers look a little earlier than they must, each in its own time: then usually one of them does it for all. */
const JITTER = 0.1

/** Something that a provider told by itself about who publishes. It may be late, come again, or be out of order. */
export interface PublisherHint {
  id: string
  /** When it happened. */
  at: Date
  stageArn: string
  what: 'published' | 'unpublished' | 'other'
  participantId?: string
  sessionId?: string
}

export interface PublisherWatchOptions {
  provider: Pick<StageProvider, 'publisher'>
  /** ARN of the master stage; undefined while there is none: then nobody is live. */
  master: () => string | undefined
  state: Pick<State, 'channels'>
  livenessSeconds: number
  log: Log
}

/** Who publishes, followed for any provider: asked now and then, told by events and by the other servers. */
export interface OpenPublisherWatch extends PublisherWatch {
  /** Believed at once only where it says that whoever is live has stopped; the provider is asked in any case. */
  hint (hint: PublisherHint): void
  /** Waits for what is under way. */
  close (): Promise<void>
}

/** Asks a first time before it resolves. A provider that fails then is asked again later. */
export async function openPublisherWatch (options: PublisherWatchOptions): Promise<OpenPublisherWatch> {
  const watch = new Watch(options)
  await watch.open()
  return watch
}

class Watch implements OpenPublisherWatch {
  readonly #options: PublisherWatchOptions
  readonly #listeners: Listeners<[PublisherState]>
  readonly #hints = new RecentMap<string, true>(MAX_HINTS)
  #state: PublisherState = { isLive: false, isUnknown: true, asOf: new Date(), source: 'poll' }
  /** When the newest event happened that was taken. */
  #newestHint = -Infinity
  #asking: Promise<void> | undefined
  /** Whoever comes while the provider is being asked wants to know what is so afterwards. */
  #askingNext: Promise<void> | undefined
  #failing = false
  #timer: NodeJS.Timeout | undefined
  #unsubscribe: (() => Promise<void>) | undefined
  #closed = false

  constructor (options: PublisherWatchOptions) {
    this.#options = options
    this.#listeners = new Listeners(options.log, 'the publisher')
  }

  async open (): Promise<void> {
    this.#unsubscribe = await this.#options.state.channels.subscribe(CHANNEL, message => this.#hear(message))
    await this.#ask()
  }

  current (): PublisherState {
    return this.#state
  }

  /** Where the provider does not answer it is what was known last: `asOf` says how old that is. */
  async refresh (): Promise<PublisherState> {
    await this.#ask()
    return this.#state
  }

  onChange (listener: (state: PublisherState) => void): () => void {
    return this.#listeners.add(listener)
  }

  hint (hint: PublisherHint): void {
    const { id, at, stageArn, what, participantId } = hint
    if (this.#closed || what === 'other' || stageArn !== this.#options.master() || this.#hints.has(id)) return
    this.#hints.set(id, true)
    if (at.getTime() < this.#newestHint) return
    // One from the future must not make all others old.
    this.#newestHint = Math.min(at.getTime(), Date.now())
    const isNews = at > this.#state.asOf
    if (what === 'unpublished' && isNews && this.#state.isLive && participantId === this.#state.participantId) {
      this.#take({ isLive: false, asOf: new Date(), source: 'event' })
      this.#tellOthers()
    }
    void this.#ask()
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#unsubscribe?.()
    await Promise.all([this.#asking, this.#askingNext])
  }

  async #ask (): Promise<void> {
    if (this.#closed) return
    if (this.#asking === undefined) {
      this.#asking = this.#once().finally(() => { this.#asking = undefined })
      return await this.#asking
    }
    this.#askingNext ??= this.#asking.then(async () => {
      this.#askingNext = undefined
      await this.#ask()
    })
    await this.#askingNext
  }

  async #once (): Promise<void> {
    clearTimeout(this.#timer)
    const { provider, log } = this.#options
    try {
      const master = this.#options.master()
      const before = this.#state
      const found: PublisherState = master === undefined ? { isLive: false, asOf: new Date(), source: 'poll' } : await provider.publisher(master)
      if (this.#failing) log.info({}, 'it is known again who publishes')
      this.#failing = false
      // An event, or another server, may know something newer than what was being found out.
      if (this.#closed || (this.#state !== before && this.#state.asOf > found.asOf)) return
      this.#take(found)
      this.#tellOthers()
    } catch (error) {
      if (!this.#failing) log.warn({ reason: reasonOf(error), isLive: this.#state.isLive, ageSeconds: Math.round((Date.now() - this.#state.asOf.getTime()) / 1000) }, 'it cannot be found out who publishes: what was known last is kept')
      this.#failing = true
    } finally {
      this.#schedule()
    }
  }

  #schedule (): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => { void this.#ask() }, this.#options.livenessSeconds * 1000 * (1 - JITTER * Math.random()))
  }

  #take (state: PublisherState): void {
    const { isLive, isUnknown, participantId, sessionId } = this.#state
    this.#state = state
    if (isLive !== state.isLive || isUnknown !== state.isUnknown || participantId !== state.participantId || sessionId !== state.sessionId) this.#listeners.tell(state)
  }

  #tellOthers (): void {
    void this.#options.state.channels.publish(CHANNEL, this.#state).catch((error: unknown) => {
      this.#options.log.warn({ reason: reasonOf(error) }, 'other servers could not be told who publishes: they ask themselves')
    })
  }

  /** What another server has found out, not before this one; also what this one said itself, which changes nothing. */
  #hear (message: unknown): void {
    const { asOf, ...state } = message as Omit<PublisherState, 'asOf'> & { asOf: string }
    const heard = { ...state, asOf: new Date(asOf) }
    if (this.#closed || !(this.#state.isUnknown === true || heard.asOf >= this.#state.asOf)) return
    this.#take(heard)
    this.#schedule()
  }
}
