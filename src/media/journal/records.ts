import { Type, type Static } from 'typebox'
import Value from 'typebox/value'
import { STREAM_KINDS } from '../admission/cost.ts'

/**
 * The journal of a running stream: what a server that starts anew has to know to go on with it. One JSON
 * object a line; the first one is the broadcast. Pure.
 */

const count = Type.Integer({ minimum: 0 })
const base64 = Type.String()

const segment = Type.Object({
  sequence: count,
  durationMs: Type.Integer({ minimum: 1 }),
  bytes: Type.Integer({ minimum: 1 }),
  discontinuity: Type.Boolean(),
  programDateTimeMs: Type.Integer()
})

/** How far the stream is safe: everything before it is listed and on disk, everything behind it has to come again. */
const point = Type.Object({
  /** Number of the epoch that goes on. */
  epoch: count,
  /** Media time up to which it is published, in microseconds. */
  publishedUs: Type.Optional(Type.Integer()),
  /** Time of the last frame of sound that is published, in microseconds. */
  soundUs: Type.Optional(Type.Integer()),
  /** When a frame of the epoch was taken in, in milliseconds since 1970, and its media time in microseconds. */
  anchor: Type.Object({ wallMs: Type.Number(), mediaUs: Type.Integer() }),
  /** Its video is transcoded though it could be copied. */
  transcodeVideo: Type.Boolean(),
  /** What the stream takes of the processor. */
  cost: Type.Optional(Type.Object({ kind: Type.Enum([...STREAM_KINDS]), cores: Type.Number({ minimum: 0 }) })),
  /** The chunk from which on the client sends again, and how many of its bytes are not needed; none where that chunk is not of the sending under way. */
  sending: Type.Optional(Type.Object({ seq: count, skip: count, firstDigest: Type.Optional(Type.String()) })),
  /** What has to stand before the bytes from there on. */
  lead: Type.Optional(base64)
})

const records = {
  broadcast: Type.Object({
    type: Type.Literal('broadcast'),
    version: Type.Literal(1),
    key: Type.String(),
    userId: Type.String(),
    /** A secret: the file is for the server's user alone. */
    resumeToken: Type.String({ minLength: 16 }),
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    /** Milliseconds since 1970. */
    startedAtMs: Type.Number(),
    firstSequence: count,
    /** Discontinuity sequence of its first segment. */
    discontinuitySequence: count
  }),
  /** A header of a recording, before the first point of its epoch. */
  epoch: Type.Object({ type: Type.Literal('epoch'), epoch: count, init: base64 }),
  /** An epoch begins to be published. */
  point: Type.Object({ type: Type.Literal('point'), point }),
  /** A segment is on disk, to be listed. The last record of a sequence number counts. */
  segment: Type.Object({ type: Type.Literal('segment'), segment, point })
}

export type BroadcastRecord = Static<typeof records.broadcast>
export type EpochRecord = Static<typeof records.epoch>
export type PointRecord = Static<typeof records.point>
export type SegmentRecord = Static<typeof records.segment>
export type JournalRecord = BroadcastRecord | EpochRecord | PointRecord | SegmentRecord
export type SafePoint = Static<typeof point>

/** A stream as its journal has it. */
export interface Journaled {
  broadcast: BroadcastRecord
  segments: Array<SegmentRecord['segment']>
  /** Undefined while nothing has come. */
  point: SafePoint | undefined
  /** Header of the point's epoch. */
  init: Buffer | undefined
  /** Bytes of the journal that make sense; what stands behind them was cut off. */
  length: number
}

const NOT_ASCII = /[^ -~]/

/** In ASCII alone, so that a damaged byte cannot pass for a character, and a character is a byte. */
export function encodeRecord (record: JournalRecord): string {
  return JSON.stringify(record).replaceAll(new RegExp(NOT_ASCII, 'g'), character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`) + '\n'
}

/** Reads a journal back, as far as it makes sense; undefined where not even its first line does. Never throws. */
export function readJournal (text: string): Journaled | undefined {
  let journaled: Journaled | undefined
  const inits = new Map<number, Buffer>()
  let at = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    const record = parse(text.slice(at, end))
    if (record === undefined) break
    if (journaled === undefined) {
      if (record.type !== 'broadcast') return undefined
      journaled = { broadcast: record, segments: [], point: undefined, init: undefined, length: 0 }
    } else if (!apply(journaled, record, inits)) {
      break
    }
    journaled.length = end + 1
    at = end + 1
  }
  return journaled
}

/** @returns whether the record fits to those before it */
function apply (journaled: Journaled, record: JournalRecord, inits: Map<number, Buffer>): boolean {
  if (record.type === 'broadcast') return false
  if (record.type === 'epoch') {
    inits.set(record.epoch, Buffer.from(record.init, 'base64'))
    return true
  }
  const init = inits.get(record.point.epoch)
  if (init === undefined) return false
  if (record.type === 'segment' && !addSegment(journaled, record.segment)) return false
  journaled.point = record.point
  journaled.init = init
  return true
}

function addSegment ({ broadcast, segments }: Journaled, added: SegmentRecord['segment']): boolean {
  const index = added.sequence - broadcast.firstSequence
  if (index < 0 || index > segments.length || index < segments.length - 1) return false
  segments[index] = added
  return true
}

function parse (line: string): JournalRecord | undefined {
  if (NOT_ASCII.test(line)) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const type = (value as { type?: unknown } | null)?.type
  if (typeof type !== 'string' || !Object.hasOwn(records, type)) return undefined
  return Value.Check(records[type as keyof typeof records], value) ? value as JournalRecord : undefined
}
