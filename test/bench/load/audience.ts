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

/** What was asked for, and how long the answers took. */
export interface AskedReport {
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
    const report: AskedReport = { asked: 0, failed: 0, ms: 0, latencies: [] }
    const began = performance.now()
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - began < forMs) await this.#timed(report, async () => await this.#takeSeat(this.#of(report.asked)))
    }))
    return { ...report, ms: performance.now() - began }
  }

  /** Heartbeats at a steady rate, one viewer after the other. */
  async beat (perSecond: number, forMs: number): Promise<AskedReport> {
    const report: AskedReport = { asked: 0, failed: 0, ms: 0, latencies: [] }
    const answers: Array<Promise<void>> = []
    const began = performance.now()
    for (let now = began; now - began < forMs; now = performance.now()) {
      const due = dueAfter(now - began, perSecond)
      while (report.asked < due) {
        const userId = this.#of(report.asked)
        answers.push(this.#timed(report, async () => (await this.#connections.ask('POST', '/api/viewer/heartbeat', { userId, stageArn: this.#seats.get(userId) })).status === 200))
      }
      await delay(PACE_MS)
    }
    await Promise.all(answers)
    return { ...report, ms: performance.now() - began }
  }

  close (): void {
    this.#connections.close()
  }

  #of (number: number): string {
    return this.#userIds[number % this.#userIds.length]!
  }

  async #takeSeat (userId: string): Promise<boolean> {
    const { status, json } = await this.#connections.ask('POST', '/api/token/viewer', { userId })
    if (status === 200) this.#seats.set(userId, json.data.stageArn)
    return status === 200
  }

  async #timed (report: AskedReport, ask: () => Promise<boolean>): Promise<void> {
    report.asked++
    const began = performance.now()
    if (!await ask()) report.failed++
    report.latencies.push(performance.now() - began)
  }
}
