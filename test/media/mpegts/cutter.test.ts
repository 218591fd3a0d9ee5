import fc from 'fast-check'
import t from 'tap'
import { Cutter, type CutSegment, type CutterOptions } from '../../../src/media/mpegts/cutter.ts'
import { cutRule } from '../../../src/media/mpegts/cut-rule.ts'
import { demux } from '../../fixtures/transport-stream.ts'
import { framesIn, PMT_PID, writeTransportStream, type MadeFrame } from './transport-stream-writer.ts'

const S = 1_000_000
const OFFSET_US = 10 * S
const LIMIT_US = cutRule(2).limitUs
const PICTURE_US = S / 25
const SOUND_US = S * 1024 / 48_000

interface Cut {
  segments: CutSegment[]
  overdue: number
}

function cut (bytes: Buffer, { sizes = [bytes.length], ...options }: Partial<CutterOptions> & { sizes?: number[] } = {}): Cut {
  const result: Cut = { segments: [], overdue: 0 }
  const cutter = new Cutter({
    targetSeconds: 2,
    offsetUs: OFFSET_US,
    from: undefined,
    video: true,
    audio: true,
    complete: true,
    forcedKeyFrames: false,
    first: false,
    short: false,
    onSegment: segment => result.segments.push(segment),
    onOverdue: () => { result.overdue++ },
    ...options
  })
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    // A copy: the cutter may not count on bytes that stay.
    cutter.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  cutter.flush()
  return result
}

/** Whether something is so at a time, in microseconds. */
type When = (timeUs: number) => boolean

const always: When = () => true
const never: When = () => false

/** Pictures and sound as a recorder sends them, key frames at the given times. */
function show (seconds: number, isKey: When, { picturesFor = always, soundFor = always }: { picturesFor?: When, soundFor?: When } = {}): MadeFrame[] {
  const frames: MadeFrame[] = []
  for (let index = 0; index * PICTURE_US < seconds * S; index++) {
    const timeUs = index * PICTURE_US
    if (picturesFor(timeUs)) frames.push({ kind: 'video', timeUs, picture: isKey(timeUs) ? 'idr' : 'other', size: 250 })
  }
  for (let timeUs = 0; timeUs + SOUND_US <= seconds * S; timeUs += SOUND_US) {
    if (soundFor(timeUs)) frames.push({ kind: 'audio', timeUs: Math.round(timeUs), size: 100 })
  }
  return frames.sort((a, b) => a.timeUs - b.timeUs)
}

const write = (frames: MadeFrame[], options: Parameters<typeof writeTransportStream>[1] = {}) => writeTransportStream(frames, { offsetUs: OFFSET_US, ...options })
const every = (seconds: number) => (timeUs: number) => Math.round(timeUs / PICTURE_US) % Math.round(seconds * S / PICTURE_US) === 0
const lengths = ({ segments }: Cut) => segments.map(({ startUs, endUs }) => (endUs - startUs) / S)
const allFrames = ({ segments }: Cut) => segments.flatMap(({ data }) => framesIn(data))

t.test('segments of two seconds, tables first, every frame in one of them', async t => {
  const frames = show(9, every(1))
  const result = cut(write(frames))
  t.strictSame(lengths(result), [2, 2, 2, 2, 1])
  t.strictSame(allFrames(result), frames.map((_, index) => index))
  for (const { data } of result.segments) {
    const { pids, pes } = demux(data)
    t.strictSame(pids.slice(0, 2), [0, PMT_PID])
    t.equal(pes.find(({ kind }) => kind === 'video')?.randomAccess, true)
  }
  t.strictSame(result.segments.map(({ data }) => data[3]! & 15), [0, 1, 2, 3, 4], 'the counter of the tables goes on')
})

t.test('tables in the middle are the same ones', async t => {
  const frames = show(5, every(1))
  const result = cut(write(frames, { tablesEvery: 20 }))
  t.strictSame(lengths(result), [2, 2, 1])
  for (const { data } of result.segments) t.equal(demux(data).pids.filter(pid => pid === 0).length, 1)
})

t.test('the first segment of a stream is short, the others are not', async t => {
  t.strictSame(lengths(cut(write(show(7, every(1))), { first: true })), [1, 2, 2, 2])
  t.strictSame(lengths(cut(write(show(7, every(0.96))), { first: true }))[0], 0.96)
})

t.test('the first segment of a stream has all tracks where they come in time: players set up for those that they see', async t => {
  const kinds = (result: Cut) => result.segments.map(({ data }) => [...new Set(demux(data).pes.map(({ kind }) => kind))].sort().join('+'))
  const lateSound = cut(write(show(7, every(1), { soundFor: timeUs => timeUs >= 1.5 * S })), { first: true })
  t.strictSame(lengths(lateSound), [2, 2, 2, 1], 'sound that is late makes it a full one')
  t.equal(kinds(lateSound)[0], 'audio+video')
  const latePictures = cut(write(show(7, every(1), { picturesFor: timeUs => timeUs >= 1 * S })), { first: true })
  t.equal(kinds(latePictures)[0], 'audio+video', 'sound ahead of the pictures is no segment of its own')
  t.equal(latePictures.overdue, 0)
  t.strictSame(lengths(cut(write(show(7, every(1))), { first: true, complete: false })), [2, 2, 2, 1], 'a track that has not begun yet may still come')
})

t.test('how key frames make segments', async t => {
  for (const { gop, expected } of [
    { gop: 0.2, expected: [2, 2, 2] },
    { gop: 0.4, expected: [2, 2, 2] },
    { gop: 0.6, expected: [2.4, 2.4, 1.2] },
    { gop: 1.2, expected: [2.4, 2.4, 1.2] },
    { gop: 1.52, expected: [1.52, 1.52, 1.52, 1.44] },
    { gop: 2.4, expected: [2.4, 2.4, 1.2] }
  ]) t.strictSame(lengths(cut(write(show(6, every(gop))))), expected, `every ${gop} s`)
})

t.test('a GOP that is too long is reported, and nothing comes from then on', async t => {
  const frames = show(12, timeUs => timeUs <= 4 * S ? every(1)(timeUs) : timeUs === 8 * S)
  const result = cut(write(frames))
  t.strictSame(lengths(result), [2, 2])
  t.equal(result.overdue, 1)
  t.equal(cut(write(show(9, timeUs => timeUs === 0))).segments.length, 0)
})

t.test('a key frame that was passed over is used when the next one does not come', async t => {
  // Every 0.4 s up to 1.6 s, so that one more is expected; then not before 3.2 s.
  const result = cut(write(show(5, timeUs => [0, 0.4, 0.8, 1.2, 1.6, 3.2, 4.4].includes(timeUs / S))))
  t.equal(result.overdue, 0)
  t.strictSame(lengths(result), [1.6, 1.6, 1.8])
})

t.test('an I picture that is no IDR begins no segment, whatever it claims', async t => {
  const frames = show(7, every(2)).map(frame => frame.kind === 'video' && frame.picture === 'other' && frame.timeUs % S === 0 ? { ...frame, picture: 'recovery' as const } : frame)
  const result = cut(write(frames))
  t.strictSame(lengths(result), [2, 2, 2, 1])
  t.strictSame(allFrames(result).length, frames.length)
  const open = show(7, timeUs => timeUs === 0).map(frame => frame.kind === 'video' && every(1)(frame.timeUs) && frame.timeUs > 0 ? { ...frame, picture: 'recovery' as const } : frame)
  t.equal(cut(write(open)).overdue, 1, 'where there is no other, the GOP is too long')
})

t.test('where copied video does not begin with a key frame', async t => {
  const frames = show(5, timeUs => timeUs >= S && every(1)(timeUs))
  t.strictSame(cut(write(frames)), { segments: [], overdue: 1 }, 'it is reported')
  const forced = cut(write(frames), { forcedKeyFrames: true })
  t.equal(forced.overdue, 0)
  t.equal(demux(forced.segments.find(({ data }) => demux(data).types.video !== undefined && demux(data).pes.some(({ kind }) => kind === 'video'))!.data).pes.find(({ kind }) => kind === 'video')?.randomAccess, true, 'from our own encoder it is left out up to the key frame')
})

t.test('what an earlier run published is left out, pictures and sound each up to its own time', async t => {
  const frames = show(7, every(1))
  const result = cut(write(frames), { from: { videoUs: 3 * S - 5_000, audioUs: 2.98 * S } })
  const expected = frames.flatMap(({ kind, timeUs }, index) => timeUs >= (kind === 'video' ? 3 * S - 5_000 : 2.98 * S) ? [index] : [])
  t.strictSame(allFrames(result), expected)
  t.equal(result.segments[0]?.startUs, 3 * S)
  t.strictSame(lengths(result), [2, 2])
})

t.test('each segment tells the last sound that is in it', async t => {
  const frames = show(7, every(1))
  const result = cut(write(frames))
  for (const { data, soundUs } of result.segments) {
    const last = framesIn(data).map(index => frames[index]!).findLast(({ kind }) => kind === 'audio')!
    t.ok(Math.abs(soundUs! - last.timeUs) < 20, `${soundUs} of ${last.timeUs}`)
  }
  t.equal(cut(write(show(3, every(1), { soundFor: never }))).segments[0]?.soundUs, undefined)
})

t.test('sound alone is cut anywhere', async t => {
  const frames = show(9, never, { picturesFor: never })
  const result = cut(write(frames, { video: false }), { video: false, first: true })
  t.ok(lengths(result).slice(1, -1).every(length => length >= 1.9 && length < 1.95), lengths(result).join(' '))
  t.ok(lengths(result)[0]! >= 0.95 && lengths(result)[0]! < 1)
  t.strictSame(allFrames(result), frames.map((_, index) => index))
})

t.test('sound goes on where the pictures stay away', async t => {
  const frames = show(12, every(1), { picturesFor: timeUs => timeUs < 4.2 * S || timeUs >= 10 * S })
  const result = cut(write(frames))
  t.equal(result.overdue, 0)
  t.strictSame(allFrames(result), frames.map((_, index) => index))
  t.ok(lengths(result).every(length => length <= LIMIT_US / S), lengths(result).join(' '))
  t.ok(result.segments.some(({ data }) => demux(data).pes.every(({ kind }) => kind === 'audio')), 'a segment of sound alone')
  t.ok(result.segments.every(({ startUs }, index) => index === 0 || startUs === result.segments[index - 1]!.endUs))
})

t.test('a hole in the sound makes no segment longer than the limit', async t => {
  const frames = show(12, never, { picturesFor: never, soundFor: timeUs => timeUs < 2.5 * S || timeUs > 7 * S })
  const result = cut(write(frames, { video: false }), { video: false })
  t.ok(lengths(result).every(length => Math.round(length) <= 2), lengths(result).join(' '))
  t.ok(Math.abs(lengths(result).reduce((sum, length) => sum + length, 0) - 12) < 0.05, 'the durations add up')
  t.strictSame(allFrames(result), frames.map((_, index) => index))
})

t.test('the end of pictures in another order than they are shown', async t => {
  const order = [0, 3, 1, 2, 6, 4, 5]
  const frames: MadeFrame[] = order.map(position => ({ kind: 'video', timeUs: position * PICTURE_US, picture: position === 0 ? 'idr' : 'other' }))
  t.strictSame(lengths(cut(write(frames, { audio: false }))), [7 * PICTURE_US / S])
})

t.test('time stamps that wrap in the middle', async t => {
  const wrapUs = 2 ** 33 / 0.09
  const frames = show(7, every(1))
  const shiftUs = wrapUs - 3.5 * S - OFFSET_US
  const shifted = frames.map(frame => ({ ...frame, timeUs: frame.timeUs + shiftUs }))
  t.strictSame(lengths(cut(write(shifted))).map(length => Math.round(length * 1000)), [2000, 2000, 2000, 1000])
})

t.test('bytes that are no MPEG-TS throw', async t => {
  t.throws(() => cut(Buffer.alloc(1000, 'x')), /not MPEG-TS/)
})

t.test('no bytes make no segment', async t => {
  t.strictSame(cut(Buffer.alloc(0)), { segments: [], overdue: 0 })
  t.strictSame(cut(write(show(1, every(1))).subarray(0, 376)), { segments: [], overdue: 0 }, 'nor do tables alone')
})

t.test('any split of the bytes gives the same segments', async () => {
  const bytes = write(show(7, every(1)), { tablesEvery: 50 })
  const whole = cut(bytes)
  fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 70_000 })), { minLength: 1, maxLength: 20 }), sizes => {
    const split = cut(bytes, { sizes })
    return split.segments.length === whole.segments.length && split.segments.every(({ data, startUs, endUs }, index) => {
      const other = whole.segments[index]!
      return data.equals(other.data) && startUs === other.startUs && endUs === other.endUs
    })
  }), { numRuns: 100 })
})

t.test('whatever the distances of key frames: the target is kept, nothing is lost, long GOPs and only those are reported', async () => {
  const gops = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 15 })
  const tail = fc.integer({ min: 1, max: 60 })
  fc.assert(fc.property(gops, tail, fc.boolean(), fc.boolean(), (gops, tail, sound, first) => {
    const keys = new Set<number>()
    let pictures = 0
    for (const gop of gops) {
      keys.add(pictures)
      pictures += gop
    }
    keys.add(pictures)
    pictures += tail
    const frames = show(pictures * PICTURE_US / S, timeUs => keys.has(Math.round(timeUs / PICTURE_US)), { soundFor: () => sound })
    const result = cut(write(frames, { audio: sound }), { first })
    const found = allFrames(result)
    const isTooLong = gops.some(gop => gop * PICTURE_US > LIMIT_US) || (tail - 1) * PICTURE_US >= LIMIT_US
    return (result.overdue === 1) === isTooLong &&
      lengths(result).every(length => length > 0 && Math.round(length) <= 2) &&
      result.segments.every(({ startUs }, index) => index === 0 || startUs === result.segments[index - 1]!.endUs) &&
      result.segments.every(({ data }) => demux(data).pes.find(({ kind }) => kind === 'video')?.randomAccess === true) &&
      found.every((frame, index) => frame === index) &&
      (isTooLong || found.length === frames.length)
  }), { numRuns: 300 })
})
