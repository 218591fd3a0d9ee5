import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openRedis } from '../../src/platform/state/redis.ts'
import { RedisServer } from '../fixtures/redis-server.ts'
import { Told } from '../fixtures/told.ts'
import { seatsProperty } from '../platform/state/seats-property.ts'
import { seatsSuite } from '../platform/state/seats-suite.ts'
import { settingsFor } from '../platform/state/settings.ts'

t.test('two servers that share one Redis hand out seats', async t => {
  const redis = await RedisServer.start(t)
  const told = new Told()
  await seatsSuite(t, async (settings, log) => {
    const shared = { ...settings, redisUrl: redis.url, redisPrefix: `${randomUUID()}:` }
    return [await openRedis(shared, log), await openRedis(shared, log)]
  }, told)
  t.same(told.entries, [])
})

t.test('seats are as in a model, whichever of two servers is asked', async t => {
  const redis = await RedisServer.start(t)
  const settings = settingsFor({ redisUrl: redis.url })
  const servers = [await openRedis(settings, new Told()), await openRedis(settings, new Told())]
  t.teardown(async () => { await Promise.all(servers.map(async server => await server.close())) })
  await seatsProperty(t, { runs: 15, begin: () => servers })
})
