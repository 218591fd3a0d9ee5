import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../src/config/load.ts'
import type { LivestreamConfig } from '../../src/config/livestream.ts'
import type { HeadwaterError } from '../../src/errors/catalogue.ts'
import { ContainerReader } from '../../src/media/container/reader.ts'
import type { ReaderEvent } from '../../src/media/container/types.ts'
import { Packager } from '../../src/media/hls/packager.ts'
import { Pipeline, StorageLimitReached } from '../../src/media/pipeline.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { programThat } from '../fixtures/programs.ts'
import { recording } from '../fixtures/recording.ts'
import { roomForAll } from '../fixtures/room.ts'
import { Told } from '../fixtures/told.ts'

interface Made {
  pipeline: Pipeline
  packager: Packager
  told: Told
  /** `listed` with each segment, `failed` with the error. */
  events: EventEmitter
  /** Faults, and `good` when they were over. */
  conditions: string[]
  /** Every single fault. */
  faults: string[]
  failure: Promise<HeadwaterError | StorageLimitReached>
}

async function make (t: Test, ffmpegPath: string, settings: Partial<LivestreamConfig> = {}): Promise<Made> {
  const config = completeLivestreamOptions({ ffmpegStartSeconds: 1, ffmpegStaleSeconds: 1, ffmpegDrainSeconds: 0.2, ffmpegTermSeconds: 0.2, ffmpegRestarts: 1, ...settings })
  const folder = await mkdtemp(join(tmpdir(), 'headwater-pipeline-'))
  const packager = await Packager.open(folder, config)
  const told = new Told()
  const events = new EventEmitter()
  const conditions: string[] = []
  const faults: string[] = []
  const failure = once(events, 'failed').then(([error]) => error as HeadwaterError)
  const pipeline = new Pipeline({
    packager,
    ffmpegPath,
    settings: config,
    log: told,
    storage: roomForAll,
    journal: { append: async () => {} },
    locate: () => undefined,
    onSafe: () => {},
    onCondition: fault => conditions.push(fault ?? 'good'),
    onFault: fault => faults.push(fault),
    onListed: (segment, listing) => events.emit('listed', segment, listing),
    onRunStarted: work => events.emit('run-started', work),
    onRunEnded: outcome => events.emit('run-ended', outcome),
    onFailed: error => events.emit('failed', error)
  })
  t.teardown(async () => {
    await pipeline.abort()
    await rm(folder, { recursive: true, force: true })
  })
  return { pipeline, packager, told, events, conditions, faults, failure }
}

async function read (seconds: number): Promise<ReaderEvent[]> {
  const reader = new ContainerReader({ maxInitBytes: 1e6, maxUnitBytes: 1e6, maxVideoPixels: 1e6 })
  return reader.push(await recording({ seconds }))
}

function feed (pipeline: Pipeline, events: ReaderEvent[]): void {
  for (const event of events) {
    if (event.type === 'init') pipeline.begin(event.init)
    if (event.type === 'unit') pipeline.add(event.unit)
  }
}

t.test('HLS-19: an FFmpeg that does not do its work is started anew, then given up with its first cause', async t => {
  const programs = [
    { program: programThat('crashes'), fault: 'encoder-exited', says: /FFmpeg ended with code 3: reading the first bytes\nout of order/ },
    { program: programThat('hangs'), fault: 'encoder-no-output', says: /gave nothing for 1 s although it was fed \(it never started\)/ },
    { program: programThat('ignores-sigterm'), fault: 'encoder-no-output', says: /it never started/ },
    { program: programThat('says-nothing'), fault: 'encoder-no-output', says: /it never started/ },
    { program: programThat('closes-stdout'), fault: 'encoder-no-output', says: /it never started/ },
    { program: programThat('writes-garbage'), fault: 'encoder-garbled', says: /not MPEG-TS/ },
    { program: '/nowhere/ffmpeg', fault: 'encoder-not-started', says: /FFmpeg could not be started: .*ENOENT/ }
  ]
  const events = await read(4)
  await Promise.all(programs.map(async ({ program, fault, says }) => {
    const name = program.split('/').at(-1)!
    const { pipeline, packager, told, conditions, faults, failure } = await make(t, program)
    feed(pipeline, events)
    t.match(await failure, { code: 'FFMPEG_ERROR', message: says }, name)
    t.equal(told.all('FFmpeg started').length, 2, `${name}: one restart was allowed`)
    t.equal(packager.segmentCount, 0)
    t.equal(pipeline.running, false)
    t.strictSame(conditions, [fault], `${name}: told once, as what it is`)
    t.strictSame(faults, [fault, fault])
    t.match(pipeline.encoder, { restarts: 1, lastFault: fault })
    await pipeline.end()
    t.equal(pipeline.heldBytes, 0, `${name}: nothing is held for nobody`)
    feed(pipeline, events)
    t.equal(pipeline.heldBytes, 0, `${name}: nothing is taken any more`)
  }))
})

t.test('complaints without number do not stop the work', async t => {
  const { pipeline, told } = await make(t, programThat('floods-stderr'), { ffmpegDrainSeconds: 10 })
  feed(pipeline, await read(1))
  await pipeline.end()
  t.match(told.all('FFmpeg ended'), [{ kind: 'finished' }])
})

t.test('a broadcaster that sends nothing is no fault of FFmpeg', async t => {
  const { pipeline, told, events } = await make(t, 'ffmpeg')
  feed(pipeline, (await read(4)).slice(0, -60))
  await once(events, 'listed')
  // Longer than FFmpeg may take for what it is fed.
  await new Promise(resolve => setTimeout(resolve, 1_800))
  t.equal(told.all('FFmpeg started').length, 1)
  t.equal(pipeline.running, true)
  t.equal(pipeline.hasInput, true)
})

t.test('the end of the media is the end of FFmpeg', async t => {
  const { pipeline, packager, told } = await make(t, 'ffmpeg')
  t.match(pipeline, { running: false, pid: undefined, plan: undefined, hasInput: false, heldBytes: 0, safeOffset: 0, encoder: { state: 'idle', restarts: 0, lastFault: null, stalled: null } })
  feed(pipeline, await read(5))
  t.ok(pipeline.heldBytes > 0)
  await pipeline.end()
  await pipeline.end()
  t.equal(packager.durationMs > 4900 && packager.durationMs < 5100, true)
  t.match(told.all('FFmpeg ended'), [{ kind: 'finished' }])
  t.match(pipeline, { running: false, heldBytes: 0, hasInput: false, encoder: { state: 'stopped', restarts: 0, lastFault: null } })
  t.ok(pipeline.safeOffset > 0, 'what was published is safe')
})

t.test('HLS-07: at the storage limit the stream is given up, and what is listed stays below it', async t => {
  const { pipeline, packager, failure } = await make(t, 'ffmpeg', { maxStreamStorageBytes: 1_000_000 })
  const big = new ContainerReader({ maxInitBytes: 1e6, maxUnitBytes: 1e6, maxVideoPixels: 1e6 })
  feed(pipeline, big.push(await recording({ seconds: 12, videoKbps: 1500 })))
  t.ok(await failure instanceof StorageLimitReached)
  t.ok(packager.segmentCount > 0)
  t.ok(packager.bytes <= 1_000_000, `${packager.bytes}`)
  await pipeline.end()
})

t.test('a segment that cannot be written is tried again', async t => {
  const { pipeline, packager, conditions } = await make(t, 'ffmpeg')
  const add = packager.add.bind(packager)
  let failures = 0
  packager.add = async (...args) => {
    if (packager.segmentCount === 1 && failures++ === 0) throw new Error('the disk is broken')
    return await add(...args)
  }
  feed(pipeline, await read(7))
  await pipeline.end()
  t.equal(failures, 2)
  t.strictSame(conditions, ['disk-failed', 'good'])
  t.match(pipeline.encoder, { restarts: 1, lastFault: 'disk-failed' })
  t.equal(packager.durationMs > 6900 && packager.durationMs < 7100, true, 'nothing is missing, nothing is there twice')
})

t.test('a disk that stays broken ends the stream with the budget', async t => {
  const { pipeline, packager, failure } = await make(t, 'ffmpeg')
  packager.add = async () => { throw new Error('the disk is broken') }
  feed(pipeline, await read(7))
  t.match(await failure, { code: 'INTERNAL_ERROR', message: /could not be written: the disk is broken/ })
  t.equal(packager.segmentCount, 0)
})

t.test('a full disk: the segment waits for room, nothing starts anew, nothing is lost', async t => {
  const { pipeline, packager, told, conditions } = await make(t, 'ffmpeg', { ffmpegRestarts: 0 })
  const add = packager.add.bind(packager)
  let isFull = true
  packager.add = async (...args) => {
    if (packager.segmentCount === 1 && isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    return await add(...args)
  }
  feed(pipeline, await read(30))
  while (pipeline.encoder.stalled !== 'disk') await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(pipeline.condition, 'disk-full')
  t.equal(packager.segmentCount, 1)
  const ended = pipeline.end()
  // Longer than FFmpeg has to finish: it waits for us.
  await new Promise(resolve => setTimeout(resolve, 1_200))
  isFull = false
  await ended
  t.strictSame(conditions, ['disk-full', 'good'])
  t.equal(told.all('FFmpeg started').length, 1)
  t.ok(Math.abs(packager.durationMs - 30_000) < 100, `${packager.durationMs} ms`)
})

t.test('a disk that is full beyond the end of the stream: the rest is given up after the resume window', async t => {
  const { pipeline, packager, failure } = await make(t, 'ffmpeg', { ffmpegRestarts: 0, resumeWindowSeconds: 1 })
  packager.add = async () => { throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }) }
  feed(pipeline, await read(5))
  const began = performance.now()
  const ended = pipeline.end()
  t.match(await failure, { code: 'STORAGE_FULL' })
  t.ok(performance.now() - began >= 1_000)
  await ended
})

t.test('suspended: what ends at a key frame is listed, the rest is not safe', async t => {
  const { pipeline, packager, told, events: heard } = await make(t, 'ffmpeg')
  const events = await read(8)
  feed(pipeline, events.filter(event => event.type !== 'unit' || event.unit.frames[0]!.timeUs < 4_600_000))
  await once(heard, 'listed')
  await pipeline.suspend()
  t.match(told.all('FFmpeg ended'), [{ kind: 'suspended' }])
  t.ok(Math.abs(packager.durationMs - 4_000) < 50, `${packager.durationMs} ms: the key frame at 4 s is the last`)
  t.equal(packager.ended, false)
  const key = events.findLast(event => event.type === 'unit' && event.unit.frames.some(({ kind, key, timeUs }) => kind === 'video' && key && timeUs < 4_600_000))
  t.ok(key?.type === 'unit' && pipeline.safeOffset <= key.unit.start, 'from that key frame on all comes again')
  t.match(pipeline.encoder, { state: 'stopped' })
})

t.test('abort does not wait', async t => {
  const { pipeline } = await make(t, programThat('ignores-sigterm'), { ffmpegDrainSeconds: 60, ffmpegStartSeconds: 60 })
  feed(pipeline, await read(2))
  await new Promise(resolve => setImmediate(resolve))
  const began = performance.now()
  await pipeline.abort()
  t.ok(performance.now() - began < 1000)
})

t.test('media that was lost: what comes is left out up to the next key frame', async t => {
  const { pipeline, packager, told } = await make(t, 'ffmpeg')
  const events = await read(9)
  const at = events.findIndex(event => event.type === 'unit' && event.unit.frames[0]!.timeUs > 3_300_000)
  feed(pipeline, events.slice(0, at))
  pipeline.skipToKey()
  feed(pipeline, events.slice(at))
  await pipeline.end()
  t.equal(told.all('FFmpeg started').length, 2)
  t.ok(Math.abs(packager.durationMs - 8300) < 150, `${packager.durationMs} ms: from 3.3 s to 4 s is left out`)
  t.match(packager.eventPlaylist.body.toString(), /EXT-X-DISCONTINUITY\n/)
})

t.test('units before any header are of no use', async t => {
  const { pipeline } = await make(t, 'ffmpeg')
  feed(pipeline, (await read(1)).filter(({ type }) => type === 'unit'))
  pipeline.skipToKey()
  t.equal(pipeline.heldBytes, 0)
  await pipeline.end()
})

t.test('no process is left', async t => {
  t.strictSame(childProcesses(/sleep|cat|ffmpeg|\.sh/), [])
})
