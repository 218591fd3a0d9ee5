import { readElementHead, readString } from './ebml.ts'
import { standsAt, type Landmark } from './landmarks.ts'
import type { Container } from './types.ts'

const LONGEST_EBML_HEADER = 256
const LONGEST_FTYP = 4096
const DOC_TYPE = 0x4282

const EBML_MAGIC = Buffer.from('1A45DFA3', 'hex')
const FTYP = Buffer.from('ftyp')

/** An EBML header whose DocType is webm or matroska (RFC 8794 section 11.2.4, RFC 9559 section 3). */
export const EBML_HEADER: Landmark = {
  needle: EBML_MAGIC,
  needleAt: 0,
  firstByte: 0x1a,
  judge: (bytes, at) => {
    const head = readElementHead(bytes, at)
    if (head === 'more') return 'more'
    if (head === 'bad' || head.size === undefined || head.size > LONGEST_EBML_HEADER) return 'no'
    const bodyAt = at + head.length
    const body = bytes.subarray(bodyAt, bodyAt + head.size)
    if (body.length < head.size) return 'more'
    return isMatroska(body) ? 'yes' : 'no'
  }
}

/** A `ftyp` box of sane size and brand (ISO/IEC 14496-12 section 4.3). */
export const FTYP_BOX: Landmark = {
  needle: FTYP,
  needleAt: 4,
  firstByte: 0,
  judge: (bytes, at) => {
    const size = bytes.readUInt32BE(at)
    if (size < 16 || size > LONGEST_FTYP || size % 4 !== 0) return 'no'
    for (let i = at + 8; i < at + 12; i++) {
      const byte = bytes[i]
      if (byte === undefined) return 'more'
      if (byte < 0x20 || byte > 0x7e) return 'no'
    }
    return 'yes'
  }
}

/** What a recording can begin with. */
export const HEADERS: readonly Landmark[] = [EBML_HEADER, FTYP_BOX]

/** Tells by its first bytes, and by nothing else, which container a recording is in; 'undecided' until there are enough of them. */
export function sniff (bytes: Buffer): Container | 'unknown' | 'undecided' {
  const verdicts = HEADERS.map(landmark => standsAt(landmark, bytes, 0))
  if (verdicts[0] === 'yes') return 'matroska'
  if (verdicts[1] === 'yes') return 'mp4'
  return verdicts.includes('more') ? 'undecided' : 'unknown'
}

function isMatroska (headerBody: Buffer): boolean {
  for (let at = 0; at < headerBody.length;) {
    const head = readElementHead(headerBody, at)
    if (typeof head === 'string' || head.size === undefined) return false
    const bodyAt = at + head.length
    at = bodyAt + head.size
    if (at > headerBody.length) return false
    if (head.id === DOC_TYPE) return ['webm', 'matroska'].includes(readString(headerBody.subarray(bodyAt, at)))
  }
  return false
}
