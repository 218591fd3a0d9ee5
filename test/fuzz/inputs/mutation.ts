import fc from 'fast-check'

/** Numbers at which readers of sizes, counts and times go wrong. */
const TELLING_NUMBERS = [0, 1, 2, 7, 8, 127, 128, 255, 256, 0x7fff, 0xffff, 0x10000, 0x40000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** A change of some bytes. `at` is where: a part of the whole, 0 to 1. */
export type Mutation = { at: number } & (
  | { kind: 'flip', bit: number }
  | { kind: 'set', bytes: Uint8Array }
  | { kind: 'number', value: number, width: number }
  | { kind: 'insert', bytes: Uint8Array }
  | { kind: 'delete', length: number }
  | { kind: 'repeat', length: number, times: number }
  | { kind: 'swap', length: number }
  | { kind: 'cut' }
)

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 24 })

/** `unit` is a length at which pieces are likely to be lost or moved: that of a packet, a frame. */
export function anyMutation (unit = fc.integer({ min: 1, max: 600 })): fc.Arbitrary<Mutation> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('set' as const), at, bytes: someBytes }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('number' as const), at, value: fc.constantFrom(...TELLING_NUMBERS), width: fc.constantFrom(1, 2, 4) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('insert' as const), at, bytes: someBytes }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at, length: unit }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), at, length: unit, times: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), at, length: unit }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at }) }
  )
}

/** A copy with the change. */
export function mutate (bytes: Buffer, mutation: Mutation): Buffer {
  const start = Math.floor(bytes.length * mutation.at)
  const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)]
  switch (mutation.kind) {
    case 'flip': return overwrite(bytes, start, Uint8Array.of((after[0] ?? 0) ^ (1 << mutation.bit)))
    case 'set': return overwrite(bytes, start, mutation.bytes)
    case 'number': return overwrite(bytes, start, bigEndian(mutation.value, mutation.width))
    case 'insert': return Buffer.concat([before, mutation.bytes, after])
    case 'delete': return Buffer.concat([before, after.subarray(mutation.length)])
    case 'repeat': return Buffer.concat([before, ...Array.from({ length: mutation.times }, () => after.subarray(0, mutation.length)), after])
    case 'swap': {
      const { length } = mutation
      return Buffer.concat([before, after.subarray(length, 2 * length), after.subarray(0, length), after.subarray(2 * length)])
    }
    case 'cut': return Buffer.from(before)
  }
}

function overwrite (bytes: Buffer, start: number, other: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), other, bytes.subarray(start + other.length)])
}

function bigEndian (value: number, width: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes.subarray(4 - width)
}
