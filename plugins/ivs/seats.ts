import type { IvsConfig } from '../../src/config/ivs.ts'
import type { SeatOffer } from '../../src/platform/state/state.ts'
import type { Stage } from './stage.ts'

/** Whoever watches has one seat, on one stage. */
export const VIEWERS = 'ivs:viewers'

/** Where the viewers of a stage are, in the presence register. */
export function placeOf (arn: string): string {
  return `ivs:stage:${arn}`
}

/** Viewers that a stage takes: who publishes is a participant of the master stage too. */
export function seatsOf ({ role }: Pick<Stage, 'role'>, { maxParticipants }: Pick<IvsConfig, 'maxParticipants'>): number {
  return role === 'master' ? maxParticipants - 1 : maxParticipants
}

export interface Reach {
  /** Replicas that one publisher can have. */
  maxReplicas: number
  relay: IvsConfig['relay']
}

/** Stages that media can get to, the master first: without a relay only so many as one publisher can be copied to, the oldest. */
export function reachable<S extends Pick<Stage, 'phase'>> (stages: readonly S[], { maxReplicas, relay }: Reach): S[] {
  const there = stages.filter(({ phase }) => phase !== 'deleting')
  return relay === 'off' ? there.slice(0, 1 + maxReplicas) : there
}

/**
 * Stages that viewers are sent to who ask for none: where the media is while somebody publishes, and where it can get to
 * while nobody does.
 * @param stages the master first, then by age
 */
export function openStages<S extends Pick<Stage, 'phase' | 'mediaPath'>> (stages: readonly S[], isLive: boolean, reach: Reach): S[] {
  return reachable(stages, reach).filter(({ phase, mediaPath }) => phase === 'ready' && (!isLive || mediaPath !== 'none'))
}

/** Places of these stages, with their seats. */
export function offersFor (stages: readonly Stage[], isLive: boolean, config: Pick<IvsConfig, 'maxParticipants' | 'relay'>, maxReplicas: number): SeatOffer[] {
  return openStages(stages, isLive, { maxReplicas, relay: config.relay })
    .map(stage => ({ place: placeOf(stage.arn), seats: seatsOf(stage, config) }))
}
