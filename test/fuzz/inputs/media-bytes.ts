import fc from 'fast-check'
import { clusterHead, EBML_HEADER, element, openElement, SEGMENT, simpleBlock } from '../../media/container/matroska-writer.ts'
import * as mp4 from '../../media/container/mp4-writer.ts'
import { anyMutation, mutate } from './mutation.ts'
import { LARGE_RECORDINGS, RECORDINGS } from './recordings.ts'

const anyRecording = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...Object.values(RECORDINGS)) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(LARGE_RECORDINGS)) }
)

const mutated = fc.tuple(anyRecording, fc.array(anyMutation(), { maxLength: 6 })).map(([bytes, mutations]) => mutations.reduce(mutate, bytes))

/** The beginning of one and the end of another. */
const spliced = fc.tuple(mutated, mutated, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })).map(([first, second, end, start]) =>
  Buffer.concat([first.subarray(0, Math.floor(first.length * end)), second.subarray(Math.floor(second.length * start))]))

/** Two that were sent as one, piece by piece in turn. */
const interleaved = fc.tuple(mutated, mutated, fc.integer({ min: 40, max: 1500 })).map(([first, second, size]) => {
  const pieces: Buffer[] = []
  for (let at = 0; at < Math.max(first.length, second.length); at += size) pieces.push(first.subarray(at, at + size), second.subarray(at, at + size))
  return Buffer.concat(pieces)
})

const IDS = [0x1a45dfa3, 0x18538067, 0x1549a966, 0x1654ae6b, 0x1f43b675, 0x1c53bb6b, 0xe7, 0xa3, 0xa0, 0xa1, 0xec, 0xbf, 0xab, 0xae, 0xfb, 0x81]
const BOXES = ['ftyp', 'moov', 'moof', 'mdat', 'free', 'mfra', 'traf', 'odd!', '\0\0\0\0']
const someBytes = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes))

/** A fragment whose run claims any number of samples. */
const crowdedFragment = fc.record({
  count: fc.constantFrom(0, 1, 2, 0x1000, 0x3ffff, 0x40000, 0xffffffff),
  fields: fc.constantFrom(0, 0x100, 0x200, 0x400, 0x800, 0xf00),
  size: fc.nat(3),
  room: fc.nat(60)
}).map(({ count, fields, size, room }) => {
  const moof = (dataAt: number) => mp4.box('moof', mp4.box('traf',
    mp4.fullBox('tfhd', 0, 0x020000 | 0x08 | 0x10 | 0x20, mp4.u32(1, 1, size, 0)),
    mp4.fullBox('tfdt', 1, 0, mp4.u64(0)),
    mp4.fullBox('trun', 0, 0x01 | fields, mp4.u32(count, dataAt), Buffer.alloc(room))
  ))
  return Buffer.concat([moof(moof(0).length + 8), mp4.mdat(50)])
})

const piece = fc.oneof(
  someBytes,
  fc.constantFrom(...Object.values(RECORDINGS)),
  fc.constantFrom(EBML_HEADER, SEGMENT, clusterHead(5), simpleBlock(), mp4.header(mp4.VIDEO), mp4.fragment([{}]), mp4.mdat(30), mp4.FTYP),
  fc.tuple(fc.constantFrom(...IDS), someBytes).map(([id, body]) => element(id, body)),
  fc.constantFrom(...IDS).map(openElement),
  fc.record({ track: fc.integer({ min: 1, max: 3 }), time: fc.integer({ min: -300, max: 300 }), flags: fc.nat(255), payload: someBytes }).map(simpleBlock),
  fc.tuple(fc.constantFrom(...BOXES), someBytes).map(([type, body]) => mp4.box(type, body)),
  fc.record({ track: fc.integer({ min: 1, max: 2 }), time: fc.nat(), at: fc.integer({ min: -2, max: 60 }), sizes: fc.array(fc.nat(60), { maxLength: 4 }) }).map(run => mp4.fragment([run])),
  crowdedFragment
)

const collage = fc.tuple(fc.constantFrom(...Object.values(RECORDINGS), mp4.header(mp4.VIDEO, mp4.AUDIO), Buffer.alloc(0)), fc.array(piece, { maxLength: 10 })).map(([first, pieces]) => Buffer.concat([first, ...pieces]))

/** Fragments that claim what they do not have, behind a header that knows their track. */
const claims = fc.tuple(fc.constantFrom(mp4.header(mp4.VIDEO), mp4.header(mp4.VIDEO, mp4.AUDIO)), fc.array(crowdedFragment, { minLength: 1, maxLength: 4 })).map(([first, fragments]) => Buffer.concat([first, ...fragments]))

/** One small thing very often: shows where the time grows faster than the bytes. */
const crowd = fc.tuple(fc.constantFrom(...Object.values(RECORDINGS)), piece, fc.integer({ min: 1_000, max: 40_000 })).map(([first, one, bytes]) =>
  Buffer.concat([first, ...Array.from({ length: Math.ceil(bytes / Math.max(1, one.length)) }, () => one)]).subarray(0, first.length + bytes))

/** What a client may send as a recording. */
export const mediaBytes: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 50, arbitrary: mutated },
  { weight: 20, arbitrary: spliced },
  { weight: 10, arbitrary: interleaved },
  { weight: 20, arbitrary: collage },
  { weight: 4, arbitrary: claims },
  { weight: 1, arbitrary: crowd },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3_000 }).map(bytes => Buffer.from(bytes)) }
)
