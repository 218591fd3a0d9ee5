/** What a made-up transport stream holds. Times in microseconds. */
export interface MadeFrame {
  kind: 'video' | 'audio'
  timeUs: number
  /** `idr`: decoding can start. `recovery`: marked like one, but an I picture that is none. */
  picture?: 'idr' | 'recovery' | 'other'
  /** Bytes of the frame. */
  size?: number
}

export const VIDEO_PID = 0x100
export const AUDIO_PID = 0x101
export const PMT_PID = 0x1000

const NAL_TYPES = { idr: 5, recovery: 1, other: 1 }

/** Writes MPEG-TS as FFmpeg does: tables first, one frame a PES packet. Frames carry their own number, so that a test can tell them apart. */
export function writeTransportStream (frames: MadeFrame[], { offsetUs = 0, video = true, audio = true, tablesEvery = Infinity } = {}): Buffer {
  const counters = new Map<number, number>()
  const packets: Buffer[] = []
  frames.forEach((frame, index) => {
    if (index === 0 || index % tablesEvery === 0) packets.push(...tables(counters, video, audio))
    packets.push(...writePes(frame, index, offsetUs, counters))
  })
  return Buffer.concat(packets)
}

function tables (counters: Map<number, number>, video: boolean, audio: boolean): Buffer[] {
  const pat = section(0x00, Buffer.from([0x00, 0x01, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff]))
  const streams = [
    ...(video ? [0x1b, 0xe0 | VIDEO_PID >> 8, VIDEO_PID & 0xff, 0xf0, 0x00] : []),
    ...(audio ? [0x0f, 0xe0 | AUDIO_PID >> 8, AUDIO_PID & 0xff, 0xf0, 0x00] : [])
  ]
  const clock = video ? VIDEO_PID : AUDIO_PID
  const pmt = section(0x02, Buffer.from([0xe0 | clock >> 8, clock & 0xff, 0xf0, 0x00, ...streams]))
  return [...packetise(0, Buffer.concat([Buffer.of(0), pat]), false, counters), ...packetise(PMT_PID, Buffer.concat([Buffer.of(0), pmt]), false, counters)]
}

/** A table section; its checksum is not looked at by anyone here. */
function section (id: number, body: Buffer): Buffer {
  const length = 5 + body.length + 4
  return Buffer.concat([Buffer.from([id, 0xb0 | length >> 8, length & 0xff, 0x00, 0x01, 0xc1, 0x00, 0x00]), body, Buffer.alloc(4)])
}

function writePes ({ kind, timeUs, picture = 'other', size = 300 }: MadeFrame, index: number, offsetUs: number, counters: Map<number, number>): Buffer[] {
  const head = kind === 'video' ? Buffer.from([0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, NAL_TYPES[picture]]) : Buffer.from([0xff, 0xf1])
  const mark = Buffer.alloc(4)
  mark.writeUInt32BE(0x80000000 + index)
  const data = Buffer.concat([head, mark, Buffer.alloc(Math.max(0, size - head.length - 4), 0xaa)])
  const pes = Buffer.concat([Buffer.from([0, 0, 1, kind === 'video' ? 0xe0 : 0xc0, 0, 0, 0x80, 0x80, 5]), writeTimestamp(timeUs + offsetUs), data])
  return packetise(kind === 'video' ? VIDEO_PID : AUDIO_PID, pes, kind === 'video' && picture !== 'other', counters)
}

export function writeTimestamp (us: number): Buffer {
  const ticks = BigInt(Math.round(us * 0.09)) & 0x1ffffffffn
  const bytes = Buffer.alloc(5)
  bytes[0] = 0x21 | Number(ticks >> 29n & 0x0en)
  bytes.writeUInt16BE(Number(ticks >> 15n & 0x7fffn) << 1 | 1, 1)
  bytes.writeUInt16BE(Number(ticks & 0x7fffn) << 1 | 1, 3)
  return bytes
}

function packetise (pid: number, payload: Buffer, randomAccess: boolean, counters: Map<number, number>): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < payload.length;) {
    const first = at === 0
    const flagged = first && randomAccess
    let adaptation = flagged ? 2 : 0
    const room = 184 - adaptation
    const piece = payload.subarray(at, at + room)
    if (piece.length < room) adaptation = 184 - piece.length
    const counter = counters.get(pid) ?? 0
    counters.set(pid, (counter + 1) & 15)
    const head = Buffer.from([0x47, (first ? 0x40 : 0) | pid >> 8, pid & 0xff, (adaptation > 0 ? 0x30 : 0x10) | counter])
    const field = Buffer.alloc(adaptation, 0xff)
    if (adaptation > 0) field[0] = adaptation - 1
    if (adaptation > 1) field[1] = flagged ? 0x40 : 0
    packets.push(Buffer.concat([head, field, piece]))
    at += piece.length
  }
  return packets
}

/** Index of the frames in bytes that {@link writeTransportStream} wrote, in the order in which they begin. */
export function framesIn (bytes: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at < bytes.length; at += 188) {
    const packet = bytes.subarray(at, at + 188)
    const pid = packet.readUInt16BE(1) & 0x1fff
    if ((packet[1]! & 0x40) === 0 || (pid !== VIDEO_PID && pid !== AUDIO_PID)) continue
    const payload = packet.subarray((packet[3]! & 0x20) === 0 ? 4 : 5 + packet[4]!)
    const mark = payload.subarray(14 + (pid === VIDEO_PID ? 11 : 2))
    found.push(mark.readUInt32BE(0) - 0x80000000)
  }
  return found
}
