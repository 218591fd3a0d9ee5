import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { figuresOf } from '../../../plugins/ivs/figures.ts'
import { placeOf } from '../../../plugins/ivs/seats.ts'
import type { Presence, State } from '../../../src/platform/state/state.ts'
import { codeOf, emptyTables, startParts, type PartsOptions, type Platform } from './parts.ts'

const NOWHERE = 'arn:aws:ivs:eu-west-1:000000000000:stage/NobodyIsHere'
const CROWD = 10_000
/** Fewer than may wait for an answer of Redis (REDIS_MAX_COMMANDS). */
const AT_ONCE = 1_000

/** A state that notes what its presence register is asked. */
function counted (state: State): { state: State, asked: string[] } {
  const asked: string[] = []
  const presence = new Proxy<Presence>(state.presence, {
    get (target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...values: unknown[]) => {
        asked.push(String(name))
        return value.apply(target, values)
      }
    }
  })
  return { state: { ...state, presence, close: async () => {} }, asked }
}

/** Who watches where. */
export async function viewersSuite (t: Test, platform: Platform): Promise<void> {
  const begin = async (t: Test, options: PartsOptions = {}) => {
    await emptyTables(platform.database)
    return await startParts(t, platform, options)
  }

  await t.test('a token brings a viewer in, a heartbeat keeps it, a leave ends it', async t => {
    const { viewers, tokens, master } = await begin(t)
    const { participantId } = await tokens.viewer('ann')
    const [joined] = (await viewers.on(master.arn)).active
    t.match(joined, { userId: 'ann', participantId })
    t.ok(joined!.joinedAt <= joined!.lastHeartbeat)
    await delay(5)
    await viewers.heartbeat('ann', master.arn)
    const { total, active } = await viewers.on(master.arn)
    t.equal(total, 1)
    t.match(active[0], { userId: 'ann', participantId, joinedAt: joined!.joinedAt })
    t.ok(active[0]!.lastHeartbeat > joined!.lastHeartbeat)
    t.strictSame(await viewers.counts(), new Map([[master.arn, 1]]))
    await viewers.leave('ann', master.arn)
    await viewers.leave('ann', master.arn)
    await viewers.leave('nobody', master.arn)
    t.strictSame(await viewers.on(master.arn), { total: 0, active: [] })
  })

  await t.test('IVS-16: a heartbeat without a seat takes one, where there is one', async t => {
    const { viewers, tokens, stages, master, addStage } = await begin(t, { config: { maxParticipants: 3 } })
    await viewers.heartbeat('ann', master.arn)
    t.match((await viewers.on(master.arn)).active, [{ userId: 'ann', participantId: '' }])
    const { participantId } = await tokens.viewer('ann')
    t.match((await viewers.on(master.arn)).active, [{ userId: 'ann', participantId }], 'its token makes it known')
    await viewers.heartbeat('bob', master.arn)
    t.equal(await codeOf(viewers.heartbeat('cat', master.arn)), 'STAGE_FULL')
    const other = await addStage('other')
    await viewers.heartbeat('cat', other.arn)
    t.equal(await codeOf(viewers.heartbeat('cat', master.arn)), 'STAGE_FULL')
    t.strictSame((await viewers.on(other.arn)).active.map(({ userId }) => userId), ['cat'], 'and keeps the one elsewhere')
    await viewers.leave('bob', master.arn)
    await viewers.heartbeat('cat', master.arn)
    t.strictSame([...await viewers.counts()], [[master.arn, 2], [other.arn, 0]], 'nobody has two seats')

    await stages.change(other.arn, { phase: 'draining' })
    await viewers.heartbeat('dan', other.arn)
    t.equal((await viewers.on(other.arn)).total, 1, 'one that nobody is sent to is a stage all the same')
    await stages.change(other.arn, { phase: 'deleting' })
    t.equal(await codeOf(viewers.heartbeat('dan', other.arn)), 'NOT_FOUND')
    await viewers.leave('dan', other.arn)
    t.equal((await viewers.on(other.arn)).total, 0)
  })

  await t.test('many heartbeats at once: each as if it had come alone, and all that is asked of the state is asked once', async t => {
    await emptyTables(platform.database)
    const [state] = await platform.openStates(t, 1)
    const { state: watched, asked } = counted(state!)
    const { viewers, tokens, stages, master, addStage } = await startParts(t, platform, { state: watched, config: { maxParticipants: 3 } })
    const [other, gone] = [await addStage('other'), await addStage('gone')]
    const { participantId } = await tokens.viewer('ann', master.arn)
    await viewers.heartbeat('dan', gone.arn)
    await stages.change(gone.arn, { phase: 'deleting' })
    const codes = async (...beats: Array<[userId: string, arn: string]>) =>
      (await viewers.heartbeats(beats.map(([userId, stageArn]) => ({ userId, stageArn })))).map(problem => (problem as { code: string } | undefined)?.code)
    const [joined] = (await viewers.on(master.arn)).active
    await delay(5)
    t.strictSame(await codes(['dan', gone.arn], ['bob', master.arn], ['ann', master.arn], ['eve', NOWHERE], ['cat', master.arn], ['cat', other.arn], ['fay', other.arn]),
      ['NOT_FOUND', undefined, undefined, 'NOT_FOUND', 'STAGE_FULL', undefined, undefined])
    const { active } = await viewers.on(master.arn)
    t.match(active, [{ userId: 'ann', participantId, joinedAt: joined!.joinedAt }, { userId: 'bob', participantId: '' }])
    t.ok(active[0]!.lastHeartbeat > joined!.lastHeartbeat)
    t.strictSame(new Set((await viewers.on(other.arn)).active.map(({ userId }) => userId)), new Set(['cat', 'fay']))
    t.strictSame(await codes(), [])
    asked.length = 0
    t.strictSame(await codes(['ann', master.arn], ['bob', master.arn], ['cat', other.arn], ['fay', other.arn]), [undefined, undefined, undefined, undefined])
    t.strictSame(asked, ['touchAll'])
  })

  await t.test('a stage that nobody knows', async t => {
    const { viewers } = await begin(t)
    const outcomes = await Promise.all([viewers.heartbeat('ann', NOWHERE), viewers.leave('ann', NOWHERE), viewers.on(NOWHERE), viewers.watchedSeconds('ann', NOWHERE)].map(codeOf))
    t.strictSame(outcomes, Array.from({ length: 4 }, () => 'NOT_FOUND'))
  })

  await t.test('one that another server made a moment ago is known when somebody asks for it', async t => {
    await emptyTables(platform.database)
    const [state, other] = await platform.openStates(t, 2)
    const one = await startParts(t, platform, { state: state! })
    // Nothing is heard here.
    const deaf = await startParts(t, platform, { state: { ...other!, channels: { publish: async () => {}, subscribe: async () => async () => {} } } })
    const stage = await one.addStage('new')
    t.equal(deaf.stages.find(stage.arn), undefined)
    await deaf.viewers.heartbeat('ann', stage.arn)
    t.strictSame((await one.viewers.on(stage.arn)).active.map(({ userId }) => userId), ['ann'])
  })

  await t.test('IVS-17: who was not heard of for too long is not active, and gives its seat back', async t => {
    const { viewers, tokens, state, master } = await begin(t, { config: { heartbeatTimeoutSeconds: 0.15, maxParticipants: 2 } })
    const timedOut = new Promise<string>(resolve => { t.teardown(state.presence.onTimeout((_place, { member }) => resolve(member))) })
    await tokens.viewer('ann')
    t.equal(await timedOut, 'ann')
    t.strictSame(await viewers.on(master.arn), { total: 0, active: [] })
    await tokens.viewer('bob')
    t.equal(await codeOf(viewers.heartbeat('ann', master.arn)), 'STAGE_FULL', 'her seat was given away')
  })

  await t.test('IVS-18: seconds over all stays, also of a stage that is gone', async t => {
    const { viewers, catalogue, addStage } = await begin(t)
    const stage = await addStage('one', { role: 'custom' })
    const stays = []
    for (const ms of [600, 500]) {
      const began = performance.now()
      await viewers.heartbeat('ann', stage.arn)
      await delay(ms)
      await viewers.leave('ann', stage.arn)
      stays.push(performance.now() - began)
    }
    const seconds = await viewers.watchedSeconds('ann', stage.arn)
    t.ok(seconds >= 1 && seconds <= stays[0]! / 1_000 + stays[1]! / 1_000, `${seconds}`)
    t.equal(await codeOf(viewers.watchedSeconds('bob', stage.arn)), 'NOT_FOUND')
    await catalogue.delete(stage.arn)
    t.ok(await viewers.watchedSeconds('ann', stage.arn) >= 1)
  })

  await t.test('who publishes leaves with its user id, on the master stage alone', async t => {
    const { viewers, tokens, publisher, master, addStage } = await begin(t)
    const other = await addStage('other')
    const { participantId } = await tokens.publisher('ann')
    t.match(publisher.current(), { isLive: true, participantId })
    await viewers.leave('ann', other.arn)
    await viewers.leave('bob', master.arn)
    t.equal(publisher.current().isLive, true)
    await viewers.leave('ann', master.arn)
    t.equal(publisher.current().isLive, false)
  })

  await t.test(`${CROWD} viewers: a heartbeat is one question to the state, and so are the figures`, async t => {
    const [state] = await platform.openStates(t, 1)
    const { state: watched, asked } = counted(state!)
    const parts = await begin(t, { state: watched, config: { maxParticipants: CROWD } })
    const { viewers, master, addStage } = parts
    const other = await addStage('other')
    const users = Array.from({ length: CROWD }, (_, index) => `viewer${index}`)
    const stageOf = (index: number) => index % 2 === 0 ? master : other
    const ofAll = async (does: (user: string, stageArn: string) => Promise<unknown>) => {
      for (let from = 0; from < CROWD; from += AT_ONCE) await Promise.all(users.slice(from, from + AT_ONCE).map(async (user, index) => await does(user, stageOf(from + index).arn)))
    }
    await ofAll(async (user, stageArn) => await state!.presence.join(placeOf(stageArn), user, { timeoutMs: 600_000 }))
    await ofAll(async (user, stageArn) => await viewers.heartbeat(user, stageArn))
    t.equal(asked.length, CROWD)
    t.strictSame(new Set(asked), new Set(['touch']))
    asked.length = 0
    const figures = await figuresOf(parts)
    t.strictSame(asked, ['counts'])
    t.match(figures, {
      totalViewers: CROWD,
      isPublisherLive: false,
      stages: [
        { arn: master.arn, name: 'master-stage', role: 'master', phase: 'ready', viewers: CROWD / 2, seats: CROWD - 1, mediaPath: 'source' },
        { arn: other.arn, name: 'other', role: 'auto-scaled', phase: 'ready', viewers: CROWD / 2, seats: CROWD, mediaPath: 'none', tags: { ManagedBy: 'auto-scaler' } }
      ]
    })
    t.equal((await state!.presence.members(placeOf(master.arn))).length, CROWD / 2)
  })
}
