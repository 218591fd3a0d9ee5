import { PACKET_BYTES, packetPid, payloadOffset, PID_PAT, readPat, readPmt, startsPayloadUnit, STREAM_TYPE_AAC_ADTS, STREAM_TYPE_H264 } from '../mpegts/packet.ts'
import { TRACK_PID } from './tables.ts'

export type Kind = 'video' | 'audio'

export const STREAM_TYPES: Record<Kind, number> = { video: STREAM_TYPE_H264, audio: STREAM_TYPE_AAC_ADTS }

const WRAP = 2 ** 33
/** A PCR has 9 more bits, of a clock that is 300 times as fast. */
const PCR_BYTES = 6

/** Time stamps of a PES head: decoding and presentation, 90 kHz ticks in 33 bits. */
export interface PesTimes {
  pts: number
  dts: number
}

/** PIDs of the tracks that a segment's tables name. Both tables are its first packets. */
export function pidsOf (segment: Buffer): Map<Kind, number> {
  let pmtPid: number | undefined
  for (let at = 0; at + PACKET_BYTES <= segment.length; at += PACKET_BYTES) {
    const pid = packetPid(segment, at)
    const packet = segment.subarray(at, at + PACKET_BYTES)
    if (pid === PID_PAT) pmtPid = readPat(packet)
    if (pmtPid === undefined || pid !== pmtPid) continue
    const streams = readPmt(packet)
    return new Map((['video', 'audio'] as const).flatMap(kind => {
      const track = streams.get(STREAM_TYPES[kind])
      return track === undefined ? [] : [[kind, track]]
    }))
  }
  return new Map()
}

/** Calls with each PES head of a track that has time stamps: where its packet begins, and where in the bytes the head does. */
export function forEachPes (segment: Buffer, pid: number, found: (times: PesTimes, head: number) => void): void {
  for (let at = 0; at + PACKET_BYTES <= segment.length; at += PACKET_BYTES) {
    if (packetPid(segment, at) !== pid || !startsPayloadUnit(segment, at)) continue
    const head = headAt(segment, at)
    if (head !== undefined) found(timesAt(segment, head), head)
  }
}

/** Where a PES head with a time stamp begins. */
function headAt (segment: Buffer, at: number): number | undefined {
  const offset = payloadOffset(segment, at)
  const head = at + offset
  if (offset + 14 > PACKET_BYTES || segment.readUIntBE(head, 3) !== 1 || (segment[head + 7]! & 0x80) === 0) return undefined
  return hasDts(segment, head) && offset + 19 > PACKET_BYTES ? undefined : head
}

function hasDts (segment: Buffer, head: number): boolean {
  return (segment[head + 7]! & 0x40) !== 0
}

function timesAt (segment: Buffer, head: number): PesTimes {
  const pts = readStamp(segment, head + 9)
  return { pts, dts: hasDts(segment, head) ? readStamp(segment, head + 14) : pts }
}

/** How a track's packets are written anew. Goes on from segment to segment. */
export class TrackWriter {
  #counter = 0

  /** The packets of a track alone, at {@link TRACK_PID}, all time stamps moved by so many ticks. */
  take (segment: Buffer, pid: number, shift: number): Buffer {
    const packets: Buffer[] = []
    for (let at = 0; at + PACKET_BYTES <= segment.length; at += PACKET_BYTES) {
      if (packetPid(segment, at) === pid) packets.push(segment.subarray(at, at + PACKET_BYTES))
    }
    const out = Buffer.concat(packets)
    for (let at = 0; at < out.length; at += PACKET_BYTES) {
      out[at + 1] = out[at + 1]! & 0xe0 | TRACK_PID >> 8
      out[at + 2] = TRACK_PID & 0xff
      const hasPayload = (out[at + 3]! & 0x10) !== 0
      if (hasPayload) this.#counter = this.#counter + 1 & 0x0f
      out[at + 3] = out[at + 3]! & 0xf0 | this.#counter
      movePcr(out, at, shift)
      const head = startsPayloadUnit(out, at) ? headAt(out, at) : undefined
      if (head === undefined) continue
      const { pts, dts } = timesAt(out, head)
      writeStamp(out, head + 9, pts + shift)
      if (hasDts(out, head)) writeStamp(out, head + 14, dts + shift)
    }
    return out
  }
}

function movePcr (packets: Buffer, at: number, shift: number): void {
  const hasPcr = (packets[at + 3]! & 0x20) !== 0 && packets[at + 4]! > PCR_BYTES && (packets[at + 5]! & 0x10) !== 0
  if (!hasPcr) return
  const base = packets.readUInt32BE(at + 6) * 2 + (packets[at + 10]! >> 7)
  const moved = inClock(base + shift)
  packets.writeUInt32BE(Math.floor(moved / 2), at + 6)
  packets[at + 10] = packets[at + 10]! & 0x7f | moved % 2 << 7
}

function readStamp (bytes: Buffer, at: number): number {
  return (bytes[at]! >> 1 & 0x07) * 2 ** 30 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1)
}

/** Five bytes: 3, 15 and 15 bits, each with a marker behind it; the first four bits stay. */
function writeStamp (bytes: Buffer, at: number, ticks: number): void {
  const stamp = inClock(ticks)
  bytes[at] = bytes[at]! & 0xf0 | Math.floor(stamp / 2 ** 30) << 1 | 1
  bytes.writeUInt16BE((Math.floor(stamp / 2 ** 15) & 0x7fff) << 1 | 1, at + 1)
  bytes.writeUInt16BE((stamp & 0x7fff) << 1 | 1, at + 3)
}

function inClock (ticks: number): number {
  return ((ticks % WRAP) + WRAP) % WRAP
}
