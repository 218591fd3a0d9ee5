import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { encodeRecord, readJournal, type BroadcastRecord, type Journaled, type JournalRecord, type SafePoint } from '../../../src/media/journal/records.ts'
import { anyMutation, mutate, type Mutation } from '../inputs/mutation.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

interface JournalInput {
  /** What the server wrote. */
  records: JournalRecord[]
  /** What became of it; nothing: it is read as it was written. */
  damage: Mutation[]
}

const NEWLINE = 0x0a
const count = fc.nat(1_000)
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('ä€😀', '\n', '"', '\ud800'))
const time = fc.integer({ min: -1_000_000, max: 1_000_000_000 })

const broadcast: fc.Arbitrary<BroadcastRecord> = fc.record({
  type: fc.constant('broadcast' as const),
  version: fc.constant(1 as const),
  key: fc.constant('key'),
  userId: text,
  resumeToken: fc.constant('a-token-of-some-length'),
  title: text,
  startedAtMs: fc.constant(1_700_000_000_000),
  firstSequence: count,
  discontinuitySequence: count
}, { requiredKeys: ['type', 'version', 'key', 'userId', 'resumeToken', 'startedAtMs', 'firstSequence', 'discontinuitySequence'] })

interface Step {
  kind: 'epoch' | 'point' | 'segment' | 'again'
  point: Omit<SafePoint, 'epoch'>
  durationMs: number
  discontinuity: boolean
  init: Uint8Array
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('epoch' as const, 'point' as const, 'segment' as const, 'segment' as const, 'segment' as const, 'again' as const),
  point: fc.record({
    publishedUs: time,
    soundUs: time,
    anchor: fc.record({ wallMs: fc.constant(1_700_000_000_000.5), mediaUs: time }),
    transcodeVideo: fc.boolean(),
    sending: fc.record({ seq: count, skip: count, firstDigest: fc.constant('digest') }, { requiredKeys: ['seq', 'skip'] }),
    lead: fc.constant('AAAA')
  }, { requiredKeys: ['anchor', 'transcodeVideo'] }),
  durationMs: fc.integer({ min: 1, max: 2_499 }),
  discontinuity: fc.boolean(),
  init: fc.uint8Array({ maxLength: 20 })
})

/** A journal as a running stream writes it: a header before its points, numbers that go on, a segment tried again under its number. */
function written (first: BroadcastRecord, steps: Step[]): JournalRecord[] {
  let epoch = 0
  let sequence = first.firstSequence - 1
  const records: JournalRecord[] = [first, { type: 'epoch', epoch, init: 'aGVhZGVy' }]
  for (const { kind, point: rest, durationMs, discontinuity, init } of steps) {
    const point = { ...rest, epoch }
    if (kind === 'epoch') records.push({ type: 'epoch', epoch: ++epoch, init: Buffer.from(init).toString('base64') })
    else if (kind === 'point') records.push({ type: 'point', point })
    else {
      if (kind === 'segment' || sequence < first.firstSequence) sequence++
      records.push({ type: 'segment', segment: { sequence, durationMs, bytes: 188, discontinuity, programDateTimeMs: 1_700_000_000_000 }, point })
    }
  }
  // Plain objects, as a file has them.
  return JSON.parse(JSON.stringify(records)) as JournalRecord[]
}

/** What a journal says, in the plainest words: the last record of a number counts. */
function expected (records: JournalRecord[]): { segments: unknown[], point: SafePoint | undefined } {
  const segments = new Map<number, unknown>()
  let point: SafePoint | undefined
  for (const record of records) {
    if (record.type === 'segment') segments.set(record.segment.sequence, record.segment)
    if (record.type === 'segment' || record.type === 'point') point = record.point
  }
  return { segments: [...segments.values()], point }
}

/** As the file is read. */
function read (bytes: Buffer): Journaled | undefined {
  return readJournal(bytes.toString('utf8'))
}

function check ({ records, damage }: JournalInput): void {
  const lines = records.map(record => Buffer.from(encodeRecord(record)))
  const whole = Buffer.concat(lines)
  checkIntact(whole, records, read(whole))
  if (damage.length === 0) return
  const bytes = damage.reduce(mutate, whole)
  const journaled = read(bytes)
  // Up to the first byte that is another one, nothing may be lost.
  let same = 0
  while (same < bytes.length && bytes[same] === whole[same]) same++
  const intact = linesWithin(lines, same)
  must(journaled !== undefined || intact.length === 0, 'a journal with a good beginning is given up')
  if (journaled === undefined) return
  checkPrefix(bytes, journaled)
  must(journaled.length >= intact.reduce((sum, line) => sum + line.length, 0), () => `${journaled.length} bytes make sense, though ${intact.length} lines are intact`)
  const { segments } = expected(records.slice(0, intact.length))
  // The newest may have been written once more behind them.
  must(isDeepStrictEqual(journaled.segments.slice(0, Math.max(0, segments.length - 1)), segments.slice(0, -1)), 'segments of intact lines are not read back')
}

function checkIntact (whole: Buffer, records: JournalRecord[], journaled: Journaled | undefined): void {
  must(journaled !== undefined && journaled.length === whole.length, () => `${journaled?.length} of ${whole.length} bytes of a good journal make sense`)
  const { segments, point } = expected(records)
  must(isDeepStrictEqual(journaled.segments, segments) && isDeepStrictEqual(journaled.point, point), 'a good journal is not read back')
  must((journaled.point === undefined) === (journaled.init === undefined), 'a point without its header')
}

/** What makes sense is a beginning of the file, of whole lines: the next server writes on behind it. */
function checkPrefix (bytes: Buffer, journaled: Journaled): void {
  const { length, segments, broadcast } = journaled
  must(length > 0 && length <= bytes.length, () => `${length} of ${bytes.length} bytes make sense`)
  must(bytes[length - 1] === NEWLINE, () => `what makes sense ends inside a line, at ${length}`)
  must(isDeepStrictEqual(read(bytes.subarray(0, length)), journaled), 'what makes sense is read differently alone')
  for (const [index, { sequence }] of segments.entries()) must(sequence === broadcast.firstSequence + index, () => `segment ${sequence} at place ${index}`)
}

function linesWithin (lines: Buffer[], bytes: number): Buffer[] {
  let end = 0
  return lines.filter(line => (end += line.length) <= bytes)
}

/** src/media/journal/records.ts: a journal that was cut off or garbled anywhere. */
export const journal: FuzzTarget<JournalInput> = {
  id: 'journal',
  inputs: fc.record({
    records: fc.tuple(broadcast, fc.array(step, { maxLength: 8 })).map(([first, steps]) => written(first, steps)),
    damage: fc.oneof({ weight: 1, arbitrary: fc.constant<Mutation[]>([]) }, { weight: 6, arbitrary: fc.array(anyMutation(fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 3 }) })
  }),
  open: withoutSetup(check)
}
