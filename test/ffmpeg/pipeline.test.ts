import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../src/config/load.ts'
import type { LivestreamConfig } from '../../src/config/livestream.ts'
import type { HeadwaterError } from '../../src/errors/catalogue.ts'
import { Admission } from '../../src/media/admission/admission.ts'
import type { StreamCost } from '../../src/media/admission/cost.ts'
import { ContainerReader } from '../../src/media/container/reader.ts'
import type { ReaderEvent } from '../../src/media/container/types.ts'
import { Packager } from '../../src/media/hls/packager.ts'
import { Pipeline, StorageLimitReached } from '../../src/media/pipeline.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { programThat } from '../fixtures/programs.ts'
import { recording, type Recipe } from '../fixtures/recording.ts'
import { admissionForAll, roomForAll } from '../fixtures/room.ts'
import { Told } from '../fixtures/told.ts'

/** For programs that never do their work. FFmpeg itself may need its time on a busy machine, and has what it has in production. */
const HASTY = { ffmpegStartSeconds: 1, ffmpegStaleSeconds: 1, ffmpegDrainSeconds: 0.2, ffmpegTermSeconds: 0.2 }

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

async function make (t: Test, ffmpegPath: string, settings: Partial<LivestreamConfig> = {}, { admission = admissionForAll(), held }: { admission?: Admission, held?: StreamCost } = {}): Promise<Made> {
  const config = completeLivestreamOptions({ ffmpegRestarts: 1, ...settings })
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
    reservation: admission.reservation(held),
    starts: admission.starts,
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

async function read (seconds: number, recipe: Partial<Recipe> = {}): Promise<ReaderEvent[]> {
  const reader = new ContainerReader({ maxInitBytes: 1e6, maxUnitBytes: 1e6, maxVideoPixels: 1e6 })
  return reader.push(await recording({ seconds, ...recipe }))
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
    const { pipeline, packager, told, conditions, faults, failure } = await make(t, program, HASTY)
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
  const { pipeline, told } = await make(t, programThat('floods-stderr'))
  feed(pipeline, await read(1))
  await pipeline.end()
  t.match(told.all('FFmpeg ended'), [{ kind: 'finished' }])
})

t.test('a broadcaster that sends nothing is no fault of FFmpeg', async t => {
  const { pipeline, told, events } = await make(t, 'ffmpeg', { ffmpegStaleSeconds: 1 })
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
  const { pipeline, packager, told, conditions } = await make(t, 'ffmpeg', { ffmpegRestarts: 0, ffmpegDrainSeconds: 2, ffmpegStaleSeconds: 2 })
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
  await new Promise(resolve => setTimeout(resolve, 2_400))
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

/** One budget for the pipelines of a test, and what it was asked. */
function budget (settings: Partial<LivestreamConfig>): { admission: Admission, heard: string[] } {
  const heard: string[] = []
  return {
    heard,
    admission: new Admission({
      settings: completeLivestreamOptions(settings),
      onRefused: () => heard.push('refused'),
      onOvercommitted: () => heard.push('overcommitted')
    })
  }
}

t.test('a stream that does not fit into the CPU budget is refused before FFmpeg starts', async t => {
  const { admission, heard } = budget({ cpuBudget: 0.1 })
  const settings = { copyCost: 0.01, videoCost: 10 }
  const { pipeline, told, failure } = await make(t, 'ffmpeg', settings, { admission })
  feed(pipeline, await read(2, { video: 'vp8', audio: 'none' }))
  t.match(await failure, { code: 'SERVER_BUSY', message: /^This stream needs 0\.\d\d CPU cores, because its video has to be transcoded; .* \(0\.10 of 0\.10 are free\)\. Record H\.264/ })
  await pipeline.end()
  t.strictSame(told.all('FFmpeg started'), [])
  t.strictSame(heard, ['refused'])
  t.equal(admission.report.reservedCores, 0)
  const copied = await make(t, 'ffmpeg', settings, { admission })
  feed(copied.pipeline, await read(2))
  await once(copied.events, 'listed')
  t.equal(admission.report.reservedCores, 0.01, 'copied it fits')
  await copied.pipeline.end()
  t.equal(admission.report.reservedCores, 0)
})

t.test('a running stream gets dearer beyond the budget rather than lose media', async t => {
  const { admission, heard } = budget({ cpuBudget: 0.1 })
  const { pipeline, packager, told } = await make(t, 'ffmpeg', { copyCost: 0.01, videoCost: 10 }, { admission })
  feed(pipeline, await read(2))
  feed(pipeline, await read(2, { video: 'vp8' }))
  await pipeline.end()
  t.strictSame(heard, ['overcommitted'])
  t.match(told.all('the running stream takes more of the CPU budget than is left'), [{ kind: 'video-transcode' }])
  t.ok(Math.abs(packager.durationMs - 4_000) < 150, `${packager.durationMs} ms`)
  t.equal(admission.report.reservedCores, 0)
})

t.test('what an earlier server had begun is not refused, and every way to stop gives the share back', async t => {
  const { admission, heard } = budget({ cpuBudget: 0.01 })
  const held = { kind: 'copy', cores: 0.5 } as const
  const made = await Promise.all(['end', 'suspend', 'abort'].map(async how => ({ how, ...await make(t, 'ffmpeg', {}, { admission, held }) })))
  t.equal(admission.report.reservedCores, 1.5)
  const events = await read(2)
  for (const { pipeline } of made) feed(pipeline, events)
  await Promise.all(made.map(async ({ how, pipeline, packager }) => {
    await pipeline[how as 'end' | 'suspend' | 'abort']()
    if (how === 'end') t.ok(packager.segmentCount > 0)
  }))
  t.notMatch(heard, ['refused'])
  t.equal(admission.report.reservedCores, 0)
})

t.test('STARTING_STREAMS: further ones wait in turn, those on air in front; who stops meanwhile leaves nothing', async t => {
  const { admission } = budget({ cpuBudget: 10, startingStreams: 1 })
  const events = await read(2)
  const onAir = await make(t, 'ffmpeg', {}, { admission })
  feed(onAir.pipeline, events)
  await once(onAir.events, 'listed')
  let free = () => {}
  const taken = admission.starts.run(async () => { await new Promise<void>(resolve => { free = resolve }) })
  const waiting = async (count: number) => { while (admission.report.startsWaiting < count) await new Promise(resolve => setTimeout(resolve, 5)) }
  const [second, third, fourth] = await Promise.all([0, 1, 2].map(async () => await make(t, 'ffmpeg', {}, { admission })))
  const starts: string[] = []
  for (const [name, { told }] of Object.entries({ onAir, third: third! })) {
    const { info } = told
    told.info = (fields, message) => {
      info(fields, message)
      if (message === 'FFmpeg started') starts.push(name)
    }
  }
  for (const { pipeline } of [second!, third!, fourth!]) feed(pipeline, events)
  await waiting(3)
  feed(onAir.pipeline, events)
  await waiting(4)
  t.match(second!.pipeline, { running: false, encoder: { state: 'starting' } })
  t.ok(second!.pipeline.heldBytes > 0, 'what comes is held')
  await second!.pipeline.abort()
  await fourth!.pipeline.suspend()
  t.equal(admission.report.startsWaiting, 2)
  free()
  await taken
  await Promise.all([third!, onAir].map(async ({ pipeline }) => await pipeline.end()))
  t.strictSame(starts, ['onAir', 'third'])
  t.ok(third!.packager.segmentCount > 0, 'its turn came')
  t.strictSame([second, fourth].map(made => made!.told.all('FFmpeg started')), [[], []])
  t.match(admission.report, { startsWaiting: 0, reservedCores: 0 })
})

t.test('an encoder that falls behind is told, until it has caught up; nothing is started anew', async t => {
  const { pipeline, packager, told, conditions, faults } = await make(t, programThat('is-slow'), { encoderLagSeconds: 0.5, ffmpegStaleSeconds: 10, ffmpegDrainSeconds: 20 })
  feed(pipeline, await read(3))
  while (conditions.length < 2) await new Promise(resolve => setTimeout(resolve, 20))
  t.strictSame(conditions, ['encoder-slow', 'good'])
  t.strictSame(faults, ['encoder-slow'])
  t.match(pipeline.encoder, { state: 'running', restarts: 0, lastFault: 'encoder-slow' })
  t.equal(told.all('FFmpeg has caught up').length, 1)
  await pipeline.end()
  t.equal(told.all('FFmpeg started').length, 1)
  t.ok(Math.abs(packager.durationMs - 3_000) < 100, `${packager.durationMs} ms`)
})

t.test('no process is left', async t => {
  t.strictSame(childProcesses(/sleep|cat|ffmpeg|\.sh/), [])
})
