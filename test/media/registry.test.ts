import { once } from 'node:events'
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../src/config/load.ts'
import type { LivestreamConfig } from '../../src/config/livestream.ts'
import type { HeadwaterError } from '../../src/errors/catalogue.ts'
import { logName } from '../../src/media/log-name.ts'
import { StreamRegistry } from '../../src/media/registry.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { programThat } from '../fixtures/programs.ts'
import { recording } from '../fixtures/recording.ts'
import { Told } from '../fixtures/told.ts'

function make (t: Test, settings: Partial<LivestreamConfig> = {}, ffmpegPath = 'ffmpeg'): { registry: StreamRegistry, told: Told, streamsDir: string } {
  const streamsDir = join(t.testdir({ streams: {} }), 'streams')
  const told = new Told()
  const registry = new StreamRegistry({ settings: completeLivestreamOptions({ streamsDir, ...settings }), ffmpegPath, log: told, logFor: () => told })
  t.teardown(() => registry.close(0))
  return { registry, told, streamsDir }
}

t.test('one stream a key, and the one that ended last', async t => {
  const { registry, streamsDir } = make(t)
  await registry.open()
  t.equal(registry.get('one'), undefined)
  const one = registry.prepare('one', { userId: 'alice', title: 'Title', description: 'Text' })
  t.match(one, { key: 'one', userId: 'alice', title: 'Title', description: 'Text', folder: join(streamsDir, 'one') })
  t.equal(registry.get('one'), one)
  t.throws(() => registry.prepare('one'), { code: 'STREAM_ALREADY_EXISTS', streamKey: 'one' })
  const two = registry.prepare('two')
  t.strictSame(registry.active(), [one, two])
  one.viewers.add('viewer')
  await one.end('stopped')
  t.equal(registry.get('one'), one, 'what ended can still be looked at')
  t.strictSame(registry.active(), [two])
  const again = registry.prepare('one')
  t.not(again, one)
  t.strictSame([...again.viewers], ['viewer'], 'who watched the key watches on')
  t.strictSame(registry.active(), [two, again], 'in the order in which they began')
})

t.test('HLS-08: MAX_STREAMS', async t => {
  const { registry } = make(t, { maxStreams: 2 })
  await registry.open()
  const one = registry.prepare('one')
  registry.prepare('two')
  t.throws(() => registry.prepare('three'), { code: 'SERVER_BUSY', streamKey: 'three' })
  await one.end('stopped')
  t.equal(registry.prepare('three').key, 'three')
})

t.test('CPU_BUDGET: what is refused is told with its reason, and what ends gives its share back', async t => {
  const { registry } = make(t, { cpuBudget: 0.1, copyCost: 0.1, maxStreams: 3 })
  await registry.open()
  const refused: string[] = []
  registry.on('refused', why => refused.push(why))
  const troubles: HeadwaterError[] = []
  registry.on('troubled', (_stream, error) => { troubles.push(error) })
  const [one, two] = ['one', 'two'].map(key => registry.prepare(key))
  await Promise.all([one!, two!].map(async stream => await stream.start(`socket of ${stream.key}`, 'alice')))
  t.equal(one!.cost, undefined, 'nothing is known of it yet')
  const bytes = await recording({ seconds: 2 })
  await one!.take({ bytes, seq: 0, acknowledged: true })
  await once(registry, 'segment-listed')
  t.strictSame(one!.cost, { kind: 'copy', cores: 0.1 })
  t.match(registry.admission.report, { budgetCores: 0.1, reservedCores: 0.1, startsWaiting: 0 })
  const ended = once(registry, 'ended')
  await two!.take({ bytes, seq: 0, acknowledged: true })
  t.match(await ended, [{ key: 'two' }, 'server busy'])
  t.match(troubles, [{ code: 'SERVER_BUSY', message: /^This stream needs 0\.10 CPU cores, the server has too little left/, retryAfterMs: 10_000 }])
  t.throws(() => registry.prepare('two'), { code: 'SERVER_BUSY', message: /^Streams take all of the server's CPU budget/, retryAfterMs: 10_000 })
  t.strictSame(refused, ['cpu', 'cpu'])
  await one!.end('stopped')
  t.equal(registry.admission.report.reservedCores, 0)
  registry.prepare('two')
})

t.test('a stream that an earlier server left keeps its share', async t => {
  const { registry: earlier, streamsDir } = make(t, { cpuBudget: 0.1, copyCost: 0.1 })
  await earlier.open()
  const stream = earlier.prepare('show', { userId: 'alice' })
  await stream.start('socket', 'alice')
  await stream.take({ bytes: await recording({ seconds: 3 }), seq: 0, acknowledged: true })
  await once(earlier, 'segment-listed')
  await earlier.close(10_000)
  t.equal(earlier.admission.report.reservedCores, 0)
  const told = new Told()
  const registry = new StreamRegistry({ settings: completeLivestreamOptions({ streamsDir, cpuBudget: 0.05 }), ffmpegPath: 'ffmpeg', log: told, logFor: () => told })
  t.teardown(() => registry.close(0))
  await registry.open()
  t.strictSame(registry.get('show')!.cost, { kind: 'copy', cores: 0.1 })
  t.throws(() => registry.prepare('other'), { code: 'SERVER_BUSY' })
  await registry.get('show')!.end('stopped')
  t.equal(registry.admission.report.reservedCores, 0)
})

t.test('what happens to streams is told', async t => {
  const { registry } = make(t)
  await registry.open()
  const told: string[] = []
  for (const name of ['started', 'reconnecting', 'resumed', 'ended', 'segment-listed', 'troubled'] as const) {
    registry.on(name, (stream: { key: string }, ...details: unknown[]) => { told.push([name, stream.key, ...details.filter(detail => typeof detail === 'string')].join(' ')) })
  }
  const stream = registry.prepare('show')
  await stream.start('socket', 'alice')
  stream.lose()
  stream.resume('socket')
  await stream.take({ bytes: await recording({ seconds: 1 }), seq: 0, acknowledged: true })
  await stream.take({ bytes: Buffer.alloc(5_000_000), seq: 1, acknowledged: true })
  await stream.end('ended by owner')
  t.strictSame(told, ['started show', 'reconnecting show', 'resumed show', 'troubled show', 'segment-listed show', 'ended show ended by owner'])
})

t.test('HLS-07: what an earlier server left is settled: playlists are closed, old folders removed', async t => {
  const { registry, told, streamsDir } = make(t, { retentionHours: 1 })
  const head = '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n'
  for (const key of ['open', 'old']) {
    await mkdir(join(streamsDir, key))
    await writeFile(join(streamsDir, key, 'stream.m3u8'), head + (key === 'old' ? '#EXT-X-ENDLIST\n' : ''))
  }
  const longAgo = new Date(Date.now() - 2 * 3_600_000)
  await utimes(join(streamsDir, 'old'), longAgo, longAgo)
  await registry.open()
  t.equal(await readFile(join(streamsDir, 'open', 'stream.m3u8'), 'utf8'), head + '#EXT-X-ENDLIST\n')
  await t.rejects(readFile(join(streamsDir, 'old', 'stream.m3u8')), { code: 'ENOENT' })
  t.match(told.entries, [{ level: 'warn', fields: { streams: [logName('open')] } }, { level: 'info', fields: { removed: [logName('old')] } }])
})

t.test('the media root is made', async t => {
  const { registry, streamsDir } = make(t, { streamsDir: join(t.testdirName, 'a', 'b') })
  await registry.open()
  t.ok(streamsDir)
  t.equal(registry.folderOf('key'), join(t.testdirName, 'a', 'b', 'key'))
})

t.test('close ends all streams with what they have, and takes no more', async t => {
  const { registry } = make(t, { closeStreams: 'end' })
  await registry.open()
  const stream = registry.prepare('show')
  registry.prepare('waiting')
  await stream.start('socket', 'alice')
  await stream.take({ bytes: await recording({ seconds: 3 }), seq: 0, acknowledged: true })
  const reasons: string[] = []
  registry.on('ended', (_stream, reason) => reasons.push(reason))
  await registry.close(10_000)
  t.strictSame(reasons, ['server closing', 'server closing'])
  t.ok(stream.packager!.durationMs > 2900, 'what was sent is published')
  t.throws(() => registry.prepare('late'), { code: 'SERVER_BUSY' })
})

t.test('close does not wait for ever', async t => {
  const { registry } = make(t, { ffmpegStartSeconds: 60, ffmpegDrainSeconds: 60, closeStreams: 'end' }, programThat('ignores-sigterm'))
  await registry.open()
  const stream = registry.prepare('show')
  await stream.start('socket', 'alice')
  await stream.take({ bytes: await recording({ seconds: 2 }), seq: 0, acknowledged: true })
  const ended = once(registry, 'ended')
  const began = performance.now()
  await registry.close(100)
  t.ok(performance.now() - began < 2000)
  t.match(await ended, [{ key: 'show' }, 'server closing'])
  t.strictSame(childProcesses(/sleep|ffmpeg|\.sh/), [], 'no process is left')
})
