import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { State } from '../../src/platform/state/state.ts'
import { back, gone, Installation } from '../fixtures/installation.ts'
import { RedisServer } from '../fixtures/redis-server.ts'

const LONG = { timeoutMs: 60_000 }
const HOW = ['stop', 'kill'] as const

const namesIn = async (state: State, place: string) => (await state.presence.members(place)).map(({ member }) => member).sort()

t.test('while Redis is away each server gives seats by what it knows; afterwards nobody has two, and nobody is thrown out', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const [one, two] = [await installation.server(), await installation.server()]
  const take = async (state: State, member: string, place: string) => (await state.presence.takeSeat('pool', member, [{ place, seats: 2 }], LONG))?.place
  t.equal(await take(one, 'moves', 'a'), 'a')
  t.equal(await take(one, 'leaves', 'a'), 'a')
  t.equal(await take(two, 'stays', 'b'), 'b')
  t.equal(await two.presence.closeIfEmpty('closed'), true)

  await redis.stop()
  await gone(one, two)
  t.equal(await one.presence.closeIfEmpty('c'), false, 'nobody can know whether it is empty')
  t.same(await one.presence.counts(['a', 'b']), [2, 0])
  t.same(await two.presence.counts(['a', 'b']), [0, 1])
  t.equal(await one.presence.seatOf('pool', 'stays'), undefined)
  t.equal(await take(one, 'full', 'a'), undefined)
  t.equal(await one.presence.leave('a', 'leaves'), true)
  t.equal(await take(one, 'new', 'a'), 'a')
  t.equal(await take(two, 'other', 'a'), 'a')
  t.equal(await take(two, 'another', 'a'), 'a', 'it knows of one member')
  await delay(5)
  t.equal(await take(two, 'moves', 'b'), 'b')
  // Within one server a move is one as always.
  t.equal(await take(two, 'goes on', 'b'), undefined)
  t.equal(await take(two, 'goes on', 'd'), 'd')
  t.equal(await take(two, 'goes on', 'e'), 'e')
  t.equal(await two.presence.seatOf('pool', 'goes on'), 'e')

  await redis.start()
  await back(one, two)
  for (const state of [one, two]) {
    t.same(await namesIn(state, 'a'), ['another', 'new', 'other'], 'more than its seats')
    t.same(await state.presence.counts(['a', 'b', 'c', 'd', 'e']), [3, 2, 0, 0, 1])
    t.equal(await state.presence.seatOf('pool', 'moves'), 'b', 'where it was last seen')
    t.equal(await state.presence.seatOf('pool', 'leaves'), undefined)
  }
  t.equal(await take(one, 'another', 'a'), 'a', 'it keeps its seat')
  t.equal(await take(one, 'late', 'a'), undefined)
  t.equal(await take(one, 'late', 'closed'), undefined, 'what was closed is')
  await one.presence.clear('closed')
  t.equal(await take(two, 'late', 'closed'), 'closed')
})

for (const how of HOW) {
  t.test(`one that got a seat at two servers has the one where it was last seen, whoever catches up first (${how})`, async t => {
    const redis = await RedisServer.start(t)
    const installation = new Installation(t, redis)
    const [one, two] = [await installation.server({ redisRetryMs: 50 }), await installation.server({ redisRetryMs: 300 })]
    const members = Array.from({ length: 20 }, (_, index) => `m${index}`)
    const take = async (state: State, member: string, place: string) => { await state.presence.takeSeat('pool', member, [{ place, seats: 100 }], LONG) }
    for (const [index, member] of members.entries()) await take(index % 4 < 2 ? one : two, member, 'before')
    await redis[how]()
    await gone(one, two)
    for (const member of members) await take(one, member, 'at one')
    await delay(5)
    for (const member of members) await take(two, member, 'at two')
    await delay(5)
    for (const [index, member] of members.entries()) if (index % 2 === 0) await one.presence.touch('at one', member)
    await redis.start()
    await back(one, two)
    const expected = members.map((_, index) => index % 2 === 0 ? 'at one' : 'at two')
    const areRight = async () => {
      for (const state of [one, two]) {
        t.same(await Promise.all(members.map(async member => await state.presence.seatOf('pool', member))), expected)
        t.same(await state.presence.counts(['before', 'at one', 'at two']), [0, 10, 10])
      }
    }
    await areRight()
    await redis[how]()
    await gone(one, two)
    t.same(await Promise.all(members.map(async member => await two.presence.seatOf('pool', member))), expected.map(place => place === 'at two' ? place : undefined), 'the last that caught up knows who is elsewhere')
    await redis.start()
    await back(one, two)
    await areRight()
  })
}

t.test('Redis that does not answer: who was given a seat there and here has one', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const [one, two] = [await installation.server({ redisCommandMs: 300, redisConnectMs: 300 }), await installation.server({ redisCommandMs: 300, redisConnectMs: 300 })]
  const members = Array.from({ length: 100 }, (_, index) => `m${index}`)
  const places = Array.from({ length: 10 }, (_, index) => `place ${index}`)
  const offers = places.map(place => ({ place, seats: 10 }))
  // So that what Redis chooses is not what the server does.
  for (const place of places.slice(0, 5)) await two.presence.join(place, 'guest', LONG)
  redis.pause()
  t.teardown(() => redis.goOn())
  const seats = await Promise.all(members.map(async member => await one.presence.takeSeat('pool', member, offers, LONG)))
  t.ok(seats.every(seat => seat !== undefined))
  await gone(one, two)
  redis.goOn()
  await back(one, two)
  const inside = (await Promise.all(places.map(async place => (await two.presence.members(place)).map(({ member }) => ({ place, member }))))).flat().filter(({ member }) => member !== 'guest')
  t.equal(inside.length, 100)
  t.equal(new Set(inside.map(({ member }) => member)).size, 100, 'nobody has two')
  t.same(await Promise.all(inside.map(async ({ member }) => await one.presence.seatOf('pool', member))), inside.map(({ place }) => place))
})

for (const how of HOW) {
  t.test(`stays over a time without Redis (${how})`, async t => {
    const redis = await RedisServer.start(t)
    const installation = new Installation(t, redis)
    const [one, two] = [await installation.server(), await installation.server()]
    const stays = { ...LONG, keepsStay: true }
    const join = async (member: string) => await one.presence.join('place', member, stays)
    const stayOf = async (state: State, member: string) => await state.presence.stay('place', member)
    for (const member of ['stays', 'leaves', 'comes back']) await join(member)
    await delay(50)
    await redis[how]()
    await gone(one, two)
    for (const member of ['stays', 'leaves', 'comes back']) await one.presence.touch('place', member)
    await join('was there')
    await delay(50)
    for (const member of ['leaves', 'comes back', 'was there']) await one.presence.leave('place', member)
    await delay(500)
    await join('comes back')
    const before = new Map(await Promise.all(['stays', 'leaves', 'comes back', 'was there'].map(async member => [member, await stayOf(one, member)] as const)))
    t.ok(before.get('leaves')!.totalMs >= 99 && before.get('was there')!.totalMs >= 49)
    await redis.start()
    await back(one, two)
    for (const state of [one, two]) {
      // The way to Redis takes time on a busy machine; what must not count took longer.
      for (const [member, expected] of before) {
        const stay = (await stayOf(state, member))!
        t.equal(stay.isThere, expected!.isThere, member)
        t.ok(Math.abs(stay.totalMs - expected!.totalMs) < 250, `${member}: ${stay.totalMs}, and was ${expected!.totalMs}`)
        t.ok(Math.abs(stay.firstJoinedAt - expected!.firstJoinedAt) < 250, member)
      }
    }
  })
}
