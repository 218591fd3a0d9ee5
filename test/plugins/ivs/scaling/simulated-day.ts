/**
 * A day of a broadcast in virtual time: the real autoscaler and the real presence register against a model of the
 * provider, its faults and its viewers. Every seat and every deletion is checked as it happens.
 */
import { mock } from 'node:test'
import { Autoscaler } from '../../../../plugins/ivs/scaling/autoscaler.ts'
import { offersFor, placeOf, VIEWERS } from '../../../../plugins/ivs/seats.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'
import { HeadwaterError } from '../../../../src/errors/catalogue.ts'
import type { Log } from '../../../../src/log.ts'
import { openMemory } from '../../../../src/platform/state/memory.ts'
import type { Locks, State } from '../../../../src/platform/state/state.ts'
import { settingsFor } from '../../../platform/state/settings.ts'
import { MemoryDirectory } from './memory-directory.ts'
import { MASTER, ModelProvider, ModelWatch } from './model-provider.ts'

const HOUR_MS = 3_600_000
const HEARTBEAT_MS = 30_000
/** A step of the clock while something is under way, and otherwise. */
const FINE_MS = 250
const COARSE_MS = 10_000

export interface DayOptions {
  seed: number
  maxReplicas: number
}

export interface DayResult {
  turns: number
  decisions: Record<string, number>
  viewersServed: number
  mostViewers: number
  mostStages: number
  /** Viewers who were told that all is full. */
  refused: number
  restarts: number
  faults: number
  holds: string[]
  stagesAtEnd: string[]
  stagesOfProvider: number
  /** What must never be. */
  violations: string[]
}

interface Viewer {
  id: string
  arn: string
  leavesAt: number
  beatsAt: number
  /** Sends heartbeats, says that it leaves, and leaves when the others do. */
  isWellBehaved: boolean
}

const quiet: Log = { debug () {}, info () {}, warn () {}, error () {} }

/** Mulberry32: the same day for the same seed. */
function randomOf (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** How many want to watch at an hour of the day: a morning, a spike, a collapse, an evening, the night. */
function audience (hour: number): number {
  if (hour < 6) return 3
  if (hour < 9) return 3 + (hour - 6) * 60
  if (hour < 12) return 183 - (hour - 9) * 50
  if (hour < 13) return 900
  if (hour < 15) return 12
  if (hour < 19) return 12 + (hour - 15) * 90
  if (hour < 22) return Math.max(0, 372 - (hour - 19) * 124)
  return 0
}

export async function simulateDay ({ seed, maxReplicas }: DayOptions): Promise<DayResult> {
  const random = randomOf(seed)
  const chance = (probability: number) => random() < probability
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.UTC(2025, 9, 21) })
  try {
    return await new Day(random, chance, maxReplicas).run()
  } finally {
    mock.timers.reset()
  }
}

class Day {
  readonly #random: () => number
  readonly #chance: (probability: number) => boolean
  readonly #config = completeIvsOptions({})
  readonly #start = Date.now()
  readonly #stages = new MemoryDirectory()
  readonly #provider = new ModelProvider()
  readonly #watch = new ModelWatch()
  readonly #viewers = new Map<string, Viewer>()
  readonly #waiting = new Map<string, number>()
  readonly #retryAt = new Map<string, number>()
  /** Copies that were lost, until the next turn has seen it. */
  readonly #lost = new Set<string>()
  #state: State = this.#openState()
  #scaling: Autoscaler | undefined
  #process = { isAlive: true, hasLooked: false }
  #lease = { isHeld: false, until: 0 }
  #come = 0
  #publishers = 0
  readonly #result: DayResult = { turns: 0, decisions: {}, viewersServed: 0, mostViewers: 0, mostStages: 0, refused: 0, restarts: 0, faults: 0, holds: [], stagesAtEnd: [], stagesOfProvider: 0, violations: [] }

  constructor (random: () => number, chance: (probability: number) => boolean, maxReplicas: number) {
    this.#random = random
    this.#chance = chance
    this.#provider.maxReplicas = maxReplicas
    this.#provider.before = async (operation, name, subject) => await this.#beforeCall(operation, name, subject)
    this.#provider.after = operation => {
      if (operation === 'create' && this.#areFaultsOn && this.#chance(0.05)) this.#fault('the answer was lost')
    }
  }

  async run (): Promise<DayResult> {
    await this.#stages.add(MASTER)
    await this.#startProcess()
    const events: Array<[number, () => unknown]> = [
      [0.5, () => this.#goOnAir()],
      ...[7.3, 10, 12.02, 12.3, 14, 17, 18.2].map((hour): [number, () => unknown] => [hour + this.#random() * 0.2, () => this.#drop()]),
      ...[8, 11.5, 12.005, 12.7, 13.05, 16].map((hour): [number, () => unknown] => [hour + this.#random() * 0.1, () => this.#restart()]),
      [21.5, () => this.#goOffAir()]
    ]
    events.sort(([a], [b]) => a - b)
    while (this.#hour < 26) {
      while (events.length > 0 && events[0]![0] <= this.#hour) await events.shift()![1]()
      await this.#live()
      await this.#pass(this.#waiting.size > 0 || this.#isNearEvent(events) ? FINE_MS : COARSE_MS)
    }
    const closed = this.#scaling!.close()
    // A turn that is under way takes its time, of which there is none when nothing passes.
    for (let step = 0; step < 60_000 / FINE_MS; step++) await this.#pass(FINE_MS)
    await closed
    await this.#state.close()
    this.#result.turns = this.#stages.refreshes
    this.#result.stagesAtEnd = this.#stages.all().map(({ name }) => name)
    this.#result.stagesOfProvider = this.#provider.stages.size
    return this.#result
  }

  get #hour (): number {
    return (Date.now() - this.#start) / HOUR_MS
  }

  /** Not in the last hours: what failed must have mended itself by the end. */
  get #areFaultsOn (): boolean {
    return this.#hour < 23
  }

  #isNearEvent (events: Array<[number, unknown]>): boolean {
    return events.length > 0 && events[0]![0] - this.#hour < 0.002
  }

  #openState (): State {
    return openMemory(settingsFor({ presenceSweepMs: 5_000 }), quiet)
  }

  /** Lets virtual time go by, and all that follows from it happen. */
  async #pass (ms: number): Promise<void> {
    mock.timers.tick(ms)
    await new Promise(setImmediate)
  }

  async #startProcess (): Promise<void> {
    const process = { isAlive: true, hasLooked: false }
    this.#process = process
    const only = <T extends object>(part: T) => whileAlive(part, process)
    const directory = only(this.#stages)
    const presence = only(this.#state.presence)
    const scaling = new Autoscaler({
      config: this.#config,
      environment: 'test',
      provider: only(this.#provider),
      stages: directory,
      publisher: only(this.#watch),
      presence,
      locks: this.#locksOf(process),
      channels: this.#state.channels,
      log: quiet
    })
    scaling.onDecision(({ action, reason, problem }) => {
      if (!process.isAlive) return
      const kind = problem === undefined ? action : `${action}, failed`
      this.#result.decisions[kind] = (this.#result.decisions[kind] ?? 0) + 1
      if (action === 'hold' && !this.#result.holds.includes(reason)) this.#result.holds.push(reason)
    })
    this.#scaling = scaling
    await scaling.start()
  }

  /** Like those in Redis: after a crash the lease runs out. */
  #locksOf (process: { isAlive: boolean }): Locks {
    return {
      take: async (_name, leaseMs) => {
        if (!process.isAlive) return await new Promise(() => {})
        if (this.#lease.isHeld || this.#lease.until > Date.now()) return undefined
        this.#lease = { isHeld: true, until: Date.now() + leaseMs }
        return { lost: new AbortController().signal, release: async () => { this.#lease = { isHeld: false, until: 0 } } }
      }
    }
  }

  /** The process dies in the middle of whatever it does; sometimes all that was in memory is gone with it. */
  async #restart (): Promise<void> {
    this.#result.restarts++
    this.#process.isAlive = false
    this.#lease = { isHeld: false, until: Date.now() + this.#config.scalingLeaseSeconds * 1_000 }
    if (this.#chance(0.5)) {
      await this.#state.close()
      this.#state = this.#openState()
      this.#lease.until = 0
    }
    // What it had asked the provider for is done by then.
    setTimeout(() => { void this.#startProcess() }, 1_000)
  }

  #goOnAir (): void {
    const participantId = `publisher-${++this.#publishers}`
    this.#provider.publish(participantId)
    this.#watch.set(participantId)
  }

  #goOffAir (): void {
    this.#provider.publish(undefined)
    this.#watch.set(undefined)
  }

  /** Comes back as another participant; sometimes so quickly that nobody saw it gone. */
  #drop (): void {
    if (this.#chance(0.5)) {
      this.#goOnAir()
      return
    }
    this.#goOffAir()
    setTimeout(() => this.#goOnAir(), this.#random() * 90_000)
  }

  async #beforeCall (operation: string, name: string, subject: string): Promise<void> {
    const process = this.#process
    await new Promise<void>(resolve => setTimeout(resolve, 50 + this.#random() * 400))
    if (this.#areFaultsOn && this.#chance(this.#isBadTime ? 0.3 : 0.01)) {
      if (this.#chance(0.4)) throw this.#fault('throttled', 1_000 + Math.floor(this.#random() * 4_000))
      throw this.#fault('failed')
    }
    if (operation === 'mediaPaths' && process.isAlive) {
      process.hasLooked = true
      this.#lost.clear()
    }
    if (operation === 'delete') {
      const sitting = [...this.#viewers.values()].filter(({ arn }) => arn === subject)
      if (sitting.length > 0) this.#violated(`${name} is deleted with ${sitting.length} viewers`)
    }
  }

  /** Twice a day the provider has a bad time: at the spike too. */
  get #isBadTime (): boolean {
    return (this.#hour > 8 && this.#hour < 8.3) || (this.#hour > 12.1 && this.#hour < 12.2)
  }

  #fault (message: string, retryAfterMs?: number): never {
    this.#result.faults++
    throw new HeadwaterError('STAGES_UNAVAILABLE', { message, ...retryAfterMs === undefined ? {} : { retryAfterMs } })
  }

  #violated (what: string): void {
    this.#result.violations.push(`${this.#hour.toFixed(4)} h: ${what}`)
  }

  /** What viewers do in a moment. */
  async #live (): Promise<void> {
    const now = Date.now()
    for (const viewer of this.#viewers.values()) {
      if (now >= viewer.leavesAt || this.#stages.find(viewer.arn) === undefined) {
        this.#viewers.delete(viewer.id)
        if (viewer.isWellBehaved) await this.#state.presence.leave(placeOf(viewer.arn), viewer.id)
      } else if (viewer.isWellBehaved && now >= viewer.beatsAt) {
        viewer.beatsAt = now + HEARTBEAT_MS
        if (!await this.#state.presence.touch(placeOf(viewer.arn), viewer.id)) await this.#state.presence.join(placeOf(viewer.arn), viewer.id, { timeoutMs: this.#config.heartbeatTimeoutSeconds * 1_000 })
      }
    }
    this.#provider.connected.clear()
    for (const { arn } of this.#viewers.values()) this.#provider.connected.set(arn, (this.#provider.connected.get(arn) ?? 0) + 1)
    if (this.#chance(0.001)) this.#loseCopy()
    await this.#followAudience(audience(this.#hour))
    this.#result.mostViewers = Math.max(this.#result.mostViewers, this.#viewers.size)
    this.#result.mostStages = Math.max(this.#result.mostStages, this.#provider.stages.size + 1)
    if (this.#stages.all().length > this.#config.maxStages || this.#provider.stages.size + 1 > this.#config.maxStages) this.#violated(`${this.#stages.all().length} stages, ${this.#provider.stages.size} at the provider`)
  }

  async #followAudience (wish: number): Promise<void> {
    const now = Date.now()
    for (const [id, since] of this.#waiting) {
      if (await this.#sitDown(id)) this.#waiting.delete(id)
      else if (now - since >= this.#config.stageWaitMs) this.#refuse(id)
    }
    const surplus = this.#viewers.size - wish
    for (const viewer of [...this.#viewers.values()].slice(0, Math.max(0, Math.min(surplus, 60)))) {
      if (viewer.isWellBehaved && this.#chance(0.9)) viewer.leavesAt = now
    }
    const missing = Math.min(60, wish - this.#viewers.size - this.#waiting.size)
    for (let count = 0; count < missing; count++) {
      const id = [...this.#retryAt].find(([, at]) => at <= now)?.[0] ?? (this.#retryAt.size > missing ? undefined : `viewer-${this.#come++}`)
      if (id === undefined) break
      this.#retryAt.delete(id)
      if (await this.#sitDown(id)) continue
      const { mayGrow } = this.#process.isAlive ? await this.#scaling!.wanted() : { mayGrow: false }
      if (mayGrow) this.#waiting.set(id, now)
      else this.#refuse(id)
    }
  }

  #refuse (id: string): void {
    this.#result.refused++
    this.#waiting.delete(id)
    this.#retryAt.set(id, Date.now() + 30_000)
  }

  async #sitDown (id: string): Promise<boolean> {
    const { isLive, participantId } = this.#watch.current()
    const offers = offersFor(this.#stages.all(), isLive, this.#config, this.#provider.maxReplicas)
    const seat = await this.#state.presence.takeSeat(VIEWERS, id, offers, { timeoutMs: this.#config.heartbeatTimeoutSeconds * 1_000 })
    if (seat === undefined) return false
    const stage = this.#stages.all().find(({ arn }) => placeOf(arn) === seat.place)
    if (stage === undefined) this.#violated(`a seat at ${seat.place}, which is not there`)
    else {
      if (stage.phase !== 'ready') this.#violated(`a seat on ${stage.name}, which is ${stage.phase}`)
      if (stage.role !== 'master' && !this.#provider.stages.has(stage.arn)) this.#violated(`a seat on ${stage.name}, which the provider does not have`)
      // While no server scales nobody finds out what has changed.
      if (isLive && this.#process.isAlive && this.#process.hasLooked && !this.#lost.has(stage.arn) && this.#provider.pathOf(stage.arn, participantId) === 'none') this.#violated(`a seat on ${stage.name}, which media does not get to`)
      this.#viewers.set(id, { id, arn: stage.arn, leavesAt: Date.now() + 60_000 + this.#random() * 3 * HOUR_MS, beatsAt: Date.now() + HEARTBEAT_MS, isWellBehaved: !this.#chance(0.03) })
      this.#result.viewersServed++
    }
    return true
  }

  #loseCopy (): void {
    for (const copies of this.#provider.copies.values()) {
      const [arn] = copies
      if (arn === undefined) continue
      copies.delete(arn)
      this.#lost.add(arn)
    }
  }
}

/** What a process that died had begun has no end. */
function whileAlive<T extends object> (part: T, process: { isAlive: boolean }): T {
  return new Proxy(part, {
    get (target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const answer: unknown = process.isAlive || key === 'all' || key === 'current' ? Reflect.apply(value, target, args) : new Promise(() => {})
        if (!(answer instanceof Promise)) return answer
        return answer.finally(async () => { if (!process.isAlive) await new Promise(() => {}) })
      }
    }
  })
}
