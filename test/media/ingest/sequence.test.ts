import fc from 'fast-check'
import t from 'tap'
import { Sequence, type Chunk } from '../../../src/media/ingest/sequence.ts'

const chunk = (seq: number, text = `chunk ${seq}`): Chunk => ({ seq, bytes: Buffer.from(text) })

/** Takes what has arrived, as the ingest does. @returns the numbers that were taken */
function take (sequence: Sequence, arrived: Chunk, end = 0): number[] {
  const arrival = sequence.arrive(arrived)
  if (arrival.kind !== 'take') return []
  for (const one of arrival.chunks) sequence.taken(one, end)
  return arrival.chunks.map(({ seq }) => seq)
}

t.test('in order', async t => {
  const sequence = new Sequence(4)
  t.match(sequence, { next: 0, safe: -1, earlyBytes: 0 })
  for (let seq = 0; seq < 5; seq++) t.strictSame(take(sequence, chunk(seq)), [seq])
  t.equal(sequence.next, 5)
})

t.test('too early, and again', async t => {
  const sequence = new Sequence(4)
  t.equal(sequence.arrive(chunk(1)).kind, 'early')
  t.equal(sequence.arrive(chunk(1)).kind, 'early', 'the same once more')
  t.equal(sequence.earlyBytes, 7)
  t.strictSame(take(sequence, chunk(0)), [0, 1])
  t.equal(sequence.earlyBytes, 0)
  t.equal(sequence.arrive(chunk(0)).kind, 'repeated')
  t.equal(sequence.arrive(chunk(1)).kind, 'repeated')
})

t.test('no room for more that come too early', async t => {
  const sequence = new Sequence(2)
  for (const seq of [5, 3]) sequence.arrive(chunk(seq))
  t.equal(sequence.arrive(chunk(4)).kind, 'gap')
  t.equal(sequence.arrive(chunk(3)).kind, 'early', 'one that waits already has its place')
  t.equal(new Sequence(0).arrive(chunk(1)).kind, 'gap')
})

t.test('a gap that nobody fills is skipped', async t => {
  const sequence = new Sequence(2)
  for (const seq of [3, 5]) sequence.arrive(chunk(seq))
  const chunks = sequence.skipGap(chunk(4))
  t.strictSame(chunks.map(({ seq }) => seq), [3, 4, 5])
  for (const one of chunks) sequence.taken(one, 0)
  t.equal(sequence.next, 6)
})

t.test('safe is what lies wholly before the place that is settled', async t => {
  const sequence = new Sequence(4)
  for (const [seq, end] of [[0, 100], [1, 250], [2, 250], [3, 400]] as const) sequence.taken(chunk(seq), end)
  for (const [offset, safe] of [[0, -1], [99, -1], [100, 0], [249, 0], [250, 2], [399, 2], [400, 3], [0, 3]] as const) {
    sequence.settle(offset)
    t.equal(sequence.safe, safe, `up to ${offset}`)
  }
})

t.test('another first chunk means another recording', async t => {
  const sequence = new Sequence(4)
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('anything') }), false, 'nothing was taken yet')
  take(sequence, chunk(0, 'header'))
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('header') }), false)
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('other header') }), true)
})

t.test('so does the same first chunk of another sending', async t => {
  const sequence = new Sequence(4)
  take(sequence, { ...chunk(0, 'header'), sending: 'a' })
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('header'), sending: 'a' }), false)
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('header'), sending: 'b' }), true)
  t.equal(sequence.isOtherFirst({ bytes: Buffer.from('header') }), true)
})

t.test('any order of arrivals, with repetitions, gives every chunk once and in order', async () => {
  const arrivals = fc.integer({ min: 1, max: 20 }).chain(count => fc.tuple(
    fc.constant(count),
    fc.shuffledSubarray(Array.from({ length: count }, (_, seq) => seq), { minLength: count }),
    fc.array(fc.nat({ max: count - 1 }), { maxLength: 20 }),
    fc.infiniteStream(fc.nat())
  ))
  fc.assert(fc.property(arrivals, ([count, order, repeated, places]) => {
    const all = [...order]
    for (const seq of repeated) all.splice(places.next().value! % (all.length + 1), 0, seq)
    const sequence = new Sequence(count)
    const taken = all.flatMap(seq => take(sequence, chunk(seq)))
    return taken.length === count && taken.every((seq, index) => seq === index) && sequence.next === count && sequence.earlyBytes === 0
  }))
})

t.test('whatever arrives, no more than allowed waits', async () => {
  fc.assert(fc.property(fc.nat({ max: 5 }), fc.array(fc.nat({ max: 30 })), (max, order) => {
    const sequence = new Sequence(max)
    return order.every(seq => {
      take(sequence, chunk(seq, 'ten bytes.'))
      return sequence.earlyBytes <= max * 10
    })
  }))
})

t.test('a place of the recording is a chunk, and bytes of it', async t => {
  const sequence = new Sequence(0)
  for (const [seq, end] of [[0, 100], [1, 150], [2, 150], [3, 400]] as const) sequence.taken(chunk(seq), end)
  const at = (offset: number) => sequence.locate(offset)
  t.match(at(0), { seq: 0, skip: 0 })
  t.match(at(99), { seq: 0, skip: 99 })
  t.match(at(100), { seq: 1, skip: 0 })
  t.match(at(150), { seq: 3, skip: 0 }, 'an empty chunk holds nothing')
  t.match(at(399), { seq: 3, skip: 249 })
  t.match(at(400), { seq: 4, skip: 0 })
  sequence.settle(160)
  t.equal(sequence.safe, 2)
  t.match(at(160), { seq: 3, skip: 10 }, 'also when what is before it is forgotten')
  t.equal(at(140), undefined, 'before what can still come again')
})

t.test('a sending that another server took goes on with the chunk that it left', async t => {
  const first = new Sequence(0)
  for (const [seq, end] of [[0, 100], [1, 200], [2, 300]] as const) first.taken(chunk(seq), end)
  const point = first.locate(230)!
  t.strictSame(point, { seq: 2, skip: 30, firstDigest: point.firstDigest })
  const second = new Sequence(0, 0, point)
  t.match(second, { next: 2, safe: 1 })
  t.equal(second.isOtherFirst(chunk(0)), false, 'it knows the sending by its first chunk')
  t.equal(second.isOtherFirst({ bytes: Buffer.from('another recording') }), true)
  // The reader was given 40 bytes of header; the chunk begins before them.
  second.beginAt(40 - point.skip)
  second.taken(chunk(2), 40 + 70)
  t.match(second.locate(40), { seq: 2, skip: 30 }, 'the same place as before')
  second.settle(110)
  t.equal(second.safe, 2)
})

t.test('a sending that begins in the middle: what is before it is none of its own', async t => {
  const sequence = new Sequence(0, 500)
  t.equal(sequence.locate(499), undefined)
  t.match(sequence.locate(500), { seq: 0, skip: 0 })
})
