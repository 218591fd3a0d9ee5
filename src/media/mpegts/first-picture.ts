import { PACKET_BYTES, packetPid, PID_PAT, readPat, readPmt, startsPayloadUnit, STREAM_TYPE_H264, SYNC_BYTE } from './packet.ts'

/**
 * The first picture of a segment, which is a key frame, with the tables in front of it: a small transport
 * stream of its own. Undefined where there is no picture.
 */
export function firstPicture (segment: Buffer): Buffer | undefined {
  const packets: Buffer[] = []
  let pmtPid: number | undefined
  let videoPid: number | undefined
  let isBegun = false
  for (let at = 0; at + PACKET_BYTES <= segment.length; at += PACKET_BYTES) {
    const packet = segment.subarray(at, at + PACKET_BYTES)
    if (packet[0] !== SYNC_BYTE) break
    const pid = packetPid(packet)
    if (pid === PID_PAT) {
      pmtPid = readPat(packet)
    } else if (pid === pmtPid) {
      videoPid = readPmt(packet).get(STREAM_TYPE_H264)
    } else if (pid === videoPid) {
      if (startsPayloadUnit(packet)) {
        if (isBegun) break
        isBegun = true
      }
      if (!isBegun) continue
    } else {
      continue
    }
    packets.push(packet)
  }
  return isBegun ? Buffer.concat(packets) : undefined
}
