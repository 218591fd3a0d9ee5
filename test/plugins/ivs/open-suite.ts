import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Ivs } from '../../../plugins/ivs/core.ts'
import { openIvs } from '../../../plugins/ivs/open.ts'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import type { MemoryChannels } from '../../../src/platform/state/memory/channels.ts'
import type { State } from '../../../src/platform/state/state.ts'
import { dataFolder } from '../../fixtures/database.ts'
import { Told } from '../../fixtures/told.ts'
import { IvsStandIn } from '../../stand-ins/ivs/stand-in.ts'
import { codeOf, emptyTables, type Platform } from './parts.ts'
import { until } from './stage-directory-suite.ts'

/** Few seats, and an autoscaler that looks often. */
const SMALL: Partial<IvsConfig> = { maxParticipants: 3, scaleOutViewers: 2, scaleInViewers: 0, maxStages: 8, mediaPollMs: 20, stageWaitMs: 60_000 }

/** All parts together, as the plugin opens them. */
export async function openSuite (t: Test, { database, openStates }: Platform): Promise<void> {
  const open = async (t: Test, state: State, settings: Partial<IvsConfig> = {}, told = new Told()): Promise<Ivs> => {
    const ivs = await openIvs({ config: completeIvsOptions(settings), environment: 'test', dataDir: await dataFolder(t), database, state, log: told })
    t.teardown(() => ivs.close())
    return ivs
  }

  await t.test('without AWS: a new installation, on several servers at once', async t => {
    await emptyTables(database)
    const states = await openStates(t, 3)
    const servers = await Promise.all(states.map(async state => await open(t, state)))
    const [one, two] = servers as [Ivs, Ivs]
    const master = (await one.catalogue.master())!
    for (const { stages } of servers) {
      await stages.refresh()
      t.match(stages.all(), [{ arn: master.arn, name: 'master-stage', role: 'master', phase: 'ready', mediaPath: 'source', tags: { Environment: 'test', ManagedBy: 'api-server' } }])
      t.equal(stages.all().length, 1)
    }
    const heard = new Promise<void>(resolve => { two.publisher.onChange(() => resolve()) })
    const { participantId } = await one.tokens.publisher('ann')
    t.match(one.publisher.current(), { isLive: true, participantId }, 'live at once where it was asked for')
    await heard
    t.match(two.publisher.current(), { isLive: true, participantId })
    t.match(await two.tokens.viewer('bob'), { stageArn: master.arn, viewers: 1 })
    t.match(await one.figures(), { totalViewers: 1, isPublisherLive: true, stages: [{ viewers: 1, seats: 49 }] })
    await two.viewers.leave('ann', master.arn)
    t.equal((await two.figures()).isPublisherLive, false)
  })

  await t.test('20 viewers where 2 have a seat: stages are made, what is published is copied there, and all get one', async t => {
    await emptyTables(database)
    const [state] = await openStates(t, 1)
    const ivs = await open(t, state!, SMALL)
    await ivs.tokens.publisher('ann')
    const tokens = await Promise.all(Array.from({ length: 20 }, async (_, index) => await ivs.tokens.viewer(`viewer${index}`)))
    const { totalViewers, stages } = await ivs.figures()
    t.equal(totalViewers, 20)
    t.ok(new Set(tokens.map(({ stageArn }) => stageArn)).size >= 7)
    t.ok(stages.every(({ viewers, seats }) => viewers <= seats))
    t.strictSame(new Set(stages.filter(({ viewers }) => viewers > 0).map(({ mediaPath, phase }) => `${phase} ${mediaPath}`)), new Set(['ready source', 'ready replica']))
    t.ok(ivs.scaling.decisions().some(({ action }) => action === 'create'))
    const rest = await Promise.all(Array.from({ length: 10 }, async (_, index) => await codeOf(ivs.tokens.viewer(`late${index}`))))
    t.equal(rest.filter(outcome => outcome === 'done').length, 3, '8 stages have 23 seats')
    t.equal(rest.filter(outcome => outcome === 'STAGE_FULL').length, 7)
  })

  await t.test('closed: nobody listens, nothing goes on', async t => {
    await emptyTables(database)
    const [state] = await openStates(t, 1)
    const ivs = await open(t, state!, { ...SMALL, livenessSeconds: 0.02, scalingSeconds: 0.02 })
    await ivs.close()
    await ivs.close()
    if (state!.kind === 'memory') t.same((state!.channels as MemoryChannels).names(), [])
    const known = ivs.stages.all()
    await emptyTables(database)
    await delay(100)
    t.equal(ivs.stages.all(), known)
  })

  await t.test('a start that fails midway leaves nothing open', async t => {
    await emptyTables(database)
    const [state] = await openStates(t, 1)
    let open = 0
    let left = 1
    const channels: State['channels'] = {
      publish: async () => {},
      async subscribe () {
        if (left-- === 0) throw new Error('no more channels')
        open++
        return async () => { open-- }
      }
    }
    await t.rejects(openIvs({ config: completeIvsOptions({}), environment: 'test', dataDir: await dataFolder(t), database, state: { ...state!, channels }, log: new Told() }), /no more channels/)
    t.equal(open, 0)
  })

  await t.test('at AWS: stages that were there before are known, and those of another installation are not', async t => {
    await emptyTables(database)
    const aws = await IvsStandIn.start(t)
    const [state] = await openStates(t, 1)
    const masterStageArn = aws.createStage('master-stage', { Environment: 'production' })
    const settings = { ...SMALL, ...aws.settings, masterStageArn }
    aws.createStage('foreign', { ManagedBy: 'auto-scaler' })
    const first = await open(t, state!, settings)
    const made = await first.catalogue.create('custom-01', {})
    const { token, stageArn } = await first.tokens.publisher('ann')
    t.equal(stageArn, masterStageArn)
    t.equal(first.publisher.current().isLive, false, 'a token is no publisher')
    aws.join(token).publish()
    t.equal((await first.publisher.refresh()).isLive, true)
    await first.close()

    const second = await open(t, state!, settings)
    t.same(second.stages.all().map(({ name, role }) => `${name} ${role}`), ['master-stage master', 'custom-01 custom'])
    t.equal(second.publisher.current().isLive, true)
    await second.catalogue.delete(made.arn)
    t.equal(await second.provider.get(made.arn), undefined)
    await second.close()

    const other = aws.createStage('another-master')
    const third = await open(t, state!, { ...settings, masterStageArn: other })
    t.same(third.stages.all().filter(({ role }) => role === 'master').map(({ arn }) => arn), [other], 'there is one master')
  })

  await t.test('AWS that does not answer: the server starts, and finds the master stage later', async t => {
    await emptyTables(database)
    const aws = await IvsStandIn.start(t)
    const [state] = await openStates(t, 1)
    const told = new Told()
    const ivs = await open(t, state!, { ...SMALL, ...aws.settings, masterStageArn: `arn:aws:ivs:${aws.settings.region}:123456789012:stage/NotThereYet0`, attempts: 1, retryMs: 1, scalingSeconds: 0.05 }, told)
    t.equal(await codeOf(ivs.tokens.viewer('ann')), 'NOT_FOUND')
    t.equal(await ivs.catalogue.master(), undefined)
    t.equal(told.all('the master stage is not known: nobody can publish until it is found').length, 1)
    await ivs.close()

    const masterStageArn = aws.createStage('master-stage')
    aws.faults.add('GetStage', { kind: 'drop' }, 3)
    const later = await open(t, state!, { ...SMALL, ...aws.settings, masterStageArn, attempts: 1, retryMs: 1, scalingSeconds: 0.05 }, told)
    await until(later.stages, () => later.stages.find(masterStageArn) !== undefined)
    t.equal(await codeOf(later.tokens.viewer('ann')), 'done')
  })
}
