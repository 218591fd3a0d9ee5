import t from 'tap'
import { StallWatch } from '../../../src/media/epoch/stall-watch.ts'

const SECOND_US = 1_000_000
const LIMITS = { startMs: 10_000, staleMs: 5_000 }

/** Fed with a second of media each second, from 0 up to (not including) the given one. */
function fed (seconds: number, { answers = false } = {}): StallWatch {
  const watch = new StallWatch(LIMITS, 0)
  for (let second = 0; second < seconds; second++) {
    watch.fed(second * SECOND_US, second * 1000)
    if (answers) watch.answered(second * SECOND_US)
  }
  return watch
}

t.test('an encoder that answers is well', async t => {
  t.equal(fed(60, { answers: true }).stall(59_000), undefined)
  t.equal(new StallWatch(LIMITS, 0).stall(3_600_000), undefined, 'nothing was asked of it')
})

t.test('fed and silent: it hangs, the sooner when it was at work', async t => {
  const never = fed(12)
  t.equal(never.started, false)
  t.equal(never.stall(9_999), undefined)
  t.equal(never.stall(10_000), 'encoder')
  const stopped = fed(10, { answers: true })
  for (let second = 10; second < 16; second++) stopped.fed(second * SECOND_US, second * 1000)
  t.equal(stopped.stall(14_999), undefined)
  t.equal(stopped.stall(15_000), 'encoder', '5 s after the first media without an answer')
})

t.test('what FFmpeg reports is progress, where it is further than before', async t => {
  const watch = fed(10, { answers: true })
  for (let second = 10; second < 20; second++) {
    watch.fed(second * SECOND_US, second * 1000)
    watch.reported(second * 1000, second)
  }
  t.equal(watch.stall(19_500), undefined)
  for (let second = 20; second < 26; second++) {
    watch.fed(second * SECOND_US, second * 1000)
    watch.reported(19_000, 19)
  }
  t.equal(watch.stall(25_000), 'encoder')
})

t.test('a broadcaster that pauses is no fault of the encoder', async t => {
  const watch = fed(10, { answers: true })
  t.equal(watch.stall(13_999), undefined)
  t.equal(watch.stall(14_000), 'publisher')
  t.equal(watch.stall(3_600_000), 'publisher')
  watch.fed(30 * SECOND_US, 3_600_000)
  t.equal(watch.stall(3_600_001), undefined, 'what comes at once after a pause gets its time')
  t.equal(watch.stall(3_605_000), 'encoder')
})

t.test('a little is held back on purpose', async t => {
  const watch = fed(10, { answers: true })
  watch.fed(10.9 * SECOND_US, 10_000)
  t.equal(watch.stall(60_000), 'publisher')
})

t.test('a full pipe takes nothing more: what is in it counts', async t => {
  const watch = fed(5, { answers: true })
  watch.fed(20 * SECOND_US, 5_000)
  watch.answered(5 * SECOND_US)
  t.equal(watch.stall(5_250), undefined)
  t.equal(watch.stall(10_250), 'encoder')
})

t.test('while output waits for the disk, nothing is expected', async t => {
  const watch = fed(10, { answers: true })
  for (let second = 10; second < 20; second++) watch.fed(second * SECOND_US, second * 1000)
  watch.waitsForDisk(true, 20_000)
  watch.waitsForDisk(true, 24_000)
  t.equal(watch.stall(24_999), undefined, 'a write takes its time')
  t.equal(watch.stall(25_000), 'disk')
  watch.waitsForDisk(false, 60_000)
  t.notMatch(watch.stall(60_000), 'encoder', 'its time begins anew')
})
