import type { Presence } from '../../../src/platform/state/state.ts'
import type { StageProvider } from '../provider.ts'
import { placeOf } from '../seats.ts'
import type { MediaPath, PublisherState, PublisherWatch, Stage, StageDirectory } from '../stage.ts'
import { Attempts } from './attempts.ts'
import type { Known, KnownStage, ScalingSettings } from './known.ts'

export interface ObserverOptions {
  config: ScalingSettings & { scalingSeconds: number, mediaPollMs: number, stageWaitMs: number }
  provider: Pick<StageProvider, 'mediaPaths' | 'maxReplicas'>
  stages: StageDirectory
  publisher: Pick<PublisherWatch, 'current'>
  presence: Pick<Presence, 'counts'>
  /** The provider could not say where media gets to. */
  onFailure: (error: unknown) => Promise<void>
}

/**
 * What is so with the stages, for whoever decides. It remembers only what makes decisions patient: without that they
 * are the same, and take longer.
 */
export class Observer {
  readonly #options: ObserverOptions
  readonly #fewTurns = new Map<string, number>()
  readonly #withoutMediaSince = new Map<string, Date>()
  /** Whose publication it was when this was looked at the last time. */
  #participantId: string | undefined
  readonly copies: Attempts
  readonly deletions: Attempts
  readonly creations: Attempts
  /** When somebody waited for a seat the last time. */
  wantedAt = -Infinity
  throttledUntil: Date | undefined

  constructor (options: ObserverOptions) {
    this.#options = options
    const { mediaPollMs, scalingSeconds } = options.config
    const waits = { firstMs: mediaPollMs, mostMs: Math.max(mediaPollMs, scalingSeconds * 1_000) }
    this.copies = new Attempts(waits)
    this.deletions = new Attempts(waits)
    this.creations = new Attempts(waits)
    this.noticePublisher()
  }

  /** Whether it was there when this was looked at the last time. */
  hasSeen ({ arn }: Stage): boolean {
    return this.#fewTurns.has(arn)
  }

  get isThrottled (): boolean {
    return this.throttledUntil !== undefined && this.throttledUntil > new Date()
  }

  /** Another server may have decided meanwhile. */
  forget (): void {
    for (const memory of [this.#fewTurns, this.#withoutMediaSince, this.copies, this.deletions, this.creations]) memory.clear()
    this.throttledUntil = undefined
  }

  /**
   * At once: what was copied of somebody who publishes no more gets nowhere, however long it takes to find out what does.
   * A change that happened while no server scaled is found out by the next look.
   */
  async voidCopies (): Promise<void> {
    const { publisher, stages } = this.#options
    const before = this.#participantId
    this.#participantId = publisher.current().participantId
    if (before === undefined || before === this.#participantId) return
    this.copies.clear()
    this.#withoutMediaSince.clear()
    await Promise.all(stages.all().filter(({ mediaPath }) => mediaPath === 'replica').map(async ({ arn }) => await stages.change(arn, { mediaPath: 'none' })))
  }

  /** While another server scales it is that one's to void copies. */
  noticePublisher (): void {
    this.#participantId = this.#options.publisher.current().participantId
  }

  /** From what this server has heard, without asking the provider. */
  async glance (isWanted: boolean): Promise<Known> {
    const all = this.#options.stages.all()
    return this.#known(await this.#counted(all), this.#options.publisher.current(), isWanted)
  }

  /**
   * Asks the provider where media gets to as well, and writes that into the directory.
   * @param isTurn a turn begins: stages with few viewers had them for one more
   */
  async look (isTurn: boolean): Promise<Known> {
    const { stages, publisher, config } = this.#options
    await this.voidCopies()
    const state = publisher.current()
    const paths = await this.#mediaPaths(stages.all(), state)
    // Otherwise somebody else publishes by now, and this is old.
    if (publisher.current().participantId === state.participantId) {
      const changed = stages.all().filter(({ arn, mediaPath }) => (paths.get(arn) ?? mediaPath) !== mediaPath)
      await Promise.all(changed.map(async ({ arn }) => await stages.change(arn, { mediaPath: paths.get(arn)! })))
    }
    const counted = await this.#counted(stages.all())
    this.#remember(counted, state.isLive, isTurn)
    return this.#known(counted, state, Date.now() - this.wantedAt < config.stageWaitMs)
  }

  async #counted (stages: readonly Stage[]): Promise<KnownStage[]> {
    const counts = await this.#options.presence.counts(stages.map(({ arn }) => placeOf(arn)))
    return stages.map((stage, index) => ({ ...stage, viewers: counts[index]!, fewTurns: 0 }))
  }

  /** What cannot be found out stays as it was. */
  async #mediaPaths (stages: readonly Stage[], { isLive, participantId }: PublisherState): Promise<ReadonlyMap<string, MediaPath>> {
    const { provider, onFailure } = this.#options
    const master = stages.find(({ role }) => role === 'master')
    if (master === undefined) return new Map()
    const arns = stages.filter(stage => stage !== master).map(({ arn }) => arn)
    const paths = new Map<string, MediaPath>([[master.arn, 'source']])
    if (!isLive) for (const arn of arns) paths.set(arn, 'none')
    if (!isLive || participantId === undefined || arns.length === 0 || this.isThrottled) return paths
    try {
      const found = await provider.mediaPaths(master.arn, arns, participantId)
      for (const arn of arns) paths.set(arn, found.get(arn) ?? 'none')
    } catch (error) {
      await onFailure(error)
    }
    return paths
  }

  #remember (stages: readonly KnownStage[], isLive: boolean, isTurn: boolean): void {
    const { config: { scaleInViewers } } = this.#options
    const there = new Set(stages.map(({ arn }) => arn))
    for (const memory of [this.#fewTurns, this.#withoutMediaSince]) for (const arn of memory.keys()) if (!there.has(arn)) memory.delete(arn)
    for (const attempts of [this.copies, this.deletions]) attempts.keepOnly(arn => there.has(arn))
    for (const { arn, viewers, mediaPath } of stages) {
      const few = this.#fewTurns.get(arn) ?? 0
      this.#fewTurns.set(arn, viewers > scaleInViewers ? 0 : isTurn ? few + 1 : few)
      if (!isLive || mediaPath !== 'none') {
        this.#withoutMediaSince.delete(arn)
        this.copies.delete(arn)
      } else if (!this.#withoutMediaSince.has(arn)) this.#withoutMediaSince.set(arn, new Date())
    }
  }

  #known (stages: readonly KnownStage[], { isLive, participantId }: PublisherState, isWanted: boolean): Known {
    const { config, provider } = this.#options
    return {
      now: new Date(),
      stages: stages.map(stage => ({ ...stage, fewTurns: this.#fewTurns.get(stage.arn) ?? 0, ...this.#patience(stage.arn) })),
      publisher: participantId === undefined ? { isLive } : { isLive, participantId },
      isWanted,
      config,
      maxReplicas: provider.maxReplicas,
      ...given('creation', this.creations.get(CREATION)),
      ...given('throttledUntil', this.throttledUntil)
    }
  }

  #patience (arn: string): Pick<KnownStage, 'withoutMediaSince' | 'copy' | 'deletion'> {
    return {
      ...given('withoutMediaSince', this.#withoutMediaSince.get(arn)),
      ...given('copy', this.copies.get(arn)),
      ...given('deletion', this.deletions.get(arn))
    }
  }
}

/** There is one creation at a time, whatever the stage is called. */
export const CREATION = 'creation'

function given<K extends string, V> (key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : { [key]: value } as Record<K, V>
}
