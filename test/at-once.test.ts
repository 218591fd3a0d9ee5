import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { inTurns, portions } from '../src/at-once.ts'

t.test('portions of a list, in its order', async t => {
  t.strictSame(portions([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
  t.strictSame(portions([1, 2], 2), [[1, 2]])
  t.strictSame(portions([], 2), [])
})

t.test('in turns: so many at once, in their order', async t => {
  const began: number[] = []
  let running = 0
  let most = 0
  await inTurns([1, 2, 3, 4, 5], 2, async one => {
    began.push(one)
    most = Math.max(most, ++running)
    await nextTurn()
    running--
  })
  t.strictSame(began, [1, 2, 3, 4, 5])
  t.equal(most, 2)
  t.equal(running, 0)
  const done: number[] = []
  await t.rejects(inTurns([1, 2, 3], 2, async one => {
    if (one === 1) throw new Error('the first')
    done.push(one)
  }), /the first/)
  t.strictSame(done, [2], 'those that follow are not begun')
})
