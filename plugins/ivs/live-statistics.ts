import type { Log } from '../../src/log.ts'
import type { Figures, Ivs } from './core.ts'
import { CHANNELS, type Channel, type Operations, type OperationsUpdate, type StatsUpdate, type Totals } from './live-messages.ts'

/** Whoever hears a channel. */
export interface Follower {
  /** @param message JSON, the same bytes for all who follow the channel */
  take (message: Buffer): void
}

/** What statistics are made of. */
export type Followed = Pick<Ivs, 'figures'> & {
  readonly config: Pick<Ivs['config'], 'statisticsSeconds' | 'minPushMs' | 'maxStages'>
  readonly stages: Pick<Ivs['stages'], 'onChange'>
  readonly publisher: Pick<Ivs['publisher'], 'current' | 'onChange'>
  readonly scaling: Pick<Ivs['scaling'], 'decisions' | 'onDecision'>
}

type PerChannel = Record<Channel, Set<Follower>>

/**
 * Gives statistics to those who follow them, whatever carries them there. However many they are, figures are read once
 * at a time and put into words once for each channel. Nothing is read while nobody follows.
 */
export class LiveStatistics {
  readonly #ivs: Followed
  readonly #log: Log
  readonly #followers = nobody()
  /** Who gets what is read next. */
  #due = nobody()
  #isReading = false
  #isFailing = false
  #ticks: NodeJS.Timeout | undefined
  /** Runs after a change was told: further ones wait for its end. */
  #quiet: NodeJS.Timeout | undefined
  #changedInQuiet = false
  readonly #unlisten: Array<() => void>

  constructor (ivs: Followed, log: Log) {
    this.#ivs = ivs
    this.#log = log
    const changed = () => this.#changed()
    this.#unlisten = [ivs.stages.onChange(changed), ivs.publisher.onChange(changed), ivs.scaling.onDecision(changed)]
  }

  /** The first message comes at once. @returns an end to it */
  follow (channel: Channel, follower: Follower): () => void {
    this.#followers[channel].add(follower)
    this.#ticks ??= setInterval(() => this.#push(CHANNELS), this.#ivs.config.statisticsSeconds * 1000)
    this.#due[channel].add(follower)
    void this.#read()
    return () => this.#unfollow(channel, follower)
  }

  close (): void {
    for (const unlisten of this.#unlisten.splice(0)) unlisten()
    for (const channel of CHANNELS) this.#followers[channel].clear()
    this.#rest()
  }

  #unfollow (channel: Channel, follower: Follower): void {
    this.#followers[channel].delete(follower)
    if (CHANNELS.every(channel => this.#followers[channel].size === 0)) this.#rest()
  }

  #rest (): void {
    clearInterval(this.#ticks)
    clearTimeout(this.#quiet)
    this.#ticks = this.#quiet = undefined
    this.#changedInQuiet = false
  }

  #push (channels: readonly Channel[]): void {
    for (const channel of channels) this.#due[channel] = new Set(this.#followers[channel])
    void this.#read()
  }

  /** Operators hear at once of what happens, but not more often than `minPushMs`. */
  #changed (): void {
    if (this.#followers.operations.size === 0) return
    if (this.#quiet !== undefined) {
      this.#changedInQuiet = true
      return
    }
    this.#push(['operations'])
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined
      if (!this.#changedInQuiet) return
      this.#changedInQuiet = false
      this.#changed()
    }, this.#ivs.config.minPushMs)
  }

  /** Who comes while figures are read gets the next ones, which are read right after: what they say is never older than the question. */
  async #read (): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    while (CHANNELS.some(channel => this.#due[channel].size > 0)) {
      const due = this.#due
      this.#due = nobody()
      try {
        this.#give(await this.#ivs.figures(), due)
        if (this.#isFailing) this.#log.info({}, 'Statistics are sent again')
        this.#isFailing = false
      } catch (error) {
        if (!this.#isFailing) this.#log.warn({ err: error }, 'Statistics could not be read: none are sent until they can')
        this.#isFailing = true
      }
    }
    this.#isReading = false
  }

  #give (figures: Figures, due: PerChannel): void {
    const totals: Totals = {
      totalViewers: figures.totalViewers,
      activeStages: figures.stages.length,
      isPublisherLive: figures.isPublisherLive,
      timestamp: new Date().toISOString()
    }
    const give = (channel: Channel, update: () => StatsUpdate | OperationsUpdate) => {
      const followers = [...due[channel]].filter(follower => this.#followers[channel].has(follower))
      if (followers.length === 0) return
      const message = Buffer.from(JSON.stringify(update()))
      for (const follower of followers) follower.take(message)
    }
    give('stats', () => ({ type: 'stats_update', data: totals }))
    give('operations', () => ({ type: 'operations_update', data: this.#operations(figures, totals) }))
  }

  #operations ({ stages }: Figures, totals: Totals): Operations {
    const { config: { maxStages, statisticsSeconds }, publisher, scaling } = this.#ivs
    const { asOf, ...who } = publisher.current()
    return {
      ...totals,
      publisher: { ...who, asOf: asOf.toISOString() },
      stages: stages.map(({ arn, name, role, phase, mediaPath, viewers, seats, createdAt }) =>
        ({ stageArn: arn, name, role, phase, mediaPath, viewerCount: viewers, seats, createdAt: createdAt.toISOString() })),
      maxStages,
      decisions: scaling.decisions().map(({ at, ...decision }) => ({ at: at.toISOString(), ...decision })),
      everySeconds: statisticsSeconds
    }
  }
}

function nobody (): PerChannel {
  return { stats: new Set(), operations: new Set() }
}
