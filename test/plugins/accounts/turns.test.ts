import t from 'tap'
import { Turns } from '../../../plugins/accounts/turns.ts'

/** Work that ends when it is told to. */
function works (turns: Turns) {
  const started: string[] = []
  const ends = new Map<string, (failure?: Error) => void>()
  const begin = async (name: string) => await turns.take(async () => {
    started.push(name)
    await new Promise<void>((resolve, reject) => ends.set(name, failure => { failure === undefined ? resolve() : reject(failure) }))
    return name
  })
  return { started, begin, end: (name: string, failure?: Error) => ends.get(name)!(failure) }
}

t.test('so much at once, so much waits, the rest is refused', async t => {
  const turns = new Turns({ atOnce: 2, waiting: 2 })
  const { started, begin, end } = works(turns)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(begin)
  t.strictSame(started, ['a', 'b'])
  t.equal(turns.waiting, 2)
  await t.rejects(begin('e'), { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 1_000 })
  end('b')
  t.equal(await b, 'b')
  await new Promise(setImmediate)
  t.strictSame(started, ['a', 'b', 'c'], 'in the order in which they came')
  end('a', new Error('failed'))
  await t.rejects(a!, /failed/)
  await new Promise(setImmediate)
  t.strictSame(started, ['a', 'b', 'c', 'd'], 'a failure hands its turn on')
  end('c')
  end('d')
  await Promise.all([c, d])
  const next = begin('f')
  t.equal(started.at(-1), 'f')
  end('f')
  await next
})
