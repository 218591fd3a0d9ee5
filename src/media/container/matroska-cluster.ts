import { readElementHead, writeElement } from './ebml.ts'
import type { Landmark } from './landmarks.ts'
import * as ID from './matroska-ids.ts'

/** A cluster that is being read (RFC 9559 section 5.1.3). */
export interface Cluster {
  /** One past its last byte, in bytes since the reader's first one; infinite where its size is unknown. */
  end: number
  /** In ticks of TimestampScale; undefined until its element has come. */
  timestamp: number | undefined
  /** What its units have to stand behind, once there is one. */
  lead: Buffer | undefined
}

/** What may stand in a cluster in front of its Timestamp. */
const BEFORE_TIMESTAMP = new Set([ID.CRC_32, ID.VOID, ID.PREV_SIZE, ID.POSITION])
const MOST_BEFORE_TIMESTAMP = 4
const LARGEST_BEFORE_TIMESTAMP = 64

/** The head of a cluster with its Timestamp close behind. */
export const CLUSTER_HEAD: Landmark = {
  needle: Buffer.from('1F43B675', 'hex'),
  needleAt: 0,
  firstByte: 0x1f,
  judge: (bytes, start) => {
    const cluster = readElementHead(bytes, start)
    if (typeof cluster === 'string') return cluster === 'more' ? 'more' : 'no'
    let at = start + cluster.length
    for (let i = 0; i <= MOST_BEFORE_TIMESTAMP; i++) {
      const child = readElementHead(bytes, at)
      if (child === 'more') return 'more'
      if (child === 'bad' || child.size === undefined) return 'no'
      if (child.id === ID.TIMESTAMP) return child.size <= 8 ? 'yes' : 'no'
      if (!BEFORE_TIMESTAMP.has(child.id) || child.size > LARGEST_BEFORE_TIMESTAMP) return 'no'
      at += child.length + child.size
    }
    return 'no'
  }
}

/** The start of a cluster of unknown size, up to its first block. `timestamp` is in ticks of TimestampScale. */
export function writeClusterHead (timestamp: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64BE(BigInt(timestamp))
  return Buffer.concat([writeElement(ID.CLUSTER), writeElement(ID.TIMESTAMP, body)])
}
