import { seatsOf } from '../seats.ts'
import { freeSeats, isOurs, openOf, secondsSince, type Known, type KnownStage, type ScalingSettings } from './known.ts'

/**
 * The stage that needs no more viewers, if there is one: of those that had few for long enough the emptiest, then the
 * youngest. While viewers are still on one that is drained, only an empty one follows.
 */
export function stageToDrain (known: Known): KnownStage | undefined {
  const isOneDrained = known.stages.some(({ phase }) => phase === 'draining')
  return known.stages
    .filter(stage => isIdle(stage, known) && (stage.viewers === 0 || !isOneDrained) && isSpare(stage, known))
    .reduce<KnownStage | undefined>((best, stage) => best === undefined || stage.viewers <= best.viewers ? stage : best, undefined)
}

function isIdle (stage: KnownStage, { config, now }: Known): boolean {
  return isOurs(stage) && stage.phase === 'ready' && stage.viewers <= config.scaleInViewers &&
    stage.fewTurns >= config.scaleInTurns && secondsSince(stage.createdAt, now) >= config.warmUpSeconds
}

/**
 * Whether the others can take its viewers, and those of stages that are drained already, and stay so far below the
 * threshold for scaling out that a few more do not bring it back.
 */
function isSpare (stage: KnownStage, known: Known): boolean {
  const { config } = known
  const others = openOf(known).filter(({ arn }) => arn !== stage.arn)
  if (!others.some(other => other.viewers < config.scaleOutViewers && freeSeats(other, config) > 0)) return false
  const leaving = stage.viewers + sum(known.stages.filter(({ phase }) => phase === 'draining').map(({ viewers }) => viewers))
  const most = others.map(other => mostBelowThreshold(other, config))
  const room = sum(others.map((other, index) => Math.max(0, most[index]! - other.viewers)))
  return room >= leaving + Math.min(config.scaleInViewers, sum(most))
}

function mostBelowThreshold (stage: KnownStage, config: ScalingSettings): number {
  return Math.min(seatsOf(stage, config), config.scaleOutViewers - 1)
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
