import fc from 'fast-check'
import t from 'tap'
import { SegmentWindow } from '../../../src/media/hls/segment-window.ts'

t.test('the newest segments that fit', async () => {
  fc.assert(fc.property(fc.nat({ max: 1000 }), fc.array(fc.nat({ max: 400 })), (max, sizes) => {
    const window = new SegmentWindow(max)
    sizes.forEach((size, sequence) => window.add(sequence, Buffer.alloc(size)))
    const kept = sizes.map((_, sequence) => window.get(sequence))
    const bytes = kept.reduce((sum, data) => sum + (data?.length ?? 0), 0)
    const oldest = kept.findIndex(data => data !== undefined && data.length > 0)
    // Newer ones are never let go before older ones, and no more than needed.
    const inOrder = kept.slice(Math.max(0, oldest)).every(data => oldest < 0 || data !== undefined)
    const dropped = oldest <= 0 ? 0 : sizes.slice(0, oldest).findLast(size => size > 0) ?? 0
    return window.bytes === bytes && bytes <= max && inOrder && (oldest <= 0 || dropped === 0 || bytes + dropped > max || kept[oldest - 1] !== undefined)
  }))
})

t.test('a segment is the buffer that was given', async t => {
  const window = new SegmentWindow(100)
  const data = Buffer.from('data')
  window.add(5, data)
  t.equal(window.get(5), data)
  t.equal(window.get(4), undefined)
  window.clear()
  t.equal(window.get(5), undefined)
  t.equal(window.bytes, 0)
})

t.test('no memory, no window', async t => {
  const window = new SegmentWindow(0)
  window.add(0, Buffer.from('data'))
  t.equal(window.get(0), undefined)
})
