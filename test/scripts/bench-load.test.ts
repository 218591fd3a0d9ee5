import t from 'tap'
import { dueAfter } from '../bench/load/audience.ts'
import { delaysOf } from '../bench/load/delays.ts'

t.test('a steady rate: how many are due', async t => {
  t.equal(dueAfter(0, 333), 0)
  t.equal(dueAfter(2.9, 333), 0)
  t.equal(dueAfter(3.1, 333), 1)
  t.equal(dueAfter(30_000, 10_000 / 30), 10_000)
})

t.test('what a message took is counted from its tick', async t => {
  const updates = [{ timestamp: 'one', dueAt: 100 }, { timestamp: 'two', dueAt: 200 }]
  t.strictSame(delaysOf([{ timestamp: 'one', arrivedAt: [101, 105] }, { timestamp: 'two', arrivedAt: [250] }], updates), [1, 5, 50])
  t.strictSame(delaysOf([{ timestamp: 'unknown', arrivedAt: [1] }], updates), [])
  t.strictSame(delaysOf([], updates), [])
})
