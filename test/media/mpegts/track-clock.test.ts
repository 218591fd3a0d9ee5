import fc from 'fast-check'
import t from 'tap'
import { TrackClock } from '../../../src/media/mpegts/track-clock.ts'

function clockAfter (...times: number[]): TrackClock {
  const clock = new TrackClock()
  for (const time of times) clock.add(time)
  return clock
}

t.test('before the first frame there is no time', async t => {
  t.match(clockAfter(), { latestUs: undefined, endUs: undefined })
})

t.test('the last frame is as long as the one before it', async t => {
  t.match(clockAfter(0, 40_000, 80_000), { latestUs: 80_000, endUs: 120_000 })
  t.equal(clockAfter(0).endUs, 33_333, 'a single one: a thirtieth of a second')
  t.equal(clockAfter(0, 3_000_000).endUs, 3_200_000, 'a frame after which nothing came does not go on for ever')
})

t.test('pictures in decoding order end when the one that is presented last ends', async t => {
  t.match(clockAfter(0, 120_000, 40_000, 80_000), { latestUs: 120_000, endUs: 160_000 })
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 })
  fc.assert(fc.property(order, frames => clockAfter(...frames.map(frame => frame * 33_000)).endUs === 10 * 33_000))
})
