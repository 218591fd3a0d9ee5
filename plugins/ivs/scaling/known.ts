import type { IvsConfig } from '../../../src/config/ivs.ts'
import { openStages, reachable, seatsOf } from '../seats.ts'
import type { MediaPath, PublisherState, Stage } from '../stage.ts'

/** Tag by which the autoscaler knows its own stages. */
export const MANAGED_BY = { ManagedBy: 'auto-scaler' } as const

/** Something that was tried and is not yet so. */
export interface Attempt {
  /** Not to be tried again before. */
  again: Date
}

export interface KnownStage extends Stage {
  viewers: number
  /** Turns in a row in which it had no more than `scaleInViewers`. */
  fewTurns: number
  /** Since when it is known that what is published now does not get to it. */
  withoutMediaSince?: Date
  /** Of copying that to it. */
  copy?: Attempt
  /** Of deleting it. */
  deletion?: Attempt
}

export type ScalingSettings = Pick<IvsConfig, 'maxParticipants' | 'maxStages' | 'scaleOutViewers' | 'scaleInViewers' | 'warmUpSeconds' | 'scaleInTurns' | 'startingSeconds' | 'relay'>

/** All that the autoscaler decides from. */
export interface Known {
  now: Date
  /** The master first, then by age. */
  stages: readonly KnownStage[]
  publisher: Pick<PublisherState, 'isLive' | 'participantId'>
  /** Somebody waits for a seat. */
  isWanted: boolean
  config: ScalingSettings
  /** Replicas that one publisher can have. */
  maxReplicas: number
  /** Of creating a stage, where it failed. */
  creation?: Attempt
  /** The provider asks to be left alone until then. */
  throttledUntil?: Date
}

/** Ours to drain and to delete. */
export function isOurs ({ role, tags }: Pick<Stage, 'role' | 'tags'>): boolean {
  return role === 'auto-scaled' && tags['ManagedBy'] === MANAGED_BY.ManagedBy
}

export function isThrottled ({ throttledUntil, now }: Known): boolean {
  return throttledUntil !== undefined && throttledUntil > now
}

/** Whether something that was tried before may be tried now. */
export function mayTry (attempt: Attempt | undefined, now: Date): boolean {
  return attempt === undefined || attempt.again <= now
}

/** Those that viewers are sent to. */
export function openOf ({ stages, publisher, config, maxReplicas }: Known): KnownStage[] {
  return openStages(stages, publisher.isLive, { maxReplicas, relay: config.relay })
}

export function reachableOf ({ stages, config, maxReplicas }: Known): KnownStage[] {
  return reachable(stages, { maxReplicas, relay: config.relay })
}

export function freeSeats (stage: KnownStage, config: ScalingSettings): number {
  return Math.max(0, seatsOf(stage, config) - stage.viewers)
}

export function secondsSince (then: Date, now: Date): number {
  return (now.getTime() - then.getTime()) / 1_000
}

export function hasMedia ({ mediaPath }: { mediaPath: MediaPath }): boolean {
  return mediaPath !== 'none'
}
