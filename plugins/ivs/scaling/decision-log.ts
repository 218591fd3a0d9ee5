import type { Log } from '../../../src/log.ts'
import { Listeners } from '../../../src/listeners.ts'
import type { Channels } from '../../../src/platform/state/state.ts'
import type { ScalingDecision } from './decision.ts'

const CHANNEL = 'ivs:decisions'

/** As many as a page shows. */
const KEPT = 100

/** What the autoscalers of all servers decided, since this server started. */
export class DecisionLog {
  readonly #channels: Channels
  readonly #log: Log
  readonly #listeners: Listeners<[ScalingDecision]>
  readonly #decisions: ScalingDecision[] = []
  #unsubscribe: (() => Promise<void>) | undefined

  constructor (channels: Channels, log: Log) {
    this.#channels = channels
    this.#log = log
    this.#listeners = new Listeners(log, 'decisions of the autoscaler')
  }

  async open (): Promise<void> {
    this.#unsubscribe = await this.#channels.subscribe(CHANNEL, message => this.#add(message as Told))
  }

  /** Newest first. */
  all (): readonly ScalingDecision[] {
    return this.#decisions
  }

  onDecision (listener: (decision: ScalingDecision) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** What fails again in the same way is no news. */
  async tell (decision: ScalingDecision): Promise<void> {
    const { action, stageName, reason, problem } = decision
    const before = this.#decisions.find(other => other.action === action && other.stageName === stageName)
    if (problem !== undefined && before?.problem === problem && before.reason === reason) return
    const fields = { action, stage: stageName, reason }
    if (problem === undefined) this.#log.info(fields, 'the autoscaler decided')
    else this.#log.warn({ ...fields, problem }, 'the autoscaler could not do what it decided')
    await this.#channels.publish(CHANNEL, decision)
  }

  async close (): Promise<void> {
    await this.#unsubscribe?.()
  }

  #add ({ at, ...decision }: Told): void {
    const told = { ...decision, at: new Date(at) }
    this.#decisions.unshift(told)
    this.#decisions.length = Math.min(this.#decisions.length, KEPT)
    this.#listeners.tell(told)
  }
}

type Told = Omit<ScalingDecision, 'at'> & { at: string }
