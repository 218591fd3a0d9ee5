import t from 'tap'
import { RestartBudget } from '../../../src/media/epoch/restart-budget.ts'

t.test('HLS-19: the first restart comes at once, further ones later and later, then none', async t => {
  const budget = new RestartBudget(5, 60_000)
  t.strictSame([0, 1, 2, 3, 4].map(second => budget.fail(second * 1000, 0.5)), [0, 250, 500, 1000, 2000])
  t.equal(budget.fail(5000, 0.5), undefined)
  t.equal(budget.fail(5000, 0.5), undefined)
})

t.test('pauses have an upper bound', async t => {
  const budget = new RestartBudget(100, 60_000)
  const pauses = Array.from({ length: 20 }, () => budget.fail(0, 0.5)!)
  t.equal(Math.max(...pauses), 8000)
})

t.test('many streams do not start anew at the same moment', async t => {
  for (const [random, expected] of [[0, 187.5], [0.5, 250], [1, 312.5]] as const) {
    const budget = new RestartBudget(5, 60_000)
    budget.fail(0, random)
    t.equal(budget.fail(0, random), expected)
  }
})

t.test('failures that are over do not count', async t => {
  const budget = new RestartBudget(1, 60_000)
  t.equal(budget.fail(0, 0.5), 0)
  t.equal(budget.fail(60_000, 0.5), 0)
  t.equal(budget.fail(119_999, 0.5), undefined)
})

t.test('no restarts at all', async t => {
  t.equal(new RestartBudget(0, 60_000).fail(0, 0.5), undefined)
})
