import t from 'tap'
import { diskState } from '../../../src/media/storage/watermarks.ts'

const MARKS = { lowBytes: 1_000, criticalBytes: 500 }

t.test('below the first mark low, below the second critical', async t => {
  for (const [free, state] of [[0, 'critical'], [499, 'critical'], [500, 'low'], [999, 'low'], [1_000, 'ok']] as const) t.equal(diskState(free, MARKS, 'ok'), state, String(free))
})

t.test('a mark is left behind only with something to spare', async t => {
  t.equal(diskState(505, MARKS, 'critical'), 'critical')
  t.equal(diskState(510, MARKS, 'critical'), 'low')
  t.equal(diskState(505, MARKS, 'low'), 'low', 'from above, 505 are enough')
  t.equal(diskState(1_019, MARKS, 'low'), 'low')
  t.equal(diskState(1_019, MARKS, 'critical'), 'low')
  t.equal(diskState(1_020, MARKS, 'low'), 'ok')
})

t.test('around a mark the state does not flap', async t => {
  let state = diskState(999, MARKS, 'ok')
  let changes = 0
  for (const free of [1_003, 998, 1_010, 990, 1_015, 999]) {
    const next = diskState(free, MARKS, state)
    if (next !== state) changes++
    state = next
  }
  t.equal(changes, 0)
})

t.test('0 turns a mark off', async t => {
  t.equal(diskState(0, { lowBytes: 0, criticalBytes: 0 }, 'ok'), 'ok')
  t.equal(diskState(0, { lowBytes: 10, criticalBytes: 0 }, 'critical'), 'low')
})
