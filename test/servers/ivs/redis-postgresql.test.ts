import t from 'tap'
import { contractSuite, fullSuite, type StartIvs } from '../../contract/ivs/contract-suite.ts'
import { expectSuccess } from '../../contract/ivs/expect.ts'
import { startIvs } from '../../fixtures/ivs-server.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'

const postgresql = await startPostgresql(t)

const startShared: StartIvs = async (t, { platform = {}, ...more } = {}) => {
  const redis = await RedisServer.start(t)
  return await startIvs(t, { ...more, platform: { redisUrl: redis.url, databaseUrl: await postgresql.newDatabase(), ...platform } })
}

t.test('stages on the local provider, on PostgreSQL and Redis', async t => {
  await contractSuite(t, startShared)
  await fullSuite(t, startShared)
})

t.test('two servers of one installation', async t => {
  const redis = await RedisServer.start(t)
  const platform = { redisUrl: redis.url, databaseUrl: await postgresql.newDatabase() }
  const [one, two] = [await startIvs(t, { platform, ivs: { rateLimit: 40 } }), await startIvs(t, { platform, ivs: { rateLimit: 40 } })]
  t.match(expectSuccess(t, await one.get('/health', {}), 'health'), { services: { redis: 'connected' } })
  const { stageArn } = expectSuccess(t, await one.post('/api/token/viewer', { userId: 'viewer' }), 'a token')
  t.match(expectSuccess(t, await two.get(`/api/viewer/list/${stageArn}`), 'the other one knows'), { totalViewers: 1, viewers: [{ userId: 'viewer' }] })
  const { stage } = expectSuccess(t, await one.post('/api/stage', { name: 'custom' }), 'a stage', { status: 201 })
  expectSuccess(t, await two.post('/api/token/viewer', { userId: 'other', stageArn: stage.arn }), 'at once on the other one')
  let refused = 0
  for (let count = 0; count < 50; count++) if ((await [one, two][count % 2]!.get('/api/stats/publisher')).status === 429) refused++
  t.ok(refused >= 13, `the limit is one for both: ${refused} of 50 were refused`)
})
