import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openRedis } from '../../src/platform/state/redis.ts'
import { RedisServer } from '../fixtures/redis-server.ts'
import { Told } from '../fixtures/told.ts'
import { stateSuite } from '../platform/state/state-suite.ts'

t.test('Redis does all that a state does', async t => {
  const redis = await RedisServer.start(t)
  const told = new Told()
  await stateSuite(t, async (settings, log) => await openRedis({ ...settings, redisUrl: redis.url, redisPrefix: `${randomUUID()}:` }, log), told)
  t.equal(told.all('a listener failed').length, 250 + 6, 'and what fails is logged')
  t.same(told.entries.filter(({ message }) => message !== 'a listener failed'), [], 'nothing else is')
})
