import fc from 'fast-check'
import t from 'tap'
import { HeldUnits } from '../../../src/media/epoch/held-units.ts'
import { unit, units } from '../made-units.ts'

function holding (text: string): HeldUnits {
  const held = new HeldUnits()
  for (const one of units(text)) held.add(one)
  return held
}

const NO_LIMIT = Infinity

t.test('units are held in their order, with positions that stay', async t => {
  const held = holding('K0 v40 v80')
  t.match(held, { first: 0, next: 3, bytes: 30, start: 0 })
  t.equal(held.from(0).length, 3)
  t.strictSame(held.from(2), units('K0 v40 v80').slice(2))
  t.strictSame(held.from(3), [])
  held.releaseAll()
  t.match(held, { first: 3, next: 3, bytes: 0, start: undefined })
  held.add(unit('v120', { start: 30 }))
  t.match(held, { first: 3, next: 4, start: 30 })
  t.equal(held.from(0).length, 1, 'from the first one that is still held')
})

t.test('what is published is let go, from the key frame on all is kept', async t => {
  const held = holding('K0 a0 v500 a500 K1000 a1000 v1500')
  held.release(held.releasable(1_000_000, NO_LIMIT))
  t.equal(held.first, 4)
  t.match(held.from(0)[0]?.frames, [{ timeUs: 1_000_000 }])
})

t.test('when the last frame of a segment came', async t => {
  const held = new HeldUnits()
  for (const [index, one] of units('K0 v500 v900 K1000 v1500').entries()) held.add(one, 100 + index)
  t.equal(held.arrivedBefore(1_000_000), 102)
  t.equal(held.arrivedBefore(2_000_000), 104)
  held.release(3)
  t.equal(held.arrivedBefore(1_000_000), undefined, 'it is held no more')
  t.equal(held.arrivedBefore(1_200_000), 103)
})

t.test('a decoder needs the last key frame, however old it is', async t => {
  const held = holding('K0 v500 v1000 v1500 v2000 v2500')
  held.release(held.releasable(2_000_000, NO_LIMIT))
  t.equal(held.first, 0)
})

t.test('sound that may not be in the segment yet is kept', async t => {
  const held = holding('K0 a700 a850 K1000 a990 v1040')
  held.release(held.releasable(1_000_000, NO_LIMIT))
  t.match(held.from(0)[0]?.frames, [{ kind: 'audio', timeUs: 850_000 }])
})

t.test('pictures that come in another order: nothing that is shown later is let go', async t => {
  const held = holding('K0 v120 v40 v80 K160 v280 v200 v240')
  held.release(held.releasable(160_000, NO_LIMIT))
  t.match(held.from(0)[0]?.frames, [{ timeUs: 160_000, key: true }])
})

t.test('a time that a container rounded is the same time', async t => {
  const held = holding('K0 v960 K1003 v1040')
  held.release(held.releasable(1_000_000, NO_LIMIT))
  t.equal(held.first, 2)
})

t.test('fragments are kept whole', async t => {
  const held = new HeldUnits()
  for (const [index, text] of ['K0 v500 a0 a500', 'K1000 v1500 a1000 a1500', 'K2000 v2500 a2000 a2500'].entries()) held.add(unit(text, { start: index * 10 }))
  held.release(held.releasable(2_000_000, NO_LIMIT))
  t.equal(held.first, 2)
  held.release(held.releasable(2_400_000, NO_LIMIT))
  t.equal(held.first, 2)
})

t.test('bounds: a decoder\'s needs do not fill the memory', async t => {
  const sparse = holding('K0 v500 v1000 v1500 v2000')
  sparse.release(sparse.releasable(1_500_000, 20))
  t.equal(sparse.first, 3, 'beyond the limit, what is published goes')
  const silent = holding('K0 a0 a5000 a10000 a11000')
  silent.release(silent.releasable(10_900_000, NO_LIMIT))
  t.equal(silent.first, 4, 'a video track that ended is not waited for')
})

t.test('whatever comes and is published: what is not published is held, and a key frame before it', async () => {
  const frames = fc.array(fc.record({ kind: fc.constantFrom('K', 'v', 'a'), stepMs: fc.integer({ min: 1, max: 900 }) }), { minLength: 1, maxLength: 60 })
  fc.assert(fc.property(frames, fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 5 }), (frames, publishedMs) => {
    const held = new HeldUnits()
    let timeMs = 0
    const all = frames.map(({ kind, stepMs }, index) => {
      timeMs += stepMs
      return unit(`${kind}${timeMs}`, { start: index * 10 })
    })
    for (const one of all) held.add(one)
    for (const ms of publishedMs.toSorted((a, b) => a - b)) {
      held.release(held.releasable(ms * 1000, NO_LIMIT))
      const kept = held.from(0)
      const open = all.filter(({ frames: [frame] }) => frame!.timeUs >= ms * 1000)
      if (!open.every(one => kept.includes(one))) return false
      if (held.bytes !== kept.length * 10 || held.next !== all.length || held.start !== kept[0]?.start) return false
      const firstVideo = open.findIndex(({ frames: [frame] }) => frame!.kind === 'video')
      const hadKey = all.some(({ frames: [frame] }) => frame!.kind === 'video' && frame!.key && frame!.timeUs <= ms * 1000)
      const lastVideo = all.findLast(({ frames: [frame] }) => frame!.kind === 'video')?.frames[0]?.timeUs ?? -Infinity
      const keptKey = kept.some(({ frames: [frame] }) => frame!.kind === 'video' && frame!.key && frame!.timeUs <= ms * 1000 + 5000)
      if (firstVideo >= 0 && hadKey && lastVideo > ms * 1000 - 10_000_000 && !keptKey) return false
    }
    return true
  }))
})
