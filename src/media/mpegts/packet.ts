/** MPEG-TS packets and PES heads, read where they stand (ISO/IEC 13818-1, 2.4.3). */

export const PACKET_BYTES = 188
export const SYNC_BYTE = 0x47
export const PID_PAT = 0

/** 33-bit time stamps run at 90 kHz and wrap. */
const WRAP = 2 ** 33
const TICKS_PER_SECOND = 90_000

export const STREAM_TYPE_H264 = 0x1b
export const STREAM_TYPE_AAC_ADTS = 0x0f

export function packetPid (packet: Buffer): number {
  return packet.readUInt16BE(1) & 0x1fff
}

/** A PES packet or a table begins in this packet. */
export function startsPayloadUnit (packet: Buffer): boolean {
  return (packet[1]! & 0x40) !== 0
}

/** The adaptation field says that decoding can start here. */
export function isRandomAccess (packet: Buffer): boolean {
  return (packet[3]! & 0x20) !== 0 && packet[4]! > 0 && (packet[5]! & 0x40) !== 0
}

/** Where the payload begins; `PACKET_BYTES` when there is none. */
export function payloadOffset (packet: Buffer): number {
  const control = packet[3]!
  if ((control & 0x10) === 0) return PACKET_BYTES
  return (control & 0x20) === 0 ? 4 : Math.min(PACKET_BYTES, 5 + packet[4]!)
}

/** The presentation time of a PES head in 90 kHz ticks, and where its payload begins; undefined when there is no time stamp. */
export function readPesHead (packet: Buffer): { pts: number, payload: number } | undefined {
  const at = payloadOffset(packet)
  if (at + 14 > PACKET_BYTES || packet.readUIntBE(at, 3) !== 1 || (packet[at + 7]! & 0x80) === 0) return undefined
  const pts = (packet[at + 9]! >> 1 & 0x07) * 2 ** 30 +
    (packet.readUInt16BE(at + 10) >> 1) * 2 ** 15 +
    (packet.readUInt16BE(at + 12) >> 1)
  return { pts, payload: Math.min(PACKET_BYTES, at + 9 + packet[at + 8]!) }
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
