import t from 'tap'
import { encodeRecord, readJournal, type BroadcastRecord, type JournalRecord, type SafePoint, type SegmentRecord } from '../../../src/media/journal/records.ts'

const BROADCAST: BroadcastRecord = { type: 'broadcast', version: 1, key: 'show', userId: 'älice', resumeToken: 'x'.repeat(32), startedAtMs: 1_700_000_000_000, firstSequence: 7, discontinuitySequence: 2 }
const EPOCH: JournalRecord = { type: 'epoch', epoch: 0, init: Buffer.from('header').toString('base64') }

function point (over: Partial<SafePoint> = {}): SafePoint {
  return { epoch: 0, anchor: { wallMs: 1_700_000_000_000, mediaUs: 0 }, transcodeVideo: false, sending: { seq: 3, skip: 17, firstDigest: 'abc' }, lead: 'AAAA', ...over }
}

function segment (sequence: number, over: Partial<SafePoint> = {}): SegmentRecord {
  return { type: 'segment', segment: { sequence, durationMs: 2000, bytes: 100, discontinuity: false, programDateTimeMs: 1_700_000_000_000 }, point: point({ publishedUs: sequence * 2_000_000, ...over }) }
}

function text (...records: JournalRecord[]): string {
  return records.map(encodeRecord).join('')
}

t.test('what was written is read', async t => {
  const written = text(BROADCAST, EPOCH, { type: 'point', point: point() }, segment(7), segment(8))
  const read = readJournal(written)!
  t.strictSame(read.broadcast, BROADCAST)
  t.strictSame(read.segments.map(({ sequence }) => sequence), [7, 8])
  t.strictSame(read.point, segment(8).point)
  t.equal(read.init?.toString(), 'header')
  t.equal(read.length, Buffer.byteLength(written), 'in bytes, not in characters')
})

t.test('cut off anywhere, the longest part that makes sense counts', async t => {
  const records = [BROADCAST, EPOCH, segment(7), segment(8)]
  const written = text(...records)
  const ends = records.map((_, index) => text(...records.slice(0, index + 1)).length)
  for (let length = 0; length <= written.length; length++) {
    const read = readJournal(written.slice(0, length))
    const whole = ends.filter(end => end <= length).length
    t.equal(read?.segments.length, whole === 0 ? undefined : Math.max(0, whole - 2))
    if (read !== undefined) t.equal(read.length, Buffer.byteLength(text(...records.slice(0, whole))))
  }
})

t.test('what stands behind nonsense does not count', async t => {
  for (const nonsense of ['\n', '{}\n', 'null\n', '[]\n', '{"type":"segment"}\n', '{"type":"constructor"}\n', '\0\0\0\0\n', encodeRecord(BROADCAST), encodeRecord(segment(9)), encodeRecord(segment(6)), encodeRecord(segment(8, { epoch: 5 }))]) {
    const read = readJournal(text(BROADCAST, EPOCH, segment(7)) + nonsense + text(segment(8)))!
    t.strictSame(read.segments.map(({ sequence }) => sequence), [7], nonsense)
    t.equal(read.length, Buffer.byteLength(text(BROADCAST, EPOCH, segment(7))))
  }
  for (const none of ['', '\n', 'x\n', text(EPOCH), text(EPOCH, BROADCAST), '{"type":"broadcast","version":2}\n']) t.equal(readJournal(none), undefined)
})

t.test('a segment that was written again: the last one counts', async t => {
  const again = { ...segment(8), segment: { ...segment(8).segment, bytes: 99 } }
  const read = readJournal(text(BROADCAST, EPOCH, segment(7), segment(8), again, segment(9)))!
  t.strictSame(read.segments.map(({ sequence, bytes }) => [sequence, bytes]), [[7, 100], [8, 99], [9, 100]])
  t.equal(readJournal(text(BROADCAST, EPOCH, segment(7), segment(8), segment(7)))!.segments.length, 2, 'only the newest one can be')
})

t.test('the header is that of the epoch that goes on', async t => {
  const second: JournalRecord = { type: 'epoch', epoch: 1, init: Buffer.from('other').toString('base64') }
  t.equal(readJournal(text(BROADCAST, EPOCH, segment(7), second))!.init?.toString(), 'header')
  t.equal(readJournal(text(BROADCAST, EPOCH, segment(7), second, { type: 'point', point: point({ epoch: 1 }) }))!.init?.toString(), 'other')
  t.match(readJournal(text(BROADCAST)), { point: undefined, init: undefined, segments: [] }, 'nothing has come yet')
})
