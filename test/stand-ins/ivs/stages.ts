import { awsError } from './aws-error.ts'
import type { Quotas } from './quotas.ts'
import { randomId } from './random-id.ts'
import type { TokenClaims } from './tokens.ts'

export type ParticipantEventName = 'JOINED' | 'LEFT' | 'PUBLISH_STARTED' | 'PUBLISH_STOPPED' | 'PUBLISH_ERROR' | 'REPLICATION_STARTED' | 'REPLICATION_STOPPED'

export interface ParticipantEvent {
  name: ParticipantEventName
  atMs: number
  errorCode?: string
  destinationStageArn?: string
  destinationSessionId?: string
}

export interface Participant {
  participantId: string
  userId: string
  attributes: Record<string, string>
  isConnected: boolean
  firstJoinMs: number
  /** Ever, in this session. */
  published: boolean
  isPublishing: boolean
  /** Newest first. */
  events: ParticipantEvent[]
  /** Where it is copied from, for one that is a copy. */
  copyOf?: { sourceStageArn: string, sourceSessionId: string, isActive: boolean }
  /** Whether it is or was copied, for one that is not. */
  copied?: { isActive: boolean }
}

export interface Session {
  sessionId: string
  startMs: number
  endMs?: number
  participants: Map<string, Participant>
  connected: number
}

export interface Stage {
  arn: string
  name: string
  tags: Record<string, string>
  endpoints: { events: string, whip: string, rtmp: string, rtmps: string }
  /** Oldest first. */
  sessions: Map<string, Session>
  active: Session | undefined
}

/** What happens to participants, for events and replication. */
export interface Watcher {
  published (stage: Stage, session: Session, participant: Participant): void
  unpublished (stage: Stage, session: Session, participant: Participant): void
  failed (stage: Stage, session: Session, participant: Participant, errorCode: string): void
  deleted (stage: Stage): void
}

/** Stages, their sessions and who is in them. What happens there happens at once, at the time of the stand-in's clock. */
export class Stages {
  readonly #byArn = new Map<string, Stage>()
  readonly #now: () => number
  readonly #prefix: string
  readonly #quotas: Quotas
  watcher: Watcher | undefined

  /** @param prefix of ARNs: `arn:aws:ivs:<region>:<account>` */
  constructor (prefix: string, quotas: Quotas, now: () => number) {
    this.#prefix = prefix
    this.#quotas = quotas
    this.#now = now
  }

  all (): Stage[] {
    return [...this.#byArn.values()]
  }

  find (arn: string): Stage | undefined {
    return this.#byArn.get(arn)
  }

  /** @throws AwsError 404 */
  get (arn: string): Stage {
    return this.#byArn.get(arn) ?? notFound('Stage', arn)
  }

  create (name: string, tags: Record<string, string>, whip: (id: string) => string): Stage {
    if (this.#byArn.size >= this.#quotas.stages) throw awsError('ServiceQuotaExceededException', `You have reached the limit of ${this.#quotas.stages} stages`)
    const id = randomId(12)
    const host = randomId(12).toLowerCase()
    const stage: Stage = {
      arn: `${this.#prefix}:stage/${id}`,
      name,
      tags,
      endpoints: { events: `wss://${host}.global-bm.events.live-video.net`, whip: whip(id), rtmp: 'rtmp://rtmp.live-video.net:1935/app', rtmps: 'rtmps://rtmps.live-video.net:443/app' },
      sessions: new Map(),
      active: undefined
    }
    this.#byArn.set(stage.arn, stage)
    return stage
  }

  delete (arn: string): void {
    const stage = this.get(arn)
    for (const { participantId } of [...stage.active?.participants.values() ?? []]) this.leave(stage, participantId)
    this.watcher?.deleted(stage)
    this.#byArn.delete(arn)
  }

  /** The session, begun where there is none. */
  session (stage: Stage): Session {
    if (stage.active === undefined) {
      stage.active = { sessionId: `st-${randomId(13)}`, startMs: this.#now(), participants: new Map(), connected: 0 }
      stage.sessions.set(stage.active.sessionId, stage.active)
    }
    return stage.active
  }

  /** One who comes back with the same token is the same participant; a connection that it still has is over. */
  join (stage: Stage, { participantId, userId, attributes }: Pick<TokenClaims, 'participantId' | 'userId' | 'attributes'>): Participant {
    if (stage.active?.participants.get(participantId)?.isConnected === true) this.leave(stage, participantId)
    const session = this.session(stage)
    let participant = session.participants.get(participantId)
    if (participant === undefined) {
      participant = { participantId, userId, attributes, isConnected: false, firstJoinMs: this.#now(), published: false, isPublishing: false, events: [] }
      session.participants.set(participantId, participant)
    }
    participant.isConnected = true
    session.connected++
    this.note(participant, { name: 'JOINED' })
    return participant
  }

  /** @returns why not, as a code of participant events */
  publish (stage: Stage, participantId: string, mayPublish: boolean): string | undefined {
    const { session, participant } = this.#connected(stage, participantId)
    if (participant.isPublishing) return undefined
    const others = [...session.participants.values()].filter(({ isPublishing }) => isPublishing).length
    const errorCode = !mayPublish ? 'INSUFFICIENT_CAPABILITIES' : others >= this.#quotas.publishers ? 'QUOTA_EXCEEDED' : undefined
    if (errorCode !== undefined) {
      this.note(participant, { name: 'PUBLISH_ERROR', errorCode })
      this.watcher?.failed(stage, session, participant, errorCode)
      return errorCode
    }
    participant.isPublishing = participant.published = true
    this.note(participant, { name: 'PUBLISH_STARTED' })
    this.watcher?.published(stage, session, participant)
    return undefined
  }

  unpublish (stage: Stage, participantId: string): void {
    const { session, participant } = this.#connected(stage, participantId)
    if (!participant.isPublishing) return
    participant.isPublishing = false
    this.note(participant, { name: 'PUBLISH_STOPPED' })
    this.watcher?.unpublished(stage, session, participant)
  }

  /** The session ends with the last one. Also one who is not there. */
  leave (stage: Stage, participantId: string): void {
    const session = stage.active
    const participant = session?.participants.get(participantId)
    if (session === undefined || participant?.isConnected !== true) return
    if (participant.isPublishing && participant.copyOf === undefined) this.unpublish(stage, participantId)
    participant.isConnected = participant.isPublishing = false
    this.note(participant, { name: 'LEFT' })
    if (--session.connected > 0) return
    session.endMs = this.#now()
    stage.active = undefined
  }

  note (participant: Participant, event: Omit<ParticipantEvent, 'atMs'>): void {
    participant.events.unshift({ ...event, atMs: this.#now() })
  }

  #connected (stage: Stage, participantId: string): { session: Session, participant: Participant } {
    const participant = stage.active?.participants.get(participantId)
    if (participant?.isConnected !== true) throw new Error(`${participantId} is not connected to ${stage.arn}`)
    return { session: stage.active!, participant }
  }
}

/** @throws AwsError 404 */
export function notFound (what: string, id: string): never {
  throw awsError('ResourceNotFoundException', `Resource: ${what} ${id} not found`)
}
