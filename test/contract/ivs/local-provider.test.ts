import t from 'tap'
import { startIvsHost } from '../../fixtures/ivs-host.ts'
import { ARN, ERROR, expectError, expectSuccess } from './expect.ts'

const host = await startIvsHost(t, {
  '/lax': {},
  '/strict': { strictLive: 'true' },
  '/short': { heartbeatTimeoutSeconds: 0.5 },
  '/small': { whipEndpoint: 'https://whip.example.org', publisherTokenSeconds: 600, viewerTokenSeconds: 120, maxStages: 1, maxParticipants: 2, stageWaitMs: 0 }
})

t.test('IVS-20: on the local provider somebody is live from the token on until they leave', async t => {
  const { get, post } = host.at('/lax')
  const isLive = async () => [
    expectSuccess(t, await get('/api/stats/publisher'), '10.3').isPublisherLive,
    expectSuccess(t, await get('/api/stats'), '10.1').isPublisherLive
  ]
  const { stage } = expectSuccess(t, await get('/api/stage/master/info'), 'the master')
  t.match(stage, { arn: ARN, name: 'master-stage', tags: { Environment: 'test', ManagedBy: 'api-server' } })
  t.notOk('activeSessionId' in stage, 'nobody is connected')
  t.strictSame(await isLive(), [false, false])
  await post('/api/token/publisher', { userId: 'publisher' })
  t.strictSame(await isLive(), [true, true])
  t.match(expectSuccess(t, await get('/api/stage/master/info'), 'the master').stage, { activeSessionId: /^st-/ })
  await post('/api/viewer/leave', { userId: 'somebody-else', stageArn: stage.arn })
  t.strictSame(await isLive(), [true, true])
  await post('/api/viewer/leave', { userId: 'publisher', stageArn: stage.arn })
  t.strictSame(await isLive(), [false, false])
})

t.test('IVS-11: who is off air does not refuse viewers, unless the strict reading is switched on', async t => {
  const { stageArn } = expectSuccess(t, await host.at('/lax').post('/api/token/viewer', { userId: 'early' }), 'they may wait')
  const strict = host.at('/strict')
  expectError(t, await strict.post('/api/token/viewer', { userId: 'early' }), ERROR.noBroadcast, 'nobody publishes')
  await strict.post('/api/token/publisher', { userId: 'publisher' })
  expectSuccess(t, await strict.post('/api/token/viewer', { userId: 'early' }), 'somebody does')
  for (const userId of ['publisher', 'early']) await strict.post('/api/viewer/leave', { userId, stageArn })
})

t.test('12, IVS-17: who is not heard of is not active any more', async t => {
  const { get, post } = host.at('/short')
  const { stageArn } = expectSuccess(t, await post('/api/token/viewer', { userId: 'silent' }), 'a token')
  const viewers = async () => expectSuccess(t, await get(`/api/viewer/list/${stageArn}`), 'viewers')
  t.match(await viewers(), { totalViewers: 1, activeViewers: 1 })
  const until = Date.now() + 10_000
  while ((await viewers()).activeViewers > 0 && Date.now() < until);
  t.match(await viewers(), { activeViewers: 0, viewers: [] })
  t.equal(expectSuccess(t, await get('/api/stats/viewers'), 'nor counted').totalViewers, 0)
  await post('/api/viewer/heartbeat', { userId: 'silent', stageArn })
  t.match(await viewers(), { activeViewers: 1, viewers: [{ userId: 'silent' }] }, 'IVS-16: there again with a heartbeat')
  await post('/api/viewer/leave', { userId: 'silent', stageArn })
})

t.test('settings that answers name', async t => {
  const { post } = host.at('/small')
  t.match(expectSuccess(t, await post('/api/token/publisher', { userId: 'a' }), 'publisher'), { stageArn: ARN, whipEndpoint: 'https://whip.example.org', expiresIn: 600, instructions: { obs: { server: 'https://whip.example.org' } } })
  const { stageArn } = expectSuccess(t, await post('/api/token/viewer', { userId: 'a' }), 'viewer')
  expectError(t, await post('/api/viewer/heartbeat', { userId: 'b', stageArn }), [503, 'STAGE_FULL', 'Stage 已滿（達到 2 人上限）'], 'full')
  expectError(t, await post('/api/stage', { name: 'x' }), [503, 'STAGE_LIMIT_REACHED', '已達到 Stage 數量上限 (1)'], 'no more stages')
})
