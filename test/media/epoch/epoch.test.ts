import t from 'tap'
import { Epoch } from '../../../src/media/epoch/epoch.ts'
import { INIT, units } from '../made-units.ts'

t.test('an epoch begins with its first unit', async t => {
  const epoch = new Epoch(INIT)
  t.match(epoch, { empty: true, closed: false, startUs: 0, publishedUs: undefined, soundUs: undefined })
  for (const one of units('K3000 a3010')) epoch.add(one)
  t.match(epoch, { empty: false, startUs: 3_000_000 })
  t.equal(epoch.held.bytes, 20)
  t.equal(epoch.timeline.latestUs, 3_010_000)
})

t.test('who waits is told of the next unit, and of the end', async t => {
  const epoch = new Epoch(INIT)
  const waiting = [epoch.changed(), epoch.changed()]
  epoch.add(units('K0')[0]!)
  await Promise.all(waiting)
  const end = epoch.changed()
  epoch.close()
  await end
  t.equal(epoch.closed, true)
})

t.test('what is published is let go', async t => {
  const epoch = new Epoch(INIT)
  for (const one of units('K0 a0 v500 a500 K1000 a1000')) epoch.add(one)
  epoch.publish(1_000_000, 500_000, 4)
  t.match(epoch, { publishedUs: 1_000_000, soundUs: 500_000 })
  t.equal(epoch.held.first, 4)
  epoch.publish(1_500_000, undefined, 0)
  t.equal(epoch.soundUs, 500_000, 'a segment without sound changes nothing of it')
})

t.test('what came with the least delay tells when it was recorded', async t => {
  const epoch = new Epoch(INIT)
  const before = Date.now()
  for (const one of units('K0 v100 v200')) epoch.add(one)
  const first = epoch.wallTimeMs(0)
  t.ok(first >= before - 200 && first <= Date.now() - 200, 'the last frame of a chunk was recorded just now')
  epoch.publish(200_000, undefined, 0)
  for (const one of units('v5000')) epoch.add(one)
  t.equal(epoch.wallTimeMs(0), first, 'what is published is settled')
})

t.test('the time of day follows media time from the first unit on', async t => {
  const epoch = new Epoch(INIT)
  const before = Date.now()
  epoch.add(units('K5000')[0]!)
  const first = epoch.wallTimeMs(5_000_000)
  t.ok(first >= before && first <= Date.now())
  t.equal(epoch.wallTimeMs(7_500_000), first + 2500)
  t.equal(epoch.wallTimeMs(4_000_000), first - 1000)
})
