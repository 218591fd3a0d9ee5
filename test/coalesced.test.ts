import t from 'tap'
import { Coalesced } from '../src/coalesced.ts'

/** Work that ends when a test says so. */
function make () {
  const ends: Array<(failure?: Error) => void> = []
  const work = new Coalesced(async () => {
    await new Promise<void>((resolve, reject) => ends.push(failure => failure === undefined ? resolve() : reject(failure)))
  })
  return { work, ends }
}

/** What can go on without anything else has gone on. */
async function settled (): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}

t.test('once for all who ask at the same time', async t => {
  const { work, ends } = make()
  const all = Promise.all([work.run(), work.run(), work.run()])
  await settled()
  t.equal(ends.length, 1)
  ends[0]!()
  await all
  const next = work.run()
  await settled()
  t.equal(ends.length, 2)
  ends[1]!()
  await next
})

t.test('whoever asks while it runs gets the run after that', async t => {
  const { work, ends } = make()
  const first = work.run()
  await settled()
  let done = 0
  const later = [work.run(), work.run()].map(async run => { await run.then(() => done++) })
  const idle = work.idle().then(() => done)
  await settled()
  t.equal(ends.length, 1, 'never twice at once')
  ends[0]!()
  await first
  await settled()
  t.equal(ends.length, 2)
  t.equal(done, 0)
  ends[1]!()
  await Promise.all(later)
  t.equal(done, 2)
  t.equal(await idle, 2, 'all that was asked for is done then')
})

t.test('a failure is told to those who asked for that run, and to nobody else', async t => {
  const { work, ends } = make()
  const failing = work.run()
  await settled()
  const next = work.run()
  ends[0]!(new Error('failed'))
  await t.rejects(failing, /failed/)
  await settled()
  ends[1]!()
  await next
  await work.idle()
  t.equal(ends.length, 2)
})
