import t from 'tap'
import { UnderWay } from '../src/under-way.ts'

t.test('idle when what is under way is done, however it ended', async t => {
  const underWay = new UnderWay()
  await underWay.idle()
  const ends: Array<() => void> = []
  const first = underWay.track(new Promise<number>(resolve => { ends.push(() => resolve(1)) }))
  const second = underWay.track(new Promise<number>((_resolve, reject) => { ends.push(() => reject(new Error('it failed'))) }))
  t.equal(underWay.size, 2)
  let isIdle = false
  const idle = underWay.idle().then(() => { isIdle = true })
  ends[0]!()
  t.equal(await first, 1)
  t.equal(underWay.size, 1)
  t.equal(isIdle, false)
  ends[1]!()
  await t.rejects(second, { message: 'it failed' })
  await idle
  t.equal(underWay.size, 0)
})
