import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { appendWhole, closeAbandoned, lastWritten, listFiles, openFolder, readNumbering, readText, writeWhole } from '../../../src/media/hls/files.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'

const HEAD = '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n\n'
const ENTRY = '#EXTINF:2.000,\nsegment_4.ts\n'

t.test('a file is written whole, under another name first', async t => {
  const folder = t.testdir({ 'segment_1.ts': 'old' })
  await writeWhole(folder, 'segment_1.ts', Buffer.from('new'))
  t.equal(await readFile(join(folder, 'segment_1.ts'), 'utf8'), 'new')
  t.strictSame(await readdir(folder), ['segment_1.ts'])
})

t.test('a write that fails leaves nothing behind and is told', async t => {
  const folder = t.testdir({ 'segment_1.ts': {} })
  await t.rejects(writeWhole(folder, 'segment_1.ts', Buffer.from('new')), 'a folder stands in its place')
  t.strictSame(await readdir(folder), ['segment_1.ts'])
  await t.rejects(writeWhole(join(folder, 'gone'), 'segment_1.ts', Buffer.from('new')), { code: 'ENOENT' })
  await symlink('/dev/full', join(folder, 'segment_2.ts.part'))
  await t.rejects(writeWhole(folder, 'segment_2.ts', Buffer.from('new')), { code: 'ENOSPC' }, 'the disk is full')
  t.strictSame(await readdir(folder), ['segment_1.ts'])
})

t.test('files in the order in which a person reads them', async t => {
  const folder = t.testdir({ 'segment_10.ts': '', 'segment_9.ts': '', 'live.m3u8': '', 'stream.m3u8': '', 'segment_11.ts.part': '', 'notes.txt': '' })
  t.strictSame(await listFiles(folder), ['stream.m3u8', 'live.m3u8', 'segment_9.ts', 'segment_10.ts', 'notes.txt'])
  t.equal(await listFiles(join(folder, 'gone')), undefined)
  t.equal(await listFiles(join(folder, 'notes.txt')), undefined, 'a file is no folder')
})

t.test('text that is not there is no error', async t => {
  const folder = t.testdir({ there: 'text' })
  t.equal(await readText(join(folder, 'there')), 'text')
  t.equal(await readText(join(folder, 'gone')), undefined)
  await t.rejects(readText(folder), { code: 'EISDIR' }, 'anything else is')
})

t.test('HLS-07: numbering goes on from whatever is higher, the playlist or the files', async t => {
  const folder = t.testdir({
    none: {},
    listed: { 'stream.m3u8': HEAD + ENTRY + '#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\nsegment_5.ts\n#EXT-X-ENDLIST\n' },
    unlisted: { 'stream.m3u8': HEAD + ENTRY, 'segment_4.ts': '', 'segment_12.ts': '' },
    files: { 'segment_7.ts': '' }
  })
  t.match(await readNumbering(join(folder, 'gone')), { nextSequence: 0, discontinuitySequence: 0 })
  t.match(await readNumbering(join(folder, 'none')), { nextSequence: 0 })
  t.match(await readNumbering(join(folder, 'listed')), { nextSequence: 6, discontinuitySequence: 1, ended: true })
  t.match(await readNumbering(join(folder, 'unlisted')), { nextSequence: 13, ended: false })
  t.match(await readNumbering(join(folder, 'files')), { nextSequence: 8 })
})

t.test('a folder is opened: made, cleared of what a crash left half-written, with an empty playlist', async t => {
  const folder = join(t.testdir({ key: { 'segment_1.ts': 'a', 'segment_2.ts.part': 'b', 'stream.m3u8': 'old' } }), 'key')
  await openFolder(folder, Buffer.from(HEAD))
  t.strictSame((await readdir(folder)).sort(), ['segment_1.ts', 'stream.m3u8'])
  t.equal(await appendWhole(join(folder, 'stream.m3u8'), ENTRY, HEAD.length), HEAD.length + ENTRY.length)
  t.equal(await readFile(join(folder, 'stream.m3u8'), 'utf8'), HEAD + ENTRY)
  const deep = join(folder, 'a', 'b')
  await openFolder(deep, Buffer.from(HEAD))
  t.equal(await readFile(join(deep, 'stream.m3u8'), 'utf8'), HEAD)
})

t.test('what is added to a file is there whole, or not at all', async t => {
  const path = join(t.testdir({ file: 'first\nsec' }), 'file')
  t.equal(await appendWhole(path, 'second\n', 6, { sync: true }), 13, 'what was left behind the known length is written over')
  t.equal(await readFile(path, 'utf8'), 'first\nsecond\n')
  await t.rejects(appendWhole(join(path, 'below'), 'x', 0), { code: 'ENOTDIR' })
  // A device that is always full.
  await t.rejects(appendWhole('/dev/full', 'x', 0), { code: /ENOSPC|EINVAL/ })
})

t.test('HLS-07: playlists that a dead server left open are closed', async t => {
  const streams = t.testdir({
    open: { 'stream.m3u8': HEAD + ENTRY },
    cutInName: { 'stream.m3u8': HEAD + ENTRY + '#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2024-01-01T12:00:00.000Z\n#EXTINF:2.000,\nsegment_5' },
    cutInTag: { 'stream.m3u8': HEAD + ENTRY + '#EXTINF:2.0' },
    ended: { 'stream.m3u8': HEAD + ENTRY + '#EXT-X-ENDLIST\n' },
    foreign: { 'notes.txt': '' },
    'file.txt': ''
  })
  for (const [key, wasOpen] of Object.entries({ open: true, cutInName: true, cutInTag: true, ended: false, foreign: false, 'file.txt': false, gone: false })) {
    t.equal(await closeAbandoned(join(streams, key)), wasOpen, key)
  }
  for (const key of ['open', 'cutInName', 'cutInTag', 'ended']) {
    const text = await readFile(join(streams, key, 'stream.m3u8'), 'utf8')
    t.match(readPlaylist(text), { ended: true, mediaSequence: 4, segments: { length: 1 } }, key)
    t.ok(text.endsWith(ENTRY + '#EXT-X-ENDLIST\n'), text)
  }
  t.equal(await closeAbandoned(join(streams, 'open')), false, 'once')
})

t.test('HLS-07: a playlist that was left without a segment keeps its head', async t => {
  const streams = t.testdir({ early: { 'stream.m3u8': HEAD }, cut: { 'stream.m3u8': HEAD + '#EXTINF:2.000,\nsegm' } })
  for (const key of ['early', 'cut']) {
    await closeAbandoned(join(streams, key))
    const text = await readFile(join(streams, key, 'stream.m3u8'), 'utf8')
    t.match(text, /#EXT-X-MEDIA-SEQUENCE:4\n/, key)
    t.match(text, /#EXT-X-TARGETDURATION:2\n/)
    t.match(text, /#EXT-X-ENDLIST\n$/)
    t.notMatch(text, /EXTINF/)
    t.match(await readNumbering(join(streams, key)), { nextSequence: 4, ended: true }, 'and the numbering goes on')
  }
})

t.test('when a folder was written to', async t => {
  const folder = t.testdir({ key: {} })
  const before = await lastWritten(join(folder, 'key'))
  t.ok(Math.abs(before! - Date.now()) < 10_000)
  t.equal(await lastWritten(join(folder, 'gone')), undefined)
  await mkdir(join(folder, 'other'))
  await writeFile(join(folder, 'other', 'file'), '')
  t.ok((await lastWritten(join(folder, 'other')))! >= before!)
})
