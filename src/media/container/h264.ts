import { Malformed } from './damage.ts'

/** What an AVCDecoderConfigurationRecord says (ISO/IEC 14496-15 section 5.3.3.1). */
export interface AvcConfig {
  /** Bytes of the length in front of each NAL unit, 1 to 4. */
  lengthSize: number
  /** The SPS NAL units, without lengths. May be none (avc3). */
  sps: Buffer[]
}

/** What matters here of the NAL units of a frame (ITU-T H.264 table 7-1). */
export interface FrameNals {
  /** Some NAL unit is a slice of an IDR picture (nal_unit_type 5). */
  idr: boolean
  /** The sequence parameter sets (nal_unit_type 7), without lengths or start codes. */
  sps: Buffer[]
}

const IDR = 5
const SPS = 7

// seq_parameter_set_id goes up to 31.
const MOST_SPS = 32

const START_CODE = Buffer.from([0, 0, 1])

/** Reads an `avcC` body or a Matroska CodecPrivate. Throws `Malformed`. */
export function readAvcConfig (record: Buffer): AvcConfig {
  const fixed = record.subarray(0, 6)
  if (fixed.length < 6 || fixed[0] !== 1) throw new Malformed('An H.264 configuration that is no AVCDecoderConfigurationRecord')
  const lengthSize = (fixed.readUInt8(4) & 3) + 1
  const sps: Buffer[] = []
  let at = fixed.length
  for (let left = fixed.readUInt8(5) & 0x1f; left > 0; left--) {
    const nalAt = at + 2
    if (nalAt > record.length) throw new Malformed('An H.264 configuration that is cut off')
    at = nalAt + record.readUInt16BE(at)
    if (at > record.length) throw new Malformed('An H.264 configuration that is cut off')
    sps.push(record.subarray(nalAt, at))
  }
  return { lengthSize, sps }
}

/**
 * Looks through the NAL units of a frame. `lengthSize` is undefined where the track has no
 * configuration, so that the frames can only be in Annex B form. A frame that begins with a start code
 * and does not add up with lengths is taken as Annex B too. Throws `Malformed` on too many parameter sets.
 */
export function nalsOf (frame: Buffer, lengthSize: number | undefined): FrameNals {
  if (lengthSize === undefined) return nalsOfAnnexB(frame)
  const { nals, whole } = nalsWithLengths(frame, lengthSize)
  return !whole && beginsWithStartCode(frame) ? nalsOfAnnexB(frame) : nals
}

/** ISO/IEC 14496-15 section 5.2.3: each NAL unit behind its length. `whole` tells whether they fill the frame exactly. */
function nalsWithLengths (frame: Buffer, lengthSize: number): { nals: FrameNals, whole: boolean } {
  const nals: FrameNals = { idr: false, sps: [] }
  let at = 0
  while (at + lengthSize <= frame.length) {
    const start = at + lengthSize
    const end = start + frame.readUIntBE(at, lengthSize)
    if (end > frame.length) break
    note(nals, frame, start, end)
    at = end
  }
  return { nals, whole: at === frame.length }
}

/** ITU-T H.264 Annex B. */
function nalsOfAnnexB (frame: Buffer): FrameNals {
  const nals: FrameNals = { idr: false, sps: [] }
  let code = frame.indexOf(START_CODE)
  while (code >= 0) {
    const start = code + START_CODE.length
    code = frame.indexOf(START_CODE, start)
    let end = code < 0 ? frame.length : code
    // Zero bytes in front of a start code belong to no NAL unit, which never ends in one.
    while (end > start && frame[end - 1] === 0) end--
    note(nals, frame, start, end)
  }
  return nals
}

function note (nals: FrameNals, frame: Buffer, start: number, end: number): void {
  if (start === end) return
  const type = frame.readUInt8(start) & 0x1f
  if (type === IDR) nals.idr = true
  if (type !== SPS) return
  if (nals.sps.length === MOST_SPS) throw new Malformed('An H.264 frame with too many parameter sets')
  nals.sps.push(frame.subarray(start, end))
}

function beginsWithStartCode (frame: Buffer): boolean {
  const at = frame[2] === 0 ? 1 : 0
  return frame[0] === 0 && frame.subarray(at, at + START_CODE.length).equals(START_CODE)
}
