import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { PlatformConfig } from '../../../src/config/platform.ts'
import type { Log } from '../../../src/log.ts'
import type { Member, State } from '../../../src/platform/state/state.ts'
import { ODD_NAMES, settingsFor } from './settings.ts'

/** Opens a state that nobody has used before; the test closes it. */
export type Open = (settings: PlatformConfig, log: Log) => Promise<State>

/** Short enough to wait for. */
const WINDOW_MS = 200
const TIMEOUT_MS = 150
const LEASE_MS = 600

/** What every implementation of the state does, over its own surface alone. */
export async function stateSuite (t: Test, open: Open, log: Log): Promise<void> {
  const begin = async (t: Test, options: Partial<PlatformConfig> = {}): Promise<State> => {
    const state = await open(settingsFor(options), log)
    t.teardown(() => state.close())
    return state
  }

  await t.test('limits', async t => {
    const { limits } = await begin(t)
    await t.test('count down to the limit and beyond, each key by itself', async t => {
      const first = await limits.take('login:1', 2, 60_000)
      t.equal(first.left, 1)
      t.ok(first.endsInMs > 59_000 && first.endsInMs <= 60_000 && Number.isInteger(first.endsInMs), `${first.endsInMs}`)
      t.equal((await limits.take('login:1', 2, 60_000)).left, 0)
      t.equal((await limits.take('login:1', 2, 60_000)).left, -1)
      t.equal((await limits.take('login:2', 2, 60_000)).left, 1)
    })
    await t.test('a window is over when it said so, and another begins', async t => {
      t.equal((await limits.take('short', 1, WINDOW_MS)).left, 0)
      const { left, endsInMs } = await limits.take('short', 1, WINDOW_MS)
      t.equal(left, -1)
      t.ok(endsInMs <= WINDOW_MS)
      await delay(endsInMs + 1)
      const next = await limits.take('short', 1, WINDOW_MS)
      t.equal(next.left, 0)
      t.ok(next.endsInMs > WINDOW_MS / 2, 'it is a whole one')
    })
    await t.test('what is given back does not count; more than was taken cannot be', async t => {
      await limits.take('delete', 1, 60_000)
      await limits.giveBack('delete')
      t.equal((await limits.take('delete', 1, 60_000)).left, 0)
      await limits.giveBack('delete')
      await limits.giveBack('delete')
      t.equal((await limits.take('delete', 1, 60_000)).left, 0)
      await limits.giveBack('nobody')
      const { left, endsInMs } = await limits.take('nobody', 1, WINDOW_MS)
      t.equal(left, 0)
      t.ok(endsInMs > 0 && endsInMs <= WINDOW_MS, 'it began with the first that was counted')
    })
    await t.test('1,000 at once: each is counted once', async t => {
      const answers = await Promise.all(Array.from({ length: 1_000 }, async () => await limits.take('burst', 100, 60_000)))
      t.equal(answers.filter(({ left }) => left >= 0).length, 100)
      t.same(answers.map(({ left }) => left).sort((one, other) => other - one), Array.from({ length: 1_000 }, (_, index) => 99 - index))
    })
  })

  await t.test('limits of many keys at once: each by itself, and one that is there twice counts twice', async t => {
    const { limits } = await begin(t)
    await limits.take('a', 2, 60_000)
    const all = await limits.takeAll(['a', 'b', 'a', ...ODD_NAMES], 2, 60_000)
    t.same(all.map(({ left }) => left), [0, 1, -1, ...ODD_NAMES.map(() => 1)])
    t.ok(all.every(({ endsInMs }) => endsInMs > 59_000 && endsInMs <= 60_000 && Number.isInteger(endsInMs)))
    t.equal((await limits.take('b', 2, 60_000)).left, 0)
    t.same(await limits.takeAll([], 2, 60_000), [])
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`)
    t.ok((await limits.takeAll(keys, 2, 60_000)).every(({ left }) => left === 1))
    t.ok((await limits.takeAll(keys.toReversed(), 2, 60_000)).every(({ left }) => left === 0))
    const both = await Promise.all([limits.takeAll(keys, 3, 60_000), limits.take('key 7', 3, 60_000)])
    t.equal(both[0].filter(({ left }) => left === 0).length, 1_000)
    t.equal(both[1].left, -1, 'in the order in which they were asked')
  })

  await t.test('counters', async t => {
    const { counters } = await begin(t)
    t.equal(await counters.get('jobs'), 0)
    t.equal(await counters.add('jobs'), 1)
    t.equal(await counters.add('jobs', 5), 6)
    t.equal(await counters.add('jobs', -2), 4)
    t.equal(await counters.get('jobs'), 4)
    t.equal(await counters.get('others'), 0)
    await counters.remove('jobs')
    t.equal(await counters.get('jobs'), 0)
    t.equal(await counters.add('jobs'), 1, 'it begins anew')
    await Promise.all(Array.from({ length: 500 }, async () => await counters.add('sum', 2)))
    t.equal(await counters.get('sum'), 1_000)
  })

  await t.test('presence', async t => {
    const { presence } = await begin(t)
    const stay = { timeoutMs: 60_000 }

    await t.test('who is where', async t => {
      const began = Date.now()
      t.equal(await presence.join('stage', 'alice', { ...stay, data: { seat: 1, empty: [], text: 'a b  c' } }), true)
      await delay(5)
      t.equal(await presence.join('stage', 'bob', stay), true)
      t.equal(await presence.join('other', 'alice', stay), true)
      const members = await presence.members('stage')
      t.match(members, [{ member: 'alice', data: { seat: 1, empty: [], text: 'a b  c' } }, { member: 'bob', data: null }])
      t.ok(members.every(({ joinedAt, lastSeenAt }) => joinedAt === lastSeenAt && Math.abs(joinedAt - began) < 1_000), 'times are in milliseconds since 1970')
      t.same((await presence.places()).sort(), ['other', 'stage'])
      t.same(await presence.members('empty'), [])
      t.same(await presence.summary('empty'), { current: 0, peak: 0, joins: 0, accumulatedMs: 0 })
    })
    await t.test('seen again: only that changes, and the data where it is given', async t => {
      const [before] = await presence.members('stage') as [Member]
      await delay(10)
      t.equal(await presence.touch('stage', 'alice'), true)
      const [touched] = await presence.members('stage') as [Member]
      t.same({ ...touched, lastSeenAt: 0 }, { ...before, lastSeenAt: 0 })
      t.ok(touched.lastSeenAt >= before.lastSeenAt + 9, `${touched.lastSeenAt - before.lastSeenAt}`)
      t.equal(await presence.join('stage', 'alice', stay), false)
      t.same((await presence.members('stage'))[0]?.data, before.data)
      t.equal(await presence.join('stage', 'alice', { ...stay, data: 7 }), false)
      t.match((await presence.members('stage'))[0], { data: 7, joinedAt: before.joinedAt })
      t.equal(await presence.touch('stage', 'carol'), false)
      t.equal(await presence.touch('nowhere', 'alice'), false)
      t.equal((await presence.summary('stage')).current, 2, 'asking after somebody does not let them in')
    })
    await t.test('many seen again at once, in several places', async t => {
      const members = Array.from({ length: 250 }, (_, index) => `m${index}`)
      const places = ['many', ...ODD_NAMES]
      await Promise.all(members.map(async (member, index) => await presence.join(places[index % places.length]!, member, { ...stay, data: { index } })))
      const before = await Promise.all(places.map(async place => await presence.members(place)))
      await delay(10)
      const sightings = members.map((member, index) => ({ place: places[index % places.length]!, member }))
      const asked = [{ place: 'many', member: 'nobody' }, ...sightings.toReversed(), { place: 'nowhere', member: 'm0' }, { place: 'many', member: 'm1' }, { place: 'many', member: 'm0' }]
      t.same(await presence.touchAll(asked), [false, ...sightings.map(() => true), false, false, true])
      const after = await Promise.all(places.map(async place => await presence.members(place)))
      t.same(after.flat().map(({ lastSeenAt: _, ...rest }) => rest), before.flat().map(({ lastSeenAt: _, ...rest }) => rest), 'nothing else has changed, and nobody came')
      const seenAt = new Map(before.flat().map(({ member, lastSeenAt }) => [member, lastSeenAt]))
      t.ok(after.flat().every(({ member, lastSeenAt }) => lastSeenAt >= seenAt.get(member)! + 9))
      t.notOk((await presence.places()).includes('nowhere'))
      t.same(await presence.touchAll([]), [])
      for (const place of places) await presence.clear(place)
    })
    await t.test('peak, joins and time', async t => {
      await presence.join('room', 'a', stay)
      await presence.join('room', 'b', stay)
      t.equal(await presence.leave('room', 'a'), true)
      t.equal(await presence.leave('room', 'a'), false)
      await delay(30)
      await presence.touch('room', 'b')
      await presence.join('room', 'a', stay)
      const { accumulatedMs, ...counts } = await presence.summary('room')
      t.same(counts, { current: 2, peak: 2, joins: 3 })
      t.ok(accumulatedMs >= 29 && accumulatedMs < 1_000, `${accumulatedMs}`)
      await delay(20)
      await presence.leave('room', 'b')
      await presence.leave('room', 'a')
      const after = await presence.summary('room')
      t.match(after, { current: 0, peak: 2, joins: 3 }, 'what was counted stays')
      t.ok(after.accumulatedMs >= accumulatedMs + 38, `${after.accumulatedMs - accumulatedMs}`)
      t.notOk((await presence.places()).includes('room'))
    })
    await t.test('a place is forgotten', async t => {
      await presence.join('gone', 'a', stay)
      await presence.clear('gone')
      t.same(await presence.members('gone'), [])
      t.same(await presence.summary('gone'), { current: 0, peak: 0, joins: 0, accumulatedMs: 0 })
      t.equal(await presence.touch('gone', 'a'), false)
      t.equal(await presence.join('gone', 'a', stay), true)
      t.match(await presence.summary('gone'), { current: 1, peak: 1, joins: 1 })
    })
    await t.test('whatever it is called', async t => {
      for (const place of ODD_NAMES) {
        for (const member of ODD_NAMES) t.equal(await presence.join(place, member, { ...stay, data: member }), true)
        t.same((await presence.members(place)).map(({ member }) => member).sort(), [...ODD_NAMES].sort())
        t.ok((await presence.members(place)).every(({ member, data }) => member === data))
        t.ok((await presence.places()).includes(place))
        for (const member of ODD_NAMES) t.equal(await presence.leave(place, member), true)
        t.same(await presence.summary(place).then(({ current, peak }) => [current, peak]), [0, ODD_NAMES.length])
      }
    })
    await t.test('what was given is not what is kept', async t => {
      const data = { list: [1] }
      await presence.join('copy', 'a', { ...stay, data })
      data.list.push(2)
      const kept = (await presence.members('copy'))[0]?.data as typeof data
      t.same(kept, { list: [1] })
      kept.list.push(3)
      t.same((await presence.members('copy'))[0]?.data, { list: [1] })
    })
  })

  await t.test('who is not seen times out, and that is told once', async t => {
    const { presence } = await begin(t)
    const told: Array<[string, Member]> = []
    let onTold = () => {}
    presence.onTimeout((place, member) => {
      told.push([place, member])
      onTold()
    })
    presence.onTimeout(() => { throw new Error('one that fails') })
    const never = presence.onTimeout(() => t.fail('it was ended'))
    never()
    // More than are taken out at once, in places with odd names.
    await Promise.all(Array.from({ length: 250 }, async (_, index) => await presence.join(ODD_NAMES[index % ODD_NAMES.length]!, `m${index}`, { timeoutMs: TIMEOUT_MS, data: index })))
    await presence.join('stage', 'stays', { timeoutMs: 60_000 })
    await presence.join('stage', 'comes back', { timeoutMs: TIMEOUT_MS })
    const touching = setInterval(() => { void presence.touch('stage', 'comes back') }, TIMEOUT_MS / 5)
    t.teardown(() => clearInterval(touching))
    await new Promise<void>(resolve => { onTold = () => { if (told.length === 250) resolve() } })
    await delay(2 * TIMEOUT_MS)
    t.equal(told.length, 250)
    t.equal(new Set(told.map(([, { member }]) => member)).size, 250, 'nobody twice')
    t.ok(told.every(([place, { member, data }]) => member === `m${String(data)}` && place === ODD_NAMES[Number(data) % ODD_NAMES.length]))
    t.same((await presence.members('stage')).map(({ member }) => member), ['stays', 'comes back'])
    t.same(await presence.places(), ['stage'])
    const { accumulatedMs, ...counts } = await presence.summary('会议')
    t.same(counts, { current: 0, peak: 25, joins: 25 })
    t.equal(accumulatedMs, 0, 'nobody was seen after joining')
  })

  await t.test('places in which nobody was for long are forgotten', async t => {
    const { presence } = await begin(t, { presenceKeepHours: 100 / 3_600_000 })
    await presence.join('room', 'a', { timeoutMs: 60_000 })
    await presence.join('full', 'a', { timeoutMs: 60_000 })
    await presence.leave('room', 'a')
    t.match(await presence.summary('room'), { joins: 1 })
    while ((await presence.summary('room')).joins > 0) await delay(10)
    t.match(await presence.summary('full'), { current: 1, joins: 1 })
  })

  await t.test('channels', async t => {
    const { channels } = await begin(t)
    const heard: unknown[] = []
    const end = await channels.subscribe('news', message => { heard.push(message) })
    const endOfFailing = await channels.subscribe('news', () => { throw new Error('one that fails') })
    const endOfRejecting = await channels.subscribe('news', async () => { throw new Error('one that fails later') })
    const message = { text: 'a b', list: [] as number[], none: null }
    await channels.publish('news', message)
    message.list.push(1)
    await channels.publish('other', 'not for us')
    await channels.publish('news', 7)
    t.same(heard, [{ text: 'a b', list: [], none: null }, 7], 'in order, and each once')
    await end()
    await end()
    await channels.publish('news', 8)
    t.equal(heard.length, 2)
    await endOfFailing()
    await endOfRejecting()
    const endAgain = await channels.subscribe('news', message => { heard.push(message) })
    await end()
    await channels.publish('news', 9)
    t.equal(heard.at(-1), 9, 'an end is that of one listener')
    await endAgain()
  })

  await t.test('locks', async t => {
    const state = await begin(t)
    const { locks } = state
    const first = await locks.take('sweep', LEASE_MS)
    t.ok(first)
    t.equal(await locks.take('sweep', LEASE_MS), undefined)
    t.ok(await locks.take('other', LEASE_MS), 'each by itself')
    await delay(2.5 * LEASE_MS)
    t.equal(await locks.take('sweep', LEASE_MS), undefined, 'it was renewed')
    t.equal(first?.lost.aborted, false)
    await first?.release()
    const second = await locks.take('sweep', LEASE_MS)
    t.ok(second)
    await first?.release()
    t.equal(await locks.take('sweep', LEASE_MS), undefined, 'who had it before cannot give it up')
    t.equal(first?.lost.aborted, false, 'who gave it back has not lost it')
    const lost = once(second!.lost, 'abort')
    await state.close()
    await lost
  })

  await t.test('names of one kind do not meet those of another', async t => {
    const { limits, counters, presence, locks } = await begin(t)
    for (const name of ['x', ...ODD_NAMES]) {
      await counters.add(name, 3)
      await presence.join(name, name, { timeoutMs: 60_000 })
      const lease = await locks.take(name, 60_000)
      t.equal((await limits.take(name, 5, 60_000)).left, 4)
      t.equal(await counters.get(name), 3)
      t.equal((await presence.summary(name)).current, 1)
      t.ok(lease)
    }
  })

  await t.test('what is no time or no whole number is refused, and nothing else suffers', async t => {
    const state = await begin(t)
    for (const ms of [0, -1, NaN, Infinity]) {
      await t.rejects(state.limits.take('a', 1, ms), { name: 'RangeError', message: /windowMs/ })
      await t.rejects(state.limits.takeAll(['a'], 1, ms), { name: 'RangeError', message: /windowMs/ })
      await t.rejects(state.presence.join('a', 'a', { timeoutMs: ms }), { name: 'RangeError', message: /timeoutMs/ })
      await t.rejects(state.locks.take('a', ms), { name: 'RangeError', message: /leaseMs/ })
    }
    for (const by of [0.5, NaN, 2 ** 53]) await t.rejects(state.counters.add('a', by), RangeError)
    await t.rejects(state.presence.join('a', 'a', { timeoutMs: 1_000, data: 1n }), TypeError)
    await t.rejects(state.channels.publish('a', 1n), TypeError)
    t.equal(state.connection, 'connected')
    t.equal(state.figures().answeredAlone, 0)
  })

  await t.test('figures', async t => {
    const state = await begin(t)
    t.equal(state.connection, 'connected')
    await state.limits.take('a', 1, 60_000)
    await state.limits.take('b', 1, 1_000)
    await state.presence.join('one', 'a', { timeoutMs: 60_000 })
    await state.presence.join('two', 'a', { timeoutMs: 60_000 })
    t.same(state.figures(), { members: 2, limitKeys: 2, answeredAlone: 0 })
  })
}
