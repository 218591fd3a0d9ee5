import { setTimeout as delay } from 'node:timers/promises'
import { KeptConnections } from '../../fixtures/kept-connections.ts'

/** Of a back end that passes on what its viewers say. */
const CONNECTIONS = 64
/** How often it looks whose turn it is: few of a second are sent together. */
const PACE_MS = 1

export interface AudienceOptions {
  url: string
  apiKey: string
  viewers: number
}

export interface BeatOptions {
  perSecond: number
  forMs: number
  /** What comes in so long is sent in one request; left out: each heartbeat has one of its own. */
  togetherMs?: number
}

/** What was asked for, and how long the answers took. */
export interface AskedReport {
  /** Of heartbeats: how many, however many there are in a request. */
  asked: number
  failed: number
  ms: number
  /** Of the answers, in milliseconds. */
  latencies: number[]
}

/** How many of a rate are due by now. */
export function dueAfter (ms: number, perSecond: number): number {
  return Math.floor(ms * perSecond / 1_000)
}

/** Viewers with seats. */
export class Audience {
  readonly #connections: KeptConnections
  readonly #userIds: string[]
  /** Stages by user. */
  readonly #seats = new Map<string, string>()

  constructor ({ url, apiKey, viewers }: AudienceOptions) {
    this.#connections = new KeptConnections({ url, headers: { 'x-api-key': apiKey }, connections: CONNECTIONS })
    this.#userIds = Array.from({ length: viewers }, (_, number) => `viewer-${number}`)
  }

  /** A token for everybody. @throws Error when somebody gets none */
  async takeSeats (): Promise<void> {
    await Promise.all(this.#userIds.map(async userId => {
      if (!await this.#takeSeat(userId)) throw new Error(`${userId} got no seat`)
    }))
  }

  /** Tokens for those who have seats, one after the other on each connection. */
  async refresh (forMs: number): Promise<AskedReport> {
    const report = this.#begin()
    const began = performance.now()
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - began < forMs) await this.#timed(report, 1, async () => await this.#takeSeat(this.#of(report.asked)) ? 1 : 0)
    }))
    return { ...report, ms: performance.now() - began }
  }

  /** Heartbeats at a steady rate, one viewer after the other. */
  async beat ({ perSecond, forMs, togetherMs }: BeatOptions): Promise<AskedReport> {
    const report = this.#begin()
    const answers: Array<Promise<void>> = []
    const began = performance.now()
    let ms: number
    do {
      await delay(togetherMs ?? PACE_MS)
      ms = performance.now() - began
      const viewers = this.#from(report.asked, dueAfter(Math.min(ms, forMs), perSecond) - report.asked)
      const requests = togetherMs === undefined ? viewers.map(viewer => [viewer]) : viewers.length > 0 ? [viewers] : []
      for (const some of requests) answers.push(this.#timed(report, some.length, async () => await this.#beatOf(some, togetherMs !== undefined)))
    } while (ms < forMs)
    await Promise.all(answers)
    return { ...report, ms: performance.now() - began }
  }

  close (): void {
    this.#connections.close()
  }

  #of (number: number): string {
    return this.#userIds[number % this.#userIds.length]!
  }

  #from (number: number, count: number): string[] {
    return Array.from({ length: count }, (_, index) => this.#of(number + index))
  }

  /** A server ends connections that were idle for long, perhaps at the moment at which something is asked on them. */
  #begin (): AskedReport {
    this.#connections.close()
    return { asked: 0, failed: 0, ms: 0, latencies: [] }
  }

  /** @returns how many were taken */
  async #beatOf (userIds: readonly string[], together: boolean): Promise<number> {
    const heartbeats = userIds.map(userId => ({ userId, stageArn: this.#seats.get(userId) }))
    if (together) return (await this.#connections.ask('POST', '/api/viewer/heartbeats', { heartbeats })).json.data?.updated ?? 0
    return (await this.#connections.ask('POST', '/api/viewer/heartbeat', heartbeats[0])).status === 200 ? 1 : 0
  }

  async #takeSeat (userId: string): Promise<boolean> {
    const { status, json } = await this.#connections.ask('POST', '/api/token/viewer', { userId })
    if (status === 200) this.#seats.set(userId, json.data.stageArn)
    return status === 200
  }

  /** @param ask comes back with how many succeeded */
  async #timed (report: AskedReport, asked: number, ask: () => Promise<number>): Promise<void> {
    report.asked += asked
    const began = performance.now()
    report.failed += asked - await ask()
    report.latencies.push(performance.now() - began)
  }
}
