import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/media/journal/journal.ts'
import { closeForGood, readAbandoned } from '../../../src/media/journal/recovery.ts'
import type { BroadcastRecord, JournalRecord } from '../../../src/media/journal/records.ts'

const BROADCAST: BroadcastRecord = { type: 'broadcast', version: 1, key: 'show', userId: 'alice', resumeToken: 'x'.repeat(32), startedAtMs: 1_700_000_000_000, firstSequence: 0, discontinuitySequence: 0 }
const EPOCH: JournalRecord = { type: 'epoch', epoch: 0, init: 'AAAA' }
const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n'

function segment (sequence: number): JournalRecord {
  return {
    type: 'segment',
    segment: { sequence, durationMs: 2000, bytes: 4, discontinuity: false, programDateTimeMs: 1_700_000_000_000 },
    point: { epoch: 0, anchor: { wallMs: 1_700_000_000_000, mediaUs: 0 }, transcodeVideo: false, publishedUs: (sequence + 1) * 2_000_000, sending: { seq: sequence, skip: 0 } }
  }
}

/** The folder of a stream whose server died when it had two segments. */
async function abandoned (t: Test): Promise<string> {
  const folder = t.testdir({ 'segment_0.ts': 'TSTS', 'segment_1.ts': 'TSTS', 'stream.m3u8': `${HEAD}#EXTINF:2.000,\nsegment_0.ts\n` })
  const journal = await Journal.create(folder, BROADCAST, {})
  await journal.append(EPOCH, segment(0))
  await journal.append(segment(1))
  return folder
}

t.test('what was written is read, by nobody else', async t => {
  const folder = await abandoned(t)
  t.equal((await stat(join(folder, 'journal.jsonl'))).mode & 0o777, 0o600, 'it holds the resume token')
  t.match(await Journal.read(folder), { broadcast: BROADCAST, segments: { length: 2 }, point: { publishedUs: 4_000_000 } })
  await Journal.remove(folder)
  await Journal.remove(folder)
  t.equal(await Journal.read(folder), undefined)
})

t.test('a journal that was cut off goes on behind what makes sense', async t => {
  const folder = await abandoned(t)
  const path = join(folder, 'journal.jsonl')
  const whole = await readFile(path, 'utf8')
  await writeFile(path, `${whole}{"type":"segm`)
  const journal = await Journal.reopen(folder, (await Journal.read(folder))!, { sync: true })
  await journal.append(segment(2))
  t.equal(await readFile(path, 'utf8'), whole + JSON.stringify(segment(2)) + '\n')
})

t.test('a new broadcast replaces the journal of the one before', async t => {
  const folder = await abandoned(t)
  await Journal.create(folder, { ...BROADCAST, userId: 'bob' }, {})
  t.match(await Journal.read(folder), { broadcast: { userId: 'bob' }, segments: { length: 0 }, point: undefined })
})

t.test('a stream can go on when its journal says so, whatever the playlist says', async t => {
  const folder = await abandoned(t)
  t.match(await readAbandoned(folder), { segments: { length: 2 } }, 'the journal is ahead of the playlist')
  await rm(join(folder, 'stream.m3u8'))
  t.match(await readAbandoned(folder), { segments: { length: 2 } })
})

t.test('a stream cannot go on when it was over, or when the disk lost its newest segment', async t => {
  const over = await abandoned(t)
  await writeFile(join(over, 'stream.m3u8'), `${HEAD}#EXT-X-ENDLIST\n`)
  t.equal(await readAbandoned(over), undefined)
  const cut = await abandoned(t)
  await writeFile(join(cut, 'segment_1.ts'), 'TS')
  t.equal(await readAbandoned(cut), undefined)
  const gone = await abandoned(t)
  await rm(join(gone, 'segment_1.ts'))
  t.equal(await readAbandoned(gone), undefined)
  t.equal(await readAbandoned(t.testdir({ 'stream.m3u8': HEAD })), undefined, 'without a journal')
})

t.test('what cannot go on is closed, and forgets its token', async t => {
  const folder = await abandoned(t)
  t.equal(await closeForGood(folder), true)
  t.match(await readFile(join(folder, 'stream.m3u8'), 'utf8'), /segment_0\.ts\n#EXT-X-ENDLIST\n$/)
  t.strictSame((await readdir(folder)).sort(), ['segment_0.ts', 'segment_1.ts', 'stream.m3u8'])
  t.equal(await closeForGood(folder), false, 'once')
})
