import { getEventListeners } from 'node:events'
import t from 'tap'
import { RunLimit, type TurnOptions } from '../src/run-limit.ts'

/** Works that end when a test says so. */
function make (limit: RunLimit) {
  const begun: number[] = []
  const ends = new Map<number, (error?: Error) => void>()
  const begin = (id: number, options: TurnOptions = {}) => limit.run(async () => {
    begun.push(id)
    await new Promise<void>((resolve, reject) => { ends.set(id, error => error === undefined ? resolve() : reject(error)) })
    return id
  }, options)
  return { begun, begin, end: (id: number, error?: Error) => ends.get(id)!(error) }
}

/** What can go on without anything else has gone on. */
async function settled (): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}

t.test('so many at a time, the others in turn', async t => {
  const { begun, begin, end } = make(new RunLimit(2))
  const works = [1, 2, 3, 4].map(id => begin(id))
  await settled()
  t.strictSame(begun, [1, 2])
  end(2)
  t.equal(await works[1], 2)
  await settled()
  t.strictSame(begun, [1, 2, 3])
  end(3, new Error('it failed'))
  await t.rejects(works[2]!, { message: 'it failed' })
  await settled()
  t.strictSame(begun, [1, 2, 3, 4], 'who fails makes room too')
  end(1)
  end(4)
  await Promise.all([works[0], works[3]])
  works.push(begin(5), begin(6), begin(7))
  await settled()
  t.strictSame(begun, [1, 2, 3, 4, 5, 6], 'and the limit is what it was')
  for (const id of [5, 6]) end(id)
  await settled()
  end(7)
  await Promise.all(works.slice(4))
})

t.test('idle when the waiting ones are done too', async t => {
  const limit = new RunLimit(1)
  await limit.idle()
  const { begin, end } = make(limit)
  const works = [begin(1), begin(2)]
  let idle = false
  const waiting = limit.idle().then(() => { idle = true })
  await settled()
  end(1, new Error('it failed'))
  await t.rejects(works[0]!, { message: 'it failed' })
  await settled()
  t.equal(idle, false)
  end(2)
  await waiting
  t.equal(await works[1], 2)
})

t.test('who goes ahead is in front of those who do not, and behind those who do', async t => {
  const limit = new RunLimit(1)
  const { begun, begin, end } = make(limit)
  const works = [begin(1), begin(2), begin(3, { ahead: true }), begin(4, { ahead: true }), begin(5)]
  t.equal(limit.waiting, 4)
  for (const id of [1, 3, 4, 2, 5]) {
    await settled()
    end(id)
  }
  await Promise.all(works)
  t.strictSame(begun, [1, 3, 4, 2, 5])
  t.equal(limit.waiting, 0)
})

t.test('a place that is given up leaves nothing', async t => {
  const limit = new RunLimit(1)
  const { begun, begin, end } = make(limit)
  const leaving = new AbortController()
  const works = [begin(1, { signal: leaving.signal }), begin(2, { signal: leaving.signal }), begin(3)]
  await settled()
  leaving.abort(new Error('no more'))
  await t.rejects(works[1]!, { message: 'no more' })
  t.equal(limit.waiting, 1)
  t.strictSame(getEventListeners(leaving.signal, 'abort'), [])
  await t.rejects(begin(4, { signal: leaving.signal }), { message: 'no more' })
  end(1)
  await settled()
  end(3)
  t.equal(await works[0], 1, 'what had begun went on')
  t.equal(await works[2], 3)
  t.strictSame(begun, [1, 3])
})
