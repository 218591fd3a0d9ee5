import fc from 'fast-check'
import t from 'tap'
import { decide, type Step } from '../../../../plugins/ivs/scaling/decide.ts'
import { isOurs, openOf, type Known, type KnownStage } from '../../../../plugins/ivs/scaling/known.ts'
import { offersFor, placeOf } from '../../../../plugins/ivs/seats.ts'
import { ago, anythingKnown, known, master, NOW, stage } from './known-stages.ts'

/** What is done, and to which stage. */
function inShort (steps: readonly Step[]): string[] {
  return steps.map(step => step.action === 'hold' ? 'hold' : `${step.action} ${step.action === 'create' ? step.name : step.stage.name}`)
}

function decided (changes: Partial<Known> & { stages: readonly KnownStage[] }): string[] {
  return inShort(decide(known(changes)))
}

const full = (name: string, changes: Partial<KnownStage> = {}) => stage({ name, viewers: 45, ...changes })
const idle = (name: string, changes: Partial<KnownStage> = {}) => stage({ name, fewTurns: 3, ...changes })

t.test('scales out when every stage has so many viewers, or somebody waits, one at a time', async t => {
  t.strictSame(decided({ stages: [master(44)] }), [])
  t.strictSame(decided({ stages: [master(45)] }), ['create autoscale-stage-1'])
  t.strictSame(decided({ stages: [master(45), full('autoscale-stage-2')] }), ['create autoscale-stage-1'], 'the smallest free number')
  t.strictSame(decided({ stages: [master(45), stage({ name: 'custom', role: 'custom', viewers: 3 })] }), [], 'custom stages take viewers too')
  t.strictSame(decided({ stages: [master(45), stage({ name: 'autoscale-stage-1', phase: 'starting', phaseSince: NOW, mediaPath: 'none', copy: { again: ago(-1) } })] }), [], 'one is under way')
  t.strictSame(decided({ stages: [master(10)], isWanted: true }), [], 'there are seats')
  const config = { ...known({ stages: [] }).config, scaleOutViewers: 60 }
  t.strictSame(decided({ stages: [master(49)], config }), [])
  t.strictSame(decided({ stages: [master(49)], config, isWanted: true }), ['create autoscale-stage-1'])
})

t.test('never beyond what there may be, and says why', async t => {
  const twenty = [master(45), ...Array.from({ length: 19 }, (_, index) => full(`autoscale-stage-${index + 1}`, index === 3 ? { role: 'custom' } : {}))]
  const [hold] = decide(known({ stages: twenty }))
  t.match(hold, { action: 'hold', reason: /20 stages.*IVS_MAX_STAGES/ })
  const six = twenty.slice(0, 6)
  t.match(decide(known({ stages: six, maxReplicas: 5 })), [{ action: 'hold', reason: /5 stages.*IVS_RELAY/ }])
  t.strictSame(decided({ stages: six, maxReplicas: 5, config: { ...known({ stages: [] }).config, relay: 'external' } }), ['create autoscale-stage-6'], 'a relay brings more')
  t.strictSame(decided({ stages: six, maxReplicas: 5, publisher: { isLive: false } }), ['hold'], 'also while nobody publishes')
  t.match(decide(known({ stages: [master(45)], throttledUntil: ago(-1) })), [{ action: 'hold', reason: /pause/ }])
  t.match(decide(known({ stages: [master(45)], creation: { again: ago(-1) } })), [{ action: 'hold', reason: /could be created/ }])
  t.strictSame(decided({ stages: [master(45)], creation: { again: NOW } }), ['create autoscale-stage-1'])
  t.match(decide(known({ stages: [full('custom', { role: 'custom' })] })), [{ action: 'hold', reason: /master/ }])
})

t.test('a new stage is copied to, then ready; at once while nobody publishes', async t => {
  const starting = stage({ name: 'autoscale-stage-1', phase: 'starting', phaseSince: NOW, mediaPath: 'none' })
  t.match(decide(known({ stages: [master(45), starting] })), [{ action: 'replicate', stage: starting, participantId: 'first' }])
  t.strictSame(decided({ stages: [master(45), { ...starting, copy: { again: ago(-1) } }] }), [], 'asked for: it takes a moment')
  t.strictSame(decided({ stages: [master(45), { ...starting, copy: { again: NOW } }] }), ['replicate autoscale-stage-1'])
  t.strictSame(decided({ stages: [master(45), { ...starting, mediaPath: 'replica' }] }), ['ready autoscale-stage-1'])
  t.strictSame(decided({ stages: [master(45), { ...starting, mediaPath: 'relay' }] }), ['ready autoscale-stage-1'])
  t.strictSame(decided({ stages: [master(45), starting], publisher: { isLive: false } }), ['ready autoscale-stage-1'])
  t.strictSame(decided({ stages: [master(45), { ...starting, phaseSince: ago(60), copy: { again: NOW } }] }), ['delete autoscale-stage-1'], 'in the end it is given up')
})

t.test('when somebody goes on air, what is published goes to every stage that can be reached, the oldest first', async t => {
  const others = Array.from({ length: 8 }, (_, index) => stage({ name: `stage-${index + 1}`, mediaPath: 'none', role: index === 0 ? 'custom' : 'auto-scaled', viewers: 20 }))
  const copies = [1, 2, 3, 4, 5].map(number => `replicate stage-${number}`)
  t.strictSame(decided({ stages: [master(20), ...others], maxReplicas: 5 }), copies)
  t.strictSame(decided({ stages: [master(20), ...others], maxReplicas: 5, config: { ...known({ stages: [] }).config, relay: 'external' } }), copies, 'a relay serves the rest')
  t.strictSame(decided({ stages: [master(20), { ...others[0]!, mediaPath: 'replica' }, { ...others[1]!, phase: 'draining' }], maxReplicas: 5 }), ['replicate stage-2'], 'one that was lost is copied again, also where it is drained')
  t.strictSame(decided({ stages: [master(45), ...others.map(other => ({ ...other, viewers: 3 }))], maxReplicas: 5 }), copies, 'no new stage: there are some that only lack media')
  t.strictSame(decided({ stages: [master(20), ...others], publisher: { isLive: false }, maxReplicas: 5 }), [])
})

t.test('a stage that media does not get to for long holds up no other', async t => {
  const dark = stage({ name: 'autoscale-stage-1', mediaPath: 'none', viewers: 3, withoutMediaSince: ago(60), copy: { again: ago(-1) } })
  t.strictSame(decided({ stages: [master(45), dark] }), ['create autoscale-stage-2'])
  t.strictSame(decided({ stages: [master(45), { ...dark, withoutMediaSince: ago(59) }] }), [])
})

t.test('scales in one stage that had few viewers for long, where the others have room', async t => {
  t.strictSame(decided({ stages: [master(10), idle('a', { viewers: 5 })] }), ['drain a'])
  t.strictSame(decided({ stages: [master(10), idle('a', { viewers: 6 })] }), [])
  t.strictSame(decided({ stages: [master(10), idle('a', { fewTurns: 2 })] }), [])
  t.strictSame(decided({ stages: [master(10), idle('a', { createdAt: ago(299) })] }), [], 'it warms up')
  t.strictSame(decided({ stages: [master(10), idle('a')], isWanted: true }), [])
  t.strictSame(decided({ stages: [master(34), idle('a', { viewers: 5 })] }), ['drain a'])
  t.strictSame(decided({ stages: [master(35), idle('a', { viewers: 5 })] }), [], 'a few more would bring it back')
  t.strictSame(decided({ stages: [master(45), idle('a')] }), [], 'it is the last that takes any')
  t.strictSame(decided({ stages: [master(10), idle('a', { viewers: 2 }), idle('b', { viewers: 1 }), idle('c', { viewers: 1 })] }), ['drain c'], 'the emptiest, then the youngest')
  t.strictSame(decided({ stages: [master(10), stage({ name: 'a', phase: 'draining', viewers: 1 }), idle('b', { viewers: 1 })] }), [], 'one at a time')
  t.strictSame(decided({ stages: [master(10), stage({ name: 'a', phase: 'draining', viewers: 1 }), idle('b')] }), ['drain b'], 'but an empty one need not wait')
  t.strictSame(decided({ stages: [master(0), idle('a', { role: 'custom' }), idle('b', { tags: { ManagedBy: 'somebody' } })] }), [], 'only what is ours')
})

t.test('a drained stage is deleted once it is empty, or taken back when it is wanted', async t => {
  const drained = idle('a', { phase: 'draining' })
  t.strictSame(decided({ stages: [master(10), drained] }), ['delete a'])
  t.strictSame(decided({ stages: [master(10), { ...drained, viewers: 1, phaseSince: ago(100_000) }] }), [], 'there is no deadline')
  t.strictSame(decided({ stages: [master(10), { ...drained, fewTurns: 2 }] }), [], 'a count that is new may be wrong')
  t.strictSame(decided({ stages: [master(45), drained] }), ['resume a'])
  t.strictSame(decided({ stages: [master(45), { ...drained, viewers: 4 }] }), ['resume a'])
  t.strictSame(decided({ stages: [master(10), { ...drained, deletion: { again: ago(-1) } }] }), [])
  t.strictSame(decided({ stages: [master(10), drained], throttledUntil: ago(-1) }), [])
  t.strictSame(decided({ stages: [master(10), { ...drained, phase: 'deleting' }] }), ['delete a'], 'a deletion is gone on with')
  t.strictSame(decided({ stages: [master(10), { ...drained, phase: 'deleting', viewers: 1 }] }), [])
})

t.test('whatever is known, nothing is decided that must not be', async t => {
  const seen = new Map<string, number>()
  let tried = 0
  fc.assert(fc.property(anythingKnown, known => {
    tried++
    const steps = decide(known)
    for (const { action } of steps) seen.set(action, (seen.get(action) ?? 0) + 1)
    const { stages, config, maxReplicas, now, publisher } = known
    const many = (action: Step['action']) => steps.filter(step => step.action === action).length
    const on = (action: Step['action']) => steps.flatMap(step => step.action === action && 'stage' in step ? [step.stage] : [])
    const needed = (truth: boolean, what: string) => { if (!truth) throw new Error(`${what}: ${inShort(steps).join(', ')}`) }

    needed(steps.every(({ reason }) => reason.endsWith('.')), 'each has its reason in a sentence')
    const touched = steps.flatMap(step => 'stage' in step && step.action !== 'replicate' ? [step.stage.arn] : [])
    needed(new Set(touched).size === touched.length, 'one thing for a stage')

    const made = steps.flatMap(step => step.action === 'create' ? [step.name] : [])
    needed(made.length <= 1, 'one creation')
    for (const name of made) {
      needed(stages.length < config.maxStages, 'room for a stage')
      needed(config.relay === 'external' || stages.filter(({ phase }) => phase !== 'deleting').length <= maxReplicas, 'media can get to it')
      needed(!stages.some(stage => isOurs(stage) && stage.phase === 'starting' && stage.viewers === 0), 'none is under way')
      needed(!stages.some(stage => isOurs(stage) && stage.phase === 'draining' && openOf({ ...known, stages: stages.map(other => other === stage ? { ...stage, phase: 'ready', mediaPath: 'relay' } : other) }).some(({ arn, viewers }) => arn === stage.arn && viewers < config.scaleOutViewers)), 'none to take back')
      needed(!stages.some(stage => stage.name === name), 'a name of its own')
    }
    for (const stage of [...on('drain'), ...on('resume'), ...on('delete'), ...on('ready')]) needed(isOurs(stage), 'ours')
    for (const stage of on('delete')) needed(stage.viewers === 0 && stage.phase !== 'ready', 'only an empty one is deleted')
    for (const stage of on('drain')) needed(stage.phase === 'ready' && stage.viewers <= config.scaleInViewers && stage.fewTurns >= config.scaleInTurns && now.getTime() - stage.createdAt.getTime() >= config.warmUpSeconds * 1_000, 'drained only when idle and warm')
    needed(many('drain') <= 1 && (many('drain') === 0 || many('create') + many('resume') + many('hold') === 0), 'not both ways')
    for (const stage of on('ready')) needed(stage.phase === 'starting' && (!publisher.isLive || stage.mediaPath !== 'none'), 'ready with media only')

    const replicas = stages.filter(({ mediaPath }) => mediaPath === 'replica').length
    const asked = stages.filter(({ mediaPath, copy, phase }) => mediaPath === 'none' && copy !== undefined && phase !== 'deleting').length
    const first = on('replicate').filter(({ copy }) => copy === undefined).length
    needed(many('replicate') === 0 || publisher.isLive, 'copied only while live')
    needed(many('replicate') === 0 || replicas + many('replicate') <= maxReplicas, 'no more copies than there can be')
    needed(first === 0 || replicas + asked + first <= maxReplicas, 'also with those that were asked for')

    const offers = new Set(offersFor(stages, publisher.isLive, { ...known.config }, maxReplicas).map(({ place }) => place))
    needed(stages.every(stage => !offers.has(placeOf(stage.arn)) || (stage.phase === 'ready' && (!publisher.isLive || stage.mediaPath !== 'none'))), 'no seat without media')
    if (known.throttledUntil !== undefined && known.throttledUntil > now) needed(many('create') + many('replicate') + many('delete') === 0, 'the provider is left alone')
  }), { numRuns: 3_000 })
  t.comment(`${tried} situations: ${[...seen].map(([action, count]) => `${action} ${count}`).join(', ')}`)
  for (const action of ['create', 'replicate', 'ready', 'drain', 'resume', 'delete', 'hold']) t.ok((seen.get(action) ?? 0) > 50, `${action} was among them`)
})

/** Does what was decided, and lets a turn pass. */
function afterTurn (known: Known, steps: readonly Step[]): Known {
  const now = new Date(known.now.getTime() + 30_000)
  const { relay, scaleInViewers } = known.config
  const made = steps.flatMap(step => step.action === 'create' ? [stage({ name: step.name, createdAt: known.now, phase: 'starting', phaseSince: known.now, mediaPath: relay === 'external' ? 'relay' : 'none' })] : [])
  const stages = known.stages.flatMap(stage => {
    const own = steps.filter(step => 'stage' in step && step.stage === stage).map(({ action }) => action)
    if (own.includes('delete')) return []
    const phase = own.includes('ready') || own.includes('resume') ? 'ready' as const : own.includes('drain') ? 'draining' as const : stage.phase
    return [{
      ...stage,
      phase,
      phaseSince: phase === stage.phase ? stage.phaseSince : now,
      mediaPath: own.includes('replicate') ? 'replica' as const : stage.mediaPath,
      fewTurns: stage.viewers <= scaleInViewers ? stage.fewTurns + 1 : 0
    }]
  })
  return { ...known, now, stages: [...stages, ...made] }
}

t.test('where nothing changes any more, soon nothing is decided any more', async t => {
  let tried = 0
  let most = 0
  fc.assert(fc.property(anythingKnown, start => {
    tried++
    let known = start
    let last = 0
    for (let turn = 1; turn <= 80; turn++) {
      const steps = decide(known)
      if (steps.some(({ action }) => action !== 'hold')) last = turn
      known = afterTurn(known, steps)
    }
    most = Math.max(most, last)
    if (last > 60) throw new Error(`still busy: ${inShort(decide(known)).join(', ')}`)
  }), { numRuns: 1_000 })
  t.comment(`${tried} situations, at rest after ${most} turns at most`)
  t.ok(most > 3, 'something was done')
})
