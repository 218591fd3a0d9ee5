import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { cutRule } from '../../../src/media/mpegts/cut-rule.ts'
import { Cutter, type CutSegment, type CutterOptions } from '../../../src/media/mpegts/cutter.ts'
import { transportStream } from '../inputs/transport-stream.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

interface CutterInput {
  bytes: Buffer
  offsetUs: number
  sizes: number[]
  targetSeconds: number
  from: CutterOptions['from']
  flags: Record<'video' | 'audio' | 'complete' | 'forcedKeyFrames' | 'first' | 'short' | 'atKey', boolean>
}

const PACKET_BYTES = 188
const SYNC_BYTE = 0x47
const PAT_PID = 0
const LOST_SYNC = 'FFmpeg wrote something that is not MPEG-TS'

interface Cut {
  segments: CutSegment[]
  overdue: number
  /** Sync was lost. */
  lost: boolean
}

function cut ({ bytes, sizes, offsetUs, targetSeconds, from, flags: { atKey, ...flags } }: CutterInput): Cut {
  const result: Cut = { segments: [], overdue: 0, lost: false }
  const cutter = new Cutter({
    targetSeconds,
    offsetUs,
    from,
    ...flags,
    onSegment: segment => {
      must(result.overdue === 0, 'a segment after the end of the cutter')
      result.segments.push(segment)
    },
    onOverdue: () => { result.overdue++ }
  })
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = Math.max(1, sizes[turn % sizes.length]!)
      // A copy: the cutter may not count on bytes that stay.
      cutter.push(Buffer.from(bytes.subarray(at, at + size)))
      at += size
      must(cutter.latestUs === undefined || Number.isSafeInteger(cutter.latestUs), () => `the latest time is ${cutter.latestUs}`)
    }
  } catch (error) {
    if (!(error instanceof Error) || error.message !== LOST_SYNC) throw error
    result.lost = true
  }
  if (atKey) cutter.flushAtKey()
  else cutter.flush()
  return result
}

function checkSegment ({ data, startUs, endUs, soundUs }: CutSegment, mapPids: ReadonlySet<number | undefined>, targetSeconds: number): void {
  must(data.length >= 3 * PACKET_BYTES && data.length % PACKET_BYTES === 0, () => `a segment of ${data.length} bytes`)
  for (let at = 0; at < data.length; at += PACKET_BYTES) must(data[at] === SYNC_BYTE, () => `no packet at ${at}`)
  must(pidAt(data, 0) === PAT_PID, 'the first packet is no PAT')
  must(mapPids.has(pidAt(data, 1)), 'the second packet is no map that a PAT names')
  must(Number.isSafeInteger(startUs) && Number.isSafeInteger(endUs), () => `a segment from ${startUs} to ${endUs}`)
  must(endUs >= startUs, () => `a segment from ${startUs} back to ${endUs}`)
  must(endUs - startUs <= cutRule(targetSeconds).longestUs, () => `a segment of ${endUs - startUs} us`)
  must(soundUs === undefined || Number.isSafeInteger(soundUs), () => `sound up to ${soundUs}`)
}

function pidAt (data: Buffer, packet: number): number {
  return data.readUInt16BE(packet * PACKET_BYTES + 1) & 0x1fff
}

/** The PIDs of program maps that the PATs of a stream name: behind the eight bytes of a section's head (ISO/IEC 13818-1, 2.4.4.3). */
function mapPidsIn (bytes: Buffer): Set<number | undefined> {
  const pids = new Set<number | undefined>()
  for (let packet = 0; (packet + 1) * PACKET_BYTES <= bytes.length; packet++) {
    if (pidAt(bytes, packet) !== PAT_PID) continue
    const pat = bytes.subarray(packet * PACKET_BYTES, (packet + 1) * PACKET_BYTES)
    const payload = (pat[3]! & 0x20) === 0 ? 4 : 5 + pat[4]!
    const entry = payload + 1 + (pat[payload] ?? 0) + 10
    pids.add(entry + 2 <= PACKET_BYTES ? pat.readUInt16BE(entry) & 0x1fff : undefined)
  }
  return pids
}

function check (input: CutterInput): void {
  const result = cut(input)
  const mapPids = mapPidsIn(input.bytes)
  for (const segment of result.segments) checkSegment(segment, mapPids, input.targetSeconds)
  must(result.overdue <= 1, 'overdue more than once')
  // Two packets of tables are added to each segment, everything else was pushed, once.
  const packets = result.segments.reduce((sum, { data }) => sum + data.length / PACKET_BYTES - 2, 0)
  must(packets * PACKET_BYTES <= input.bytes.length, () => `${packets} packets came out of ${input.bytes.length} bytes`)
  const whole = cut({ ...input, sizes: [Math.max(1, input.bytes.length)] })
  must(isDeepStrictEqual(whole, result), 'another split, other segments')
}

const time = fc.integer({ min: 0, max: 8_000_000 })
const flag = fc.boolean()

/** src/media/mpegts/cutter.ts: what FFmpeg writes, with packets changed, lost and doubled. */
export const tsCutter: FuzzTarget<CutterInput> = {
  id: 'ts-cutter',
  inputs: fc.record({
    stream: transportStream,
    sizes: fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 4 }),
    targetSeconds: fc.integer({ min: 1, max: 3 }),
    from: fc.option(fc.record({ videoUs: time, audioUs: time }), { nil: undefined }),
    flags: fc.record({ video: flag, audio: flag, complete: flag, forcedKeyFrames: flag, first: flag, short: flag, atKey: flag })
  }).map(({ stream, ...rest }) => ({ ...stream, ...rest })),
  open: withoutSetup(check)
}
