import type { Test } from 'tap'
import { placeOf } from '../../../plugins/ivs/seats.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codeOf, emptyTables, startParts, type Parts, type PartsOptions, type Platform } from './parts.ts'

const NOWHERE = 'arn:aws:ivs:eu-west-1:000000000000:stage/NobodyIsHere'
const RACES = 40

/** Stages as somebody makes and deletes them. */
export async function catalogueSuite (t: Test, platform: Platform): Promise<void> {
  const begin = async (t: Test, options: PartsOptions = {}) => {
    await emptyTables(platform.database)
    return await startParts(t, platform, options)
  }
  /** An installation of several servers. */
  const beginServers = async (t: Test, servers: number, options: PartsOptions = {}): Promise<Parts[]> => {
    await emptyTables(platform.database)
    const parts: Parts[] = []
    for (const state of await platform.openStates(t, servers)) parts.push(await startParts(t, platform, { ...options, state }))
    return parts
  }

  await t.test('IVS-14: reserved tags win, names may come twice', async t => {
    const { catalogue, stages, provider } = await begin(t)
    const made = await catalogue.create('custom-01', { Purpose: 'Testing', ManagedBy: 'auto-scaler', Environment: 'production' })
    t.match(made, { name: 'custom-01', role: 'custom', phase: 'ready', mediaPath: 'none' })
    t.strictSame(made.tags, { Purpose: 'Testing', ManagedBy: 'api-server', Environment: 'test' })
    t.strictSame((await provider.get(made.arn))!.tags, made.tags)
    t.strictSame(stages.find(made.arn), made)
    t.not((await catalogue.create('custom-01', {})).arn, made.arn)
    t.match(await catalogue.master(), { name: 'master-stage', tags: { ManagedBy: 'api-server' } })
  })

  await t.test('as many as there may be, over several servers; what was too much is gone at the provider too', async t => {
    const servers = await beginServers(t, 2, { config: { maxStages: 6 } })
    const outcomes = await Promise.all(Array.from({ length: 16 }, async (_, index) => await codeOf(servers[index % 2]!.catalogue.create(`stage-${index}`, {}))))
    t.equal(outcomes.filter(outcome => outcome === 'done').length, 5)
    t.equal(outcomes.filter(outcome => outcome === 'STAGE_LIMIT_REACHED').length, 11)
    for (const { stages } of servers) await stages.refresh()
    t.equal(servers[1]!.stages.all().length, 6)
    t.equal((await servers[0]!.provider.list()).length, 5)
    t.equal(await codeOf(servers[0]!.catalogue.create('another', {})), 'STAGE_LIMIT_REACHED')
    await servers[0]!.catalogue.delete(servers[0]!.stages.all()[1]!.arn)
    t.equal(await codeOf(servers[0]!.catalogue.create('another', {})), 'done')
  })

  await t.test('the order of checks: there, not the master, empty', async t => {
    const { catalogue, stages, provider, viewers, tokens, master, addStage } = await begin(t)
    t.equal(await codeOf(catalogue.delete(NOWHERE)), 'NOT_FOUND')
    await viewers.heartbeat('ann', master.arn)
    t.equal(await codeOf(catalogue.delete(master.arn)), 'MASTER_STAGE')
    const custom = await catalogue.create('custom', {})
    await viewers.heartbeat('ann', custom.arn)
    await viewers.heartbeat('bob', custom.arn)
    await t.rejects(catalogue.delete(custom.arn), { code: 'STAGE_NOT_EMPTY', figures: { viewerCount: 2 } })
    t.equal(stages.find(custom.arn)!.phase, 'ready')
    t.equal(await codeOf(tokens.viewer('cat', custom.arn)), 'done', 'nothing has changed')
    for (const user of ['ann', 'bob', 'cat']) await viewers.leave(user, custom.arn)
    await catalogue.delete(custom.arn)
    t.equal(stages.find(custom.arn), undefined)
    t.equal(await provider.get(custom.arn), undefined)
    t.equal(await codeOf(catalogue.delete(custom.arn)), 'NOT_FOUND')
    const scaled = await addStage('autoscale-stage-1')
    await catalogue.delete(scaled.arn)
    t.equal(stages.find(scaled.arn), undefined)
  })

  await t.test('what is copied there is stopped first', async t => {
    const done: string[] = []
    const { catalogue, tokens, addStage, master } = await begin(t, {
      provider: local => ({
        async stopReplication (source, destination, participantId) { done.push(`stop ${source} ${destination} ${participantId}`) },
        async delete (arn) {
          done.push(`delete ${arn}`)
          await local.delete(arn)
        }
      })
    })
    const [one, two] = [await addStage('one'), await addStage('two')]
    await catalogue.delete(one.arn)
    const { participantId } = await tokens.publisher('ann')
    await catalogue.delete(two.arn)
    t.same(done, [`delete ${one.arn}`, `stop ${master.arn} ${two.arn} ${participantId}`, `delete ${two.arn}`])
  })

  await t.test('a provider that fails: nobody sits down any more, and the next delete goes on', async t => {
    let fails = true
    const { catalogue, stages, viewers, tokens, state, addStage } = await begin(t, {
      provider: local => ({
        async delete (arn) {
          if (fails) throw new HeadwaterError('STAGES_UNAVAILABLE', { retryAfterMs: 1_000 })
          await local.delete(arn)
        },
        async stopReplication () { throw new HeadwaterError('NOT_FOUND') }
      })
    })
    const stage = await addStage('one')
    await tokens.publisher('ann')
    await t.rejects(catalogue.delete(stage.arn), { code: 'STAGES_UNAVAILABLE', retryAfterMs: 1_000 })
    t.equal(stages.find(stage.arn)!.phase, 'deleting')
    t.equal(await codeOf(tokens.viewer('bob', stage.arn)), 'NOT_FOUND')
    t.equal(await codeOf(viewers.heartbeat('bob', stage.arn)), 'NOT_FOUND')
    t.equal(await state.presence.join(placeOf(stage.arn), 'bob', { timeoutMs: 60_000 }), false)
    fails = false
    await catalogue.delete(stage.arn)
    t.equal(stages.find(stage.arn), undefined)
  })

  await t.test('a directory that fails: what was made is deleted, what was closed is opened', async t => {
    const parts = await begin(t)
    const { catalogue, stages, provider, viewers, addStage } = parts
    const stage = await addStage('one')
    const broken = async () => { throw new HeadwaterError('DATABASE_UNAVAILABLE') }
    const { add, change } = stages
    Object.assign(stages, { add: broken, change: broken })
    t.equal(await codeOf(catalogue.create('two', {})), 'DATABASE_UNAVAILABLE')
    t.same((await provider.list()).map(({ name }) => name), ['one'])
    t.equal(await codeOf(catalogue.delete(stage.arn)), 'DATABASE_UNAVAILABLE')
    Object.assign(stages, { add, change })
    t.equal(await codeOf(viewers.heartbeat('ann', stage.arn)), 'done')
  })

  await t.test('a state that cannot know whether somebody is there', async t => {
    const parts = await begin(t)
    const stage = await parts.addStage('one')
    parts.state.presence.closeIfEmpty = async () => false
    t.equal(await codeOf(parts.catalogue.delete(stage.arn)), 'STAGES_UNAVAILABLE')
    t.equal(parts.stages.find(stage.arn)!.phase, 'ready')
  })

  await t.test(`delete against token, ${RACES} times on two servers: nobody has a token for a stage that is gone`, async t => {
    const servers = await beginServers(t, 2, { config: { stageWaitMs: 0 } })
    const [one, two] = servers as [Parts, Parts]
    const outcomes = { deleted: 0, kept: 0 }
    for (let race = 0; race < RACES; race++) {
      const stage = await one.addStage(`race-${race}`)
      await two.stages.refresh()
      const user = `viewer${race}`
      const ask = async () => await two.tokens.viewer(user, stage.arn).then(() => true, () => false)
      const remove = async () => await one.catalogue.delete(stage.arn).then(() => true, () => false)
      const seated = ask()
      // Whoever starts later by a little is as far when it comes to the seat.
      for (let step = 0; step < race % 10; step++) await Promise.resolve()
      const [isSeated, isDeleted] = await Promise.all([seated, remove()])
      t.equal(isSeated, !isDeleted, `race ${race}`)
      outcomes[isDeleted ? 'deleted' : 'kept']++
      const [viewers] = await two.state.presence.counts([placeOf(stage.arn)])
      t.equal(viewers, isSeated ? 1 : 0)
    }
    t.ok(outcomes.deleted > 0 && outcomes.kept > 0, `${JSON.stringify(outcomes)}: each came first now and then`)
  })
}
