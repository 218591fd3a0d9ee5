import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Member } from '../../src/platform/state/state.ts'
import { back, gone, Installation, until } from '../fixtures/installation.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { RedisServer } from '../fixtures/redis-server.ts'

const SERVER = ownProgram(new URL('../fixtures/programs/uses-state.ts', import.meta.url))
const LONG = { timeoutMs: 60_000 }
const LOST = 'Redis cannot be used: this server goes on with what it knows itself, and catches up when Redis is back'

const namesIn = (members: Member[]) => members.map(({ member }) => member).sort()

t.test('two servers know the same', async t => {
  const installation = new Installation(t, await RedisServer.start(t))
  const [one, two] = [await installation.server(), await installation.server()]

  await t.test('limits and counters', async t => {
    t.equal((await one.limits.take('login', 2, 60_000)).left, 1)
    t.equal((await two.limits.take('login', 2, 60_000)).left, 0)
    t.equal((await one.limits.take('login', 2, 60_000)).left, -1)
    await two.limits.giveBack('login')
    t.equal((await two.limits.take('login', 2, 60_000)).left, -1)
    t.equal(await one.counters.add('jobs', 2), 2)
    t.equal(await two.counters.add('jobs', 3), 5)
    await one.counters.remove('jobs')
    t.equal(await two.counters.add('jobs'), 1)
  })
  await t.test('who is where', async t => {
    await one.presence.join('stage', 'alice', { ...LONG, data: 'one' })
    t.equal(await two.presence.join('stage', 'alice', LONG), false)
    await two.presence.join('stage', 'bob', LONG)
    t.match(await one.presence.members('stage'), [{ member: 'alice', data: 'one' }, { member: 'bob' }])
    t.equal(await two.presence.leave('stage', 'alice'), true)
    t.equal(await one.presence.touch('stage', 'alice'), false)
    t.match(await one.presence.summary('stage'), { current: 1, peak: 2, joins: 2 })
    t.same(await one.presence.places(), ['stage'])
  })
  await t.test('messages', async t => {
    const heard: string[] = []
    await one.channels.subscribe('news', message => { heard.push(`one ${String(message)}`) })
    const end = await two.channels.subscribe('news', message => { heard.push(`two ${String(message)}`) })
    await one.channels.publish('news', 1)
    await until(() => heard.length === 2)
    await two.channels.publish('news', 2)
    await until(() => heard.length === 4)
    t.same([...heard].sort(), ['one 1', 'one 2', 'two 1', 'two 2'])
    await end()
    await one.channels.publish('news', 3)
    await two.channels.publish('news', 4)
    await until(() => heard.includes('one 4'))
    t.same(heard.slice(4), ['one 3', 'one 4'])
  })
  await t.test('locks', async t => {
    const lease = await one.locks.take('sweep', 60_000)
    t.equal(await two.locks.take('sweep', 60_000), undefined)
    await lease?.release()
    t.ok(await two.locks.take('sweep', 60_000))
  })
  await t.test('a member that times out is told on one of them; those of a server that died too', async t => {
    const third = await installation.server()
    const told: string[] = []
    for (const state of [one, two, third]) state.presence.onTimeout((place, { member }) => { told.push(`${place} ${member}`) })
    for (let number = 0; number < 300; number++) await (number % 2 === 0 ? one : third).presence.join('room', String(number), { timeoutMs: 500 })
    await third.close()
    await until(async () => (await two.presence.summary('room')).current === 0)
    await delay(200)
    t.same(told.sort(), Array.from({ length: 300 }, (_, number) => `room ${number}`).sort())
  })
  t.same(installation.told.entries, [])
})

t.test('a server that is killed: its members time out, and its lock runs out', async t => {
  const installation = new Installation(t, await RedisServer.start(t))
  const survivor = await installation.server()
  const told: string[] = []
  survivor.presence.onTimeout((place, { member }) => { told.push(`${place} ${member}`) })
  const server = fork(SERVER, [JSON.stringify(installation.settings())], { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(server, 'message')
  t.equal(await survivor.locks.take('work', 500), undefined)
  const gone = once(server, 'exit')
  server.kill('SIGKILL')
  await gone
  t.match(await survivor.presence.summary('stage'), { current: 3 })
  await until(async () => await survivor.locks.take('work', 500) !== undefined)
  await until(() => told.length === 3)
  t.same(told.sort(), ['stage a', 'stage b', 'stage c'])
  t.match(await survivor.presence.summary('stage'), { current: 0, peak: 3, joins: 3 })
})

t.test('while Redis is away each server goes on by itself, and tells the rest afterwards', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const [one, two] = [await installation.server(), await installation.server()]
  const heard: unknown[] = []
  await one.channels.subscribe('news', message => { heard.push(message) })
  await one.limits.take('login', 5, 60_000)
  await two.limits.take('login', 5, 60_000)
  await one.limits.take('delete', 1, 60_000)
  await one.counters.add('jobs', 5)
  await two.counters.add('others', 5)
  for (const member of ['alice', 'bob', 'gone']) await one.presence.join('stage', member, LONG)
  await two.presence.join('stage', 'carol', LONG)
  await one.presence.join('old', 'x', LONG)

  await redis.stop()
  await gone(one, two)
  const began = performance.now()
  t.equal((await one.limits.take('login', 5, 60_000)).left, 3, 'it counts what came to itself')
  t.equal((await two.limits.take('login', 5, 60_000)).left, 3)
  t.equal((await two.limits.take('new', 5, 60_000)).left, 4)
  t.same((await one.limits.takeAll(['of many', 'login', 'of many'], 5, 60_000)).map(({ left }) => left), [4, 2, 3])
  await one.limits.giveBack('delete')
  t.equal(await one.counters.add('jobs'), 6, 'it adds to what it knew')
  t.equal(await two.counters.add('jobs', 10), 10)
  t.equal(await one.counters.get('jobs'), 6)
  await two.counters.remove('others')
  await two.counters.add('others')
  t.same(namesIn(await one.presence.members('stage')), ['alice', 'bob', 'gone'], 'it knows who came to itself')
  t.same(namesIn(await two.presence.members('stage')), ['carol'])
  t.equal(await one.presence.leave('stage', 'gone'), true)
  t.equal(await one.presence.touch('stage', 'alice'), true)
  t.equal(await one.presence.touch('stage', 'nobody'), false)
  t.same(await one.presence.touchAll([{ place: 'stage', member: 'bob' }, { place: 'stage', member: 'carol' }, { place: 'nowhere', member: 'bob' }]), [true, false, false])
  t.equal(await two.presence.join('stage', 'dave', { ...LONG, data: 4 }), true)
  t.match(await one.presence.summary('stage'), { current: 2 })
  await one.presence.clear('old')
  t.same(await one.presence.places(), ['stage'])
  await one.channels.publish('news', 'here')
  await two.channels.publish('news', 'lost')
  t.same(heard, ['here'])
  const subscribed: unknown[] = []
  await two.channels.subscribe('later', message => { subscribed.push(message) })
  t.equal(await one.locks.take('sweep', 1_000), undefined, 'nobody can know whether another server has it')
  t.ok(performance.now() - began < 1_000, 'all of them take less than one that waits for Redis')
  t.ok(one.figures().answeredAlone > 5)

  await redis.start()
  await back(one, two)
  t.equal((await one.limits.take('login', 5, 60_000)).left, -1, 'six were taken in all')
  t.equal((await two.limits.take('of many', 5, 60_000)).left, 2)
  t.equal((await one.limits.take('new', 5, 60_000)).left, 3)
  t.equal((await one.limits.take('delete', 1, 60_000)).left, 0)
  t.equal(await one.counters.get('jobs'), 16)
  t.equal(await one.counters.get('others'), 1)
  for (const state of [one, two]) t.same(namesIn(await state.presence.members('stage')), ['alice', 'bob', 'carol', 'dave'])
  t.match((await one.presence.members('stage')).at(-1), { member: 'dave', data: 4 })
  t.match(await one.presence.summary('stage'), { current: 4, peak: 4, joins: 5 })
  t.same(await two.presence.places(), ['stage'])
  t.match(await two.presence.summary('old'), { current: 0, joins: 0 })
  await two.channels.publish('news', 'again')
  await one.channels.publish('later', 'now')
  await until(() => heard.length === 2 && subscribed.length === 1)
  t.same([heard[1], subscribed[0]], ['again', 'now'])
  t.equal(installation.told.all(LOST).length, 2, 'it is told once a server')
  t.match(installation.told.all('Redis is back'), [{ awayMs: Number }, { awayMs: Number }])
})

t.test('Redis that comes back empty: members are announced anew, and what was counted with them', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const [one, two] = [await installation.server(), await installation.server()]
  const heard: unknown[] = []
  await two.channels.subscribe('news', message => { heard.push(message) })
  for (let number = 0; number < 150; number++) await one.presence.join('stage', `one ${number}`, { ...LONG, data: { number } })
  for (let number = 0; number < 50; number++) await two.presence.join('stage', `two ${number}`, LONG)
  for (let number = 0; number < 20; number++) await two.presence.leave('stage', `two ${number}`)
  for (let count = 0; count < 5; count++) await one.limits.take('login', 5, 60_000)
  const before = await one.presence.members('stage')
  const counted = await one.presence.summary('stage')
  await redis.kill()
  await gone(one, two)
  await redis.start()
  await back(one, two)
  for (const state of [one, two]) {
    const members = await state.presence.members('stage')
    const what = (list: Member[]) => list.map(({ member, joinedAt, data }) => JSON.stringify([member, joinedAt, data])).sort()
    t.same(what(members), what(before))
    const summary = await state.presence.summary('stage')
    t.same({ ...summary, accumulatedMs: 0 }, { ...counted, accumulatedMs: 0 })
    t.equal(summary.accumulatedMs, counted.accumulatedMs)
  }
  t.equal((await one.limits.take('login', 5, 60_000)).left, -1, 'a limit is not forgotten by the server that counted')
  await one.channels.publish('news', 1)
  await until(() => heard.length === 1)
})

t.test('Redis that does not answer: a command takes REDIS_COMMAND_MS at most, the next ones nothing; each counts once', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const state = await installation.server({ redisCommandMs: 300, redisConnectMs: 300 })
  const other = await installation.server({ redisCommandMs: 300, redisConnectMs: 300 })
  await state.counters.add('sum')
  const member = Array.from({ length: 50 }, (_, number) => `m${number}`)
  // More than are said in one command.
  const several = Array.from({ length: 250 }, (_, number) => `of ${number}`)
  redis.pause()
  t.teardown(() => redis.goOn())
  const began = performance.now()
  await Promise.all([
    ...member.map(async () => await state.counters.add('sum')),
    ...member.map(async () => await state.limits.take('login', 100, 60_000)),
    state.limits.takeAll(several, 5, 60_000),
    ...member.map(async name => await state.presence.join('stage', name, LONG)),
    state.presence.touchAll(several.map(member => ({ place: 'stage', member })))
  ])
  const first = performance.now() - began
  await gone(state, other)
  const later = performance.now()
  for (const name of member) {
    await state.counters.add('sum')
    await state.limits.take('login', 100, 60_000)
    await state.presence.leave('stage', name)
    await state.presence.join('stage', name, LONG)
  }
  const second = performance.now() - later
  t.comment(`Redis stands still: 152 questions at once took ${Math.round(first)} ms, the next 200 ${Math.round(second)} ms`)
  t.ok(first < 1_000, 'with REDIS_COMMAND_MS at 300')
  t.ok(second < 300, 'less than one of them might take')
  redis.goOn()
  await back(state, other)
  t.equal(await other.counters.get('sum'), 101)
  t.equal((await other.limits.take('login', 101, 60_000)).left, 0)
  t.ok((await other.limits.takeAll(several, 5, 60_000)).every(({ left }) => left === 3))
  t.match(await other.presence.summary('stage'), { current: 50, peak: 50, joins: 100 })
})

t.test('a server that was too busy to read what Redis answered does not take it for gone', async t => {
  const installation = new Installation(t, await RedisServer.start(t))
  const state = await installation.server({ redisCommandMs: 200 })
  const answers = [state.counters.add('sum'), state.limits.take('login', 5, 60_000), state.presence.join('stage', 'alice', LONG)]
  const until = performance.now() + 500
  while (performance.now() < until);
  await Promise.all(answers)
  t.equal(state.connection, 'connected')
  t.equal(state.figures().answeredAlone, 0)
  t.same(installation.told.entries, [])
})

t.test('nobody who is still there times out because Redis was away; who is not does', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const options = { presenceGraceMs: 500 }
  const [one, two] = [await installation.server(options), await installation.server(options)]
  const told: string[] = []
  for (const state of [one, two]) state.presence.onTimeout((_place, { member }) => { told.push(member) })
  const stay = { timeoutMs: 1_500 }
  await one.presence.join('stage', 'one', stay)
  await two.presence.join('stage', 'two', stay)
  await two.presence.join('stage', 'silent', stay)
  const touching = setInterval(() => {
    void one.presence.touch('stage', 'one')
    void two.presence.touch('stage', 'two')
  }, 100)
  t.teardown(() => clearInterval(touching))
  await redis.stop()
  await until(() => told.length > 0)
  t.same(told, ['silent'], 'the server that it came to tells of it')
  await delay(1_500)
  await redis.start()
  // One that was not there before looks at once.
  const third = await installation.server(options)
  third.presence.onTimeout((_place, { member }) => { told.push(`third ${member}`) })
  await back(one, two)
  await delay(1_500)
  t.same(told, ['silent'])
  t.same(namesIn(await third.presence.members('stage')), ['one', 'two'])
  clearInterval(touching)
  await until(() => told.length === 3)
  t.equal((await third.presence.summary('stage')).joins, 3)
})

t.test('a lease outlasts a short outage, and is lost in a long one', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const [one, two] = [await installation.server(), await installation.server()]
  const lease = await one.locks.take('sweep', 3_000)
  await redis.kill()
  await gone(one, two)
  await redis.start()
  await back(one)
  await back(two)
  t.equal(await two.locks.take('sweep', 3_000), undefined, 'Redis lost it, and who has it took it anew')
  t.equal(lease?.lost.aborted, false)
  const short = await one.locks.take('short', 400)
  await redis.kill()
  const began = performance.now()
  // The lease's own timers keep no process alive.
  await until(() => short!.lost.aborted)
  t.ok(performance.now() - began < 1_000, 'with a lease of 400 ms')
  await redis.start()
  await back(two)
  t.ok(await two.locks.take('short', 400))
})

t.test('a server starts without Redis, says why, and never what its password is', async t => {
  const password = `secret-${randomUUID()}`
  const redis = await RedisServer.start(t, { password })
  const installation = new Installation(t, redis)
  const known = await installation.server()
  await known.counters.add('jobs', 2)
  const wrong = await installation.server({ redisUrl: redis.url.replace(password, `${password}-wrong`) })
  t.equal(wrong.connection, 'disconnected')
  t.match(installation.told.all(LOST), [{ reason: /^WRONGPASS/ }])
  t.equal(await wrong.counters.add('jobs'), 1)
  await redis.stop()
  const began = performance.now()
  const early = await installation.server()
  t.ok(performance.now() - began < 3_000, 'less than REDIS_CONNECT_MS')
  t.equal(early.connection, 'disconnected')
  t.match(installation.told.all(LOST).at(-1), { reason: /ECONNREFUSED/ })
  await early.counters.add('jobs', 3)
  await redis.start()
  await back(early)
  t.equal(await early.counters.get('jobs'), 5)
  t.notMatch(JSON.stringify(installation.told.entries), password)
})

t.test('what waits for Redis is bounded, and told later all the same', async t => {
  const redis = await RedisServer.start(t)
  const installation = new Installation(t, redis)
  const state = await installation.server({ redisMaxCommands: 10, redisMaxOwed: 100 })
  const other = await installation.server()
  await Promise.all(Array.from({ length: 500 }, async () => await state.counters.add('sum')))
  await until(async () => await other.counters.get('sum') === 500)
  const { answeredAlone } = state.figures()
  t.ok(answeredAlone >= 400)
  const many = Array.from({ length: 1_500 }, (_, number) => `m${number}`)
  await Promise.all([state.limits.takeAll(many, 5, 60_000), state.presence.touchAll(many.map(member => ({ place: 'stage', member })))])
  t.equal(state.figures().answeredAlone, answeredAlone, 'what is asked for many at once waits as one')
  await redis.stop()
  await gone(state)
  for (let number = 0; number < 1_000; number++) await state.counters.add(`counter ${number}`)
  await redis.start()
  await back(state, other)
  t.equal(await other.counters.get('counter 999'), 1)
  t.equal(await other.counters.get('counter 900'), 1)
  t.equal(await other.counters.get('counter 899'), 0, 'the oldest were forgotten')
})
