import { Malformed } from './damage.ts'
import { elementsIn, idName, vintLength, vintValue } from './ebml.ts'
import * as ID from './matroska-ids.ts'

/** What stands in front of the frame in a SimpleBlock or a Block (RFC 9559 section 10). */
export interface BlockHead {
  track: number
  /** Relative to the cluster's timestamp, in ticks of TimestampScale; may be negative. */
  time: number
  /** The frame is said to be a key frame; means something in a SimpleBlock only. */
  keyFlag: boolean
  isLaced: boolean
  /** Bytes of the head itself. */
  length: number
}

export interface Block {
  head: BlockHead
  /** Decoding can start at the frame, by what the container says. */
  key: boolean
  /** The frame, or with lacing all of them and their sizes. */
  payload: Buffer
}

/** The most bytes that a block's head has. */
export const LONGEST_BLOCK_HEAD = 11

const KEY_FLAG = 0x80
const RESERVED_FLAGS = 0x70
const LACING_FLAGS = 0x06

const GROUP_CHILDREN = new Set([
  ID.BLOCK, ID.BLOCK_DURATION, ID.BLOCK_ADDITIONS, ID.BLOCK_VIRTUAL, ID.REFERENCE_PRIORITY, ID.REFERENCE_BLOCK,
  ID.REFERENCE_VIRTUAL, ID.CODEC_STATE, ID.DISCARD_PADDING, ID.SLICES, ID.REFERENCE_FRAME, ID.VOID, ID.CRC_32
])

/** Reads the head of a block from the start of its body. Throws `Malformed`. */
export function readBlockHead (body: Buffer): BlockHead {
  const timeAt = vintLength(body[0] ?? 0)
  const length = timeAt + 3
  if (timeAt > 8 || length > body.length) throw new Malformed('A block without a readable head')
  const track = vintValue(body, 0, timeAt)
  const flags = body.readUInt8(timeAt + 2)
  if (track === undefined || (flags & RESERVED_FLAGS) !== 0) throw new Malformed('A block whose head makes no sense')
  return {
    track,
    time: body.readInt16BE(timeAt),
    keyFlag: (flags & KEY_FLAG) !== 0,
    isLaced: (flags & LACING_FLAGS) !== 0,
    length
  }
}

/** Reads the body of a SimpleBlock. Throws `Malformed`. */
export function readSimpleBlock (body: Buffer): Block {
  const head = readBlockHead(body)
  return { head, key: head.keyFlag, payload: body.subarray(head.length) }
}

/** Reads the body of a BlockGroup (RFC 9559 section 5.1.3.5). Throws `Malformed`. */
export function readBlockGroup (body: Buffer): Block {
  let block: Buffer | undefined
  let key = true
  for (const child of elementsIn(body)) {
    if (!GROUP_CHILDREN.has(child.id)) throw new Malformed(`Element ${idName(child.id)} in a block group`)
    if (child.id === ID.REFERENCE_BLOCK) key = false
    if (child.id !== ID.BLOCK) continue
    if (block !== undefined) throw new Malformed('A block group with two blocks')
    block = child.body
  }
  if (block === undefined) throw new Malformed('A block group without a block')
  const head = readBlockHead(block)
  return { head, key, payload: block.subarray(head.length) }
}
