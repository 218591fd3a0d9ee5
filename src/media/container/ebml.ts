import { Malformed } from './damage.ts'

/** The start of an EBML element (RFC 8794 section 6). */
export interface ElementHead {
  /** Element ID with its length marker. */
  id: number
  /** Bytes of the body; undefined where the size is unknown (RFC 8794 section 6.2). */
  size: number | undefined
  /** Bytes of the head itself. */
  length: number
}

/** An element that lies whole inside some bytes. */
export interface Element {
  id: number
  /** The whole element. */
  bytes: Buffer
  body: Buffer
}

const LONGEST_ID = 4
const LONGEST_SIZE = 8

const UNKNOWN_SIZE = Buffer.from('01FFFFFFFFFFFFFF', 'hex')

/** Bytes that a variable-size integer takes, from its first byte; more than 8 where there is no such integer (RFC 8794 section 4). */
export function vintLength (firstByte: number): number {
  return Math.clz32(firstByte) - 23
}

/**
 * The value of the variable-size integer of `length` bytes at `at`, without its marker; undefined
 * where all its bits are set, which a size uses for "unknown" (RFC 8794 sections 4 and 6.2). Values
 * beyond 2^53 are inexact.
 */
export function vintValue (bytes: Buffer, at: number, length: number): number | undefined {
  const first = byteAt(bytes, at) & (0xff >> length)
  let value = first
  let allSet = first === (0xff >> length)
  for (let i = 1; i < length; i++) {
    const byte = byteAt(bytes, at + i)
    value = value * 256 + byte
    allSet &&= byte === 0xff
  }
  return allSet ? undefined : value
}

/** Reads the head of the element at `at`: 'more' where it is not all there, 'bad' where none can stand. */
export function readElementHead (bytes: Buffer, at: number): ElementHead | 'more' | 'bad' {
  if (at >= bytes.length) return 'more'
  const idLength = vintLength(byteAt(bytes, at))
  if (idLength > LONGEST_ID) return 'bad'
  const sizeAt = at + idLength
  if (sizeAt >= bytes.length) return 'more'
  const sizeLength = vintLength(byteAt(bytes, sizeAt))
  if (sizeLength > LONGEST_SIZE) return 'bad'
  if (sizeAt + sizeLength > bytes.length) return 'more'
  const size = vintValue(bytes, sizeAt, sizeLength)
  if (size !== undefined && !Number.isSafeInteger(size)) return 'bad'
  return { id: bytes.readUIntBE(at, idLength), size, length: idLength + sizeLength }
}

/** Bytes of a whole element. Throws `Malformed` where its size is unknown. */
export function elementLength ({ id, size, length }: ElementHead): number {
  if (size === undefined) throw new Malformed(`Element ${idName(id)} without a size`)
  return length + size
}

/** The elements that `bytes` consist of. Throws `Malformed` where they do not fit exactly. */
export function * elementsIn (bytes: Buffer): Generator<Element> {
  let at = 0
  while (at < bytes.length) {
    const head = readElementHead(bytes, at)
    if (head === 'more' || head === 'bad' || head.size === undefined) throw new Malformed('An element inside another one has no readable head')
    const bodyAt = at + head.length
    const end = bodyAt + head.size
    if (end > bytes.length) throw new Malformed(`Element ${idName(head.id)} is larger than the one around it`)
    yield { id: head.id, bytes: bytes.subarray(at, end), body: bytes.subarray(bodyAt, end) }
    at = end
  }
}

/** An unsigned integer element (RFC 8794 section 7.2). Throws `Malformed` on more than 8 bytes or on values beyond 2^53. */
export function readUint (body: Buffer): number {
  if (body.length > 8) throw new Malformed('An integer of more than 8 bytes')
  let value = 0
  for (const byte of body) value = value * 256 + byte
  if (!Number.isSafeInteger(value)) throw new Malformed('An integer that is too large')
  return value
}

/** A float element (RFC 8794 section 7.3). Throws `Malformed` where it is not of 0, 4 or 8 bytes. */
export function readFloat (body: Buffer): number {
  if (body.length === 0) return 0
  if (body.length === 4) return body.readFloatBE()
  if (body.length === 8) return body.readDoubleBE()
  throw new Malformed(`A float of ${body.length} bytes`)
}

/** A string element, up to its first zero byte (RFC 8794 section 7.4). */
export function readString (body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('latin1', 0, end < 0 ? body.length : end)
}

/** An element of the given ID around a body; the head of one of unknown size where there is no body. */
export function writeElement (id: number, body?: Buffer): Buffer {
  const idBytes = Buffer.alloc(Math.ceil((32 - Math.clz32(id)) / 8))
  idBytes.writeUIntBE(id, 0, idBytes.length)
  if (body === undefined) return Buffer.concat([idBytes, UNKNOWN_SIZE])
  return Buffer.concat([idBytes, writeSize(body.length), body])
}

/** In as few bytes as can be; all bits set would be "unknown". */
function writeSize (size: number): Buffer {
  let length = 1
  while (size >= 2 ** (7 * length) - 1) length++
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(size + 2 ** (7 * length), 0, length)
  return bytes
}

/** How people write an element ID. */
export function idName (id: number): string {
  return id.toString(16).toUpperCase()
}

function byteAt (bytes: Buffer, at: number): number {
  return bytes[at] as number
}
