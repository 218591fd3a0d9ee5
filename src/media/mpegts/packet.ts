/** MPEG-TS packets and PES heads, read where they stand (ISO/IEC 13818-1, 2.4.3): `at` is where in the bytes the packet begins. */

export const PACKET_BYTES = 188
export const SYNC_BYTE = 0x47
export const PID_PAT = 0

/** 33-bit time stamps run at 90 kHz and wrap. */
const WRAP = 2 ** 33
const TICKS_PER_SECOND = 90_000

export const STREAM_TYPE_H264 = 0x1b
export const STREAM_TYPE_AAC_ADTS = 0x0f

export function packetPid (bytes: Buffer, at = 0): number {
  return bytes.readUInt16BE(at + 1) & 0x1fff
}

/** A PES packet or a table begins in this packet. */
export function startsPayloadUnit (bytes: Buffer, at = 0): boolean {
  return (bytes[at + 1]! & 0x40) !== 0
}

/** The adaptation field says that decoding can start here. */
export function isRandomAccess (bytes: Buffer, at = 0): boolean {
  return (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0 && (bytes[at + 5]! & 0x40) !== 0
}

/** Where in the packet the payload begins; `PACKET_BYTES` when there is none. */
export function payloadOffset (bytes: Buffer, at = 0): number {
  const control = bytes[at + 3]!
  if ((control & 0x10) === 0) return PACKET_BYTES
  return (control & 0x20) === 0 ? 4 : Math.min(PACKET_BYTES, 5 + bytes[at + 4]!)
}

/** The presentation time of a PES head in 90 kHz ticks, and where in the packet its payload begins; undefined when there is no time stamp. */
export function readPesHead (bytes: Buffer, at = 0): { pts: number, payload: number } | undefined {
  const offset = payloadOffset(bytes, at)
  const head = at + offset
  if (offset + 14 > PACKET_BYTES || bytes.readUIntBE(head, 3) !== 1 || (bytes[head + 7]! & 0x80) === 0) return undefined
  const pts = (bytes[head + 9]! >> 1 & 0x07) * 2 ** 30 +
    (bytes.readUInt16BE(head + 10) >> 1) * 2 ** 15 +
    (bytes.readUInt16BE(head + 12) >> 1)
  return { pts, payload: Math.min(PACKET_BYTES, offset + 9 + bytes[head + 8]!) }
}

/** Continues a wrapping clock: the value next to `near` that is equal to `ticks` in 33 bits. */
export function unwrap (ticks: number, near: number): number {
  return ticks + Math.round((near - ticks) / WRAP) * WRAP
}

export function ticksToUs (ticks: number): number {
  return Math.round(ticks * 1e6 / TICKS_PER_SECOND)
}

export function usToTicks (us: number): number {
  return Math.round(us * TICKS_PER_SECOND / 1e6)
}

/** The PID of the program map from a PAT that fills one packet; undefined when it names none. */
export function readPat (packet: Buffer): number | undefined {
  const section = payloadOffset(packet) + 1 + (packet[payloadOffset(packet)] ?? 0)
  if (section + 12 > PACKET_BYTES || packet[section] !== 0x00) return undefined
  return packet.readUInt16BE(section + 10) & 0x1fff
}

/** Elementary streams (PID by stream type) from a PMT that fills one packet. */
export function readPmt (packet: Buffer): Map<number, number> {
  const streams = new Map<number, number>()
  const section = payloadOffset(packet) + 1 + (packet[payloadOffset(packet)] ?? 0)
  if (section + 12 > PACKET_BYTES || packet[section] !== 0x02) return streams
  const end = Math.min(PACKET_BYTES, section + 3 + (packet.readUInt16BE(section + 1) & 0x0fff)) - 4
  let at = section + 12 + (packet.readUInt16BE(section + 10) & 0x0fff)
  while (at + 5 <= end) {
    streams.set(packet[at]!, packet.readUInt16BE(at + 1) & 0x1fff)
    at += 5 + (packet.readUInt16BE(at + 3) & 0x0fff)
  }
  return streams
}

/** A copy of a table's packet with another continuity counter (4 bits). */
export function withContinuity (packet: Buffer, counter: number): Buffer {
  const copy = Buffer.from(packet)
  copy[3] = (copy[3]! & 0xf0) | (counter & 0x0f)
  return copy
}
