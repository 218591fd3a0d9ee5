import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { EgressClient, RoomServiceClient } from 'livekit-server-sdk'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import type { Log } from '../../../src/log.ts'
import { retryDelay } from '../../../src/retry-delay.ts'
import { UnderWay } from '../../../src/under-way.ts'
import type { SigningKey } from '../secret.ts'
import { LivekitFailure, type FailureKind, type Operation } from './failure.ts'

export type ClientSettings = Pick<LivekitConfig, 'url' | 'requestMs' | 'attempts' | 'retryMs'>

/** The parts of the SDK that are used. */
export interface Sdk {
  rooms: RoomServiceClient
  egress: EgressClient
}

/** How a request went: each try is one. */
export type Outcome = 'done' | FailureKind

const NO_ANSWERS: readonly Outcome[] = ['refused', 'broken', 'not-understood']

export interface ClientOptions {
  settings: ClientSettings
  signingKey: SigningKey
  log: Log
  onOutcome: (operation: Operation, outcome: Outcome) => void
}

/** Requests to LiveKit: with a time-out, and again where that makes sense. */
export class LivekitClient {
  readonly #settings: ClientSettings
  readonly #log: Log
  readonly #onOutcome: ClientOptions['onOutcome']
  readonly #sdk: Sdk
  readonly #lastTries = new AbortController()
  readonly #closing = new AbortController()
  readonly #underWay = new UnderWay()
  #isAnswering = true

  constructor ({ settings, signingKey: { key, secret }, log, onOutcome }: ClientOptions) {
    this.#settings = settings
    this.#log = log
    this.#onOutcome = onOutcome
    // What is tried again, where and when, is decided here.
    const options = { requestTimeout: settings.requestMs / 1000, failover: false }
    this.#sdk = { rooms: new RoomServiceClient(settings.url, key, secret, options), egress: new EgressClient(settings.url, key, secret, options) }
    // As many requests as there are listen to them.
    setMaxListeners(0, this.#lastTries.signal, this.#closing.signal)
  }

  /** Whether LiveKit did what it was asked for last, or said why not. Before it was asked: yes. */
  get isAnswering (): boolean {
    return this.#isAnswering
  }

  /** @throws LivekitFailure */
  async ask<T> (operation: Operation, request: (sdk: Sdk) => Promise<T>): Promise<T> {
    const { signal } = this.#lastTries
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#once(request)
        this.#cameTo(operation, 'done')
        return answer
      } catch (error) {
        const failure = new LivekitFailure(operation, error)
        this.#cameTo(operation, failure.kind)
        if (signal.aborted || attempt >= this.#settings.attempts || !failure.isRepeatable) throw failure
        const waitMs = Math.round(retryDelay(this.#settings.retryMs, attempt, Math.random()))
        this.#log.debug({ operation, attempt, reason: failure.reason, waitMs }, 'a request to LiveKit is tried again')
        await delay(waitMs, undefined, { signal }).catch(() => { throw failure })
      }
    }
  }

  /** From now on nothing is tried again: the server is about to close, and waits for those who ask. */
  tryNoMore (): void {
    this.#lastTries.abort()
  }

  /** Who waits for an answer fails at once; resolves when the connections have come to rest, which the time-out bounds. */
  async close (): Promise<void> {
    this.tryNoMore()
    this.#closing.abort()
    await this.#underWay.idle()
  }

  #cameTo (operation: Operation, outcome: Outcome): void {
    this.#isAnswering = !NO_ANSWERS.includes(outcome)
    this.#onOutcome(operation, outcome)
  }

  /** The SDK takes no signal. */
  async #once<T> (request: (sdk: Sdk) => Promise<T>): Promise<T> {
    const { signal } = this.#closing
    signal.throwIfAborted()
    // Longer than anybody waits for it, if need be.
    const answer = this.#underWay.track(request(this.#sdk))
    const over = new AbortController()
    try {
      return await Promise.race([answer, aborted(signal, over.signal)])
    } finally {
      over.abort()
      answer.catch(() => {})
    }
  }
}

/** Rejects when a signal comes; is forgotten when it is over. */
async function aborted (signal: AbortSignal, over: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over })
  })
}
