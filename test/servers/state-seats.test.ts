import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
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

t.test('who left, moved or timed out leaves nothing in Redis that does not expire', async t => {
  const redis = await RedisServer.start(t)
  const state = await openRedis(settingsFor({ redisUrl: redis.url, redisPrefix: 'kept:' }), new Told())
  t.teardown(() => state.close())
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  const offers = Array.from({ length: 5 }, (_, index) => ({ place: `place ${index}`, seats: 20 }))
  const options = { timeoutMs: 60_000, keepsStay: true }
  for (let index = 0; index < 100; index++) await state.presence.takeSeat('pool', `m${index}`, offers, { ...options, timeoutMs: index < 50 ? 500 : 60_000 })
  const lasting = async () => {
    const keys = await client.keys('kept:*')
    const times = await Promise.all(keys.map(async key => await client.pttl(key)))
    return keys.filter((_, index) => times[index] === -1).sort()
  }
  while (!(await lasting()).includes('kept:sweep')) await delay(10)
  t.same((await lasting()).length, 3 * 5 + 3, 'members, time-outs and history of each place, the seats, the places, and when it was swept')
  for (let index = 50; index < 60; index++) await state.presence.takeSeat('pool', `m${index}`, [{ place: 'other', seats: 20 }], options)
  await Promise.all([...offers.map(({ place }) => place), 'other'].map(async place => {
    for (const { member } of await state.presence.members(place)) if (Number(member.slice(1)) >= 50) await state.presence.leave(place, member)
  }))
  while ((await state.presence.places()).length > 0) await delay(10)
  t.same(await lasting(), ['kept:sweep'])
  await Promise.all(offers.map(async ({ place }) => await state.presence.clear(place)))
  await state.presence.clear('other')
  t.same(await client.keys('kept:*'), ['kept:sweep'], 'nor anything that is cleared')
})
