import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { logName } from '../../../src/media/log-name.ts'
import { Storage, type StorageSettings } from '../../../src/media/storage/storage.ts'
import { Told } from '../../fixtures/told.ts'

const SEGMENT_BYTES = 100
const PLENTY = 1_000_000

/** Folders of ended streams, one segment each, the first one the oldest; and a disk that is as full as the test says. */
async function make (t: Test, ended: string[], settings: Partial<StorageSettings> = {}) {
  const streamsDir = t.testdir()
  for (const [index, key] of ended.entries()) {
    await mkdir(join(streamsDir, key))
    await writeFile(join(streamsDir, key, 'stream.m3u8'), '')
    await writeFile(join(streamsDir, key, 'segment_0.ts'), Buffer.alloc(SEGMENT_BYTES))
    await utimes(join(streamsDir, key), index + 1, index + 1)
  }
  const told = new Told()
  const running = new Set<string>()
  const removed: string[] = []
  const changes: string[] = []
  const disk: { free: () => number } = { free: () => PLENTY }
  const storage = new Storage({
    settings: { streamsDir, diskLowBytes: 1_000, diskCriticalBytes: 500, diskCheckMs: 60_000, maxStorageBytes: 0, ...settings },
    log: told,
    isRunning: key => running.has(key),
    onRemoved: key => { removed.push(key) },
    onChanged: ({ state, freeBytes }) => { changes.push(`${state} ${freeBytes}`) },
    measure: async () => disk.free()
  })
  t.teardown(() => storage.close())
  await storage.open()
  await storage.recount()
  /** As a stream's packager does. */
  const write = async (key: string, sequence: number) => {
    const bytes = Buffer.alloc(SEGMENT_BYTES)
    return await storage.storeOf(key).store(bytes.length, async () => {
      await mkdir(join(streamsDir, key), { recursive: true })
      await writeFile(join(streamsDir, key, 'stream.m3u8'), '')
      await writeFile(join(streamsDir, key, `segment_${sequence}.ts`), bytes)
      return 'written'
    })
  }
  return { storage, streamsDir, told, running, removed, changes, disk, write, left: async () => (await readdir(streamsDir)).filter(name => !name.startsWith('.')).sort() }
}

t.test('what is there is counted, and what comes', async t => {
  const { storage, write } = await make(t, ['a', 'b'])
  t.strictSame(storage.report, { state: 'ok', freeBytes: PLENTY, usedBytes: 200, maxBytes: 0 })
  t.equal(await write('c', 0), 'written')
  t.equal(storage.report.usedBytes, 300)
  await t.rejects(storage.storeOf('c').store(50, async () => { throw new Error('full') }), { message: 'full' })
  t.equal(storage.report.usedBytes, 300, 'what was not written does not count')
  await storage.recount()
  t.equal(storage.report.usedBytes, 300, 'the disk says the same')
})

t.test('HLS-07: at the cap of all streams the ones that ended longest ago go', async t => {
  const { storage, write, running, removed, left, told } = await make(t, ['a', 'b', 'c'], { maxStorageBytes: 400 })
  running.add('live')
  t.equal(await write('live', 0), 'written', 'it fits')
  t.strictSame(removed, [])
  t.equal(await write('live', 1), 'written')
  t.strictSame(removed, ['a'])
  t.equal(await write('live', 2), 'written')
  t.strictSame(await left(), ['c', 'live'])
  t.strictSame(storage.report.usedBytes, 400)
  t.match(told.all('an ended stream was removed to make room'), [{ removed: logName('a'), why: 'MAX_STORAGE_BYTES' }, { removed: logName('b') }])
})

t.test('HLS-07: where only running streams and other things are left there is no room', async t => {
  const { storage, streamsDir, write, running, left } = await make(t, ['a', 'b'], { maxStorageBytes: 300 })
  await writeFile(join(streamsDir, 'a', 'recording.mp4'), '')
  await storage.recount()
  running.add('live')
  running.add('b')
  t.equal(await write('live', 0), 'written')
  t.match(storage.refusal, /MAX_STORAGE_BYTES.*raise the limit/)
  t.equal(await write('live', 1), undefined)
  t.strictSame(await left(), ['a', 'b', 'live'])
  t.equal((await readdir(join(streamsDir, 'live'))).length, 2, 'nothing was written')
  t.equal(storage.report.usedBytes, 300)
  running.delete('b')
  t.equal(storage.refusal, undefined, 'one has ended: it can make room')
  t.equal(await write('live', 1), 'written')
  t.strictSame(await left(), ['a', 'live'])
})

t.test('many at once stay below the cap', async t => {
  const { storage, write, running } = await make(t, ['a', 'b', 'c', 'd', 'e'], { maxStorageBytes: 700 })
  const keys = ['p', 'q', 'r', 's']
  for (const key of keys) running.add(key)
  let most = 0
  const written = await Promise.all(keys.flatMap(key => [0, 1, 2].map(async sequence => {
    const answer = await write(key, sequence)
    most = Math.max(most, storage.report.usedBytes)
    return answer
  })))
  t.equal(written.filter(answer => answer === 'written').length, 7)
  t.ok(most <= 700)
  await storage.recount()
  t.equal(storage.report.usedBytes, 700)
})

t.test('a cap holds what was there before the server began, too', async t => {
  const { streamsDir } = await make(t, ['a', 'b', 'c'])
  const storage = new Storage({
    settings: { streamsDir, diskLowBytes: 0, diskCriticalBytes: 0, diskCheckMs: 60_000, maxStorageBytes: 300 },
    log: new Told(),
    isRunning: () => false,
    onRemoved: () => {},
    onChanged: () => {}
  })
  t.teardown(() => storage.close())
  await storage.open()
  // Nobody waits for the count but this.
  await storage.storeOf('live').store(SEGMENT_BYTES, async () => {})
  t.equal(storage.report.usedBytes, 300)
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')).sort(), ['b', 'c'])
})

t.test('below the first watermark no new streams; below the second the oldest go until there is enough', async t => {
  const { storage, disk, running, removed, changes, left } = await make(t, ['a', 'b', 'c', 'd'])
  t.equal(storage.refusal, undefined)
  disk.free = () => 800
  await storage.check()
  t.match(storage.refusal, /800 bytes are free.*1000 \(DISK_LOW_BYTES\).*free some space/)
  t.strictSame(removed, [], 'nothing goes yet')
  running.add('b')
  disk.free = () => 300 + 120 * removed.length
  await storage.check()
  t.strictSame(removed, ['a', 'c'], 'not the running one, and no more than needed')
  t.strictSame(await left(), ['b', 'd'])
  t.strictSame(changes, ['low 800', 'critical 300', 'low 540'])
  disk.free = () => PLENTY
  await storage.check()
  t.equal(storage.refusal, undefined)
  t.strictSame(changes.slice(3), [`ok ${PLENTY}`])
})

t.test('a disk that others fill: all ended streams go, running ones go on', async t => {
  const { storage, disk, running, left, write } = await make(t, ['a', 'b'])
  running.add('b')
  disk.free = () => 0
  await storage.check()
  t.strictSame(await left(), ['b'])
  t.equal(await write('b', 1), 'written')
  t.equal(storage.report.state, 'critical')
})
