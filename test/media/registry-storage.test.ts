import { once } from 'node:events'
import { mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../src/config/load.ts'
import type { LivestreamConfig } from '../../src/config/livestream.ts'
import { StreamRegistry } from '../../src/media/registry.ts'
import { recording } from '../fixtures/recording.ts'
import { Told } from '../fixtures/told.ts'

function make (t: Test, streamsDir: string, settings: Partial<LivestreamConfig> = {}): { registry: StreamRegistry, told: Told } {
  const told = new Told()
  const registry = new StreamRegistry({ settings: completeLivestreamOptions({ streamsDir, ...settings }), ffmpegPath: 'ffmpeg', log: told, logFor: () => told })
  t.teardown(() => registry.close(0))
  return { registry, told }
}

t.test('a folder has one registry at a time', async t => {
  const streamsDir = join(t.testdir(), 'streams')
  const { registry } = make(t, streamsDir)
  await registry.open()
  const second = make(t, streamsDir).registry
  await t.rejects(second.open(), { code: 'STREAMS_DIR_IN_USE' })
  await second.close(0)
  registry.prepare('goes-on')
  await t.rejects(make(t, streamsDir).registry.open(), { code: 'STREAMS_DIR_IN_USE' }, 'who was refused and closes lets nobody in')
  await registry.close(0)
  await t.resolves(make(t, streamsDir).registry.open())
})

t.test('what could not be opened is not kept', async t => {
  const streamsDir = t.testdir({ key: { 'stream.m3u8': {} } })
  await t.rejects(make(t, streamsDir).registry.open(), { code: 'EISDIR' })
  const [lock] = (await readdir(streamsDir)).filter(name => name.startsWith('.'))
  t.equal(await readlink(join(streamsDir, lock!)), 'released')
})

t.test('who lost the folder takes no more streams', async t => {
  const streamsDir = t.testdir()
  const { registry, told } = make(t, streamsDir)
  await registry.open()
  const [lock] = (await readdir(streamsDir)).filter(name => name.startsWith('.'))
  await symlink('other0:1:1:elsewhere:other-host', join(streamsDir, lock!.replace(/\d+$/, number => String(Number(number) + 1))))
  // The next heartbeat sees it; the log is where it is told.
  while (told.all('this server takes no more streams').length === 0) await delay(20)
  t.match(registry.lost, { code: 'STREAMS_DIR_IN_USE' })
  t.throws(() => registry.prepare('late'), { code: 'SERVER_BUSY', message: /Another server has taken over/, cause: { message: /other-host/ } })
})

t.test('too little space is told as an event, and new streams are refused', async t => {
  const streamsDir = t.testdir()
  await mkdir(join(streamsDir, 'ended'))
  await writeFile(join(streamsDir, 'ended', 'stream.m3u8'), '#EXTM3U\n#EXT-X-ENDLIST\n')
  const { registry } = make(t, streamsDir, { diskLowBytes: 1e15, diskCriticalBytes: 1e15 })
  const told: string[] = []
  registry.on('storage-changed', ({ state }) => { told.push(state) })
  await registry.open()
  t.strictSame(told, ['critical'])
  t.match(registry.storage, { state: 'critical', maxBytes: 0 })
  t.throws(() => registry.prepare('late'), { code: 'STORAGE_FULL', streamKey: 'late', statusCode: 507 })
  t.equal(registry.get('late'), undefined)
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')), [], 'what had ended has gone')
})

t.test('a disk that a segment finds full is looked at at once', async t => {
  const FILLER_BYTES = 20_000_000
  const streamsDir = t.testdir()
  const { registry } = make(t, streamsDir, { diskCheckMs: 600_000 })
  await registry.open()
  const { freeBytes } = registry.storage
  const stream = registry.prepare('show')
  await stream.start('socket', 'alice')
  // The first try to write the segment ends there.
  await symlink('/dev/full', join(stream.folder, 'segment_0.ts.part'))
  await writeFile(join(streamsDir, 'filler'), Buffer.alloc(FILLER_BYTES, 'x'))
  const condition = once(registry, 'condition')
  const listed = once(registry, 'segment-listed')
  await stream.take({ bytes: await recording({ seconds: 3 }), seq: 0, acknowledged: true })
  t.match(await condition, [{ key: 'show' }, 'disk-full'])
  await listed
  t.not(registry.storage.freeBytes, freeBytes, 'long before the next look')
  await stream.end('stopped')
})
