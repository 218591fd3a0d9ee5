import t from 'tap'
import { ServerClock } from '../../src/client/server-clock.ts'

const AHEAD_MS = 1_700_000_000_123
/** As an HTTP answer says it. */
const dateAt = (at: number) => Math.floor((AHEAD_MS + at) / 1_000) * 1_000

t.test('some answers tell the clock to a tenth of a second', async t => {
  const clock = new ServerClock()
  t.equal(clock.now(0), undefined)
  clock.add(dateAt(1_010), 1_000, 1_030)
  t.ok(Math.abs(clock.now(2_000)! - (AHEAD_MS + 2_000)) <= 550, 'one tells the second')
  for (let at = 3_000; at < 23_000; at += 2_130) clock.add(dateAt(at + 10), at, at + 30)
  t.ok(Math.abs(clock.now(30_000)! - (AHEAD_MS + 30_000)) < 100, `${clock.now(30_000)! - AHEAD_MS - 30_000} ms off`)
})

t.test('a clock that was set is believed', async t => {
  const clock = new ServerClock()
  clock.add(dateAt(10), 0, 20)
  clock.add(dateAt(1_000) + 3_600_000, 990, 1_010)
  t.ok(Math.abs(clock.now(2_000)! - (AHEAD_MS + 2_000 + 3_600_000)) <= 550)
})

t.test('an answer without a date says nothing', async t => {
  const clock = new ServerClock()
  clock.add(NaN, 0, 20)
  t.equal(clock.now(0), undefined)
})
