import fc from 'fast-check'
import t from 'tap'
import { FirstSliceProbe } from '../../../src/media/mpegts/first-slice.ts'

const nal = (type: number, size = 20) => Buffer.concat([Buffer.from([0, 0, 1, 0x60 | type]), Buffer.alloc(size, 0xbb)])
const [slice, partition, idr, sei, sps, pps, delimiter] = [1, 2, 5, 6, 7, 8, 9].map(type => nal(type)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

const PICTURES = [
  { name: 'IDR', bytes: Buffer.concat([delimiter, sps, pps, sei, idr, idr]), expected: 'idr' },
  { name: 'IDR with four-byte start codes', bytes: Buffer.concat([Buffer.of(0), delimiter, Buffer.of(0), sps, Buffer.of(0), idr]), expected: 'idr' },
  { name: 'I picture with parameter sets and a recovery point', bytes: Buffer.concat([delimiter, sps, pps, sei, slice]), expected: 'other' },
  { name: 'data partitions', bytes: Buffer.concat([delimiter, partition]), expected: 'other' },
  { name: 'no slice in sight', bytes: Buffer.concat([delimiter, nal(6, 70_000)]), expected: 'other' },
  { name: 'no slice yet', bytes: Buffer.concat([delimiter, sps, pps]), expected: undefined }
] as const

for (const { name, bytes, expected } of PICTURES) {
  t.test(name, async t => {
    t.equal(new FirstSliceProbe().push(bytes), expected)
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), sizes => {
      const probe = new FirstSliceProbe()
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length]!
        const found = probe.push(bytes.subarray(at, at + size))
        if (found !== undefined) return found === expected
        at += size
      }
      return expected === undefined
    }), { numRuns: 50 })
  })
}
