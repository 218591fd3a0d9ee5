import { freeSeats, hasMedia, isOurs, isThrottled, mayTry, openOf, reachableOf, secondsSince, type Known, type KnownStage } from './known.ts'

/**
 * Whether more seats are needed, and where they come from. `enough`: they are not needed. `coming`: a stage is on its way
 * already. `held`: there can be none; `until` says when that may be otherwise, where time alone mends it.
 */
export type Growth =
  | { kind: 'enough', reason: string }
  | { kind: 'coming', reason: string }
  | { kind: 'resume', stage: KnownStage, reason: string }
  | { kind: 'create', name: string, reason: string }
  | { kind: 'held', until?: Date, reason: string }

export function growth (known: Known): Growth {
  const need = needOf(known)
  if (need === undefined) return { kind: 'enough', reason: 'There are seats.' }
  if (!known.stages.some(({ role }) => role === 'master')) return { kind: 'held', reason: 'There is no master stage: nobody can publish.' }
  const coming = stageOnItsWay(known)
  if (coming !== undefined) return { kind: 'coming', reason: `${coming.name} is being made ready.` }
  const drained = stageToResume(known)
  if (drained !== undefined) return { kind: 'resume', stage: drained, reason: `${need} It is still there.` }
  return limitOf(known) ?? pauseOf(known) ?? { kind: 'create', name: smallestFreeName(known.stages), reason: need }
}

/**
 * When to look again, where something is on its way or time alone mends it: soon at first, then less and less often.
 * @returns undefined where the next regular turn is soon enough
 */
export function lookAgainAt (known: Known, pollMs: number): Date | undefined {
  const { stages, now, throttledUntil } = known
  const more = growth(known)
  const waits = stages
    .filter(stage => awaitsMedia(stage, known) || (isOurs(stage) && stage.phase === 'starting'))
    .map(({ withoutMediaSince }) => now.getTime() + Math.max(pollMs, withoutMediaSince === undefined ? 0 : now.getTime() - withoutMediaSince.getTime()))
  const next = waits.length === 0 ? undefined : new Date(Math.max(Math.min(...waits), throttledUntil?.getTime() ?? 0))
  const until = more.kind === 'held' ? more.until : undefined
  return until !== undefined && (next === undefined || until < next) ? until : next
}

/** Why more seats are needed; undefined where they are not. */
function needOf (known: Known): string | undefined {
  const { isWanted, config } = known
  const open = openOf(known)
  if (open.every(({ viewers }) => viewers >= config.scaleOutViewers)) return `Every stage that viewers are sent to has ${config.scaleOutViewers} of them or more.`
  return isWanted && open.every(stage => freeSeats(stage, config) === 0) ? 'Somebody waits for a seat.' : undefined
}

/** One that is ready, but without media, is waited for only where it would bring seats. */
function stageOnItsWay (known: Known): KnownStage | undefined {
  return known.stages.find(stage => isOurs(stage) && stage.phase === 'starting' && stage.viewers === 0) ??
    reachableOf(known).find(stage => stage.phase === 'ready' && stage.viewers < known.config.scaleOutViewers && awaitsMedia(stage, known))
}

/** Whether media may yet get to a stage: it is without for a short time only. */
function awaitsMedia (stage: KnownStage, { publisher, config, now }: Known): boolean {
  if (!publisher.isLive || hasMedia(stage)) return false
  return stage.withoutMediaSince === undefined || secondsSince(stage.withoutMediaSince, now) < config.startingSeconds
}

function stageToResume (known: Known): KnownStage | undefined {
  const drained = reachableOf(known).filter(stage => stage.phase === 'draining' && isOurs(stage) && stage.viewers < known.config.scaleOutViewers)
  return drained.find(hasMedia) ?? drained[0]
}

function limitOf ({ stages, config, maxReplicas }: Known): Growth | undefined {
  if (stages.length >= config.maxStages) return { kind: 'held', reason: `There are ${stages.length} stages, and IVS_MAX_STAGES allows ${config.maxStages}.` }
  if (config.relay === 'off' && stages.filter(({ phase, mediaPath }) => phase !== 'deleting' || mediaPath === 'replica').length > maxReplicas) {
    return { kind: 'held', reason: `A publisher can be copied to ${maxReplicas} stages, and there are as many: more need a relay (IVS_RELAY).` }
  }
  return undefined
}

function pauseOf (known: Known): Growth | undefined {
  const { creation, throttledUntil, now } = known
  if (isThrottled(known)) return { kind: 'held', until: throttledUntil!, reason: 'The provider asks for a pause.' }
  if (!mayTry(creation, now)) return { kind: 'held', until: creation!.again, reason: 'No stage could be created: it is tried again in a while.' }
  return undefined
}

function smallestFreeName (stages: readonly KnownStage[]): string {
  const taken = new Set(stages.map(({ name }) => name))
  for (let n = 1; ; n++) {
    const name = `autoscale-stage-${n}`
    if (!taken.has(name)) return name
  }
}
