import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import jwt from 'jsonwebtoken'
import { WebhookEvent, type EgressInfo, type ParticipantInfo, type Room, type TrackInfo, type WebhookEventNames } from 'livekit-server-sdk'
import type { Credentials } from './access.ts'
import { newSid } from './sids.ts'

/** Whom or what an event is about. */
export interface About {
  room?: Room
  participant?: ParticipantInfo
  track?: TrackInfo
  egressInfo?: EgressInfo
}

/** How one event was told. */
export interface Told {
  event: WebhookEvent
  /** Of the last try; undefined where nobody answered. */
  status: number | undefined
  tries: number
}

interface Letter {
  event: WebhookEvent
  /** Events about one room or one recording arrive in order. */
  key: string
}

/** Events on their way to those who want to know, signed. Each is tried again until it is taken, and given up after a while. */
export class Webhooks {
  /** Addresses; a test may change them at any time. */
  readonly urls: string[] = []
  /** The wait before the second try, doubled for each further one. */
  retryMs = 50
  maxTries = 5
  /** Events say that they happened so long ago. */
  ageMs = 0
  /** What has been told, or given up. */
  readonly told: Told[] = []
  readonly #credentials: Credentials
  readonly #queues = new Map<string, Promise<void>>()
  readonly #stopped = new AbortController()
  #held: Letter[] | undefined
  #toLose: string[] = []
  #times = 1

  constructor (credentials: Credentials) {
    this.#credentials = credentials
  }

  /** The next ones are not told. @param names only of these events */
  lose (...names: WebhookEventNames[]): void {
    this.#toLose.push(...(names.length === 0 ? ['*'] : names))
  }

  /** Each one is told so often from now on. */
  repeat (times: number): void {
    this.#times = times
  }

  /** From now on they wait. */
  hold (): void {
    this.#held ??= []
  }

  /** Those that waited are told, in this order; the next ones at once again. */
  release (order: 'in order' | 'reversed' = 'in order'): void {
    const held = this.#held ?? []
    this.#held = undefined
    // One after another, whatever they are about: otherwise there would be no order.
    for (const { event } of order === 'reversed' ? held.reverse() : held) this.#queue({ event, key: 'released' })
  }

  emit (name: WebhookEventNames, about: About): void {
    const createdAt = BigInt(Math.floor((Date.now() - this.ageMs) / 1000))
    const event = Object.assign(new WebhookEvent(), { event: name, id: newSid('EV'), createdAt, ...about })
    const lost = this.#toLose.findIndex(wanted => wanted === '*' || wanted === name)
    if (lost >= 0) this.#toLose.splice(lost, 1)
    else if (this.#held !== undefined) this.#held.push({ event, key: '' })
    else this.#queue({ event, key: about.egressInfo?.egressId ?? about.room?.name ?? '' })
  }

  /** Tells one again, or one that a test made. */
  tell (event: WebhookEvent): void {
    this.#queue({ event, key: event.room?.name ?? '' })
  }

  /** When all has been told that has happened so far, but for what is held back. */
  async settled (): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values())
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await this.settled()
  }

  #queue ({ event, key }: Letter): void {
    const urls = [...this.urls]
    if (urls.length === 0) return
    const queue = (this.#queues.get(key) ?? Promise.resolve()).then(async () => {
      for (let time = 0; time < this.#times; time++) await Promise.all(urls.map(async url => { await this.#deliver(url, event) }))
    }).finally(() => {
      if (this.#queues.get(key) === queue) this.#queues.delete(key)
    })
    this.#queues.set(key, queue)
  }

  async #deliver (url: string, event: WebhookEvent): Promise<void> {
    const body = event.toJsonString()
    const told: Told = { event, status: undefined, tries: 0 }
    while (told.tries < this.maxTries && !this.#stopped.signal.aborted) {
      if (told.tries > 0) await setTimeout(this.retryMs * 2 ** (told.tries - 1), undefined, { signal: this.#stopped.signal }).catch(() => {})
      told.tries++
      told.status = await this.#post(url, body)
      if (told.status !== undefined && told.status < 300) break
    }
    this.told.push(told)
  }

  async #post (url: string, body: string): Promise<number | undefined> {
    try {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/webhook+json', authorization: signed(body, this.#credentials) }, body, signal: this.#stopped.signal })
      await response.arrayBuffer()
      return response.status
    } catch {
      return undefined
    }
  }
}

/** The token that goes with a body, without a word before it. */
export function signed (body: string, { apiKey, apiSecret }: Credentials): string {
  const sha256 = createHash('sha256').update(body).digest('base64')
  return jwt.sign({ sha256 }, apiSecret, { algorithm: 'HS256', issuer: apiKey, expiresIn: '5m', notBefore: 0 })
}
