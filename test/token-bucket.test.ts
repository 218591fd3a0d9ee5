import fc from 'fast-check'
import t from 'tap'
import { TokenBucket } from '../src/token-bucket.ts'

const MINUTE_MS = 60_000

t.test('a minute of burst, then the rate', async t => {
  const bucket = new TokenBucket(600, MINUTE_MS, 1000)
  t.equal(bucket.hasRoom(1000), true)
  t.equal(bucket.wait(600, 1000), 0, 'asking takes nothing')
  t.equal(bucket.take(600, 1000), 0)
  t.equal(bucket.hasRoom(1000), false)
  t.equal(bucket.wait(10, 1000), 1000)
  t.equal(bucket.take(10, 1000), 1000, 'ten of them come in a second')
  t.equal(bucket.hasRoom(1999), false)
  t.equal(bucket.hasRoom(2100), true)
})

t.test('a debt may be as large as it likes', async t => {
  const bucket = new TokenBucket(60, MINUTE_MS, 0)
  t.equal(bucket.take(180, 0), 2 * MINUTE_MS)
  t.equal(bucket.take(0, MINUTE_MS), MINUTE_MS)
  t.equal(bucket.take(0, 2 * MINUTE_MS), 0)
})

t.test('no more than a minute is saved up, but for what was granted', async t => {
  const bucket = new TokenBucket(60, MINUTE_MS, 0)
  bucket.take(0, 100 * MINUTE_MS)
  t.equal(bucket.take(60, 100 * MINUTE_MS), 0)
  t.equal(bucket.take(1, 100 * MINUTE_MS), 1000)
  const granted = new TokenBucket(60, MINUTE_MS, 0)
  granted.credit(MINUTE_MS)
  t.equal(granted.take(120, 0), 0)
  t.equal(granted.take(1, 0), 1000)
})

t.test('who waits for as long as it is told never exceeds the rate', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.array(fc.nat({ max: 100_000 })), (perMinute, amounts) => {
    const bucket = new TokenBucket(perMinute, MINUTE_MS, 0)
    let now = 0
    let sent = 0
    for (const amount of amounts) {
      now += bucket.take(amount, now)
      sent += amount
    }
    return sent <= perMinute * (1 + now / MINUTE_MS) + 1
  }))
})
