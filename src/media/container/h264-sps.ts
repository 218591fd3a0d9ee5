import { BitReader } from './bit-reader.ts'
import { Malformed } from './damage.ts'

/** What a sequence parameter set says about the picture (ITU-T H.264 7.3.2.1.1). */
export interface Sps {
  /** seq_parameter_set_id, 0 to 31. */
  id: number
  /** Picture size in pixels, after cropping. */
  width: number
  height: number
  /** chroma_format_idc: 0 is monochrome, 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4. */
  chromaFormat: number
  lumaBits: number
  chromaBits: number
}

// Profiles whose SPS tells the chroma format and the bit depths; the others are 8-bit 4:2:0.
const TELLING_PROFILES = new Set([44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244])

// Real ones have some dozens of bytes; the parameter sets in force are kept.
const LONGEST_SPS = 1024

/**
 * Reads an SPS NAL unit (with its one-byte header, without a start code or length). Throws `Malformed`
 * where it is cut off or makes no sense. What follows the cropping (VUI) is not looked at.
 */
export function readSps (nal: Buffer): Sps {
  if (nal.length > LONGEST_SPS) throw new Malformed(`An H.264 SPS of ${nal.length} bytes`)
  const bits = new BitReader(withoutEmulationPrevention(nal.subarray(1)))
  const profile = bits.bits(8)
  bits.bits(16) // constraint flags and level
  const id = bits.unsigned()
  if (id > 31) throw new Malformed('An H.264 SPS with an impossible id')
  const format = TELLING_PROFILES.has(profile) ? readFormat(bits) : { chromaFormat: 1, lumaBits: 8, chromaBits: 8, separatePlanes: false }
  skipOrder(bits)
  bits.unsigned() // max_num_ref_frames
  bits.flag() // gaps_in_frame_num_value_allowed_flag
  const { separatePlanes, ...colour } = format
  const size = readSize(bits, separatePlanes ? 0 : colour.chromaFormat)
  return { id, ...size, ...colour }
}

/** 8-bit 4:2:0, which is what every player of H.264 takes. */
export function isCommonFormat ({ chromaFormat, lumaBits, chromaBits }: Sps): boolean {
  return chromaFormat === 1 && lumaBits === 8 && chromaBits === 8
}

function readFormat (bits: BitReader): { chromaFormat: number, lumaBits: number, chromaBits: number, separatePlanes: boolean } {
  const chromaFormat = bits.unsigned()
  if (chromaFormat > 3) throw new Malformed('An H.264 SPS with an impossible chroma format')
  const separatePlanes = chromaFormat === 3 && bits.flag()
  const lumaBits = 8 + bits.unsigned()
  const chromaBits = 8 + bits.unsigned()
  if (lumaBits > 14 || chromaBits > 14) throw new Malformed('An H.264 SPS with an impossible bit depth')
  bits.flag() // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    for (let i = 0; i < (chromaFormat === 3 ? 12 : 8); i++) {
      if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64)
    }
  }
  return { chromaFormat, lumaBits, chromaBits, separatePlanes }
}

/** scaling_list, ITU-T H.264 7.3.2.1.1.1 */
function skipScalingList (bits: BitReader, size: number): void {
  let last = 8
  for (let i = 0; i < size; i++) {
    const next = (last + bits.signed() + 256) % 256
    if (next === 0) return
    last = next
  }
}

/** From log2_max_frame_num_minus4 to the end of the picture order count's fields. */
function skipOrder (bits: BitReader): void {
  bits.unsigned()
  const type = bits.unsigned()
  if (type === 0) {
    bits.unsigned()
  } else if (type === 1) {
    bits.flag()
    bits.signed()
    bits.signed()
    const cycle = bits.unsigned()
    if (cycle > 255) throw new Malformed('An H.264 SPS with an impossible picture order')
    for (let i = 0; i < cycle; i++) bits.signed()
  } else if (type > 2) {
    throw new Malformed('An H.264 SPS with an impossible picture order')
  }
}

/** From pic_width_in_mbs_minus1 to the cropping; `chroma` is ChromaArrayType (ITU-T H.264 7.4.2.1.1). */
function readSize (bits: BitReader, chroma: number): { width: number, height: number } {
  const widthInBlocks = bits.unsigned() + 1
  const heightInUnits = bits.unsigned() + 1
  const fieldsPerFrame = bits.flag() ? 1 : 2
  if (fieldsPerFrame === 2) bits.flag() // mb_adaptive_frame_field_flag
  bits.flag() // direct_8x8_inference_flag
  const coded = { width: widthInBlocks * 16, height: heightInUnits * 16 * fieldsPerFrame }
  if (!bits.flag()) return coded
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1
  const unitY = (chroma === 1 ? 2 : 1) * fieldsPerFrame
  const width = coded.width - (bits.unsigned() + bits.unsigned()) * unitX
  const height = coded.height - (bits.unsigned() + bits.unsigned()) * unitY
  if (width <= 0 || height <= 0) throw new Malformed('An H.264 SPS that crops the whole picture')
  return { width, height }
}

/** Takes out the emulation_prevention_three_byte of ITU-T H.264 7.4.1.1. */
function withoutEmulationPrevention (bytes: Buffer): Uint8Array {
  const kept = new Uint8Array(bytes.length)
  let length = 0
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    kept[length++] = byte
  }
  return kept.subarray(0, length)
}
