import t from 'tap'
import { RunLimit } from '../../../src/media/thumbnail/run-limit.ts'

/** Works that end when a test says so. */
function make (limit: RunLimit) {
  const begun: number[] = []
  const ends = new Map<number, (error?: Error) => void>()
  const begin = (id: number) => limit.run(async () => {
    begun.push(id)
    await new Promise<void>((resolve, reject) => { ends.set(id, error => error === undefined ? resolve() : reject(error)) })
    return id
  })
  return { begun, begin, end: (id: number, error?: Error) => ends.get(id)!(error) }
}

/** What can go on without anything else has gone on. */
async function settled (): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}

t.test('so many at a time, the others in turn', async t => {
  const { begun, begin, end } = make(new RunLimit(2))
  const works = [1, 2, 3, 4].map(begin)
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
