import type { Test } from 'tap'
import { placeOf, VIEWERS } from '../../../plugins/ivs/seats.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codeOf, emptyTables, startParts, type Parts, type PartsOptions, type Platform } from './parts.ts'

const NOWHERE = 'arn:aws:ivs:eu-west-1:000000000000:stage/NobodyIsHere'
/** Never waited for. */
const LONG_MS = 60_000

/** Tokens, and the seats that go with them. */
export async function tokensSuite (t: Test, platform: Platform): Promise<void> {
  const begin = async (t: Test, options: PartsOptions = {}) => {
    await emptyTables(platform.database)
    return await startParts(t, platform, options)
  }
  const seatsOf = async ({ viewers, stages }: Parts) => {
    const counts = await viewers.counts()
    return stages.all().map(({ arn }) => counts.get(arn))
  }
  /** When the autoscaler was asked for the first time. */
  const whenAsked = async ({ scaling }: Parts) => await new Promise<void>(resolve => { scaling.whenAsked = async () => resolve() })

  await t.test('for whom and for how long', async t => {
    const { tokens, master, addStage } = await begin(t)
    const other = await addStage('other')
    const inSeconds = (expiresAt: Date) => Math.round((expiresAt.getTime() - Date.now()) / 1_000)
    const near = (expiresAt: Date, seconds: number) => t.ok(Math.abs(inSeconds(expiresAt) - seconds) <= 5, `${inSeconds(expiresAt)}`)
    const publisher = await tokens.publisher('ann')
    t.equal(publisher.stageArn, master.arn)
    near(publisher.expiresAt, 14_400)
    const viewer = await tokens.viewer('bob')
    t.match(viewer, { stageArn: master.arn, viewers: 1 }, 'IVS-10: it is counted itself')
    near(viewer.expiresAt, 3_600)
    const server = await tokens.mediaServer('relay', other.arn)
    t.equal(server.stageArn, other.arn)
    near(server.expiresAt, 14_400)
    t.equal(new Set([publisher, viewer, server].map(({ token }) => token)).size, 3)
    t.equal(await codeOf(tokens.mediaServer('relay', NOWHERE)), 'NOT_FOUND')
  })

  await t.test('IVS-26: who has a seat keeps it, and is not counted twice', async t => {
    const parts = await begin(t)
    const { tokens, viewers, addStage, master } = parts
    const first = await tokens.viewer('ann')
    await addStage('empty')
    const again = await tokens.viewer('ann')
    t.match(again, { stageArn: first.stageArn, viewers: 1 })
    t.not(again.participantId, first.participantId)
    t.match((await viewers.on(master.arn)).active, [{ participantId: again.participantId }])
    t.not((await tokens.viewer('bob')).stageArn, first.stageArn, 'others go where the fewest are')
  })

  await t.test('1,000 at once, over several servers: 20 stages are filled evenly, to the last seat', async t => {
    await emptyTables(platform.database)
    const states = await platform.openStates(t, 2)
    const servers: Parts[] = []
    for (const state of states) servers.push(await startParts(t, platform, { state, config: { stageWaitMs: 0 } }))
    for (let n = 1; n < 20; n++) await servers[0]!.addStage(`stage-${n}`)
    for (const { stages } of servers) await stages.refresh()
    const outcomes = await Promise.all(Array.from({ length: 1_010 }, async (_, index) => await codeOf(servers[index % 2]!.tokens.viewer(`viewer${index}`))))
    t.equal(outcomes.filter(outcome => outcome === 'done').length, 999, 'the publisher has one of the 1,000')
    t.equal(outcomes.filter(outcome => outcome === 'STAGE_FULL').length, 11)
    t.strictSame(await seatsOf(servers[1]!), [49, ...Array.from({ length: 19 }, () => 50)])
  })

  await t.test('while somebody is on air, only where the media is', async t => {
    const parts = await begin(t, { config: { maxParticipants: 3 } })
    const { tokens, stages, addStage, master } = parts
    const dark = await addStage('dark')
    const lit = await addStage('lit', { mediaPath: 'replica' })
    await tokens.publisher('ann')
    const places = [await tokens.viewer('a'), await tokens.viewer('b'), await tokens.viewer('c')].map(({ stageArn }) => stageArn)
    t.strictSame(places, [master.arn, lit.arn, master.arn])
    t.equal(await codeOf(tokens.viewer('d', dark.arn)), 'STAGE_FULL')
    await stages.change(dark.arn, { mediaPath: 'relay' })
    t.equal((await tokens.viewer('d', dark.arn)).stageArn, dark.arn)
    await stages.change(dark.arn, { mediaPath: 'none' })
    t.equal((await tokens.viewer('d', dark.arn)).stageArn, dark.arn, 'who sits there may stay')
  })

  await t.test('a stage that is asked for', async t => {
    const parts = await begin(t, { config: { maxParticipants: 3 } })
    const { tokens, viewers, stages, addStage, master, state } = parts
    const custom = await addStage('custom', { role: 'custom' })
    const starting = await addStage('starting', { phase: 'starting' })
    await tokens.publisher('ann')
    t.equal((await tokens.viewer('a', custom.arn)).stageArn, custom.arn, 'whoever names a stage of its own knows what gets there')
    t.equal(await codeOf(tokens.viewer('b', NOWHERE)), 'NOT_FOUND')
    t.equal(await codeOf(tokens.viewer('b', starting.arn)), 'STAGE_FULL')
    t.equal((await tokens.viewer('b', master.arn)).stageArn, master.arn)
    t.match(await tokens.viewer('a', master.arn), { stageArn: master.arn, viewers: 2 }, 'it moves')
    t.strictSame(await seatsOf(parts), [2, 0, 0])
    await viewers.heartbeat('c', custom.arn)
    t.equal(await codeOf(tokens.viewer('c', master.arn)), 'STAGE_FULL')
    t.equal(await state.presence.seatOf(VIEWERS, 'c'), placeOf(custom.arn), 'and its seat elsewhere is not lost')
    await stages.change(custom.arn, { phase: 'deleting' })
    t.equal(await codeOf(tokens.viewer('d', custom.arn)), 'NOT_FOUND')
  })

  await t.test('who sits on a stage that is drained moves where there is room, else it stays', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2 } })
    const { tokens, stages, viewers, addStage, master, scaling } = parts
    const drained = await addStage('drained')
    await viewers.heartbeat('on master', master.arn)
    await viewers.heartbeat('ann', drained.arn)
    await stages.change(drained.arn, { phase: 'draining' })
    t.match(await tokens.viewer('ann'), { stageArn: drained.arn, viewers: 1 })
    t.match(await tokens.viewer('ann', drained.arn), { stageArn: drained.arn })
    t.equal(await codeOf(tokens.viewer('bob', drained.arn)), 'STAGE_FULL')
    t.equal(scaling.asked, 0)
    await viewers.leave('on master', master.arn)
    t.match(await tokens.viewer('ann'), { stageArn: master.arn })
    t.strictSame(await seatsOf(parts), [1, 0])
  })

  await t.test('no stage, and nobody on air', async t => {
    const { tokens, stages, master } = await begin(t)
    await stages.remove(master.arn)
    t.strictSame(await Promise.all([tokens.viewer('a'), tokens.viewer('a', NOWHERE), tokens.publisher('a')].map(codeOf)), ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
    const strict = await begin(t, { config: { strictLive: 'true' } })
    for (const arn of [undefined, strict.master.arn]) t.equal(await codeOf(strict.tokens.viewer('a', arn)), 'NOT_FOUND')
    await strict.tokens.publisher('ann')
    t.equal(await codeOf(strict.tokens.viewer('a')), 'done')
  })

  await t.test('a token that cannot be made: the seat is given back, unless it was there before', async t => {
    let fails = false
    const parts = await begin(t, {
      provider: local => ({
        async issueToken (request) {
          if (fails) throw new HeadwaterError('TOKEN_GENERATION_FAILED')
          return await local.issueToken(request)
        }
      })
    })
    const { tokens, master } = parts
    await tokens.viewer('ann')
    fails = true
    for (const arn of [undefined, master.arn]) t.equal(await codeOf(tokens.viewer('bob', arn)), 'TOKEN_GENERATION_FAILED')
    t.equal(await codeOf(tokens.viewer('ann')), 'TOKEN_GENERATION_FAILED')
    t.equal(await codeOf(tokens.publisher('ann')), 'TOKEN_GENERATION_FAILED')
    t.strictSame(await seatsOf(parts), [1])
  })

  await t.test('where there may be no more seats: refused at once, with the reason', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2, stageWaitMs: LONG_MS } })
    const { tokens, scaling } = parts
    await tokens.viewer('a')
    t.equal(scaling.asked, 0)
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, async (_, index) => await tokens.viewer(`late${index}`)))
    t.ok(outcomes.every(outcome => outcome.status === 'rejected' && outcome.reason.code === 'STAGE_FULL' && /The test allows no more/.test(outcome.reason.message)))
    t.ok(scaling.asked >= 1 && scaling.asked <= 5, `asked ${scaling.asked} times for 200`)
    t.strictSame(await seatsOf(parts), [1])
  })

  await t.test('where a stage is coming: they wait for it, in the order in which they came', async t => {
    const parts = await begin(t, { config: { maxParticipants: 3, stageWaitMs: LONG_MS } })
    const { tokens, stages, viewers, scaling, addStage, master } = parts
    scaling.mayGrow = true
    await tokens.viewer('a')
    await tokens.viewer('b')
    const asked = whenAsked(parts)
    const waiting: Array<Promise<{ stageArn: string }>> = []
    const settled: number[] = []
    for (let index = 0; index < 5; index++) {
      const token = tokens.viewer(`late${index}`)
      token.then(() => settled.push(index), () => {})
      waiting.push(token)
    }
    await asked
    const coming = await addStage('coming', { phase: 'starting' })
    t.same(settled, [], 'nobody gets a seat on one that is not ready')
    await stages.change(coming.arn, { phase: 'ready' })
    t.same((await Promise.all(waiting.slice(0, 3))).map(({ stageArn }) => stageArn), [coming.arn, coming.arn, coming.arn])
    t.same(settled, [0, 1, 2])
    await viewers.leave('a', master.arn)
    const asks = scaling.asked
    await addStage('next')
    t.same(new Set((await Promise.all(waiting.slice(3))).map(({ stageArn }) => stageArn)).size, 2, 'those who are left are served with the next change')
    t.ok(asks >= 2, 'and were asked for again')
    t.equal(stages.all().length, 3)
  })

  await t.test('they wait for media too: who goes off air, or whose media comes, lets them in', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2, stageWaitMs: LONG_MS } })
    const { tokens, stages, scaling, viewers, addStage, master } = parts
    scaling.mayGrow = true
    const [one, two] = [await addStage('one'), await addStage('two')]
    await viewers.heartbeat('elsewhere', two.arn)
    await tokens.publisher('ann')
    await tokens.viewer('on master')
    const asked = whenAsked(parts)
    const first = tokens.viewer('first')
    const second = tokens.viewer('second')
    await asked
    await stages.change(two.arn, { mediaPath: 'replica' })
    t.equal((await first).stageArn, two.arn)
    await viewers.leave('ann', master.arn)
    t.equal((await second).stageArn, one.arn)
  })

  await t.test('whose time is over is refused, who goes away takes no seat, and so many wait', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2, stageWaitMs: 150, maxWaitingViewers: 2 } })
    const { tokens, scaling, addStage } = parts
    scaling.mayGrow = true
    await tokens.viewer('a')
    const gone = new AbortController()
    const asked = whenAsked(parts)
    const began = performance.now()
    const patient = codeOf(tokens.viewer('patient'))
    const hasty = tokens.viewer('hasty', undefined, gone.signal).then(() => 'done', (error: unknown) => error)
    await asked
    t.match(await tokens.viewer('third').then(() => 'done', (error: unknown) => error), { code: 'STAGE_FULL', message: /2 viewers wait already/ })
    gone.abort('it went away')
    t.equal(await hasty, 'it went away')
    t.equal(await patient, 'STAGE_FULL')
    t.ok(performance.now() - began >= 145, `${performance.now() - began}`)
    t.equal(await tokens.viewer('b', undefined, AbortSignal.abort('gone before')).then(() => 'done', (error: unknown) => error), 'gone before')
    await addStage('late')
    t.equal(await codeOf(tokens.viewer('hasty', undefined, new AbortController().signal)), 'done')
    t.strictSame(await seatsOf(parts), [1, 1], 'the seat was free for whoever came next')
  })

  await t.test('an autoscaler that fails is told to whoever waits; a server that closes lets nobody wait', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2, stageWaitMs: LONG_MS } })
    const { tokens, scaling, told } = parts
    await tokens.viewer('a')
    scaling.whenAsked = async () => { throw new HeadwaterError('DATABASE_UNAVAILABLE') }
    t.equal(await codeOf(tokens.viewer('b')), 'DATABASE_UNAVAILABLE')
    t.equal(told.all('viewers who wait for a seat could not be served').length, 1)
    scaling.mayGrow = true
    const asked = whenAsked(parts)
    const waiting = codeOf(tokens.viewer('c'))
    await asked
    await tokens.close()
    t.equal(await waiting, 'STAGES_UNAVAILABLE')
    t.strictSame(await seatsOf(parts), [1])
  })

  await t.test('a seat that comes while its taker goes away is given back', async t => {
    const parts = await begin(t, { config: { maxParticipants: 2, stageWaitMs: LONG_MS } })
    const { tokens, scaling, addStage, state } = parts
    scaling.mayGrow = true
    await tokens.viewer('a')
    const gone = new AbortController()
    const asked = whenAsked(parts)
    const waiting = tokens.viewer('b', undefined, gone.signal).then(() => 'done', (error: unknown) => error)
    await asked
    const { presence } = state
    const takeSeat = presence.takeSeat.bind(presence)
    const taken = new Promise<void>(resolve => {
      presence.takeSeat = async (...values) => {
        const seat = await takeSeat(...values)
        gone.abort('it went away')
        presence.takeSeat = takeSeat
        resolve()
        return seat
      }
    })
    await addStage('coming')
    await taken
    t.equal(await waiting, 'it went away')
    t.equal(await codeOf(tokens.viewer('c')), 'done')
    t.strictSame(await seatsOf(parts), [1, 1])
  })
}
