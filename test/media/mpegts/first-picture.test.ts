import fc from 'fast-check'
import t from 'tap'
import { firstPicture } from '../../../src/media/mpegts/first-picture.ts'
import { demux } from '../../fixtures/transport-stream.ts'
import { framesIn, writeTransportStream, type MadeFrame } from './transport-stream-writer.ts'

const sound = (timeUs: number): MadeFrame => ({ kind: 'audio', timeUs })
const key: MadeFrame = { kind: 'video', timeUs: 100_000, picture: 'idr', size: 5_000 }
const later: MadeFrame = { kind: 'video', timeUs: 133_000 }

t.test('tables and the whole first picture, nothing else', async t => {
  for (const { name, frames, expected } of [
    { name: 'a picture first', frames: [key, sound(0), later, sound(1), later], expected: 0 },
    { name: 'sound first', frames: [sound(0), sound(1), key, later], expected: 2 },
    { name: 'one picture', frames: [key], expected: 0 },
    { name: 'sound between its packets', frames: [key, sound(0)], expected: 0 }
  ]) {
    const picture = firstPicture(writeTransportStream(frames))!
    t.strictSame(framesIn(picture), [expected], name)
    const { pes, types } = demux(picture)
    t.strictSame(pes.map(({ kind, randomAccess, data }) => ({ kind, randomAccess, bytes: data.length })), [{ kind: 'video', randomAccess: true, bytes: 5_000 }])
    t.strictSame(types, { video: 0x1b, audio: 0x0f })
  }
})

t.test('where there is no picture', async t => {
  const made = writeTransportStream([key, later])
  for (const { name, segment } of [
    { name: 'sound alone', segment: writeTransportStream([sound(0), sound(1)], { video: false }) },
    { name: 'a video track that is silent', segment: writeTransportStream([sound(0), sound(1)]) },
    { name: 'nothing', segment: Buffer.alloc(0) },
    { name: 'tables alone', segment: made.subarray(0, 2 * 188) },
    { name: 'no tables', segment: made.subarray(2 * 188) },
    { name: 'less than a packet', segment: made.subarray(0, 100) },
    { name: 'no MPEG-TS', segment: Buffer.alloc(188 * 5, 0x47) },
    { name: 'no packets', segment: Buffer.alloc(188 * 5) }
  ]) t.equal(firstPicture(segment), undefined, name)
})

t.test('whatever stands there does no harm', async () => {
  const made = writeTransportStream([key, sound(0), later])
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(made.length - 1), fc.nat(255)), { maxLength: 30 }), fc.nat(made.length), (damage, length) => {
    const segment = Buffer.from(made)
    for (const [at, value] of damage) segment[at] = value
    const picture = firstPicture(segment.subarray(0, length))
    return picture === undefined || picture.length <= length
  }))
})
