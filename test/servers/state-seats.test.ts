import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openRedis } from '../../src/platform/state/redis.ts'
import { RedisServer } from '../fixtures/redis-server.ts'
import { Told } from '../fixtures/told.ts'
import { seatsSuite } from '../platform/state/seats-suite.ts'

t.test('two servers that share one Redis hand out seats', async t => {
  const redis = await RedisServer.start(t)
  const told = new Told()
  await seatsSuite(t, async (settings, log) => {
    const shared = { ...settings, redisUrl: redis.url, redisPrefix: `${randomUUID()}:` }
    return [await openRedis(shared, log), await openRedis(shared, log)]
  }, told)
  t.same(told.entries, [])
})
