import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { startIvs, WEBHOOK_SECRET } from '../../fixtures/ivs-server.ts'
import { IvsStandIn } from '../../stand-ins/ivs/stand-in.ts'
import { contractSuite, fullSuite, type StartIvs } from './contract-suite.ts'
import { ERROR, expectError, expectSuccess } from './expect.ts'

/** The suite asks quicker than AWS's clients may. */
const UNHURRIED = { requestsPerSecond: 10_000, tokensPerSecond: 10_000 }

const settingsOf = (standIn: IvsStandIn) => ({ ...standIn.settings, ...UNHURRIED, whipEndpoint: loadConfig({}).ivs.whipEndpoint, masterStageArn: standIn.createStage('master-stage') })

const startAws: StartIvs = async (t, { ivs = {}, ...more } = {}) => {
  return await startIvs(t, { ...more, ivs: { ...settingsOf(await IvsStandIn.start(t)), ...ivs } })
}

t.test('stages at AWS', async t => {
  await contractSuite(t, startAws)
  await fullSuite(t, startAws)
})

t.test('what AWS tells counts before it would be asked', async t => {
  const standIn = await IvsStandIn.start(t)
  const { get, post } = await startIvs(t, { ivs: { ...settingsOf(standIn), livenessSeconds: 3_600 } })
  standIn.events.listen(event => { void post('/api/ivs/events', event, { 'x-webhook-secret': WEBHOOK_SECRET }) })
  const isLive = async () => expectSuccess(t, await get('/api/stats/publisher'), 'the publisher').isPublisherLive
  const until = async (wanted: boolean) => {
    const end = Date.now() + 20_000
    while (await isLive() !== wanted && Date.now() < end);
    t.equal(await isLive(), wanted)
  }
  const publisher = standIn.join(expectSuccess(t, await post('/api/token/publisher', { userId: 'publisher' }), 'a token').token)
  t.equal(await isLive(), false, 'IVS-20: a token is no broadcast')
  publisher.publish()
  await until(true)
  t.match(expectSuccess(t, await get('/api/stage/master/info'), 'the master').stage, { activeSessionId: /^st-/ })
  publisher.unpublish()
  await until(false)
})

t.test('AWS refuses', async t => {
  const standIn = await IvsStandIn.start(t)
  const { get, post } = await startIvs(t, { ivs: { ...settingsOf(standIn), attempts: 1 } })
  standIn.faults.add('CreateParticipantToken', { kind: 'status', status: 403, name: 'AccessDeniedException' })
  for (const path of ['/api/token/publisher', '/api/token/viewer']) expectError(t, await post(path, { userId: 'somebody' }), [500, 'TOKEN_GENERATION_FAILED', 'Token 生成失敗'], path)
  t.equal(expectSuccess(t, await get('/api/stats/viewers'), 'the seat is given back').totalViewers, 0)
  standIn.faults.add('CreateStage', { kind: 'throttle' })
  expectError(t, await post('/api/stage', { name: 'x' }), ERROR.unavailable, 'throttled')
})
