import t from 'tap'
import { Pace } from '../../../src/media/epoch/pace.ts'

const SECOND_US = 1_000_000

interface Course {
  /** Seconds of media that the encoder does in a second. */
  speed: number
  seconds: number
  /** Media that is there at once, in seconds; the rest comes as it is recorded. */
  burst?: number
  /** Media comes in pieces of so many seconds. */
  chunk?: number
}

/** Media has come for ten seconds, as it was recorded. */
function fedForTenSeconds (): Pace {
  const pace = new Pace()
  for (let tenth = 0; tenth <= 100; tenth++) pace.came(tenth * 100_000, tenth * 100)
  return pace
}

/** Tells how late the output is at each tenth of a second. */
function late ({ speed, seconds, burst = 0, chunk = 0.1 }: Course, pace = new Pace()): number[] {
  let cameS = -0.1
  let doneS = 0
  const lates: number[] = []
  const come = (untilS: number, nowMs: number) => {
    for (; cameS + 0.1 <= untilS + 1e-9; cameS += 0.1) pace.came(Math.round((cameS + 0.1) * 10) * 100_000, nowMs)
  }
  for (let tick = 0; tick <= seconds * 10; tick++) {
    const nowMs = tick * 100
    come(burst + Math.floor((nowMs / 1000 + 1e-9) / chunk) * chunk, nowMs)
    if (tick === 0) pace.begin(0)
    doneS = Math.min(doneS + speed / 10, Math.max(0, cameS))
    pace.answered(doneS * SECOND_US, nowMs)
    lates.push(pace.lateMs)
  }
  return lates
}

t.test('an encoder that is fast enough is not late, however media comes', async t => {
  for (const chunk of [0.1, 1, 5]) t.equal(Math.max(...late({ speed: 3, seconds: 60, chunk })), 0, `pieces of ${chunk} s`)
  t.equal(new Pace().lateMs, 0)
})

t.test('a burst after an outage is not late while it is caught up with', async t => {
  t.equal(Math.max(...late({ speed: 2.5, seconds: 60, burst: 30 })), 0)
})

t.test('an encoder slower than real time gets later and later', async t => {
  const lates = late({ speed: 0.8, seconds: 30 })
  t.ok(lates.at(-1)! > 5_500 && lates.at(-1)! < 6_500, `${lates.at(-1)} ms after 30 s`)
  t.ok(late({ speed: 0.95, seconds: 20 }).at(-1)! < 1_100)
})

t.test('one that only just keeps up stays behind a burst, and that is late', async t => {
  t.ok(late({ speed: 1, seconds: 120, burst: 10 }).at(-1)! > 7_000)
})

t.test('it is not late any more when it has caught up', async t => {
  const pace = new Pace()
  late({ speed: 0.5, seconds: 20 }, pace)
  t.ok(pace.lateMs > 8_000)
  pace.answered(19.5 * SECOND_US, 20_100)
  t.equal(pace.lateMs, 0)
  for (let second = 21; second < 30; second++) {
    pace.came(second * SECOND_US, second * 1000)
    pace.answered((second - 0.1) * SECOND_US, second * 1000 + 50)
    t.equal(pace.lateMs, 0)
  }
})

t.test('time for which something else held it up does not count', async t => {
  const pace = fedForTenSeconds()
  pace.excuse(20_000)
  pace.answered(5 * SECOND_US, 30_000)
  t.equal(pace.lateMs, 5_000)
})

t.test('what waited before an encoder began is as a burst to it', async t => {
  const pace = fedForTenSeconds()
  pace.begin(60_000)
  pace.answered(5 * SECOND_US, 64_000)
  t.equal(pace.lateMs, 0)
  pace.answered(6 * SECOND_US, 65_800)
  t.equal(pace.lateMs, 1_000)
})

t.test('what comes again was answered before', async t => {
  const pace = fedForTenSeconds()
  pace.answered(5 * SECOND_US, 10_000)
  pace.begin(20_000)
  pace.answered(3 * SECOND_US, 30_000)
  t.equal(pace.lateMs, 0)
})
