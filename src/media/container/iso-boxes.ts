import { Malformed } from './damage.ts'
import { FieldReader } from './field-reader.ts'
import type { Landmark } from './landmarks.ts'

/** The start of a box (ISO/IEC 14496-12 section 4.2). */
export interface BoxHead {
  /** Four printable characters. */
  type: string
  /** Bytes of the whole box; undefined where it goes to the end of the file. */
  size: number | undefined
  /** Bytes of the head itself. */
  length: number
}

/** A box that lies whole inside some bytes. */
export interface Box {
  type: string
  /** The whole box. */
  bytes: Buffer
  body: Buffer
}

/** The fields that begin a FullBox, and what follows them. */
export interface FullBox {
  version: number
  flags: number
  fields: FieldReader
}

const SHORT_HEAD = 8
const LONG_HEAD = 16

/** Reads the head of the box at `at`: 'more' where it is not all there, 'bad' where none can stand. */
export function readBoxHead (bytes: Buffer, at: number): BoxHead | 'more' | 'bad' {
  if (at + SHORT_HEAD > bytes.length) return 'more'
  const type = bytes.toString('latin1', at + 4, at + SHORT_HEAD)
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return 'bad'
  const short = bytes.readUInt32BE(at)
  if (short === 0) return { type, size: undefined, length: SHORT_HEAD }
  if (short !== 1) return short < SHORT_HEAD ? 'bad' : { type, size: short, length: SHORT_HEAD }
  if (at + LONG_HEAD > bytes.length) return 'more'
  const size = Number(bytes.readBigUInt64BE(at + SHORT_HEAD))
  return size < LONG_HEAD || !Number.isSafeInteger(size) ? 'bad' : { type, size, length: LONG_HEAD }
}

/** The boxes that `bytes` consist of. Throws `Malformed` where they do not fit exactly; less than a head of zeros may follow, as QuickTime has it. */
export function * boxesIn (bytes: Buffer): Generator<Box> {
  let at = 0
  while (at < bytes.length) {
    const head = readBoxHead(bytes, at)
    if (head === 'more' && bytes.subarray(at).every(byte => byte === 0)) return
    if (typeof head === 'string') throw new Malformed('A box inside another one has no readable head')
    const end = head.size === undefined ? bytes.length : at + head.size
    if (end > bytes.length) throw new Malformed(`Box ${head.type} is larger than the one around it`)
    yield { type: head.type, bytes: bytes.subarray(at, end), body: bytes.subarray(at + head.length, end) }
    at = end
  }
}

/** The first box of a type among those that `bytes` consist of. Throws `Malformed`. */
export function findBox (bytes: Buffer, type: string): Box | undefined {
  for (const box of boxesIn(bytes)) {
    if (box.type === type) return box
  }
  return undefined
}

/** Follows a path of types down from a body, each time into the first box of the type. Throws `Malformed` where one is missing. */
export function needBox (body: Buffer, ...path: string[]): Buffer {
  let found = body
  for (const type of path) {
    const box = findBox(found, type)
    if (box === undefined) throw new Malformed(`No ${type} box`)
    found = box.body
  }
  return found
}

/** Opens the body of a FullBox (ISO/IEC 14496-12 section 4.2.2). Throws `Malformed`. */
export function openFullBox (body: Buffer): FullBox {
  const fields = new FieldReader(body)
  return { version: fields.u8(), flags: fields.u24(), fields }
}

/** A box around a body. */
export function writeBox (type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(SHORT_HEAD)
  head.writeUInt32BE(SHORT_HEAD + body.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

const MFHD_SIZE = 16

/** A `moof` that begins with its `mfhd` (ISO/IEC 14496-12 sections 8.8.4 and 8.8.5). */
export const FRAGMENT_HEAD: Landmark = {
  needle: Buffer.from('moof'),
  needleAt: 4,
  firstByte: 0,
  judge: (bytes, at) => {
    const inner = at + SHORT_HEAD
    const size = bytes.readUInt32BE(at)
    if (size < SHORT_HEAD + MFHD_SIZE || size >= 2 ** 24) return 'no'
    const mfhd = readBoxHead(bytes, inner)
    if (mfhd === 'more') return 'more'
    return mfhd !== 'bad' && mfhd.type === 'mfhd' && mfhd.size === MFHD_SIZE ? 'yes' : 'no'
  }
}
