const START_CODE = Buffer.from([0x9d, 0x01, 0x2a])

/**
 * The picture size in pixels that a VP8 key frame carries (RFC 6386 section 9.1); undefined for every
 * other frame.
 */
export function readVp8KeyFrameSize (frame: Buffer): { width: number, height: number } | undefined {
  if (frame.length < 10) return undefined
  const isInterframe = (frame.readUInt8(0) & 1) === 1
  if (isInterframe || !frame.subarray(3, 6).equals(START_CODE)) return undefined
  return { width: frame.readUInt16LE(6) & 0x3fff, height: frame.readUInt16LE(8) & 0x3fff }
}
