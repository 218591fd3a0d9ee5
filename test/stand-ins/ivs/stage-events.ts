import { randomUUID } from 'node:crypto'
import type { Participant, Session, Stage } from './stages.ts'

/** An event as EventBridge hands it on (docs.aws.amazon.com/ivs/latest/RealTimeUserGuide/eventbridge.html). */
export interface StageEvent {
  version: '0'
  id: string
  'detail-type': 'IVS Stage Update'
  source: 'aws.ivs'
  account: string
  time: string
  region: string
  resources: [string]
  detail: {
    session_id: string
    event_name: string
    event_time: string
    participant_id: string
    user_id: string
    error_code?: string
  }
}

/** Events on their way to whoever listens: best effort, as EventBridge's are. */
export class StageEvents {
  readonly #origin: { account: string, region: string }
  readonly #now: () => number
  readonly #listeners = new Set<(event: StageEvent) => void>()
  #held: StageEvent[] | undefined
  #toLose = 0
  #times = 1

  constructor (origin: { account: string, region: string }, now: () => number) {
    this.#origin = origin
    this.#now = now
  }

  /** @returns an end to it */
  listen (listener: (event: StageEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  /** The next ones do not arrive. */
  lose (count = 1): void {
    this.#toLose += count
  }

  /** Each one arrives so often from now on. */
  repeat (times: number): void {
    this.#times = times
  }

  /** From now on they wait. */
  hold (): void {
    this.#held ??= []
  }

  /** Those that waited arrive, in this order; the next ones at once again. */
  release (order: 'in order' | 'reversed' = 'in order'): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of order === 'reversed' ? held.reverse() : held) this.#deliver(event)
  }

  emit (name: string, stage: Stage, session: Session, { participantId, userId }: Pick<Participant, 'participantId' | 'userId'>, errorCode?: string): void {
    if (this.#listeners.size === 0) return
    const time = new Date(this.#now()).toISOString()
    const event: StageEvent = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'IVS Stage Update',
      source: 'aws.ivs',
      account: this.#origin.account,
      time,
      region: this.#origin.region,
      resources: [stage.arn],
      detail: { session_id: session.sessionId, event_name: name, event_time: time, participant_id: participantId, user_id: userId, ...(errorCode === undefined ? {} : { error_code: errorCode }) }
    }
    if (this.#toLose > 0) this.#toLose--
    else if (this.#held !== undefined) this.#held.push(event)
    else this.#deliver(event)
  }

  #deliver (event: StageEvent): void {
    for (let time = 0; time < this.#times; time++) {
      for (const listener of this.#listeners) listener(structuredClone(event))
    }
  }
}
