import { awsError } from './aws-error.ts'
import type { Quotas } from './quotas.ts'
import { notFound, type Participant, type Stage, type Stages } from './stages.ts'

export interface Replication {
  sourceStageArn: string
  sourceSessionId: string
  participantId: string
  destinationStageArn: string
  destinationSessionId: string
  isActive: boolean
  windowMs: number
  /** Since when the source does not publish. */
  silentSinceMs?: number
}

export type ReplicationChange = (change: 'Started' | 'Stopped', replication: Replication, participant: Participant) => void

/**
 * Copies of what participants publish, on other stages: only of one who publishes, each copy once, so many at a time.
 * When the source stops, a copy goes on for as long as the source may be away, then it ends; whether that time is over is
 * looked at when somebody asks.
 */
export class Replications {
  readonly #stages: Stages
  readonly #now: () => number
  readonly #changed: ReplicationChange
  readonly #quotas: Quotas
  #all: Replication[] = []

  constructor (stages: Stages, quotas: Quotas, now: () => number, changed: ReplicationChange) {
    this.#stages = stages
    this.#quotas = quotas
    this.#now = now
    this.#changed = changed
  }

  start ({ source, destination, participantId, windowMs, attributes }: { source: string, destination: string, participantId: string, windowMs: number, attributes: Record<string, string> }): void {
    const from = this.#stages.get(source)
    const to = this.#stages.get(destination)
    if (from === to) throw awsError('ValidationException', 'Source and destination must be different stages')
    const participant = from.active?.participants.get(participantId) ?? notFound('Participant', participantId)
    if (!participant.isPublishing || participant.copyOf !== undefined) throw awsError('ValidationException', `Participant ${participantId} is not publishing to the source stage`)
    const copies = this.of(source, participantId).filter(({ isActive }) => isActive)
    if (copies.some(({ destinationStageArn }) => destinationStageArn === destination)) throw awsError('ConflictException', `Participant ${participantId} is replicated to ${destination} already`)
    if (copies.length >= this.#quotas.replicas) throw awsError('ServiceQuotaExceededException', `Participant ${participantId} has the maximum of ${this.#quotas.replicas} replicas`)
    const session = this.#stages.session(to)
    const copy = this.#stages.join(to, { participantId, userId: participant.userId, attributes: { ...participant.attributes, ...attributes } })
    copy.copyOf = { sourceStageArn: source, sourceSessionId: from.active!.sessionId, isActive: true }
    copy.isPublishing = copy.published = true
    this.#stages.note(copy, { name: 'PUBLISH_STARTED' })
    participant.copied = { isActive: true }
    const replication: Replication = { sourceStageArn: source, sourceSessionId: from.active!.sessionId, participantId, destinationStageArn: destination, destinationSessionId: session.sessionId, isActive: true, windowMs }
    this.#all = [...this.of(source, participantId).filter(({ destinationStageArn }) => destinationStageArn !== destination), replication, ...this.#all.filter(other => other.sourceStageArn !== source || other.participantId !== participantId)]
    this.#stages.note(participant, { name: 'REPLICATION_STARTED', destinationStageArn: destination, destinationSessionId: session.sessionId })
    this.#changed('Started', replication, participant)
  }

  stop (source: string, destination: string, participantId: string): void {
    this.#stages.get(source)
    this.#stages.get(destination)
    const replication = this.of(source, participantId).find(({ destinationStageArn, isActive }) => isActive && destinationStageArn === destination) ?? notFound('Replica of participant', participantId)
    this.#end(replication)
  }

  /** Those that were, too. */
  of (source: string, participantId: string): Replication[] {
    return this.#all.filter(({ sourceStageArn, participantId: of }) => sourceStageArn === source && of === participantId)
  }

  /** Ends what the time is over for. */
  settle (): void {
    for (const replication of this.#active()) {
      if (replication.silentSinceMs !== undefined && this.#now() >= replication.silentSinceMs + replication.windowMs) this.#end(replication)
    }
  }

  published ({ arn }: Stage, { participantId }: Participant): void {
    for (const replication of this.of(arn, participantId)) delete replication.silentSinceMs
  }

  unpublished ({ arn }: Stage, { participantId }: Participant): void {
    for (const replication of this.of(arn, participantId)) replication.silentSinceMs = this.#now()
    this.settle()
  }

  deleted ({ arn }: Stage): void {
    for (const replication of this.#active()) {
      if (replication.sourceStageArn === arn || replication.destinationStageArn === arn) this.#end(replication)
    }
  }

  #active (): Replication[] {
    return this.#all.filter(({ isActive }) => isActive)
  }

  #end (replication: Replication): void {
    replication.isActive = false
    const { sourceStageArn, sourceSessionId, participantId, destinationStageArn, destinationSessionId } = replication
    const destination = this.#stages.find(destinationStageArn)
    const copy = destination?.sessions.get(destinationSessionId)?.participants.get(participantId)
    if (copy?.copyOf !== undefined) copy.copyOf.isActive = false
    if (destination !== undefined && copy?.isConnected === true) {
      this.#stages.note(copy, { name: 'PUBLISH_STOPPED' })
      this.#stages.leave(destination, participantId)
    }
    const participant = this.#stages.find(sourceStageArn)?.sessions.get(sourceSessionId)?.participants.get(participantId)
    if (participant === undefined) return
    participant.copied = { isActive: this.of(sourceStageArn, participantId).some(({ isActive }) => isActive) }
    this.#stages.note(participant, { name: 'REPLICATION_STOPPED', destinationStageArn, destinationSessionId })
    this.#changed('Stopped', replication, participant)
  }
}
