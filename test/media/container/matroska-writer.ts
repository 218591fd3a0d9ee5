/** An EBML element; its size takes as few bytes as can be, or as many as told. */
export function element (id: number, body: Buffer | Buffer[], sizeLength?: number): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body)
  return Buffer.concat([idBytes(id), vint(bytes.length, sizeLength), bytes])
}

/** The head of an element of unknown size. */
export function openElement (id: number): Buffer {
  return Buffer.concat([idBytes(id), Buffer.from('01FFFFFFFFFFFFFF', 'hex')])
}

export function vint (value: number, length = [1, 2, 3, 4, 5, 6, 7, 8].find(n => value < 2 ** (7 * n) - 1) ?? 8): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  const shortened = bytes.subarray(8 - length)
  shortened.writeUInt8(shortened.readUInt8(0) | (0x100 >> length))
  return shortened
}

export function uint (id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  const first = bytes.findIndex(byte => byte !== 0)
  return element(id, bytes.subarray(first < 0 ? 7 : first))
}

export function text (id: number, value: string): Buffer {
  return element(id, Buffer.from(value))
}

function idBytes (id: number): Buffer {
  const hex = id.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

export const EBML_HEADER = element(0x1a45dfa3, [uint(0x4286, 1), text(0x4282, 'webm')])
export const SEGMENT = openElement(0x18538067)

export interface VideoEntry {
  number?: number
  codec?: string
  width?: number
  height?: number
  codecPrivate?: Buffer
  extra?: Buffer
}

export function videoEntry ({ number = 1, codec = 'V_VP8', width = 64, height = 48, codecPrivate, extra }: VideoEntry = {}): Buffer {
  return element(0xae, [
    uint(0xd7, number), uint(0x83, 1), text(0x86, codec),
    codecPrivate === undefined ? Buffer.alloc(0) : element(0x63a2, codecPrivate),
    element(0xe0, [uint(0xb0, width), uint(0xba, height)]),
    extra ?? Buffer.alloc(0)
  ])
}

export function audioEntry ({ number = 2, codec = 'A_OPUS', codecPrivate, extra }: { number?: number, codec?: string, codecPrivate?: Buffer, extra?: Buffer } = {}): Buffer {
  const rate = Buffer.alloc(8)
  rate.writeDoubleBE(48000)
  return element(0xae, [
    uint(0xd7, number), uint(0x83, 2), text(0x86, codec),
    codecPrivate === undefined ? Buffer.alloc(0) : element(0x63a2, codecPrivate),
    element(0xe1, [element(0xb5, rate), uint(0x9f, 2)]),
    extra ?? Buffer.alloc(0)
  ])
}

export function tracks (...entries: Buffer[]): Buffer {
  return element(0x1654ae6b, entries)
}

export function header (...entries: Buffer[]): Buffer {
  return Buffer.concat([EBML_HEADER, SEGMENT, tracks(...entries)])
}

export function clusterHead (timestamp: number): Buffer {
  return Buffer.concat([openElement(0x1f43b675), uint(0xe7, timestamp)])
}

/** The body of a SimpleBlock or a Block. */
export function blockBody ({ track = 1, time = 0, flags = 0x80, payload = Buffer.from('frame') }: { track?: number, time?: number, flags?: number, payload?: Buffer } = {}): Buffer {
  const head = Buffer.alloc(3)
  head.writeInt16BE(time)
  head.writeUInt8(flags, 2)
  return Buffer.concat([vint(track), head, payload])
}

export function simpleBlock (block: Parameters<typeof blockBody>[0] = {}): Buffer {
  return element(0xa3, blockBody(block))
}
