export function box (type: string, ...bodies: Buffer[]): Buffer {
  const body = Buffer.concat(bodies)
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body])
}

/** A box whose size takes 64 bits. */
export function longBox (type: string, ...bodies: Buffer[]): Buffer {
  const body = Buffer.concat(bodies)
  return Buffer.concat([u32(1), Buffer.from(type, 'latin1'), u64(16 + body.length), body])
}

export function fullBox (type: string, version: number, flags: number, ...bodies: Buffer[]): Buffer {
  return box(type, u32(version * 0x1000000 + flags), ...bodies)
}

export function u16 (value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function u32 (...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i))
  return bytes
}

export function u64 (value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

export const FTYP = box('ftyp', Buffer.from('isom'), u32(0), Buffer.from('isom'))

export interface TrackFields {
  id: number
  handler: 'vide' | 'soun' | 'subt'
  timescale: number
  entry: Buffer
  elst?: Buffer
}

export function visualEntry (type: string, width: number, height: number, ...children: Buffer[]): Buffer {
  return box(type, Buffer.alloc(24), u16(width), u16(height), Buffer.alloc(50), ...children)
}

export function audioEntry (type: string, ...children: Buffer[]): Buffer {
  return box(type, Buffer.alloc(16), u16(2), u16(16), u32(0), u32(48000 * 0x10000), ...children)
}

export const VIDEO: TrackFields = { id: 1, handler: 'vide', timescale: 1000, entry: visualEntry('vp09', 64, 48) }
export const AUDIO: TrackFields = { id: 2, handler: 'soun', timescale: 48000, entry: audioEntry('Opus') }
export const SUBTITLES: TrackFields = { id: 3, handler: 'subt', timescale: 1000, entry: box('wvtt', Buffer.alloc(8)) }

/** `ftyp` and `moov`; the movie's time scale is 600. */
export function header (...tracks: TrackFields[]): Buffer {
  return Buffer.concat([FTYP, box('moov',
    fullBox('mvhd', 0, 0, u32(0, 0, 600, 0), Buffer.alloc(80)),
    ...tracks.map(trak),
    box('mvex', ...tracks.map(({ id }) => fullBox('trex', 0, 0, u32(id, 1, 0, 0, 0))))
  )])
}

function trak ({ id, handler, timescale, entry, elst }: TrackFields): Buffer {
  return box('trak',
    fullBox('tkhd', 0, 3, u32(0, 0, id), Buffer.alloc(68)),
    elst === undefined ? Buffer.alloc(0) : box('edts', elst),
    box('mdia',
      fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0, 0)),
      fullBox('hdlr', 0, 0, u32(0), Buffer.from(handler), Buffer.alloc(13)),
      box('minf', box('stbl', fullBox('stsd', 0, 0, u32(1), entry)))
    )
  )
}

export interface RunFields {
  track?: number
  time?: number
  /** Bytes of the samples; each takes 20 ticks. */
  sizes?: number[]
  /** From the start of the data; the run has no offset where undefined. */
  at?: number | undefined
  flags?: number
}

const NON_SYNC = 0x10000

/** A fragment of one `traf` per run: default-base-is-moof, sizes per sample, first sample a key frame; then an `mdat` of 0xAA, or whatever is given. */
export function fragment (runs: RunFields[], data: Buffer = mdat(100), number = 1): Buffer {
  const moof = (dataAt: number): Buffer => box('moof', fullBox('mfhd', 0, 0, u32(number)), ...runs.map(run => traf(run, dataAt)))
  return Buffer.concat([moof(moof(0).length + 8), data])
}

export function mdat (size: number): Buffer {
  return box('mdat', Buffer.alloc(size, 0xaa))
}

function traf ({ track = 1, time = 0, sizes = [40, 60], at = 0, flags = NON_SYNC }: RunFields, dataAt: number): Buffer {
  return box('traf',
    fullBox('tfhd', 0, 0x020000 | 0x08 | 0x20, u32(track, 20, flags)),
    fullBox('tfdt', 1, 0, u64(time)),
    fullBox('trun', 0, 0x01 | 0x04 | 0x200, u32(sizes.length, dataAt + at, 0, ...sizes))
  )
}
