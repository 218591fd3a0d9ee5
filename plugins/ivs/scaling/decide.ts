import { growth, type Growth } from './growth.ts'
import { hasMedia, isOurs, isThrottled, mayTry, reachableOf, secondsSince, type Known, type KnownStage } from './known.ts'
import { stageToDrain } from './scale-in.ts'

/** What the autoscaler is to do next, and why, in one sentence. */
export type Step = EffectiveStep | { action: 'hold', reason: string }

export type EffectiveStep =
  | { action: 'create', name: string, reason: string }
  | { action: 'replicate', stage: KnownStage, participantId: string, reason: string }
  | { action: 'ready' | 'drain' | 'resume', stage: KnownStage, reason: string }
  | Deletion

interface Deletion {
  action: 'delete'
  stage: KnownStage
  reason: string
}

/**
 * What is to be done with the stages. It follows from what is so now, whatever was decided before: what failed or was
 * forgotten is decided again.
 * @returns steps that do not depend on each other, the most urgent first
 */
export function decide (known: Known): Step[] {
  const more = growth(known)
  const deleted = deletions(known, more.kind === 'resume' ? more.stage : undefined)
  return [
    ...copies(known, new Set(deleted.map(({ stage }) => stage))),
    ...readyOnes(known),
    ...growthSteps(more),
    ...deleted,
    ...(more.kind === 'enough' && !known.isWanted ? drains(known) : [])
  ]
}

/** To every stage that can be reached, the oldest first; never to more than a publisher can be copied to. */
function copies (known: Known, deleted: ReadonlySet<KnownStage>): Step[] {
  const { stages, publisher: { isLive, participantId }, maxReplicas, now } = known
  if (!isLive || participantId === undefined || isThrottled(known)) return []
  const without = reachableOf(known).filter(stage => !hasMedia(stage) && !deleted.has(stage))
  const free = Math.max(0, maxReplicas - stages.filter(({ mediaPath }) => mediaPath === 'replica').length)
  // What was asked for may yet come to be: its place is taken.
  const unclaimed = Math.max(0, free - stages.filter(stage => !hasMedia(stage) && stage.copy !== undefined && stage.phase !== 'deleting').length)
  const first = without.filter(({ copy }) => copy === undefined).slice(0, unclaimed)
  const again = without.filter(({ copy }) => copy !== undefined && mayTry(copy, now)).slice(0, free)
  return without
    .filter(stage => first.includes(stage) || again.includes(stage))
    .map(stage => ({ action: 'replicate', stage, participantId, reason: `What is published does not get to ${stage.name}.` }))
}

function readyOnes (known: Known): Step[] {
  return known.stages
    .filter(stage => isOurs(stage) && stage.phase === 'starting' && canBeReady(stage, known))
    .map(stage => ({ action: 'ready', stage, reason: known.publisher.isLive ? 'What is published gets to it.' : 'Nobody publishes: there is nothing to wait for.' }))
}

function canBeReady (stage: KnownStage, known: Known): boolean {
  return reachableOf(known).includes(stage) && (!known.publisher.isLive || hasMedia(stage))
}

function growthSteps (more: Growth): Step[] {
  if (more.kind === 'resume') return [{ action: 'resume', stage: more.stage, reason: more.reason }]
  if (more.kind === 'create') return [{ action: 'create', name: more.name, reason: more.reason }]
  return more.kind === 'held' ? [{ action: 'hold', reason: more.reason }] : []
}

/** Never one that somebody is on. */
function deletions (known: Known, resumed: KnownStage | undefined): Deletion[] {
  if (isThrottled(known)) return []
  return known.stages
    .filter(stage => isOurs(stage) && stage.viewers === 0 && stage !== resumed && mayTry(stage.deletion, known.now))
    .flatMap(stage => {
      const reason = whyDeleted(stage, known)
      return reason === undefined ? [] : [{ action: 'delete', stage, reason }]
    })
}

function whyDeleted (stage: KnownStage, known: Known): string | undefined {
  // Without its turns the count may be that of a server that has only just started.
  if (stage.phase === 'draining') return stage.fewTurns >= known.config.scaleInTurns ? 'It is drained, and nobody is on it.' : undefined
  if (stage.phase === 'deleting') return 'Its deletion had begun.'
  if (stage.phase === 'ready' || canBeReady(stage, known)) return undefined
  const { config: { startingSeconds }, now } = known
  return secondsSince(stage.phaseSince, now) >= startingSeconds ? `It could not be made ready within ${startingSeconds} s.` : undefined
}

function drains (known: Known): Step[] {
  const stage = stageToDrain(known)
  return stage === undefined ? [] : [{ action: 'drain', stage, reason: `It had at most ${counted(known.config.scaleInViewers, 'viewer')} for ${counted(known.config.scaleInTurns, 'turn')} or more, and the others have room.` }]
}

function counted (count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
