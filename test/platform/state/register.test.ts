import t from 'tap'
import { Register } from '../../../src/platform/state/memory/register.ts'

const HOUR_MS = 3_600_000
const stay = { timeoutMs: 1_000 }

t.test('time is added up to when each was last seen', async t => {
  const register = new Register(HOUR_MS)
  register.join('stage', 'a', stay, 10_000)
  register.join('stage', 'b', stay, 10_100)
  register.touch('stage', 'a', 10_300)
  t.same(register.summary('stage'), { current: 2, peak: 2, joins: 2, accumulatedMs: 300 })
  register.leave('stage', 'a', 10_400)
  t.same(register.summary('stage'), { current: 1, peak: 2, joins: 2, accumulatedMs: 400 })
  t.same(register.takeTimedOut(11_099), [])
  t.same(register.takeTimedOut(11_100), [{ place: 'stage', member: { member: 'b', joinedAt: 10_100, lastSeenAt: 10_100, data: null } }])
  t.same(register.summary('stage'), { current: 0, peak: 2, joins: 2, accumulatedMs: 400 }, 'nobody knows how long b stayed after that')
})

t.test('a clock that is set back takes nothing away', async t => {
  const register = new Register(HOUR_MS)
  register.join('stage', 'a', stay, 10_000)
  register.touch('stage', 'a', 10_500)
  register.touch('stage', 'a', 4_000)
  t.match(register.members('stage'), [{ joinedAt: 10_000, lastSeenAt: 10_500 }])
  t.match(register.summary('stage'), { accumulatedMs: 500 })
})

t.test('a place is forgotten when nobody was there for so long, and what is in use is not', async t => {
  const register = new Register(HOUR_MS)
  register.join('left', 'a', stay, 0)
  register.join('full', 'a', { timeoutMs: 1_000_000 }, 0)
  register.leave('left', 'a', 100)
  register.forgetUnused(5_099, 5_000)
  t.same(register.knownPlaces(), ['left', 'full'])
  register.forgetUnused(5_100, 5_000)
  t.same(register.knownPlaces(), ['full'])
})

t.test('what somebody else knows better is taken over, and counts nothing', async t => {
  const register = new Register(HOUR_MS)
  const history = { peak: 7, joins: 9, accumulatedMs: 11 }
  register.learnMember('stage', 'late', { joinedAt: 300, lastSeenAt: 400, timeoutMs: 1_000, data: 1 })
  register.learnMember('stage', 'early', { joinedAt: 200, lastSeenAt: 400, timeoutMs: 1_000, data: 2 })
  register.learnHistory('stage', history, 400)
  t.same(register.summary('stage'), { current: 2, ...history })
  t.same(register.members('stage').map(({ member }) => member), ['early', 'late'], 'the oldest first')
  register.unlearnMember('stage', 'late')
  t.same(register.summary('stage'), { current: 1, ...history })
  t.equal(register.size, 1)
})
