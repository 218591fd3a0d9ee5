import fc from 'fast-check'
import type { Known, KnownStage, ScalingSettings } from '../../../../plugins/ivs/scaling/known.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'

export const NOW = new Date('2025-10-21T10:30:00.000Z')

export function ago (seconds: number): Date {
  return new Date(NOW.getTime() - seconds * 1_000)
}

/** A ready stage of the autoscaler's, an hour old, that media gets to. */
export function stage (changes: Partial<KnownStage> & { name: string }): KnownStage {
  const role = changes.role ?? 'auto-scaled'
  return {
    arn: `arn:aws:ivs:ap-northeast-1:000000000000:stage/${changes.name}`,
    role,
    tags: { Environment: 'test', ManagedBy: role === 'auto-scaled' ? 'auto-scaler' : 'api-server' },
    createdAt: ago(3_600),
    phase: 'ready',
    phaseSince: ago(3_600),
    mediaPath: role === 'master' ? 'source' : 'replica',
    endpoints: {},
    viewers: 0,
    fewTurns: 0,
    ...changes
  }
}

export function master (viewers: number): KnownStage {
  return stage({ name: 'master-stage', role: 'master', viewers })
}

/** Somebody publishes, nobody waits, everything is as it is by default, without a limit of replicas. */
export function known (changes: Partial<Known> & { stages: readonly KnownStage[] }): Known {
  return { now: NOW, publisher: { isLive: true, participantId: 'first' }, isWanted: false, config: completeIvsOptions({}), maxReplicas: Infinity, ...changes }
}

const settings: fc.Arbitrary<ScalingSettings> = fc.record({
  maxParticipants: fc.integer({ min: 2, max: 60 }),
  maxStages: fc.integer({ min: 1, max: 20 }),
  scaleOutViewers: fc.integer({ min: 1, max: 60 }),
  scaleInViewers: fc.nat(59),
  warmUpSeconds: fc.constantFrom(0, 300),
  scaleInTurns: fc.integer({ min: 1, max: 4 }),
  startingSeconds: fc.constantFrom(60, 120),
  relay: fc.constantFrom('off', 'external')
}).map(config => ({ ...config, scaleInViewers: config.scaleInViewers % config.scaleOutViewers }))

const seconds = fc.constantFrom(0, 10, 100, 1_000, 10_000)

function otherStage (index: number, config: ScalingSettings): fc.Arbitrary<KnownStage> {
  const viewers = fc.oneof(fc.constant(0), fc.nat(config.maxParticipants), fc.nat(Math.min(config.scaleInViewers, config.maxParticipants)), fc.constant(config.maxParticipants))
  return fc.record({
    kind: fc.constantFrom('ours', 'ours', 'ours', 'custom', 'without our tag'),
    phase: fc.constantFrom('starting', 'ready', 'ready', 'draining', 'deleting'),
    mediaPath: fc.constantFrom('none', 'replica', 'relay'),
    viewers,
    fewTurns: fc.nat(5),
    age: seconds,
    phaseAge: seconds,
    withoutMedia: fc.option(seconds, { nil: undefined }),
    copyIn: fc.option(fc.constantFrom(-10, 10), { nil: undefined })
  }).map(({ kind, phase, age, phaseAge, withoutMedia, copyIn, ...rest }) => stage({
    name: `${kind === 'ours' ? 'autoscale-stage' : 'other'}-${index}`,
    ...rest,
    role: kind === 'custom' ? 'custom' : 'auto-scaled',
    tags: { ManagedBy: kind === 'ours' ? 'auto-scaler' : 'somebody' },
    phase: kind === 'custom' ? 'ready' : phase,
    createdAt: ago(age),
    phaseSince: ago(Math.min(age, phaseAge)),
    ...withoutMedia === undefined ? {} : { withoutMediaSince: ago(withoutMedia) },
    ...copyIn === undefined ? {} : { copy: { again: ago(copyIn) } }
  }))
}

/** As it is when all come at once, which chance brings about too rarely. */
function busy (stage: KnownStage, { scaleOutViewers }: ScalingSettings): KnownStage {
  if (stage.phase === 'draining') return stage
  return { ...stage, phase: stage.phase === 'starting' ? 'ready' : stage.phase, viewers: Math.max(stage.viewers, scaleOutViewers) }
}

/** Anything that the autoscaler could come upon, also what it never brings about itself. */
export const anythingKnown: fc.Arbitrary<Known> = settings.chain(config => fc.record({
  masters: fc.integer({ min: 0, max: 9 }).chain(none => fc.nat(config.maxParticipants - 1).map(viewers => none === 0 ? [] : [master(viewers)])),
  others: fc.integer({ min: 0, max: 19 }).chain(count => fc.tuple(...Array.from({ length: count }, (_, index) => otherStage(index + 1, config)))),
  isBusy: fc.boolean(),
  isLive: fc.boolean(),
  isWanted: fc.boolean(),
  maxReplicas: fc.constantFrom(0, 1, 5, 5, 5, Infinity),
  creationIn: fc.option(fc.constantFrom(-10, 10), { nil: undefined }),
  throttledFor: fc.option(fc.constantFrom(-10, 10), { nil: undefined })
}).map(({ masters, others, isBusy, isLive, isWanted, maxReplicas, creationIn, throttledFor }) => ({
  now: NOW,
  stages: [...masters, ...others].map(stage => isBusy ? busy(stage, config) : stage),
  publisher: isLive ? { isLive, participantId: 'first' } : { isLive },
  isWanted,
  config,
  maxReplicas,
  ...creationIn === undefined ? {} : { creation: { again: ago(creationIn) } },
  ...throttledFor === undefined ? {} : { throttledUntil: ago(-throttledFor) }
})))
