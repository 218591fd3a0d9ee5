import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { openRedis } from '../../src/platform/state/redis.ts'
import { RedisServer } from '../fixtures/redis-server.ts'
import { Told } from '../fixtures/told.ts'
import { settingsFor } from '../platform/state/settings.ts'

/** What keeps a process from ending. In a file of its own: other tests have timers too. */
const busy = () => process.getActiveResourcesInfo().filter(name => ['Timeout', 'TCPSocketWrap', 'TCPConnectWrap', 'GetAddrInfoReqWrap'].includes(name)).length

async function untilIdle (before: number): Promise<void> {
  while (busy() > before) await delay(10)
}

t.test('nothing is left when it is closed, whether Redis is there or not', async t => {
  const redis = await RedisServer.start(t)
  const open = async (redisConnectMs = 5_000) => await openRedis(settingsFor({ redisUrl: redis.url, redisConnectMs }), new Told())
  const before = busy()

  const used = await open()
  await used.locks.take('sweep', 60_000)
  await used.channels.subscribe('news', () => {})
  t.ok(busy() > before, 'it can be seen')
  await used.close()
  await untilIdle(before)

  const waiting = await open()
  redis.pause()
  t.teardown(() => redis.goOn())
  const asked = waiting.counters.add('jobs')
  await waiting.close()
  t.equal(await asked, 1, 'who waits is answered')
  await untilIdle(before)

  const alone = await open(200)
  t.equal(alone.connection, 'disconnected')
  await alone.close()
  await untilIdle(before)
  t.equal(await alone.counters.add('jobs'), 1, 'and who asks afterwards')
})
