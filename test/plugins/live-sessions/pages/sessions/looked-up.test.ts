import t from 'tap'
import { LookedUp } from '../../../../../plugins/live-sessions/pages/sessions/looked-up.ts'
import { ApiFailure } from '../../../../../src/page-parts/api/failure.ts'

function lookedUp () {
  const asked: Array<{ question: string, signal: AbortSignal, answer: (found: string) => void, fail: (why: Error) => void }> = []
  const list = new LookedUp(async (question: string, signal: AbortSignal) => await new Promise<string>((resolve, reject) => {
    asked.push({ question, signal, answer: resolve, fail: reject })
  }))
  return { list, asked }
}

t.test('on a slow line the first answer is waited for, however often it is asked once more', async t => {
  const { list, asked } = lookedUp()
  const look = list.look('all')
  void list.refresh('all')
  void list.refresh('all')
  t.equal(asked.length, 1)
  asked[0]!.answer('one')
  await look
  t.match(list.snapshot, { found: 'one', isLooking: false, trouble: undefined })

  const failing = list.refresh('all')
  asked[1]!.fail(new ApiFailure({ status: 0 }))
  await failing
  t.match(list.snapshot, { found: 'one', isLooking: false, trouble: /cannot be reached/ })
  const next = list.refresh('all')
  asked[2]!.answer('two')
  await next
  t.match(list.snapshot, { found: 'two', trouble: undefined })
})

t.test('another question takes the place of the one that is under way', async t => {
  const { list, asked } = lookedUp()
  const first = list.look('all')
  const second = list.look('mine')
  t.strictSame(asked.map(({ question, signal }) => [question, signal.aborted]), [['all', true], ['mine', false]])
  asked[1]!.answer('mine')
  asked[0]!.answer('all')
  await Promise.all([first, second])
  t.equal(list.snapshot.found, 'mine')
})
