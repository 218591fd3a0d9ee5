import { Malformed } from './damage.ts'
import { boxesIn, openFullBox, writeBox, type Box } from './iso-boxes.ts'
import { BASE_DATA_OFFSET, DATA_OFFSET, DEFAULT_BASE_IS_MOOF } from './mp4-fragment.ts'

const FLAGS_LENGTH = 4
const POSITION_LENGTH = 8
const OFFSET_LENGTH = 4

/**
 * Rewrites a fragment (`moof`, then `mdat`) whose data positions are given in the file
 * (base_data_offset of ISO/IEC 14496-12 section 8.8.7) so that they count from the start of the `moof`;
 * `moofPosition` is the file position that its start stands for. Throws `Malformed`.
 */
export function rebase (fragment: Buffer, moofPosition: number): Buffer {
  const [moof, ...others] = boxesIn(fragment)
  if (moof === undefined) throw new Malformed('An empty fragment')
  const rewrite = (growth: number): Buffer => writeBox('moof', mapBoxes(moof.body, box => box.type === 'traf' ? rebaseTraf(box, growth - moofPosition) : box.bytes))
  // The data moves by as much as the box grows or shrinks, which depends on the fields and not on what is in them.
  const growth = rewrite(0).length - moof.bytes.length
  return Buffer.concat([rewrite(growth), ...others.map(box => box.bytes)])
}

/** `shift` is added to file positions. */
function rebaseTraf (traf: Box, shift: number): Buffer {
  let base: number | undefined
  let isFirstRun = true
  return writeBox('traf', mapBoxes(traf.body, box => {
    if (box.type === 'tfhd') {
      base = readBasePosition(box.body)
      return base === undefined ? box.bytes : writeBox('tfhd', withoutPosition(box.body))
    }
    if (box.type !== 'trun' || base === undefined) return box.bytes
    const body = withOffset(box.body, base + shift, isFirstRun)
    isFirstRun = false
    return writeBox('trun', body)
  }))
}

function mapBoxes (body: Buffer, map: (box: Box) => Buffer): Buffer {
  return Buffer.concat([...boxesIn(body)].map(map))
}

function readBasePosition (tfhd: Buffer): number | undefined {
  const { flags, fields } = openFullBox(tfhd)
  fields.skip(4)
  return (flags & BASE_DATA_OFFSET) === 0 ? undefined : fields.u64()
}

function withoutPosition (tfhd: Buffer): Buffer {
  const positionAt = FLAGS_LENGTH + 4
  const body = Buffer.concat([tfhd.subarray(0, positionAt), tfhd.subarray(positionAt + POSITION_LENGTH)])
  body.writeUInt32BE((body.readUInt32BE() & ~BASE_DATA_OFFSET | DEFAULT_BASE_IS_MOOF) >>> 0)
  return body
}

/** A run without an offset follows the one before it, unless it is the first. */
function withOffset (trun: Buffer, base: number, isFirst: boolean): Buffer {
  const offsetAt = FLAGS_LENGTH + 4
  const { flags } = openFullBox(trun)
  const hasOffset = (flags & DATA_OFFSET) !== 0
  if (!hasOffset && !isFirst) return trun
  const value = base + (hasOffset ? trun.readInt32BE(offsetAt) : 0)
  if (value !== (value | 0)) throw new Malformed('A run with a data position out of reach')
  const offset = Buffer.alloc(OFFSET_LENGTH)
  offset.writeInt32BE(value)
  const body = Buffer.concat([trun.subarray(0, offsetAt), offset, trun.subarray(offsetAt + (hasOffset ? OFFSET_LENGTH : 0))])
  body.writeUInt32BE((body.readUInt32BE() | DATA_OFFSET) >>> 0)
  return body
}
