import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openRedis } from '../../src/platform/state/redis.ts'
import type { State } from '../../src/platform/state/state.ts'
import { RedisServer } from '../fixtures/redis-server.ts'
import { Told } from '../fixtures/told.ts'
import { settingsFor } from '../platform/state/settings.ts'

const TICK_MS = 10
const QUESTIONS_A_TICK = 20
const MEMBERS = 200
const PLACES = ['one', 'two', 'three']
const RIGHT_WITHIN_MS = 30_000

/** What one server was asked, and what it has to know from that. */
class Load {
  readonly state: State
  readonly #name: string
  readonly inside = new Set<string>()
  added = 0
  joined = 0
  taken = 0
  asked = 0
  failed = 0
  slowestMs = 0
  #timer: NodeJS.Timeout | undefined
  readonly #running = new Set<Promise<unknown>>()
  #number = 0

  constructor (state: State, name: string) {
    this.state = state
    this.#name = name
  }

  start (): void {
    this.#timer = setInterval(() => {
      for (let question = 0; question < QUESTIONS_A_TICK; question++) this.#ask()
    }, TICK_MS)
  }

  /** Every question is answered then. */
  async stop (): Promise<void> {
    clearInterval(this.#timer)
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #ask (): void {
    const began = performance.now()
    this.asked++
    const answer = this.#question().catch(() => { this.failed++ }).finally(() => {
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began)
      this.#running.delete(answer)
    })
    this.#running.add(answer)
  }

  async #question (): Promise<unknown> {
    const { counters, limits, presence, channels } = this.state
    const number = this.#number++
    const member = `${this.#name} ${number % MEMBERS}`
    const place = PLACES[number % PLACES.length]!
    switch (number % 7) {
      case 0:
        this.added++
        return await counters.add('sum')
      case 1:
        this.taken++
        return await limits.take('of both', 1_000_000, 600_000)
      case 2:
        return await limits.take(`of ${this.#name}`, 1_000_000, 600_000)
      case 3:
        return await channels.publish('news', number)
      case 4: {
        const key = `${place}/${member}`
        if (this.inside.delete(key)) return await presence.leave(place, member)
        return await presence.touch(place, member)
      }
      default: {
        const key = `${place}/${member}`
        if (!this.inside.has(key)) this.joined++
        this.inside.add(key)
        return await presence.join(place, member, { timeoutMs: 600_000, data: { number } })
      }
    }
  }
}

/** What is not as it was asked for. */
async function wrong (loads: Load[], state: State): Promise<string[]> {
  const inside = (await Promise.all(PLACES.map(async place => (await state.presence.members(place)).map(({ member }) => `${place}/${member}`)))).flat().sort()
  const summaries = await Promise.all(PLACES.map(async place => await state.presence.summary(place)))
  const expected = loads.flatMap(load => [...load.inside]).sort()
  const joins = summaries.reduce((sum, { joins }) => sum + joins, 0)
  const expectedJoins = loads.reduce((sum, { joined }) => sum + joined, 0)
  const current = summaries.reduce((sum, { current }) => sum + current, 0)
  return [
    ...(JSON.stringify(inside) === JSON.stringify(expected) ? [] : [`members: ${inside.length}, not ${expected.length}`]),
    ...(current === expected.length ? [] : [`present: ${current}, not ${expected.length}`]),
    ...(joins === expectedJoins ? [] : [`joins: ${joins}, not ${expectedJoins}`])
  ]
}

async function wrongNumbers (loads: Load[], state: State): Promise<string[]> {
  const sum = await state.counters.get('sum')
  const added = loads.reduce((sum, { added }) => sum + added, 0)
  const taken = 1_000_000 - (await state.limits.take('of both', 1_000_000, 600_000)).left
  loads[0]!.taken++
  const expectedTaken = loads.reduce((sum, { taken }) => sum + taken, 0)
  return [
    ...(sum === added ? [] : [`counter: ${sum}, not ${added}`]),
    ...(taken === expectedTaken ? [] : [`limit: ${taken}, not ${expectedTaken}`])
  ]
}

async function outage (t: Test, { how, awayMs, check }: { how: 'stop' | 'kill', awayMs: number, check: (loads: Load[], state: State) => Promise<string[]> }): Promise<void> {
  const redis = await RedisServer.start(t)
  const told = new Told()
  // Times as they are by default.
  const settings = settingsFor({ redisUrl: redis.url, redisPrefix: `${randomUUID()}:`, presenceSweepMs: 1_000, presenceGraceMs: 5_000, redisRetryMs: 1_000, redisCommandMs: 1_000 })
  const loads: Load[] = []
  for (const name of ['A', 'B']) {
    const state = await openRedis(settings, told)
    t.teardown(() => state.close())
    loads.push(new Load(state, name))
  }
  const all = async (work: (load: Load) => unknown) => { await Promise.all(loads.map(work)) }
  t.teardown(() => all(load => load.stop()))

  await all(load => load.start())
  await delay(1_500)
  await redis[how]()
  const askedBefore = loads.reduce((sum, { asked }) => sum + asked, 0)
  await delay(awayMs)
  t.ok(loads.every(({ state }) => state.connection === 'disconnected'))
  const askedAway = loads.reduce((sum, { asked }) => sum + asked, 0) - askedBefore
  await redis.start()
  const began = performance.now()
  let problems: string[]
  do {
    await delay(50)
    await all(load => load.stop())
    problems = (await Promise.all(loads.map(async ({ state }) => state.connection === 'connected' ? await check(loads, state) : [state.connection]))).flat()
    await all(load => load.start())
  } while (problems.length > 0 && performance.now() - began < RIGHT_WITHIN_MS)
  const rightMs = performance.now() - began
  t.same(problems, [], 'counts are right again')
  await delay(1_000)
  await all(load => load.stop())
  for (const { state } of loads) t.same(await check(loads, state), [], 'and stay so')
  const sum = (read: (load: Load) => number) => loads.reduce((total, load) => total + read(load), 0)
  t.equal(sum(({ failed }) => failed), 0, 'no question failed')
  const slowestMs = Math.max(...loads.map(load => load.slowestMs))
  t.ok(slowestMs < settings.redisCommandMs + 500)
  t.ok(rightMs < RIGHT_WITHIN_MS)
  t.comment(`two servers, Redis ${how === 'stop' ? 'stopped, with what it knew saved' : 'killed, with all that it knew lost'}, away for ${awayMs} ms: ${sum(({ asked }) => asked)} questions, ${askedAway} while it was away, ${sum(({ state }) => state.figures().answeredAlone)} answered alone, 0 failed, the slowest took ${Math.round(slowestMs)} ms; ${sum(({ inside }) => inside.size)} members; right again ${Math.round(rightMs)} ms after Redis was`)
}

t.test('Redis stopped and started under load: requests go on, counts are right again within 30 s', async t => {
  await outage(t, { how: 'stop', awayMs: 3_000, check: async (loads, state) => [...await wrong(loads, state), ...await wrongNumbers(loads, state)] })
})

t.test('the same when it is killed and has saved nothing: who is where is known by the servers', async t => {
  await outage(t, { how: 'kill', awayMs: 3_000, check: wrong })
})
