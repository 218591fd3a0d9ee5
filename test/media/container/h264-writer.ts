/** Writes bits, most significant first. */
class BitWriter {
  #bits = ''

  bits (count: number, value: number): this {
    this.#bits += value.toString(2).padStart(count, '0')
    return this
  }

  unsigned (value: number): this {
    const code = (value + 1).toString(2)
    this.#bits += '0'.repeat(code.length - 1) + code
    return this
  }

  signed (value: number): this {
    return this.unsigned(value > 0 ? value * 2 - 1 : -value * 2)
  }

  /** With the stop bit and the zero bits of rbsp_trailing_bits. */
  finish (): Buffer {
    const bits = `${this.#bits}1`
    return Buffer.from((bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map(byte => parseInt(byte, 2)))
  }
}

export interface SpsFields {
  profile: number
  id: number
  chromaFormat: number
  lumaBits: number
  chromaBits: number
  /** Macroblocks. */
  blocksWide: number
  blocksHigh: number
  /** left, right, top, bottom, in crop units. */
  crop: [number, number, number, number]
  /** Deltas of the first scaling list. */
  scaling: number[] | undefined
  /** pic_order_cnt_type */
  order: 0 | 1 | 2
}

export const BASELINE: SpsFields = { profile: 66, id: 0, chromaFormat: 1, lumaBits: 8, chromaBits: 8, blocksWide: 4, blocksHigh: 3, crop: [0, 0, 0, 0], scaling: undefined, order: 2 }

/** An SPS NAL unit of frames, not fields. */
export function sps (fields: Partial<SpsFields> = {}): Buffer {
  const { profile, id, chromaFormat, lumaBits, chromaBits, blocksWide, blocksHigh, crop, scaling, order } = { ...BASELINE, ...fields }
  const writer = new BitWriter().bits(8, profile).bits(8, 0).bits(8, 31).unsigned(id)
  if (profile >= 100) writer.unsigned(chromaFormat)
  if (profile >= 100 && chromaFormat === 3) writer.bits(1, 0)
  if (profile >= 100) writer.unsigned(lumaBits - 8).unsigned(chromaBits - 8).bits(1, 0).bits(1, scaling === undefined ? 0 : 1)
  if (profile >= 100 && scaling !== undefined) {
    writer.bits(1, 1)
    for (const delta of scaling) writer.signed(delta)
    writer.bits(chromaFormat === 3 ? 11 : 7, 0)
  }
  writer.unsigned(0).unsigned(order)
  if (order === 0) writer.unsigned(4)
  if (order === 1) writer.bits(1, 0).signed(-3).signed(2).unsigned(2).signed(1).signed(-1)
  writer.unsigned(1).bits(1, 0)
  writer.unsigned(blocksWide - 1).unsigned(blocksHigh - 1).bits(2, 3).bits(1, 1)
  for (const side of crop) writer.unsigned(side)
  return Buffer.concat([Buffer.from([0x67]), emulationPrevented(writer.bits(1, 0).finish())])
}

/** An AVCDecoderConfigurationRecord with 4-byte lengths. */
export function avcC (...nals: Buffer[]): Buffer {
  const lengths = nals.map(nal => [u16(nal.length), nal]).flat()
  return Buffer.concat([Buffer.from([1, 66, 0, 31, 0xff, 0xe0 | nals.length]), ...lengths, Buffer.from([0])])
}

/** A frame of NAL units behind 4-byte lengths. */
export function withLengths (...nals: Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap(nal => [u32(nal.length), nal]))
}

/** A frame of NAL units behind start codes. */
export function withStartCodes (...nals: Buffer[]): Buffer {
  return Buffer.concat(nals.flatMap(nal => [Buffer.from([0, 0, 0, 1]), nal]))
}

export const IDR = Buffer.from([0x65, 0x88, 0x84, 0x21])
export const NON_IDR = Buffer.from([0x41, 0x9a, 0x21, 0x4c])

function emulationPrevented (bytes: Buffer): Buffer {
  const out: number[] = []
  for (const byte of bytes) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3)
    out.push(byte)
  }
  return Buffer.from(out)
}

function u16 (value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
