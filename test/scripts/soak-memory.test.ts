import t from 'tap'
import { growthOf, type MemorySample } from '../soak/memory.ts'

/** A sample each second, as the function has it. */
function samplesOf (count: number, rssAt: (second: number) => number): MemorySample[] {
  return Array.from({ length: count }, (_, second) => ({ atMs: second * 1_000, rss: rssAt(second), heapUsed: 1, external: 1 }))
}

t.test('growth is counted from the end of the warm-up', async t => {
  const samples = samplesOf(70, second => second < 10 ? 50 + second * 5 : 100)
  t.strictSame(growthOf(samples, 10_000, ({ rss }) => rss), { first: 100, last: 100, growth: 0, samples: 60 })
})

t.test('a leak is seen, one sample that is high is not', async t => {
  t.ok(growthOf(samplesOf(70, second => 100 + second / 5), 10_000, ({ rss }) => rss).growth > 0.05)
  t.equal(growthOf(samplesOf(70, second => second === 69 ? 400 : 100), 10_000, ({ rss }) => rss).growth, 0)
})
