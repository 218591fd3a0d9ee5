import { EventEmitter } from 'node:events'
import t from 'tap'
import { LiveEvents } from '../../src/livestream/live-events.ts'
import type { StreamRegistry } from '../../src/media/registry.ts'
import { Told } from '../fixtures/told.ts'

const SEGMENT = { sequence: 7, durationMs: 1_500, bytes: 188, discontinuity: true, programDateTimeMs: 0 }
const PUBLISHED = { segmentCount: 8, durationMs: 15_500, bytes: 1_880 }

/** A stream as far as events know it. */
const streamOf = (parts: object = {}) => ({
  key: 'show', folder: '/media/show', userId: 'alice', title: undefined, resumeToken: 'the secret token', startedAt: new Date(1_000), endedAt: new Date(20_000), packager: PUBLISHED, ...parts
})

function events (active: object[] = []) {
  const registry = Object.assign(new EventEmitter(), { active: () => active })
  const log = new Told()
  const events = new LiveEvents({ registry: registry as unknown as StreamRegistry, segmentUrl: (key, name) => `/live/${key}/${name}`, log })
  const heard: Array<[name: string, payload: object]> = []
  for (const name of ['stream-started', 'segment-listed', 'stream-ended'] as const) events.on(name, (payload: object) => { heard.push([name, payload]) })
  return { registry, log, events, heard }
}

t.test('what is told of a stream: frozen copies, without its token', async t => {
  const { registry, heard } = events()
  const stream = streamOf({ title: 'The show' })
  registry.emit('started', stream)
  registry.emit('segment-listed', stream, SEGMENT)
  registry.emit('ended', stream, 'stopped')
  t.strictSame(heard, [
    ['stream-started', { streamKey: 'show', userId: 'alice', title: 'The show', startedAt: new Date(1_000) }],
    ['segment-listed', { streamKey: 'show', sequence: 7, durationSeconds: 1.5, bytes: 188, discontinuity: true, path: '/media/show/segment_7.ts', url: '/live/show/segment_7.ts' }],
    ['stream-ended', { streamKey: 'show', userId: 'alice', title: 'The show', startedAt: new Date(1_000), endedAt: new Date(20_000), reason: 'stopped', segmentCount: 8, durationSeconds: 15.5, bytes: 1_880 }]
  ])
  t.ok(heard.every(([, payload]) => Object.isFrozen(payload)))
  t.not((heard[0]![1] as { startedAt: Date }).startedAt, stream.startedAt)
})

t.test('a stream that was only prepared neither begins nor ends', async t => {
  const { registry, heard } = events()
  registry.emit('ended', streamOf({ packager: undefined }), 'not started in time')
  t.strictSame(heard, [])
})

t.test('streams of an earlier server are told once, before all else of them', async t => {
  const [waiting, prepared] = [streamOf(), streamOf({ key: 'prepared', packager: undefined })]
  const { registry, events: live, heard } = events([waiting, prepared])
  live.tellRecovered()
  registry.emit('segment-listed', waiting, SEGMENT)
  t.strictSame(heard.map(([name]) => name), ['stream-started', 'segment-listed'])
  t.match(heard[0]![1], { streamKey: 'show', resumed: true })

  const early = streamOf({ key: 'early' })
  registry.emit('ended', early, 'broadcaster disconnected')
  t.strictSame(heard.slice(2).map(([name, payload]) => [name, (payload as { streamKey: string }).streamKey]), [['stream-started', 'early'], ['stream-ended', 'early']], 'one that ends before the server is ready has begun too')
})

t.test('a listener that fails, now or later, is logged and stops nobody', async t => {
  const { registry, events: live, log } = events()
  const heard: string[] = []
  live.prependListener('stream-started', () => { throw new Error('now') })
  live.prependListener('stream-started', async () => { throw new Error('later') })
  live.once('stream-started', () => { heard.push('once') })
  live.on('stream-started', () => { heard.push('always') })
  registry.emit('started', streamOf())
  registry.emit('started', streamOf())
  t.strictSame(heard, ['once', 'always', 'always'])
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(log.all('a listener failed').map(fields => (fields as { err: Error }).err.message), ['now', 'now', 'later', 'later'])
})
