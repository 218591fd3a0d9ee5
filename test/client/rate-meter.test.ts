import t from 'tap'
import { RateMeter } from '../../src/client/rate-meter.ts'

t.test('a rate is that of the last while', async t => {
  const meter = new RateMeter(5_000)
  t.equal(meter.perSecond(0), 0)
  meter.add(100, 0)
  t.equal(meter.perSecond(0), 100, 'one amount is not taken for a flood')
  for (let at = 250; at <= 10_000; at += 250) meter.add(100, at)
  t.ok(Math.abs(meter.perSecond(10_000) - 400) < 25, `${meter.perSecond(10_000)} a second`)
  t.equal(meter.perSecond(20_000), 0, 'nothing came for long')
})
