import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { PlatformConfig } from '../../../src/config/platform.ts'
import type { Log } from '../../../src/log.ts'
import type { Presence, Seat, SeatOffer, State } from '../../../src/platform/state/state.ts'
import { ODD_NAMES, settingsFor } from './settings.ts'

/** Opens the state of so many servers of one installation that nobody has used before; the test closes them. */
export type OpenTogether = (settings: PlatformConfig, log: Log) => Promise<State[]>

const LONG = { timeoutMs: 60_000 }
const SHORT_MS = 150
/** Nobody is taken out while the test runs: who times out is late alone. */
const NO_SWEEP = { presenceSweepMs: 60_000 }

const offersOf = (seats: Record<string, number>): SeatOffer[] => Object.entries(seats).map(([place, seats]) => ({ place, seats }))

/** What every implementation of seats does, over the surface of all its servers in turn. */
export async function seatsSuite (t: Test, open: OpenTogether, log: Log): Promise<void> {
  const begin = async (t: Test, options: Partial<PlatformConfig> = {}): Promise<Presence[]> => {
    const states = await open(settingsFor(options), log)
    t.teardown(async () => { await Promise.all(states.map(async state => await state.close())) })
    return states.map(({ presence }) => presence)
  }

  await t.test('a seat is given where the fewest are, of these in the first, and kept', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    const offers = offersOf({ a: 2, b: 2 })
    t.same(await one.takeSeat('pool', 'm1', offers, { ...LONG, data: { seat: 1 } }), { place: 'a', isNew: true, members: 1 })
    t.same(await other.takeSeat('pool', 'm2', offers, LONG), { place: 'b', isNew: true, members: 1 })
    t.same(await one.takeSeat('pool', 'm3', offers, LONG), { place: 'a', isNew: true, members: 2 })
    t.same(await other.takeSeat('pool', 'm3', [...offers].reverse(), LONG), { place: 'a', isNew: false, members: 2 })
    t.same(await one.takeSeat('pool', 'm1', offersOf({ b: 2, a: 1 }), LONG), { place: 'a', isNew: false, members: 2 }, 'it keeps its seat though there is no room')
    t.same(await one.takeSeat('pool', 'm4', offers, LONG), { place: 'b', isNew: true, members: 2 })
    t.equal(await other.takeSeat('pool', 'm5', offers, LONG), undefined)
    t.equal(await one.takeSeat('pool', 'm5', [], LONG), undefined)
    t.same(await other.counts(['b', 'nowhere', 'a']), [2, 0, 2])
    t.equal(await other.seatOf('pool', 'm1'), 'a')
    t.equal(await one.seatOf('pool', 'm5'), undefined)
    t.equal(await one.seatOf('other pool', 'm1'), undefined)
    t.match(await other.members('a'), [{ member: 'm1', data: { seat: 1 } }, { member: 'm3', data: null }], 'whoever has a seat is there as others are')
    t.match(await one.summary('a'), { current: 2, peak: 2, joins: 2 })
  })

  await t.test('a seat goes with its member, and is given back', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    const offers = offersOf({ a: 1, b: 1 })
    await one.takeSeat('pool', 'm1', offers, LONG)
    await one.takeSeat('pool', 'm2', offers, LONG)
    t.equal(await other.leave('a', 'm1'), true)
    t.equal(await one.seatOf('pool', 'm1'), undefined)
    t.same(await one.takeSeat('pool', 'm3', offers, LONG), { place: 'a', isNew: true, members: 1 })
    await other.clear('b')
    t.equal(await one.seatOf('pool', 'm2'), undefined)
    t.same(await one.takeSeat('pool', 'm2', offers, LONG), { place: 'b', isNew: true, members: 1 }, 'and has no seat twice')
    t.equal(await other.takeSeat('pool', 'm1', offers, LONG), undefined)
  })

  await t.test('a move: the seat in another place is given back, if there is another', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    await one.takeSeat('pool', 'm1', offersOf({ a: 1 }), { ...LONG, data: 'first' })
    await one.takeSeat('pool', 'm2', offersOf({ b: 1 }), LONG)
    t.equal(await other.takeSeat('pool', 'm1', offersOf({ b: 1 }), LONG), undefined)
    t.equal(await one.seatOf('pool', 'm1'), 'a', 'nothing has changed')
    await delay(20)
    t.same(await other.takeSeat('pool', 'm1', offersOf({ b: 1, c: 1 }), LONG), { place: 'c', isNew: true, members: 1 })
    t.equal(await one.seatOf('pool', 'm1'), 'c')
    t.same(await one.counts(['a', 'b', 'c']), [0, 1, 1])
    t.match(await one.members('c'), [{ member: 'm1', data: null }])
    const { accumulatedMs, ...counts } = await one.summary('a')
    t.same(counts, { current: 0, peak: 1, joins: 1 })
    t.ok(accumulatedMs >= 19 && accumulatedMs < 5_000, `${accumulatedMs}`)
    t.same((await one.places()).sort(), ['b', 'c'])
    t.equal(await one.touch('a', 'm1'), false)
  })

  await t.test('who joined without a seat takes room, and may get one', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    await one.join('a', 'guest', { ...LONG, data: 'guest' })
    t.same(await other.takeSeat('pool', 'm1', offersOf({ a: 2, b: 1 }), LONG), { place: 'b', isNew: true, members: 1 })
    t.equal(await one.seatOf('pool', 'guest'), undefined)
    t.same(await one.takeSeat('pool', 'guest', offersOf({ a: 2 }), LONG), { place: 'a', isNew: true, members: 1 })
    t.match(await one.members('a'), [{ member: 'guest', data: 'guest' }])
    t.match(await one.summary('a'), { joins: 1 })
    t.equal(await other.join('a', 'guest', LONG), false)
    t.equal(await other.touch('a', 'guest'), true)
    t.equal(await one.seatOf('pool', 'guest'), 'a', 'seen again, it keeps its seat')
  })

  await t.test('who timed out takes no room, before that is told and after', async t => {
    for (const options of [NO_SWEEP, {}]) {
      const [one, other = one] = await begin(t, options) as [Presence, Presence?]
      const offers = offersOf({ a: 1, b: 1 })
      await one.takeSeat('pool', 'late', offers, { timeoutMs: SHORT_MS })
      await one.takeSeat('pool', 'stays', offers, LONG)
      t.equal(await other.takeSeat('pool', 'next', offers, LONG), undefined)
      await delay(SHORT_MS + (options === NO_SWEEP ? 1 : 200))
      t.same(await one.counts(['a', 'b']), [0, 1])
      t.equal(await one.seatOf('pool', 'late'), options === NO_SWEEP ? 'a' : undefined)
      t.same(await other.takeSeat('pool', 'next', offers, LONG), { place: 'a', isNew: true, members: 1 })
      t.equal(await one.takeSeat('pool', 'late', offers, LONG), undefined, 'it comes too late')
      t.equal(await one.touch('a', 'late'), false, 'its seat is not taken again by being seen')
      t.same(await one.counts(['a', 'b']), [1, 1])
      t.equal(await one.leave('a', 'next'), true)
      t.same(await other.takeSeat('pool', 'late', offers, LONG), { place: 'a', isNew: options !== NO_SWEEP, members: 1 }, 'there is room again')
    }
  })

  await t.test('who timed out, and moves, is in one place', async t => {
    const [one, other = one] = await begin(t, NO_SWEEP) as [Presence, Presence?]
    await one.takeSeat('pool', 'late', offersOf({ a: 1 }), { timeoutMs: SHORT_MS })
    await delay(SHORT_MS + 1)
    await one.takeSeat('pool', 'next', offersOf({ a: 1 }), LONG)
    t.same(await other.takeSeat('pool', 'late', offersOf({ a: 1, b: 1 }), LONG), { place: 'b', isNew: true, members: 1 })
    t.same((await one.members('a')).map(({ member }) => member), ['next'])
    t.match(await one.summary('a'), { current: 1, accumulatedMs: 0 }, 'it stayed until it was last seen')
  })

  await t.test('1,000 at once: no place has more than its seats, nobody has two, and nothing is left over', async t => {
    const servers = await begin(t)
    // As stages are: on the first one seat is the publisher's.
    const offers = Array.from({ length: 20 }, (_, index) => ({ place: `stage ${index}`, seats: index === 0 ? 49 : 50 }))
    const began = performance.now()
    const seats = await Promise.all(Array.from({ length: 1_000 }, async (_, index) => await servers[index % servers.length]!.takeSeat('viewers', `m${index}`, offers, LONG)))
    t.comment(`1,000 seats in 20 places took ${Math.round(performance.now() - began)} ms`)
    t.equal(seats.filter(seat => seat === undefined).length, 1, 'of 999 seats')
    t.ok(seats.every(seat => seat === undefined || (seat.isNew && seat.members <= offers.find(({ place }) => place === seat.place)!.seats)))
    t.same(await servers[0]!.counts(offers.map(({ place }) => place)), offers.map(({ seats }) => seats))
    const inside = await Promise.all(offers.map(async ({ place }) => await servers[0]!.members(place)))
    t.equal(new Set(inside.flat().map(({ member }) => member)).size, 999)
    for (const { place } of offers) {
      const given = seats.filter((seat): seat is Seat => seat?.place === place).map(({ members }) => members)
      t.same(given.sort((one, two) => one - two), Array.from({ length: given.length }, (_, index) => index + 1), 'one after the other')
    }
    const again = await Promise.all(seats.map(async (_, index) => await servers[(index + 1) % servers.length]!.takeSeat('viewers', `m${index}`, offers, LONG)))
    t.same(again.map(seat => seat?.place), seats.map(seat => seat?.place), 'each keeps its own')
    t.ok(again.every(seat => seat?.isNew !== true))
  })

  await t.test('one that asks often at once has one seat', async t => {
    const servers = await begin(t)
    const offers = offersOf({ a: 10, b: 10, c: 10 })
    const seats = await Promise.all(Array.from({ length: 100 }, async (_, index) => await servers[index % servers.length]!.takeSeat('pool', 'm', offers, LONG)))
    t.equal(seats.filter(seat => seat?.isNew).length, 1)
    t.equal(new Set(seats.map(seat => seat?.place)).size, 1)
    t.same((await servers[0]!.counts(['a', 'b', 'c'])).sort(), [0, 0, 1])
  })

  await t.test('a closed place', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    await one.takeSeat('pool', 'm1', offersOf({ a: 5 }), LONG)
    t.equal(await other.closeIfEmpty('a'), false)
    t.equal((await one.takeSeat('pool', 'm2', offersOf({ a: 5 }), LONG))?.place, 'a', 'it is open still')
    await one.leave('a', 'm1')
    await one.leave('a', 'm2')
    t.equal(await other.closeIfEmpty('a'), true)
    t.equal(await one.closeIfEmpty('a'), true, 'it is')
    t.equal(await one.closeIfEmpty('never used'), true)
    t.equal(await one.takeSeat('pool', 'm1', offersOf({ a: 5, 'never used': 5 }), LONG), undefined)
    t.equal((await one.takeSeat('pool', 'm1', offersOf({ a: 5, b: 5 }), LONG))?.place, 'b')
    t.equal(await other.join('a', 'm3', LONG), false)
    t.same(await one.counts(['a', 'never used']), [0, 0])
    t.match(await one.summary('a'), { current: 0, joins: 2 }, 'what was counted is known')
    t.equal(await other.touch('a', 'm3'), false)
    await other.clear('a')
    t.equal((await one.takeSeat('pool', 'm4', offersOf({ a: 5 }), LONG))?.place, 'a')
    t.equal(await one.join('never used', 'm3', LONG), false)
  })

  await t.test('of one that closes a place and one that takes a seat in it, one succeeds', async t => {
    const servers = await begin(t)
    const won = { closing: 0, taking: 0 }
    for (let round = 0; round < 200; round++) {
      const offers = offersOf({ [`place ${round}`]: 5 })
      const close = async () => await servers[0]!.closeIfEmpty(`place ${round}`)
      const take = async () => await servers.at(-1)!.takeSeat('pool', `m${round}`, offers, LONG)
      // Whichever is asked first.
      const [closed, seat] = round % 2 === 0 ? await Promise.all([close(), take()]) : (await Promise.all([take(), close()])).reverse() as [boolean, Seat | undefined]
      if (closed === (seat !== undefined)) t.fail(`round ${round}: closed ${closed}, seat ${JSON.stringify(seat)}`)
      won[closed ? 'closing' : 'taking']++
    }
    t.ok(won.closing > 0 && won.taking > 0, JSON.stringify(won))
  })

  await t.test('a closed place is forgotten with all others', async t => {
    const [one] = await begin(t, { presenceKeepHours: 100 / 3_600_000 }) as [Presence]
    t.equal(await one.closeIfEmpty('a'), true)
    while (!await one.join('a', 'm', LONG)) await delay(10)
    t.same(await one.counts(['a']), [1])
  })

  await t.test('how long somebody stayed, in all', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    const stays = { ...LONG, keepsStay: true }
    t.equal(await one.stay('a', 'm'), undefined)
    const began = Date.now()
    await one.takeSeat('pool', 'm', offersOf({ a: 1 }), stays)
    await delay(30)
    t.match(await other.stay('a', 'm'), { isThere: true, totalMs: 0 }, 'until it was last seen')
    await one.touch('a', 'm')
    const first = (await other.stay('a', 'm'))!
    t.ok(first.totalMs >= 29 && first.totalMs < 5_000, `${first.totalMs}`)
    t.ok(Math.abs(first.firstJoinedAt - began) < 1_000 && first.lastSeenAt === first.firstJoinedAt + first.totalMs, JSON.stringify(first))
    await delay(20)
    await other.leave('a', 'm')
    const left = (await one.stay('a', 'm'))!
    t.ok(!left.isThere && left.totalMs >= first.totalMs + 19 && left.lastSeenAt === left.firstJoinedAt + left.totalMs, JSON.stringify(left))
    await delay(50)
    await one.join('a', 'm', stays)
    t.match(await other.stay('a', 'm'), { isThere: true, firstJoinedAt: left.firstJoinedAt, totalMs: left.totalMs }, 'the time between does not count')
    await delay(20)
    // A move is an end too.
    await one.leave('a', 'm')
    await one.takeSeat('pool', 'm', offersOf({ a: 1 }), stays)
    await one.takeSeat('pool', 'm', offersOf({ b: 1 }), stays)
    const third = (await other.stay('a', 'm'))!
    t.match(third, { isThere: false, firstJoinedAt: left.firstJoinedAt })
    t.ok(third.totalMs >= left.totalMs + 19 && third.totalMs < left.totalMs + 5_000)
    t.ok(third.lastSeenAt >= left.lastSeenAt + 69)
    t.match(await one.stay('b', 'm'), { isThere: true, totalMs: 0 }, 'each place by itself')
    await one.clear('a')
    t.equal(await one.stay('a', 'm'), undefined)
  })

  await t.test('a stay that timed out ended when it was last seen', async t => {
    for (const options of [NO_SWEEP, {}]) {
      const [one, other = one] = await begin(t, options) as [Presence, Presence?]
      await one.join('a', 'm', { timeoutMs: SHORT_MS, keepsStay: true })
      await delay(20)
      await one.touch('a', 'm')
      const seen = (await one.stay('a', 'm'))!
      await delay(SHORT_MS + 200)
      t.same(await other.stay('a', 'm'), { ...seen, isThere: false })
    }
  })

  await t.test('stays are kept where that is wanted, and for so long', async t => {
    const [one, other = one] = await begin(t, { presenceStaysHours: 200 / 3_600_000 }) as [Presence, Presence?]
    await one.join('a', 'unknown', LONG)
    t.equal(await one.stay('a', 'unknown'), undefined)
    await one.leave('a', 'unknown')
    t.equal(await one.stay('a', 'unknown'), undefined)
    const stays = { ...LONG, keepsStay: true }
    for (const member of ['gone', 'back']) await one.join('a', member, stays)
    await delay(10)
    for (const member of ['gone', 'back']) await one.leave('a', member)
    const { firstJoinedAt, totalMs } = (await other.stay('a', 'back'))!
    t.ok(totalMs >= 9)
    await one.join('a', 'back', stays)
    while (await other.stay('a', 'gone') !== undefined) await delay(10)
    await delay(250)
    t.match(await other.stay('a', 'back'), { isThere: true, firstJoinedAt, totalMs }, 'who is there loses nothing')
    await one.join('a', 'gone', stays)
    t.match(await other.stay('a', 'gone'), { isThere: true, totalMs: 0 })
  })

  await t.test('whatever they are called', async t => {
    const [one, other = one] = await begin(t) as [Presence, Presence?]
    const offers = ODD_NAMES.map(place => ({ place, seats: ODD_NAMES.length }))
    for (const pool of ODD_NAMES) {
      for (const name of ODD_NAMES) t.ok((await one.takeSeat(pool, name, offers, { ...LONG, keepsStay: true, data: name }))?.isNew)
      for (const name of ODD_NAMES) {
        const place = (await other.seatOf(pool, name))!
        t.match((await other.members(place)).filter(({ member }) => member === name), [{ data: name }])
        t.match(await other.stay(place, name), { isThere: true })
        t.equal(await other.leave(place, name), true)
        t.equal(await one.seatOf(pool, name), undefined)
        t.match(await one.stay(place, name), { isThere: false })
      }
    }
    t.same(await one.places(), [])
  })

  await t.test('what is no time or no whole number is refused', async t => {
    const [one] = await begin(t) as [Presence]
    for (const timeoutMs of [0, NaN, Infinity]) await t.rejects(one.takeSeat('pool', 'm', offersOf({ a: 1 }), { timeoutMs }), { name: 'RangeError', message: /timeoutMs/ })
    for (const seats of [0.5, NaN, Infinity]) await t.rejects(one.takeSeat('pool', 'm', offersOf({ a: seats }), LONG), { name: 'RangeError', message: /seats/ })
    await t.rejects(one.takeSeat('pool', 'm', offersOf({ a: 1 }), { ...LONG, data: 1n }), TypeError)
    t.same(await one.counts(['a']), [0])
  })
}
