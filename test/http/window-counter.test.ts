import t from 'tap'
import { WindowCounter } from '../../src/http/window-counter.ts'

t.test('counts per key, from the first one on', async t => {
  const counter = new WindowCounter(2)
  t.same(counter.take('a', 1_000), { left: 1, endsInMs: 60_000 })
  t.same(counter.take('a', 31_000.5), { left: 0, endsInMs: 30_000 })
  t.same(counter.take('b', 31_000.5), { left: 1, endsInMs: 60_000 }, 'each key has its own')
  t.same(counter.take('a', 60_999), { left: -1, endsInMs: 1 })
  t.same(counter.take('a', 61_000), { left: 1, endsInMs: 60_000 }, 'a new window')
})

t.test('a new window is no longer than it is, at whatever fraction it begins', async t => {
  const counter = new WindowCounter(1)
  const long = Array.from({ length: 1_000 }, (_, index) => counter.take(String(index), 60_000 + index * 0.1371)).filter(({ endsInMs }) => endsInMs !== 60_000)
  t.same(long, [])
})

t.test('tells how long to wait, or 0', async t => {
  const counter = new WindowCounter(1)
  t.equal(counter.add('a', 0), 0)
  t.equal(counter.add('a', 15_000), 45_000)
  t.equal(counter.add('a', 60_000), 0)
})

t.test('however many there are, only so many are remembered', async t => {
  const counter = new WindowCounter(1)
  counter.add('first', 0)
  counter.add('second', 1)
  for (let count = 0; count < 49_999; count++) counter.add(String(count), 2)
  t.equal(counter.add('first', 3), 0, 'the oldest is forgotten')
  t.equal(counter.add(String(49_998), 3), 59_999)
})
