import { Coalesced } from '../../../src/coalesced.ts'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { reasonOf } from '../../../src/errors/reason.ts'
import type { Log } from '../../../src/log.ts'
import type { Channels, Lease, Locks } from '../../../src/platform/state/state.ts'
import { placeOf } from '../seats.ts'
import type { PublisherWatch, Stage } from '../stage.ts'
import { decide, type EffectiveStep, type Step } from './decide.ts'
import type { Scaling, ScalingAction, ScalingDecision } from './decision.ts'
import { DecisionLog } from './decision-log.ts'
import { growth, lookAgainAt } from './growth.ts'
import { takeInventory } from './inventory.ts'
import type { Known, ScalingSettings } from './known.ts'
import { CREATION, Observer } from './observer.ts'
import { mayHaveMadeOne, takeStep, type Surroundings } from './take-step.ts'

const LOCK = 'ivs:autoscaler'
const CHANNEL = 'ivs:autoscaler'

/** The provider's list is compared with what is known here so rarely: it is long, and differs only after a failure. */
const INVENTORY_TURNS = 10

/** What servers say to each other: a seat is wanted, or another one may scale now. */
type Message = 'wanted' | 'released'

/** Stages with media would be taken for stages that need none. */
const UNKNOWN = 'It is not known yet whether somebody publishes: until then nothing is changed.'

/** After these there may be more to do at once. */
const LEADS_ON: ReadonlySet<ScalingAction> = new Set<ScalingAction>(['create', 'replicate', 'ready', 'resume', 'drain'])

const ASKS_PROVIDER: ReadonlySet<ScalingAction> = new Set<ScalingAction>(['create', 'replicate', 'delete'])

export interface AutoscalerOptions extends Surroundings {
  config: ScalingSettings & Pick<IvsConfig, 'scalingSeconds' | 'scalingLeaseSeconds' | 'mediaPollMs' | 'stageWaitMs'>
  publisher: PublisherWatch
  locks: Locks
  channels: Channels
  log: Log
}

/** Makes stages when viewers need them and deletes them when they do not. Of several servers one does. */
export class Autoscaler implements Scaling {
  readonly #options: AutoscalerOptions
  readonly #observer: Observer
  readonly #decisions: DecisionLog
  readonly #turns = new Coalesced(async () => await this.#turn())
  readonly #closing = new AbortController()
  readonly #ends: Array<() => unknown> = []
  #lease: Lease | undefined
  #timer: NodeJS.Timeout | undefined
  /** On the clock of `Date`: from then on a turn is one of those that are counted. */
  #nextTurnAt = 0
  #turnsToInventory = 0
  /** Stages may have been made that nobody knows of here. */
  #isInventoryDue = true
  /** What it could not do in the last turn. */
  #held: string | undefined

  constructor (options: AutoscalerOptions) {
    this.#options = options
    const { channels, log } = options
    this.#decisions = new DecisionLog(channels, log)
    this.#observer = new Observer({ ...options, onFailure: async error => await this.#failed({ action: 'hold', reason: 'Where media gets to could not be found out.' }, error) })
  }

  /** Begins the first turn, and does not wait for it. */
  async start (): Promise<void> {
    const { channels, publisher, stages, log } = this.#options
    await this.#decisions.open()
    this.#ends.push(
      await channels.subscribe(CHANNEL, async message => await this.#hear(message as Message)),
      publisher.onChange(() => {
        if (this.#lease === undefined) this.#observer.noticePublisher()
        else this.#observer.voidCopies().catch((error: unknown) => log.warn({ err: error }, 'stages are still taken for ones that media gets to'))
        this.#runSoon()
      }),
      stages.onChange(() => {
        if (this.#lease !== undefined && stages.all().some(stage => stage.role === 'custom' && !this.#observer.hasSeen(stage))) this.#runSoon()
      })
    )
    this.#runSoon()
  }

  decisions (): readonly ScalingDecision[] {
    return this.#decisions.all()
  }

  onDecision (listener: (decision: ScalingDecision) => void): () => void {
    return this.#decisions.onDecision(listener)
  }

  async wanted (): Promise<{ mayGrow: boolean, reason: string }> {
    const known = await this.#observer.glance(true)
    const more = growth(known)
    if (more.kind === 'create' || more.kind === 'resume') await this.#options.channels.publish(CHANNEL, 'wanted' satisfies Message)
    else this.#observer.wantedAt = Date.now()
    const isHeld = more.kind === 'held' && (more.until === undefined || more.until.getTime() > known.now.getTime() + this.#options.config.stageWaitMs)
    return { mayGrow: !isHeld, reason: more.reason }
  }

  /** Decides now. Resolves after a turn that began after this call; what fails is told and tried again. */
  async turn (): Promise<void> {
    await this.#turns.run()
  }

  /** Ends after the step that is being taken, if there is one. */
  async close (): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    for (const end of this.#ends) await end()
    await this.#turns.idle()
    if (this.#lease !== undefined) {
      await this.#lease.release()
      await this.#options.channels.publish(CHANNEL, 'released' satisfies Message)
    }
    await this.#decisions.close()
  }

  #runSoon (): void {
    if (!this.#closing.signal.aborted) void this.turn()
  }

  async #hear (message: Message): Promise<void> {
    if (message === 'released') {
      this.#runSoon()
      return
    }
    this.#observer.wantedAt = Date.now()
    if (this.#lease === undefined) return
    // Another server does not know what failed here a moment ago.
    const { kind } = growth(await this.#observer.glance(true))
    if (kind === 'create' || kind === 'resume') this.#runSoon()
  }

  async #turn (): Promise<void> {
    if (this.#closing.signal.aborted) return
    clearTimeout(this.#timer)
    const { config: { scalingSeconds }, log } = this.#options
    const isCounted = Date.now() >= this.#nextTurnAt
    if (isCounted) this.#nextTurnAt = Date.now() + scalingSeconds * 1_000
    let next: Date | undefined
    try {
      const lost = await this.#lead()
      if (lost !== undefined) next = await this.#work(isCounted, AbortSignal.any([lost, this.#closing.signal]))
    } catch (error) {
      if (!this.#closing.signal.aborted) log.warn({ err: error }, 'the autoscaler had to give up a turn')
    }
    if (this.#closing.signal.aborted) return
    const at = Math.min(this.#nextTurnAt, next?.getTime() ?? Infinity)
    this.#timer = setTimeout(() => this.#runSoon(), Math.max(0, at - Date.now())).unref()
  }

  /** @returns aborted when another server may scale; undefined where one does */
  async #lead (): Promise<AbortSignal | undefined> {
    if (this.#lease?.lost.aborted !== false) {
      this.#lease = await this.#options.locks.take(LOCK, this.#options.config.scalingLeaseSeconds * 1_000)
      this.#observer.forget()
      this.#isInventoryDue = true
    }
    return this.#lease?.lost
  }

  /** @returns when to look again, where that is before the next turn */
  async #work (isCounted: boolean, signal: AbortSignal): Promise<Date | undefined> {
    if (this.#options.publisher.current().isUnknown === true) {
      await this.#holds(UNKNOWN)
      return undefined
    }
    await this.#options.stages.refresh()
    if (isCounted) this.#turnsToInventory--
    if ((this.#isInventoryDue || this.#turnsToInventory < 0) && !this.#observer.isThrottled) await this.#takeInventory(signal)
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const known = await this.#observer.look(isCounted && isFirst)
      if (!await this.#take(decide(known), known, signal)) return lookAgainAt(known, this.#options.config.mediaPollMs)
    }
    return undefined
  }

  /** @returns whether there may be more to do at once */
  async #take (steps: readonly Step[], known: Known, signal: AbortSignal): Promise<boolean> {
    let leadsOn = false
    await this.#holds(steps.find(({ action }) => action === 'hold')?.reason)
    for (const step of steps) {
      if (signal.aborted) return false
      if (ASKS_PROVIDER.has(step.action) && this.#observer.isThrottled) continue
      if (step.action === 'create' && this.#isInventoryDue) {
        // One that is not known here may have that name, and may be the last that there may be.
        await this.#takeInventory(signal)
        leadsOn = true
        continue
      }
      if (step.action !== 'hold' && await this.#do(step, known, signal) && LEADS_ON.has(step.action)) leadsOn = true
    }
    return leadsOn
  }

  async #holds (reason: string | undefined): Promise<void> {
    if (reason !== undefined && reason !== this.#held) await this.#tell({ action: 'hold', reason })
    this.#held = reason
  }

  /** @returns whether it is done */
  async #do (step: EffectiveStep, known: Known, signal: AbortSignal): Promise<boolean> {
    const { action, reason } = step
    const about = 'stage' in step ? { action, stageName: step.stage.name, stageArn: step.stage.arn, reason } : { action, stageName: step.name, reason }
    const { copies, creations, deletions } = this.#observer
    try {
      if (action === 'replicate') copies.add(step.stage.arn)
      const problem = await takeStep(step, known, this.#options, { lost: this.#lease!.lost, signal })
      if (action === 'ready') creations.delete(CREATION)
      // The next one would probably fare no better.
      if (action === 'delete' && step.stage.phase === 'starting') creations.add(CREATION)
      if (action === 'delete' && problem !== undefined) deletions.add(step.stage.arn)
      await this.#tell(problem === undefined ? about : { ...about, problem })
      return problem === undefined
    } catch (error) {
      if (signal.aborted) return false
      if (action === 'create') creations.add(CREATION)
      if (action === 'delete') deletions.add(step.stage.arn)
      if (action === 'create' ? mayHaveMadeOne(error) : isGone(error)) this.#isInventoryDue = true
      await this.#failed(about, error)
      return false
    }
  }

  async #takeInventory (signal: AbortSignal): Promise<void> {
    const { provider, stages, presence } = this.#options
    const about = (action: ScalingAction, { name, arn }: Stage, reason: string) => ({ action, stageName: name, stageArn: arn, reason })
    try {
      const { unknown, gone } = await takeInventory(provider, stages)
      for (const stage of unknown) {
        if (signal.aborted) return
        await stages.add(stage)
        await this.#tell(about('adopt', stage, 'The provider has it, and it was not known here.'))
      }
      for (const stage of gone) {
        if (signal.aborted) return
        await presence.clear(placeOf(stage.arn))
        await stages.remove(stage.arn)
        await this.#tell(about('forget', stage, 'The provider does not have it any more.'))
      }
      this.#turnsToInventory = INVENTORY_TURNS
      this.#isInventoryDue = false
    } catch (error) {
      if (signal.aborted) return
      // Otherwise there could be more stages than there may be.
      this.#observer.creations.add(CREATION)
      await this.#failed({ action: 'hold', reason: 'The stages of the provider could not be compared with what is known here.' }, error)
    }
  }

  async #failed (about: Omit<ScalingDecision, 'at' | 'problem'>, error: unknown): Promise<void> {
    if (error instanceof HeadwaterError && error.retryAfterMs !== undefined) this.#observer.throttledUntil = new Date(Date.now() + error.retryAfterMs)
    await this.#tell({ ...about, problem: reasonOf(error) })
  }

  async #tell (decision: Omit<ScalingDecision, 'at'>): Promise<void> {
    await this.#decisions.tell({ at: new Date(), ...decision })
  }
}

function isGone (error: unknown): boolean {
  return error instanceof HeadwaterError && error.code === 'NOT_FOUND'
}
