import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Packager, type NewSegment, type PackagerSettings } from '../../../src/media/hls/packager.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'

const SETTINGS: PackagerSettings = { segmentTargetSeconds: 2, liveWindowSegments: 3, memoryWindowBytes: 25, syncSegments: 'off' }

function segment (over: Partial<NewSegment> = {}): NewSegment {
  return { data: Buffer.from('0123456789'), durationMs: 2000, discontinuity: false, programDateTimeMs: Date.UTC(2024, 0, 1), ...over }
}

t.test('SYNC_SEGMENTS: with the disk waited for, the same is on it', async t => {
  const folder = join(t.testdir(), 'key')
  const packager = await Packager.open(folder, { ...SETTINGS, syncSegments: 'on' })
  for (let index = 0; index < 3; index++) await packager.add(segment())
  await packager.end()
  t.strictSame((await readdir(folder)).sort(), ['live.m3u8', 'segment_0.ts', 'segment_1.ts', 'segment_2.ts', 'stream.m3u8'])
  t.match(readPlaylist(await readFile(join(folder, 'stream.m3u8'), 'utf8')), { ended: true, segments: { length: 3 } })
})

t.test('a broadcast that an earlier server began goes on: same playlists, same numbers', async t => {
  const folder = join(t.testdir(), 'key')
  const first = await Packager.open(folder, SETTINGS)
  const segments = []
  for (let index = 0; index < 5; index++) segments.push(await first.add(segment({ discontinuity: index % 2 === 1 })))
  const second = await Packager.resume(folder, SETTINGS, { firstSequence: first.firstSequence, discontinuitySequence: first.firstDiscontinuity, segments })
  for (const name of ['eventPlaylist', 'livePlaylist'] as const) t.equal(second[name].body.toString(), first[name].body.toString(), name)
  t.match(second, { segmentCount: first.segmentCount, bytes: first.bytes, durationMs: first.durationMs, memoryBytes: 0, ended: false })
  t.equal(await readFile(join(folder, 'stream.m3u8'), 'utf8'), first.eventPlaylist.body.toString())
  t.match(await second.add(segment()), { sequence: 5 })
})

t.test('what must happen before a segment is listed: when it fails, nothing is', async t => {
  const folder = join(t.testdir(), 'key')
  const packager = await Packager.open(folder, SETTINGS)
  await t.rejects(packager.add(segment(), async () => { throw new Error('not now') }), { message: 'not now' })
  t.equal(packager.segmentCount, 0)
  t.notMatch(packager.eventPlaylist.body.toString(), /segment_/)
  const seen: string[][] = []
  await packager.add(segment(), async ({ sequence }) => { seen.push([`${sequence}`, ...(await readdir(folder)).sort()]) })
  t.strictSame(seen, [['0', 'segment_0.ts', 'stream.m3u8']], 'the segment is on disk by then, under the same number')
})

t.test('segments are on disk, in memory and in both playlists', async t => {
  const folder = join(t.testdir(), 'key')
  const packager = await Packager.open(folder, SETTINGS)
  t.strictSame(await readdir(folder), ['stream.m3u8'])
  for (let index = 0; index < 5; index++) {
    const listed = await packager.add(segment({ data: Buffer.from(`segment ${index}.`), durationMs: 2000 + index }))
    t.match(listed, { sequence: index, bytes: 10, durationMs: 2000 + index })
  }
  t.equal(packager.segmentCount, 5)
  t.equal(packager.bytes, 50)
  t.equal(packager.durationMs, 10_010)
  t.equal(packager.firstSequence, 0)
  t.strictSame((await readdir(folder)).sort(), ['segment_0.ts', 'segment_1.ts', 'segment_2.ts', 'segment_3.ts', 'segment_4.ts', 'stream.m3u8'], 'no temporary name is left')
  t.equal(await readFile(join(folder, 'segment_3.ts'), 'utf8'), 'segment 3.')
  t.equal(await readFile(join(folder, 'stream.m3u8'), 'utf8'), packager.eventPlaylist.body.toString(), 'the playlist on disk is the one that is served')

  t.equal(packager.segment(4)?.toString(), 'segment 4.')
  t.equal(packager.segment(3)?.toString(), 'segment 3.')
  t.equal(packager.segment(2), undefined, 'the memory window is bounded')
  t.equal(packager.memoryBytes, 20)

  const event = readPlaylist(packager.eventPlaylist.body.toString())
  t.match(event, { type: 'EVENT', ended: false, mediaSequence: 0, segments: { length: 5 } })
  t.strictSame(event.segments.map(({ durationMs }) => durationMs), [2000, 2001, 2002, 2003, 2004])
  const live = readPlaylist(packager.livePlaylist.body.toString())
  t.match(live, { ended: false, mediaSequence: 2, segments: [{ name: 'segment_2.ts' }, { name: 'segment_3.ts' }, { name: 'segment_4.ts' }] })
  t.not(live.type, 'EVENT')

  await packager.end()
  await packager.end()
  t.equal(packager.ended, true)
  for (const [name, rendering] of [['stream.m3u8', packager.eventPlaylist], ['live.m3u8', packager.livePlaylist]] as const) {
    const text = await readFile(join(folder, name), 'utf8')
    t.equal(text, rendering.body.toString())
    t.equal(text.split('#EXT-X-ENDLIST').length, 2, `${name} has one end`)
    t.equal(readPlaylist(text).ended, true)
  }
  packager.releaseMemory()
  t.equal(packager.memoryBytes, 0)
  t.equal(packager.segment(4), undefined)
})

t.test('a rendering is made once for each change, and the old one stays what it was', async t => {
  const packager = await Packager.open(t.testdir(), SETTINGS)
  const before = packager.eventPlaylist
  const text = before.body.toString()
  t.equal(packager.eventPlaylist, before)
  await packager.add(segment())
  t.not(packager.eventPlaylist, before)
  t.ok(packager.eventPlaylist.version > before.version)
  t.equal(before.body.toString(), text)
  t.ok(packager.eventPlaylist.body.toString().startsWith(text), 'stream.m3u8 only grows')
})

t.test('the discontinuity sequence of live.m3u8 goes on when a discontinuity leaves the window', async t => {
  const packager = await Packager.open(t.testdir(), SETTINGS)
  const cuts = new Set([0, 2, 3, 7])
  for (let index = 0; index < 12; index++) {
    await packager.add(segment({ discontinuity: cuts.has(index) }))
    const event = readPlaylist(packager.eventPlaylist.body.toString())
    const live = readPlaylist(packager.livePlaylist.body.toString())
    t.strictSame(live.segments.map(({ sequence, continuity }) => ({ sequence, continuity })), event.segments.slice(-3).map(({ sequence, continuity }) => ({ sequence, continuity })), `after segment ${index}`)
    t.equal(live.mediaSequence, Math.max(0, index - 2))
  }
  t.equal(readPlaylist(packager.livePlaylist.body.toString()).discontinuitySequence, 3, 'the first segment of all is not discontinuous')
})

t.test('HLS-07: a new broadcast on the same key goes on counting', async t => {
  const folder = t.testdir()
  const first = await Packager.open(folder, SETTINGS)
  for (const discontinuity of [false, true]) await first.add(segment({ discontinuity }))
  await first.end()
  const second = await Packager.open(folder, SETTINGS)
  t.equal(second.firstSequence, 2)
  t.equal(second.segmentCount, 0)
  t.strictSame((await readdir(folder)).sort(), ['segment_0.ts', 'segment_1.ts', 'stream.m3u8'], 'the segments stay, the live playlist goes')
  await second.add(segment({ discontinuity: true }))
  for (const { body } of [second.eventPlaylist, second.livePlaylist]) {
    t.match(readPlaylist(body.toString()), { mediaSequence: 2, discontinuitySequence: 2, segments: [{ name: 'segment_2.ts', continuity: 2 }] })
  }
})

t.test('HLS-07: numbering goes on after a crash, past files that no playlist lists', async t => {
  const folder = t.testdir({ 'stream.m3u8': '', 'segment_8.ts': 'x', 'segment_9.ts.part': 'half' })
  const packager = await Packager.open(folder, SETTINGS)
  t.equal((await packager.add(segment())).sequence, 9)
})

t.test('nothing is listed that is not on disk', async t => {
  const folder = t.testdir()
  const packager = await Packager.open(folder, SETTINGS)
  await packager.add(segment())
  const before = { event: packager.eventPlaylist.body.toString(), live: packager.livePlaylist.body.toString(), disk: await readFile(join(folder, 'stream.m3u8'), 'utf8') }
  const unchanged = async () => {
    t.strictSame({ event: packager.eventPlaylist.body.toString(), live: packager.livePlaylist.body.toString(), disk: await readFile(join(folder, 'stream.m3u8'), 'utf8') }, before)
    t.match(packager, { segmentCount: 1, bytes: 10, durationMs: 2000 })
    t.equal(packager.segment(1), undefined)
  }
  await symlink('/dev/full', join(folder, 'segment_1.ts.part'))
  await t.rejects(packager.add(segment()), { code: 'ENOSPC' })
  await unchanged()
  await mkdir(join(folder, 'segment_1.ts'))
  await t.rejects(packager.add(segment()))
  await unchanged()
  await rm(join(folder, 'segment_1.ts'), { recursive: true })
  await t.rejects(packager.add(segment({ data: Buffer.alloc(0) })), /empty/)
  await unchanged()
  t.match(await packager.add(segment()), { sequence: 1 }, 'the same number when it can be written again')
})

t.test('a segment whose line cannot be written is not listed, and may be given again', async t => {
  const folder = t.testdir()
  const packager = await Packager.open(folder, SETTINGS)
  await packager.add(segment())
  const text = await readFile(join(folder, 'stream.m3u8'), 'utf8')
  await rm(join(folder, 'stream.m3u8'))
  await mkdir(join(folder, 'stream.m3u8'))
  await t.rejects(packager.add(segment()), { code: 'EISDIR' })
  t.equal(packager.segmentCount, 1)
  await rm(join(folder, 'stream.m3u8'), { recursive: true })
  await writeFile(join(folder, 'stream.m3u8'), text)
  t.match(await packager.add(segment()), { sequence: 1 })
  t.equal(await readFile(join(folder, 'stream.m3u8'), 'utf8'), packager.eventPlaylist.body.toString())
})

t.test('a folder that cannot be made is told', async t => {
  const folder = t.testdir({ file: '' })
  await t.rejects(Packager.open(join(folder, 'file', 'key'), SETTINGS), { code: 'ENOTDIR' })
  await chmod(folder, 0o755)
})
