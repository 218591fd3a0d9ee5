import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { ReaderLimits, Unit } from '../../../src/media/container/types.ts'
import { avcC, IDR, NON_IDR, sps, withLengths, withStartCodes } from './h264-writer.ts'
import { audioEntry, blockBody, clusterHead, EBML_HEADER, element, header, openElement, SEGMENT, simpleBlock, uint, videoEntry } from './matroska-writer.ts'
import * as mp4 from './mp4-writer.ts'
import { read, type Reading } from './reading.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 200)

t.setTimeout(30_000 + RUNS * 100)

const LIMITS: ReaderLimits = { maxVideoPixels: Infinity, maxInitBytes: 4096, maxUnitBytes: 60_000 }

// An EBML header in search of its end, beyond what the limits say.
const SLACK = 300

const fixture = (name: string, length = Infinity): Buffer => readFileSync(new URL(`../../fixtures/chromium/${name}`, import.meta.url)).subarray(0, length)

/** Frames that look like nothing in particular. */
function noise (length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (Math.imul(seed + i, 2654435761) >>> 13) & 0xff))
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const WEBM = Buffer.concat([header(videoEntry(), audioEntry()), ...numbers(12).flatMap(i => [
  clusterHead(i * 100),
  ...numbers(6).map(j => simpleBlock({ track: 1 + j % 2, time: j * 16, payload: noise(50 + 60 * j, i * 10 + j) }))
])])

const KNOWN_SIZES = Buffer.concat([header(videoEntry(), audioEntry()), ...numbers(12).map(i => element(0x1f43b675, [
  uint(0xe7, i * 100),
  ...numbers(6).map(j => element(0xa0, [element(0xa1, blockBody({ track: 1 + j % 2, time: j * 16, flags: 0, payload: noise(50 + 60 * j, i * 10 + j) }))]))
]))])

const MP4 = Buffer.concat([mp4.header(mp4.VIDEO, mp4.AUDIO), ...numbers(12).map(i =>
  mp4.fragment([{ time: i * 100, sizes: [100, 200, 300] }, { track: 2, time: i * 4800, sizes: [50, 50], at: 600 }], mp4.box('mdat', noise(700, i))))])

const H264 = Buffer.concat([header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: avcC(sps()) })), ...numbers(6).flatMap(i => [
  clusterHead(i * 100),
  simpleBlock({ payload: withLengths(sps(i === 3 ? { blocksWide: 8 } : {}), IDR) }),
  simpleBlock({ time: 40, payload: withStartCodes(NON_IDR) })
])])

const RECORDINGS = [
  WEBM, KNOWN_SIZES, MP4, H264,
  fixture('vp8-opus.webm', 12_000), fixture('h264-opus.mkv', 12_000), fixture('vp9-opus.mp4', 34_500), fixture('pcm.mkv', 9000),
  Buffer.concat([Buffer.from('garbage'), MP4.subarray(0, -100), WEBM, noise(500, 1), H264, KNOWN_SIZES])
]

const anySizes: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<number[]>([1]) },
  { weight: 6, arbitrary: fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 }) }
)

interface Change {
  kind: 'flip' | 'delete' | 'insert' | 'overwrite' | 'repeat' | 'swap'
  /** Where, as a part of the whole. */
  at: number
  length: number
  bytes: Uint8Array
}

const anyChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'delete', 'insert', 'overwrite', 'repeat', 'swap'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 400 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 60 })
})

function changed (bytes: Buffer, { kind, at, length, bytes: other }: Change, from = 0): { bytes: Buffer, end: number } {
  const start = from + Math.floor((bytes.length - from) * at)
  const end = Math.min(bytes.length, start + length)
  const [before, piece, after] = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)]
  switch (kind) {
    case 'flip': return { bytes: Buffer.concat([before, Buffer.from([(piece[0] ?? 0) ^ ((other[0] ?? 0) | 1)]), bytes.subarray(start + 1)]), end: start + 1 }
    case 'delete': return { bytes: Buffer.concat([before, after]), end }
    case 'insert': return { bytes: Buffer.concat([before, other, piece, after]), end: start }
    case 'overwrite': return { bytes: Buffer.concat([before, other, bytes.subarray(start + other.length)]), end: start + other.length }
    case 'repeat': return { bytes: Buffer.concat([before, piece, piece, after]), end }
    case 'swap': return { bytes: Buffer.concat([before, after.subarray(0, length), piece, after.subarray(length)]), end: end + length }
  }
}

/** What holds for every reading of whatever bytes. */
function isSound ({ units, settled, peak, events }: Reading, length: number): boolean {
  const inOrder = units.every((unit, i) => unit.frames.length > 0 && unit.start < unit.end && unit.start >= (units[i - 1]?.end ?? 0))
  const headerFirst = events.findIndex(event => event.type === 'unit') === -1 || events.findIndex(event => event.type === 'init') < events.findIndex(event => event.type === 'unit')
  return inOrder && headerFirst && settled <= length && (units.at(-1)?.end ?? 0) <= settled && peak <= LIMITS.maxUnitBytes + SLACK
}

function sameHoweverSplit (bytes: Buffer, sizes: number[]): void {
  const whole = read(bytes, { limits: LIMITS })
  const split = read(bytes, { limits: LIMITS, sizes })
  if (!isSound(whole, bytes.length) || !isSound(split, bytes.length)) throw new Error('a reading that is not sound')
  if (!isDeepStrictEqual(whole.events, split.events)) throw new Error('another split, other events')
  if (whole.settled !== split.settled) throw new Error('another split, another place')
}

t.test('any split of a recording gives the same events', async t => {
  for (const recording of RECORDINGS) t.ok(read(recording, { limits: LIMITS }).units.length > 1)
  fc.assert(fc.property(fc.constantFrom(...RECORDINGS), anySizes, sameHoweverSplit), { numRuns: RUNS })
})

t.test('any split of a damaged recording gives the same events', async () => {
  fc.assert(fc.property(fc.constantFrom(...RECORDINGS), fc.array(anyChange, { minLength: 1, maxLength: 4 }), anySizes, (recording, changes, sizes) => {
    sameHoweverSplit(changes.reduce((bytes, change) => changed(bytes, change).bytes, recording), sizes)
  }), { numRuns: RUNS })
})

t.test('reading goes on behind local damage', async t => {
  // What the damage hits may swallow the head that comes next, but never the one after it.
  const groups = [WEBM, KNOWN_SIZES, MP4].map(recording => {
    const { units } = read(recording, { limits: LIMITS })
    const heads = units.filter((unit, i) => unit.lead === undefined || unit.lead !== units[i - 1]?.lead)
    t.equal(heads.length, 12)
    return { recording, units, heads }
  })
  fc.assert(fc.property(fc.constantFrom(...groups), anyChange, ({ recording, units, heads }, change) => {
    const { bytes, end } = changed(recording, change, heads[1]?.start)
    const firstSure = heads.filter(head => head.start > end)[1]
    const expected = firstSure === undefined ? [] : units.slice(units.indexOf(firstSure))
    const { units: found, damage } = read(bytes, { limits: LIMITS, sizes: [500] })
    const tail = found.slice(found.length - expected.length)
    const essence = ({ bytes, lead, frames }: Unit): unknown => ({ bytes, lead, frames })
    return isDeepStrictEqual(tail.map(essence), expected.map(essence)) && damage.every(({ fatal }) => !fatal)
  }), { numRuns: RUNS })
})

t.test('random bytes are nothing, and are not kept', async () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 5000 }), anySizes, (bytes, sizes) => {
    const { events, peak } = read(bytes, { limits: LIMITS, sizes })
    return events.length === 1 && events[0]?.type === 'damage' && events[0].reason === 'not-a-container' && peak < SLACK
  }), { numRuns: RUNS })
})

t.test('pieces of recordings in any order', async () => {
  const ids = [0x1a45dfa3, 0x18538067, 0x1549a966, 0x1654ae6b, 0x1f43b675, 0x1c53bb6b, 0xe7, 0xa3, 0xa0, 0xa1, 0xec, 0xbf, 0xab, 0xae, 0xfb, 0x81]
  const types = ['ftyp', 'moov', 'moof', 'mdat', 'free', 'mfra', 'traf', 'odd!', '\0\0\0\0']
  const someBytes = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes))
  const piece = fc.oneof(
    someBytes,
    fc.constantFrom(EBML_HEADER, SEGMENT, header(videoEntry()), header(audioEntry()), clusterHead(5), simpleBlock(), mp4.header(mp4.VIDEO), mp4.fragment([{}]), mp4.mdat(30), mp4.FTYP),
    fc.tuple(fc.constantFrom(...ids), someBytes).map(([id, body]) => element(id, body)),
    fc.constantFrom(...ids).map(openElement),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -300, max: 300 }), fc.nat(255), someBytes).map(([track, time, flags, payload]) => simpleBlock({ track, time, flags, payload })),
    fc.tuple(fc.constantFrom(...types), someBytes).map(([type, body]) => mp4.box(type, body)),
    fc.record({ track: fc.integer({ min: 1, max: 2 }), time: fc.nat(), at: fc.integer({ min: -2, max: 60 }), sizes: fc.array(fc.nat(60), { maxLength: 4 }) }).map(run => mp4.fragment([run]))
  )
  const start = fc.constantFrom(header(videoEntry(), audioEntry()), mp4.header(mp4.VIDEO), Buffer.alloc(0))
  fc.assert(fc.property(start, fc.array(piece, { maxLength: 12 }), anySizes, (first, pieces, sizes) => {
    sameHoweverSplit(Buffer.concat([first, ...pieces]), sizes)
  }), { numRuns: RUNS * 2 })
})
