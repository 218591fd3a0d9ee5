import t from 'tap'
import { Playhead } from '../chaos/viewers/playhead.ts'

t.test('a playhead that always has something in hand', async t => {
  const playhead = new Playhead(2_500)
  playhead.add(2_000, 0)
  t.equal(playhead.started, false, 'too little to begin')
  playhead.add(2_000, 500)
  t.equal(playhead.started, true)
  t.equal(playhead.inHandMs(1_500), 3_000)
  playhead.add(2_000, 4_499)
  t.equal(playhead.stalls(6_000), 0)
  t.equal(playhead.stalledMs(6_000), 0)
})

t.test('it stands still when nothing is left, and moves again with enough in hand', async t => {
  const playhead = new Playhead(2_500)
  playhead.add(4_000, 0)
  t.equal(playhead.stalls(3_999), 0)
  t.equal(playhead.stalls(4_001), 1)
  t.equal(playhead.stalledMs(5_000), 1_000, 'still under way')
  playhead.add(2_000, 6_000)
  t.equal(playhead.stalledMs(6_500), 2_500, 'not enough yet')
  playhead.add(2_000, 7_000)
  t.equal(playhead.stalledMs(8_000), 3_000)
  t.equal(playhead.inHandMs(8_000), 3_000)
  t.equal(playhead.stalls(12_000), 2, 'and once more')
})

t.test('a stall is counted although nobody looked at the time', async t => {
  const playhead = new Playhead(1_000)
  playhead.add(2_000, 0)
  playhead.add(2_000, 5_000)
  t.equal(playhead.stalls(5_000), 1)
  t.equal(playhead.stalledMs(5_000), 3_000)
})
