import t, { type Test } from 'tap'
import { Autoscaler, type AutoscalerOptions } from '../../../../plugins/ivs/scaling/autoscaler.ts'
import type { ScalingAction } from '../../../../plugins/ivs/scaling/decision.ts'
import { offersFor, placeOf, VIEWERS } from '../../../../plugins/ivs/seats.ts'
import type { Stage } from '../../../../plugins/ivs/stage.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'
import { HeadwaterError } from '../../../../src/errors/catalogue.ts'
import { openMemory } from '../../../../src/platform/state/memory.ts'
import type { Locks, Presence } from '../../../../src/platform/state/state.ts'
import { Told } from '../../../fixtures/told.ts'
import { settingsFor } from '../../../platform/state/settings.ts'
import { MemoryDirectory } from './memory-directory.ts'
import { MASTER, ModelProvider, ModelWatch } from './model-provider.ts'

const UNAVAILABLE = new HeadwaterError('STAGES_UNAVAILABLE', { message: 'it does not answer' })

interface Given {
  config?: Parameters<typeof completeIvsOptions>[0]
  live?: boolean
  maxReplicas?: number
  viewers?: number
}

/** A master stage with so many viewers, and all that autoscalers need; small and quick. */
async function installation (t: Test, { config: given = {}, live = true, maxReplicas = Infinity, viewers = 0 }: Given = {}) {
  const config = completeIvsOptions({ maxParticipants: 6, scaleOutViewers: 4, scaleInViewers: 1, scaleInTurns: 1, warmUpSeconds: 0, scalingSeconds: 3_600, mediaPollMs: 10, ...given })
  const log = new Told()
  const state = openMemory(settingsFor(), log)
  t.teardown(() => state.close())
  const stages = new MemoryDirectory()
  const provider = new ModelProvider()
  provider.maxReplicas = maxReplicas
  const publisher = new ModelWatch()
  const goOnAir = (participantId: string | undefined) => {
    provider.publish(participantId)
    publisher.set(participantId)
  }
  if (live) goOnAir('first')
  await stages.add(MASTER)
  const { presence, channels } = state
  let come = 0
  const seat = async () => await presence.takeSeat(VIEWERS, `viewer-${come++}`, offersFor(stages.all(), publisher.current().isLive, config, provider.maxReplicas), { timeoutMs: 60_000 })
  const join = async (stage: Stage, member: string) => await presence.join(placeOf(stage.arn), member, { timeoutMs: 60_000 })
  const leave = async (stage: Stage, member: string) => await presence.leave(placeOf(stage.arn), member)
  for (let count = 0; count < viewers; count++) await join(MASTER, `master-viewer-${count}`)
  const autoscaler = (changes: Partial<AutoscalerOptions> = {}) => {
    const scaling = new Autoscaler({ config, environment: 'test', provider, stages, publisher, presence, locks: state.locks, channels, log, ...changes })
    t.teardown(() => scaling.close())
    return scaling
  }
  const named = (name: string) => {
    const found = stages.all().find(stage => stage.name === name)
    if (found === undefined) throw new Error(`no stage ${name}`)
    return found
  }
  const inShort = (scaling: Autoscaler) => [...scaling.decisions()].reverse().map(({ action, stageName, problem }) => [action, stageName, problem === undefined ? undefined : `(${problem})`].filter(part => part !== undefined).join(' '))
  return { config, log, state, stages, provider, publisher, goOnAir, seat, join, leave, autoscaler, named, inShort }
}

/** The next one of a kind. The autoscaler's own timer keeps no process alive. */
async function decided (scaling: Autoscaler, action: ScalingAction): Promise<void> {
  const timer = setTimeout(() => {}, 60_000)
  await new Promise<void>(resolve => {
    const end = scaling.onDecision(decision => {
      if (decision.action !== action) return
      end()
      resolve()
    })
  })
  clearTimeout(timer)
}

async function started (scaling: Autoscaler): Promise<Autoscaler> {
  await scaling.start()
  await scaling.turn()
  return scaling
}

t.test('a stage is made, copied to and ready in one turn; deleted when its viewers are gone', async t => {
  const { autoscaler, provider, stages, named, join, leave, inShort, state } = await installation(t, { viewers: 4 })
  const scaling = await started(autoscaler())
  t.match(stages.all(), [{ role: 'master', mediaPath: 'source' }, { name: 'autoscale-stage-1', role: 'auto-scaled', phase: 'ready', mediaPath: 'replica', tags: { Environment: 'test', ManagedBy: 'auto-scaler' } }])
  t.strictSame(inShort(scaling), ['create autoscale-stage-1', 'replicate autoscale-stage-1', 'ready autoscale-stage-1'])
  t.ok(scaling.decisions().every(({ reason, at }) => reason.endsWith('.') && at instanceof Date))
  t.strictSame(provider.calls.filter(call => /create|start/.test(call)), ['create autoscale-stage-1', 'startReplication autoscale-stage-1'])
  for (let count = 0; count < 4; count++) await leave(MASTER, `master-viewer-${count}`)
  const stage = named('autoscale-stage-1')
  await join(stage, 'last')
  await scaling.close()

  const next = await started(autoscaler())
  t.strictSame(inShort(next), ['drain autoscale-stage-1'])
  t.equal(named('autoscale-stage-1').phase, 'draining')
  await leave(stage, 'last')
  provider.calls.length = 0
  await next.turn()
  t.strictSame(inShort(next), ['drain autoscale-stage-1', 'delete autoscale-stage-1'])
  t.strictSame(provider.calls, ['mediaPaths', 'connectedViewers autoscale-stage-1', 'stopReplication autoscale-stage-1', 'delete autoscale-stage-1'])
  t.equal(stages.all().length, 1)
  t.equal(await state.presence.join(placeOf(stage.arn), 'somebody', { timeoutMs: 1_000 }), false, 'nobody comes to its place any more')
})

t.test('a server that could not find out yet who publishes changes nothing: stages with media stay so', async t => {
  const { autoscaler, provider, publisher, stages, goOnAir } = await installation(t, { viewers: 4 })
  await (await started(autoscaler())).close()
  await stages.add({ ...MASTER, arn: `${MASTER.arn}2`, name: 'autoscale-stage-2', role: 'auto-scaled', tags: { ManagedBy: 'auto-scaler' }, phase: 'starting', mediaPath: 'none' })
  const before = stages.all()
  publisher.forget()
  provider.calls.length = 0

  const next = await started(autoscaler())
  await next.turn()
  t.strictSame(stages.all(), before)
  t.strictSame(provider.calls, [])
  t.match(next.decisions(), [{ action: 'hold', reason: /not known yet whether somebody publishes/ }])
  t.equal(next.decisions().length, 1, 'told once')
  goOnAir('first')
  await next.turn()
  t.match(stages.all()[1], { name: 'autoscale-stage-1', mediaPath: 'replica', phase: 'ready' })
})

t.test('a drained stage that is wanted again is taken back', async t => {
  const { autoscaler, stages, named, join, provider } = await installation(t, { viewers: 4 })
  const scaling = await started(autoscaler())
  await join(named('autoscale-stage-1'), 'one')
  await stages.change(named('autoscale-stage-1').arn, { phase: 'draining' })
  t.match(await scaling.wanted(), { mayGrow: true, reason: /still there/ })
  await scaling.turn()
  t.equal(named('autoscale-stage-1').phase, 'ready')
  t.equal(provider.calls.filter(call => call.startsWith('create')).length, 1)
})

t.test('a call during a turn causes exactly one more', async t => {
  const { autoscaler, stages, provider } = await installation(t)
  await stages.add({ ...MASTER, arn: 'arn:custom', name: 'custom', role: 'custom', createdAt: new Date() })
  provider.stages.set('arn:custom', { ...MASTER, arn: 'arn:custom', name: 'custom' })
  let go = () => {}
  let begun = () => {}
  const inTurn = new Promise<void>(resolve => { begun = resolve })
  let running = 0
  let most = 0
  provider.before = async operation => {
    if (operation !== 'mediaPaths') return
    most = Math.max(most, ++running)
    begun()
    await new Promise<void>(resolve => { go = resolve })
    running--
  }
  const scaling = autoscaler()
  const first = scaling.turn()
  await inTurn
  const refreshes = stages.refreshes
  const more = [scaling.turn(), scaling.turn(), scaling.turn()]
  provider.before = () => {}
  go()
  await Promise.all([first, ...more])
  t.equal(most, 1)
  t.equal(stages.refreshes, refreshes + 1)
})

t.test('of two servers one scales; the other one tells it what is wanted, and takes over', async t => {
  const { autoscaler, seat, stages, provider } = await installation(t, { viewers: 4 })
  const first = await started(autoscaler())
  const second = await started(autoscaler())
  t.equal(stages.all().length, 2)
  while (await seat() !== undefined);
  const made = decided(first, 'ready')
  t.match(await second.wanted(), { mayGrow: true })
  await made
  t.equal(stages.all().length, 3)
  t.equal(provider.calls.filter(call => call === 'list').length, 1, 'one has looked through the stages')
  t.equal(second.decisions().length, 3)
  t.strictSame(second.decisions(), first.decisions().slice(0, 3), 'all servers know what was decided')

  const takenOver = new Promise<void>(resolve => { provider.before = operation => { if (operation === 'list') resolve() } })
  await first.close()
  await takenOver
  await second.turn()
  while (await seat() !== undefined);
  await second.turn()
  t.equal(stages.all().length, 4)
})

t.test('when the lease is lost in the middle of a turn, no further step is taken', async t => {
  for (const [operation, left] of [['create', []], ['startReplication', ['starting']]] as const) {
    const { autoscaler, provider, stages, config } = await installation(t, { viewers: 4 })
    const lease = new AbortController()
    let taken = 0
    provider.after = what => { if (what === operation) lease.abort() }
    const take: Locks['take'] = async (name, leaseMs) => {
      t.equal(name, 'ivs:autoscaler')
      t.equal(leaseMs, config.scalingLeaseSeconds * 1_000)
      return taken++ === 0 ? { lost: lease.signal, release: async () => {} } : undefined
    }
    const scaling = autoscaler({ locks: { take } })
    await scaling.turn()
    t.strictSame(stages.all().slice(1).map(({ phase }) => phase), left, operation)
    const { length } = provider.calls
    await scaling.turn()
    t.equal(provider.calls.length, length, 'nor later')
    const next = await started(autoscaler())
    t.match(stages.all()[1], { name: 'autoscale-stage-1', phase: 'ready' }, 'who has it then goes on')
    t.equal(provider.stages.size, 1, 'and makes no other')
    await next.close()
  }
})

t.test('a publisher who comes back as another participant is copied to all stages again, custom ones too', async t => {
  const { autoscaler, provider, stages, goOnAir, named, inShort } = await installation(t, { live: false, viewers: 4 })
  const custom = await provider.create({ name: 'custom', tags: { ManagedBy: 'api-server' } })
  await stages.add({ ...MASTER, ...custom, role: 'custom' })
  const scaling = await started(autoscaler())
  t.strictSame(inShort(scaling), [], 'the custom stage has room')
  goOnAir('first')
  await scaling.turn()
  t.equal(named('custom').mediaPath, 'replica')
  const offered: boolean[] = []
  stages.onChange(() => offered.push(offersFor(stages.all(), true, completeIvsOptions({}), Infinity).every(({ place }) => stages.all().some(({ arn }) => placeOf(arn) === place && provider.pathOf(arn, provider.participantId) !== 'none'))))
  goOnAir('second')
  provider.before = operation => { if (operation === 'mediaPaths') throw UNAVAILABLE }
  await scaling.turn()
  t.equal(named('custom').mediaPath, 'none', 'the copy of what is gone is no copy, even when nobody can be asked')
  provider.before = () => {}
  await scaling.turn()
  await scaling.turn()
  t.equal(named('custom').mediaPath, 'replica')
  t.ok(provider.copies.get('second')?.has(custom.arn))
  t.strictSame(new Set(offered), new Set([true]), 'no seat without media in between')
  provider.copies.get('second')!.clear()
  await scaling.turn()
  t.ok(provider.copies.get('second')?.has(custom.arn), 'one that was lost is started again')
  goOnAir(undefined)
  await scaling.turn()
  t.strictSame(stages.all().map(({ mediaPath }) => mediaPath), ['source', 'none'])
})

t.test('a change of the publisher and a new custom stage are not waited for until the next turn', async t => {
  const { autoscaler, provider, stages, goOnAir, named } = await installation(t, { live: false })
  await started(autoscaler())
  const mediaGetsTo = async (name: string) => await new Promise<void>(resolve => {
    const end = stages.onChange(() => { if (stages.all().some(stage => stage.name === name && stage.mediaPath === 'replica')) { end(); resolve() } })
  })
  const custom = await provider.create({ name: 'custom', tags: {} })
  await stages.add({ ...MASTER, ...custom, role: 'custom' })
  const copied = mediaGetsTo('custom')
  goOnAir('first')
  await copied
  const other = await provider.create({ name: 'other', tags: {} })
  const copiedToo = mediaGetsTo('other')
  await stages.add({ ...MASTER, ...other, role: 'custom' })
  await copiedToo
  t.equal(named('other').mediaPath, 'replica')
})

t.test('every step may fail: the problem is told once, and a later turn mends it', async t => {
  for (const operation of ['list', 'create', 'startReplication', 'mediaPaths', 'connectedViewers', 'stopReplication', 'delete'] as const) {
    for (const when of ['before', 'after'] as const) {
      const { autoscaler, provider, stages, leave, inShort, named } = await installation(t, { viewers: 4, config: { mediaPollMs: 20 } })
      const isOfDeletion = ['connectedViewers', 'stopReplication', 'delete'].includes(operation)
      await (await started(autoscaler())).close()
      if (isOfDeletion) for (let count = 0; count < 4; count++) await leave(MASTER, `master-viewer-${count}`)
      else {
        await provider.delete(named('autoscale-stage-1').arn)
        await stages.remove(named('autoscale-stage-1').arn)
      }
      let failures = 0
      provider[when] = what => { if (what === operation && failures++ < 2) throw UNAVAILABLE }
      const settled = () => isOfDeletion ? stages.all().length === 1 : stages.all()[1]?.phase === 'ready'
      const scaling = await started(autoscaler())
      const start = Date.now()
      // Between its tries it waits, some milliseconds here.
      while (!settled() && Date.now() - start < 5_000) {
        await new Promise(resolve => setTimeout(resolve, 5))
        await scaling.turn()
      }
      t.ok(settled(), `${operation}, ${when} it was done`)
      t.ok(failures > 0, 'it has failed')
      t.equal(provider.stages.size, isOfDeletion ? 0 : 1, 'nothing is left over')
      const problems = inShort(scaling).filter(text => text.endsWith('(it does not answer)'))
      t.ok(problems.length >= 1 && problems.length <= 2, `told: ${problems.join(', ')}`)
      await scaling.close()
    }
  }
})

t.test('before another stage is made, one whose creation was not heard of is looked for, however long that takes', async t => {
  const { autoscaler, provider, stages, named, inShort } = await installation(t, { viewers: 4 })
  // Where there is no other stage, nobody asks where media gets to.
  await stages.add({ ...MASTER, ...await provider.create({ name: 'custom', tags: {} }), role: 'custom', phase: 'draining' })
  let isListed = true
  provider.after = operation => {
    if (operation !== 'create') return
    isListed = false
    throw UNAVAILABLE
  }
  provider.before = async operation => {
    if (operation === 'list' && !isListed) throw UNAVAILABLE
    // Longer than it waits before it tries to make one again.
    if (operation === 'mediaPaths') await new Promise(resolve => setTimeout(resolve, 50))
  }
  const scaling = await started(autoscaler())
  for (let turn = 0; turn < 5; turn++) await scaling.turn()
  t.equal(provider.calls.filter(call => call === 'create autoscale-stage-1').length, 1)
  t.match(scaling.decisions()[0], { action: 'hold', problem: 'it does not answer' }, 'and that is told')
  isListed = true
  await scaling.turn()
  t.equal(named('autoscale-stage-1').phase, 'ready')
  t.ok(inShort(scaling).includes('adopt autoscale-stage-1'))
  t.equal(provider.stages.size, 2)
})

t.test('a throttled provider is left alone for as long as it asks', async t => {
  const { autoscaler, provider, stages, config } = await installation(t, { viewers: 4 })
  const busy = new HeadwaterError('STAGES_UNAVAILABLE', { message: 'too many requests', retryAfterMs: 300 })
  provider.before = operation => { if (operation === 'create') throw busy }
  const scaling = await started(autoscaler())
  provider.before = () => {}
  const { length } = provider.calls
  await scaling.turn()
  await scaling.turn()
  t.equal(provider.calls.length, length)
  t.match(scaling.decisions(), [{ action: 'hold', reason: /pause/ }, { action: 'create', problem: 'too many requests' }])
  t.match(await scaling.wanted(), { mayGrow: true }, 'it is soon over')
  await decided(scaling, 'ready')
  t.equal(stages.all().length, 2, 'then it goes on by itself')
  t.ok(config.stageWaitMs > 300)
})

t.test('a stage that media does not get to is given up', async t => {
  const { autoscaler, provider, stages, inShort } = await installation(t, { viewers: 4, config: { startingSeconds: 0.1, scalingSeconds: 1 } })
  provider.before = operation => { if (operation === 'startReplication') throw new HeadwaterError('REPLICATION_LIMIT_REACHED') }
  const scaling = await started(autoscaler())
  t.equal(stages.all()[1]!.phase, 'starting')
  await decided(scaling, 'delete')
  await scaling.turn()
  t.equal(stages.all().length, 1)
  t.match(inShort(scaling).filter(text => !text.startsWith('replicate')), ['create autoscale-stage-1', 'delete autoscale-stage-1', 'hold'])
})

t.test('people whom the provider sees are not thrown out', async t => {
  const { autoscaler, provider, stages, leave, named, state } = await installation(t, { viewers: 4 })
  const scaling = await started(autoscaler())
  for (let count = 0; count < 4; count++) await leave(MASTER, `master-viewer-${count}`)
  const { arn } = named('autoscale-stage-1')
  provider.connected.set(arn, 2)
  await scaling.close()
  const next = await started(autoscaler())
  t.match(next.decisions()[0], { action: 'delete', problem: /2 are connected/ })
  t.ok(provider.stages.has(arn))
  t.equal(named('autoscale-stage-1').phase, 'draining')
  t.equal(await state.presence.join(placeOf(arn), 'one of them', { timeoutMs: 60_000 }), true, 'its place is open again')
  t.equal(stages.all().length, 2)
})

t.test('somebody who comes back after the count is not thrown out', async t => {
  const { autoscaler, provider, leave, join, named, state: { presence } } = await installation(t, { viewers: 4 })
  await (await started(autoscaler())).close()
  for (let count = 0; count < 4; count++) await leave(MASTER, `master-viewer-${count}`)
  const stage = named('autoscale-stage-1')
  let counts = 0
  const counted = new Proxy(presence, {
    get: (target, key: keyof Presence) => key === 'counts'
      ? async (places: readonly string[]) => {
        const answer = await target.counts(places)
        // Once it is drained.
        if (counts++ === 1) await join(stage, 'late')
        return answer
      }
      : target[key].bind(target)
  })
  const scaling = await started(autoscaler({ presence: counted }))
  t.match(scaling.decisions(), [{ action: 'delete', problem: /Somebody is on it/ }, { action: 'drain' }])
  t.ok(provider.stages.has(stage.arn))
  t.equal(await presence.touch(placeOf(stage.arn), 'late'), true)
})

t.test('stages that the provider has are adopted, those that it lost are forgotten', async t => {
  const { autoscaler, provider, stages, inShort, named, join } = await installation(t, { config: { maxParticipants: 50, scaleOutViewers: 45, warmUpSeconds: 300 } })
  await provider.create({ name: 'autoscale-stage-1', tags: { ManagedBy: 'auto-scaler' } })
  const custom = await provider.create({ name: 'custom', tags: { ManagedBy: 'api-server' } })
  await provider.create({ name: 'being-made', tags: { ManagedBy: 'api-server' } })
  custom.createdAt = new Date(Date.now() - 61_000)
  const lost: Stage = { ...MASTER, arn: 'arn:lost', name: 'lost', role: 'auto-scaled', tags: { ManagedBy: 'auto-scaler' }, createdAt: new Date() }
  await stages.add(lost)
  await join(lost, 'somebody')
  const scaling = await started(autoscaler())
  t.strictSame(inShort(scaling).slice(0, 3), ['adopt autoscale-stage-1', 'adopt custom', 'forget lost'])
  t.match([named('autoscale-stage-1'), named('custom')], [{ role: 'auto-scaled', phase: 'ready', mediaPath: 'replica' }, { role: 'custom', phase: 'ready', mediaPath: 'replica' }])
  t.equal(stages.all().length, 3)
})

t.test('an answer that was lost leaves no second stage behind', async t => {
  const { autoscaler, provider, stages, inShort } = await installation(t, { viewers: 4, config: { maxStages: 2 } })
  let lost = 0
  provider.after = operation => { if (operation === 'create' && lost++ === 0) throw UNAVAILABLE }
  const scaling = await started(autoscaler())
  await scaling.turn()
  t.equal(provider.stages.size, 1)
  t.strictSame(inShort(scaling), ['create autoscale-stage-1 (it does not answer)', 'adopt autoscale-stage-1', 'replicate autoscale-stage-1', 'ready autoscale-stage-1'])
  t.equal(stages.all().length, 2)

  const other = await installation(t, { viewers: 4 })
  other.provider.after = operation => { if (operation === 'create') other.stages.failure = new Error('the database is away') }
  const second = await started(other.autoscaler())
  other.provider.after = () => {}
  await second.turn()
  t.equal(other.provider.stages.size, 1, 'nor one that could not be written down')
  t.equal(other.stages.all()[1]?.phase, 'ready')
})

t.test('a custom stage that came meanwhile counts', async t => {
  const { autoscaler, provider, stages } = await installation(t, { viewers: 4, config: { maxStages: 2 } })
  provider.after = async operation => { if (operation === 'create') await stages.add({ ...MASTER, arn: 'arn:custom', name: 'custom', role: 'custom', createdAt: new Date() }) }
  const scaling = await started(autoscaler())
  t.strictSame([...provider.stages], [], 'what is too much is undone')
  t.match(scaling.decisions().find(({ action }) => action === 'create'), { problem: /as many stages/ })
})

t.test('whoever waits is told whether that is any use', async t => {
  const { autoscaler, stages, provider, seat, inShort } = await installation(t, { maxReplicas: 1 })
  const scaling = await started(autoscaler())
  t.match(await scaling.wanted(), { mayGrow: true, reason: /seats/ })
  while (await seat() !== undefined);
  t.match(await scaling.wanted(), { mayGrow: true })
  await scaling.turn()
  while (await seat() !== undefined);
  t.match(await scaling.wanted(), { mayGrow: false, reason: /1 stages.*IVS_RELAY/ })
  const { length } = provider.calls
  t.match(await autoscaler().wanted(), { mayGrow: false }, 'also elsewhere, before anything was decided there')
  t.equal(provider.calls.length, length, 'nobody is asked for that')
  for (let turn = 0; turn < 3; turn++) await scaling.turn()
  t.equal(inShort(scaling).filter(text => text === 'hold').length, 1, 'the same hold is told once')
  t.equal(stages.all().length, 2)
})

t.test('of decisions the last hundred are kept', async t => {
  const { autoscaler, state } = await installation(t)
  const scaling = await started(autoscaler())
  for (let count = 0; count < 120; count++) await state.channels.publish('ivs:decisions', { at: new Date(count), action: 'hold', reason: `${count}.` })
  t.equal(scaling.decisions().length, 100)
  t.match(scaling.decisions()[0], { reason: '119.', at: new Date(119) })
})

t.test('nothing is left behind when it closes, also in the middle of a turn', async t => {
  const { autoscaler, stages, publisher, provider, state } = await installation(t, { viewers: 4 })
  const scaling = autoscaler()
  await scaling.start()
  let closed: Promise<void> | undefined
  provider.after = operation => { if (operation === 'create') closed ??= scaling.close() }
  await scaling.turn()
  await closed
  t.strictSame([stages.listeners, publisher.listeners], [0, 0])
  const lease = await state.locks.take('ivs:autoscaler', 1_000)
  t.ok(lease, 'the lease is given back')
  await lease?.release()
  const { length } = provider.calls
  await scaling.turn()
  t.equal(provider.calls.length, length)
})
