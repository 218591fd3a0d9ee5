import fc from 'fast-check'
import { PMT_PID, VIDEO_PID, writeTransportStream, AUDIO_PID, type MadeFrame } from '../../media/mpegts/transport-stream-writer.ts'
import { anyMutation, mutate, type Mutation } from './mutation.ts'

const PACKET_BYTES = 188
/** Frames come so many microseconds after the one before. */
const STEPS_US = [0, 1, 21_333, 40_000, 200_000, 500_000, 990_000, 1_000_000, 2_000_000, 2_450_000, 6_000_000, -1, -40_000, -900_000]
/** Where the 33-bit clock is about to wrap, in microseconds. */
const BEFORE_WRAP_US = Math.floor(2 ** 33 / 0.09) - 3_000_000

export interface TransportStream {
  bytes: Buffer
  offsetUs: number
}

const frame = fc.record({
  kind: fc.constantFrom('video' as const, 'video' as const, 'audio' as const),
  stepUs: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(40_000, 100_000, 250_000) }, { weight: 1, arbitrary: fc.constantFrom(...STEPS_US) }),
  picture: fc.constantFrom('idr' as const, 'other' as const, 'other' as const, 'recovery' as const),
  size: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 12, max: 160 }) }, { weight: 1, arbitrary: fc.integer({ min: 160, max: 900 }) })
})

type Step = typeof frame extends fc.Arbitrary<infer T> ? T : never

function made (steps: Step[]): MadeFrame[] {
  let timeUs = 1_000_000
  return steps.map(({ kind, stepUs, picture, size }) => {
    timeUs = Math.max(0, timeUs + stepUs)
    return { kind, timeUs, picture, size }
  })
}

type PacketChange =
  | { kind: 'byte', part: number, offset: number, value: number }
  | { kind: 'pid', part: number, pid: number }
  | { kind: 'drop' | 'double' | 'swap', part: number, count: number }

const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const anyChange: fc.Arbitrary<PacketChange> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('byte' as const), part, offset: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 187 })), value: fc.nat(255) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pid' as const), part, pid: fc.constantFrom(0, PMT_PID, VIDEO_PID, AUDIO_PID, 0x1fff) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('drop' as const, 'double' as const, 'swap' as const), part, count: fc.integer({ min: 1, max: 6 }) }) }
)

/** Changes whole packets, or one inside of its borders. */
function change (bytes: Buffer, edit: PacketChange): Buffer {
  const at = Math.floor(bytes.length / PACKET_BYTES * edit.part) * PACKET_BYTES
  const count = 'count' in edit ? edit.count * PACKET_BYTES : 0
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, at + count), bytes.subarray(at + count)]
  switch (edit.kind) {
    case 'drop': return Buffer.concat([before, after])
    case 'double': return Buffer.concat([before, piece, piece, after])
    case 'swap': return Buffer.concat([before, after.subarray(0, count), piece, after.subarray(count)])
  }
  const copy = Buffer.from(bytes)
  if (at + PACKET_BYTES > copy.length) return copy
  if (edit.kind === 'byte') copy[at + edit.offset] = edit.value
  else copy.writeUInt16BE((copy.readUInt16BE(at + 1) & 0xe000) | edit.pid, at + 1)
  return copy
}

/** What FFmpeg could write, or what could become of it. */
export const transportStream: fc.Arbitrary<TransportStream> = fc.record({
  steps: fc.array(frame, { minLength: 1, maxLength: 50 }),
  offsetUs: fc.constantFrom(10_000_000, 10_000_000, 0, BEFORE_WRAP_US),
  tracks: fc.constantFrom({ video: true, audio: true }, { video: true, audio: false }, { video: false, audio: true }),
  tablesEvery: fc.constantFrom(Infinity, 7),
  changes: fc.oneof({ weight: 1, arbitrary: fc.constant<PacketChange[]>([]) }, { weight: 4, arbitrary: fc.array(anyChange, { maxLength: 6 }) }),
  mutations: fc.oneof({ weight: 8, arbitrary: fc.constant<Mutation[]>([]) }, { weight: 1, arbitrary: fc.array(anyMutation(fc.constantFrom(1, 94, PACKET_BYTES, 3 * PACKET_BYTES)), { maxLength: 2 }) })
}).map(({ steps, offsetUs, tracks, tablesEvery, changes, mutations }) => {
  const frames = made(steps).filter(({ kind }) => tracks[kind])
  const written = writeTransportStream(frames, { offsetUs, ...tracks, tablesEvery })
  return { bytes: mutations.reduce(mutate, changes.reduce(change, written)), offsetUs }
})
