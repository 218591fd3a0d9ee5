import { PACKET_BYTES, PID_PAT, SYNC_BYTE } from '../mpegts/packet.ts'

/** Where our own transport streams have their program map, and their only track. */
const PMT_PID = 0x1000
export const TRACK_PID = 0x0100
const PROGRAM = 1
const POLYNOMIAL = 0x04c11db7

/** PAT and PMT of a transport stream with one track at {@link TRACK_PID}, a packet each (ISO/IEC 13818-1, 2.4.4). */
export function singleTrackTables (streamType: number): Buffer {
  return Buffer.concat([
    table(PID_PAT, 0x00, PROGRAM, [0, PROGRAM, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff]),
    table(PMT_PID, 0x02, PROGRAM, [0xe0 | TRACK_PID >> 8, TRACK_PID & 0xff, 0xf0, 0, streamType, 0xe0 | TRACK_PID >> 8, TRACK_PID & 0xff, 0xf0, 0])
  ])
}

function table (pid: number, tableId: number, idExtension: number, content: number[]): Buffer {
  const length = 5 + content.length + 4
  const section = Buffer.from([tableId, 0xb0 | length >> 8, length & 0xff, idExtension >> 8, idExtension & 0xff, 0xc1, 0, 0, ...content, 0, 0, 0, 0])
  section.writeUInt32BE(crc32(section.subarray(0, -4)), section.length - 4)
  const packet = Buffer.alloc(PACKET_BYTES, 0xff)
  packet.set([SYNC_BYTE, 0x40 | pid >> 8, pid & 0xff, 0x10, 0])
  section.copy(packet, 5)
  return packet
}

/** Of MPEG-2: from the highest bit on, not inverted (ISO/IEC 13818-1, annex A). */
function crc32 (bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? crc << 1 ^ POLYNOMIAL : crc << 1
  }
  return crc >>> 0
}
