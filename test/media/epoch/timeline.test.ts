import fc from 'fast-check'
import t from 'tap'
import { Timeline } from '../../../src/media/epoch/timeline.ts'
import { unit, units } from '../made-units.ts'

function after (text: string): Timeline {
  const timeline = new Timeline()
  for (const one of units(text)) timeline.add(one)
  return timeline
}

t.test('where it stands', async t => {
  const empty = new Timeline()
  t.equal(empty.latestUs, undefined)
  t.equal(empty.latestOf('video'), -Infinity)
  const timeline = after('K0 a20 v120 v40')
  t.equal(timeline.latestUs, 120_000)
  t.equal(timeline.latestOf('video'), 120_000)
  t.equal(timeline.latestOf('audio'), 20_000)
})

t.test('a jump is more than 5 s forward, or more than 1 s back on its own track', async t => {
  for (const { before = 'K10000 a10000', next, jump } of [
    { next: 'v15000', jump: false },
    { next: 'v15001', jump: true },
    { next: 'v60000', jump: true },
    { next: 'v9000', jump: false },
    { next: 'v8999', jump: true },
    { next: 'a0', jump: true },
    { before: 'K10000', next: 'a2000', jump: false },
    { before: 'K10000 a2000', next: 'a1500', jump: false },
    { next: 'v10040 a20000', jump: true }
  ]) t.equal(after(before).isJump(unit(next)), jump, `${before}, then ${next}`)
  t.equal(new Timeline().isJump(unit('K90000')), false, 'a recording may begin at any time')
})

t.test('what a recorder sends is no jump: tracks up to 4 s apart, pictures in another order', async () => {
  fc.assert(fc.property(fc.array(fc.record({ kind: fc.constantFrom('v', 'a'), stepMs: fc.integer({ min: 0, max: 900 }), backMs: fc.integer({ min: 0, max: 300 }) })), fc.integer({ min: 0, max: 4000 }), (frames, apartMs) => {
    const timeline = new Timeline()
    let timeMs = 5000
    return frames.every(({ kind, stepMs, backMs }) => {
      timeMs += stepMs
      const one = unit(`${kind}${kind === 'a' ? timeMs - apartMs : timeMs - backMs}`)
      const jump = timeline.isJump(one)
      timeline.add(one)
      return !jump
    })
  }))
})
