import { EventEmitter } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import type { LivestreamConfig } from '../../../src/config/livestream.ts'
import { logName } from '../../../src/media/log-name.ts'
import { Thumbnails, type PicturedStream } from '../../../src/media/thumbnail/thumbnails.ts'
import { childProcesses } from '../../fixtures/processes.ts'
import { programThat } from '../../fixtures/programs.ts'
import { Told } from '../../fixtures/told.ts'
import { bytesInUse } from '../../fuzz/memory.ts'
import { framesIn, writeTransportStream } from '../mpegts/transport-stream-writer.ts'

const INTERVAL_MS = 10_000

/** Its picture has so many frames of sound in front of it, and is known by that. */
function segmentOf (mark: number): Buffer {
  return writeTransportStream([...Array.from({ length: mark }, () => ({ kind: 'audio' as const, timeUs: 0 })), { kind: 'video', timeUs: 0, picture: 'idr' }])
}

const SOUND = writeTransportStream([{ kind: 'audio', timeUs: 0 }], { video: false })

/** A stream that lists what a test says. */
class MadeStream implements PicturedStream {
  readonly key: string
  readonly segments: Buffer[] = []
  hasEnded = false
  isOpen = true
  firstSequence = 0

  constructor (key: string) {
    this.key = key
  }

  get packager () {
    return this.isOpen ? { firstSequence: this.firstSequence, segmentCount: this.segments.length, segment: (sequence: number) => this.segments[sequence - this.firstSequence] } : undefined
  }
}

/** Stands in for the registry. */
class MadeStreams extends EventEmitter<{ ended: [stream: PicturedStream] }> {
  readonly known = new Map<string, MadeStream>()
  readonly #folder: string

  constructor (folder: string) {
    super()
    this.#folder = folder
  }

  get (key: string): MadeStream | undefined { return this.known.get(key) }
  folderOf (key: string): string { return join(this.#folder, key) }

  async begin (key: string, ...segments: Buffer[]): Promise<MadeStream> {
    const stream = new MadeStream(key)
    stream.segments.push(...segments)
    this.known.set(key, stream)
    await this.write(key, [])
    return stream
  }

  end (stream: MadeStream): void {
    stream.hasEnded = true
    this.emit('ended', stream)
  }

  /** What an earlier server has left. */
  async write (key: string, segments: Buffer[]): Promise<void> {
    await mkdir(this.folderOf(key), { recursive: true })
    for (const [sequence, segment] of segments.entries()) await writeFile(join(this.folderOf(key), `segment_${sequence}.ts`), segment)
    await writeFile(join(this.folderOf(key), 'stream.m3u8'), '#EXTM3U\n' + segments.map((_, sequence) => `#EXTINF:2.000,\nsegment_${sequence}.ts\n`).join('') + '#EXT-X-ENDLIST\n')
  }
}

interface Made {
  streams: MadeStreams
  thumbnails: Thumbnails
  told: Told
  /** How runs ended, in order. */
  runs: string[]
  wait (ms: number): void
  /** By which mark the picture of a stream is known now. */
  mark (key: string): Promise<number>
}

async function make (t: Test, { program = programThat('wraps-as-jpeg'), ...settings }: Partial<LivestreamConfig> & { program?: string } = {}): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-thumbnails-'))
  const streams = new MadeStreams(folder)
  const told = new Told()
  let nowMs = 0
  const thumbnails = new Thumbnails({ streams, ffmpegPath: program, settings: completeLivestreamOptions({ thumbnailIntervalSeconds: INTERVAL_MS / 1000, ...settings }), log: told, now: () => nowMs })
  t.teardown(async () => {
    await thumbnails.close()
    await rm(folder, { recursive: true, force: true })
  })
  const runs: string[] = []
  thumbnails.on('run', outcome => runs.push(outcome))
  return {
    streams,
    thumbnails,
    told,
    runs,
    wait: ms => { nowMs += ms },
    mark: async key => framesIn((await thumbnails.get(key)).picture.jpeg.subarray(2, -2))[0]!
  }
}

/** A program that does its work unless a file says otherwise. */
async function breakable (t: Test): Promise<{ program: string, breakIt (): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-program-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [program, broken] = [join(folder, 'ffmpeg'), join(folder, 'broken')]
  await writeFile(program, `#!/bin/sh\n[ -e '${broken}' ] && exec '${programThat('crashes')}'\nexec '${programThat('wraps-as-jpeg')}'\n`, { mode: 0o755 })
  return { program, breakIt: async () => { await writeFile(broken, '') } }
}

t.test('a running stream: from its newest segment, once an interval', async t => {
  const { streams, thumbnails, runs, wait, mark } = await make(t)
  const stream = await streams.begin('show', segmentOf(1), segmentOf(2))
  const { picture, freshMs } = await thumbnails.get('show')
  t.match(picture, { sequence: 1, digest: /^[\w-]{43}$/ })
  t.equal(freshMs, INTERVAL_MS)
  t.equal(await mark('show'), 2)
  stream.segments.push(segmentOf(3))
  wait(INTERVAL_MS - 1)
  t.strictSame(await thumbnails.get('show'), { picture, freshMs: 1 })
  t.equal(runs.length, 1)
  wait(1)
  t.equal(await mark('show'), 3)
  t.not((await thumbnails.get('show')).picture.digest, picture.digest)
  t.strictSame(runs, ['made', 'made'])
})

t.test('where nothing is new, nothing is made', async t => {
  const { streams, thumbnails, runs, wait } = await make(t)
  await streams.begin('show', segmentOf(1))
  const { picture } = await thumbnails.get('show')
  wait(INTERVAL_MS)
  t.strictSame(await thumbnails.get('show'), { picture, freshMs: INTERVAL_MS })
  t.equal(runs.length, 1)
})

t.test('whoever asks at once shares one run', async t => {
  const { streams, thumbnails, runs } = await make(t)
  await streams.begin('live', segmentOf(1))
  await streams.write('ended', [segmentOf(1)])
  for (const key of ['live', 'ended']) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => thumbnails.get(key)))
    t.equal(new Set(answers.map(({ picture }) => picture)).size, 1, key)
  }
  t.strictSame(runs, ['made', 'made'], 'one of each stream')
})

t.test('MAX_THUMBNAIL_RUNS: all streams together; further ones wait', async t => {
  const { streams, thumbnails, runs } = await make(t, { program: programThat('hangs'), maxThumbnailRuns: 2, thumbnailTimeoutSeconds: 0.3 })
  const keys = ['one', 'two', 'three', 'four', 'five']
  for (const key of keys) await streams.begin(key, segmentOf(1))
  const running = () => childProcesses(/hangs|sleep/).length
  const counts: number[] = []
  thumbnails.on('run', () => counts.push(running()))
  const asking = Promise.allSettled(keys.map(key => thumbnails.get(key)))
  while (running() < 2 && runs.length < keys.length) await new Promise(resolve => setImmediate(resolve))
  counts.push(running())
  t.match(await asking, keys.map(streamKey => ({ status: 'rejected', reason: { code: 'FFMPEG_ERROR', streamKey } })))
  t.equal(Math.max(...counts), 2)
  t.strictSame(runs, keys.map(() => 'timed-out'))
})

t.test('a run that fails counts for the interval; what it said goes to the log alone', async t => {
  const { streams, thumbnails, runs, wait, told } = await make(t, { program: programThat('crashes') })
  await streams.begin('show', segmentOf(1))
  const failure = { code: 'FFMPEG_ERROR', streamKey: 'show', retryAfterMs: INTERVAL_MS, message: 'The picture of the stream could not be made' }
  for (let count = 0; count < 3; count++) await t.rejects(thumbnails.get('show'), failure)
  t.strictSame(runs, ['failed'])
  t.match(told.all('a thumbnail could not be made'), [{ stream: logName('show'), kind: 'failed', reason: /out of order/ }])
  wait(INTERVAL_MS)
  await t.rejects(thumbnails.get('show'), failure)
  t.strictSame(runs, ['failed', 'failed'])
})

t.test('an older picture rather than an error', async t => {
  const { program, breakIt } = await breakable(t)
  const { streams, runs, wait, mark } = await make(t, { program })
  const stream = await streams.begin('show', segmentOf(1))
  t.equal(await mark('show'), 1)
  await breakIt()
  stream.segments.push(segmentOf(2))
  wait(INTERVAL_MS)
  t.equal(await mark('show'), 1)
  t.strictSame(runs, ['made', 'failed'])
  for (let count = 0; count < 5; count++) stream.segments.push(SOUND)
  wait(INTERVAL_MS)
  t.equal(await mark('show'), 1, 'also where the camera was switched off meanwhile')
  t.strictSame(runs, ['made', 'failed'])
})

t.test('no picture', async t => {
  const { streams, thumbnails, runs, mark } = await make(t)
  await t.rejects(thumbnails.get('unknown'), { code: 'STREAM_NOT_FOUND', streamKey: 'unknown' })

  const stream = await streams.begin('early')
  stream.isOpen = false
  await t.rejects(thumbnails.get('early'), { code: 'THUMBNAIL_NOT_FOUND', message: /no segment yet/, retryAfterMs: 2_000 }, 'prepared')
  stream.isOpen = true
  await t.rejects(thumbnails.get('early'), { code: 'THUMBNAIL_NOT_FOUND', message: /no segment yet/, retryAfterMs: 2_000 }, 'live')
  stream.segments.push(segmentOf(4))
  t.equal(await mark('early'), 4, 'it does not count for the interval')

  await streams.begin('sound', SOUND, SOUND)
  await t.rejects(thumbnails.get('sound'), { code: 'THUMBNAIL_NOT_FOUND', message: /sound alone/, streamKey: 'sound', retryAfterMs: undefined })

  streams.end(await streams.begin('nothing'))
  await t.rejects(thumbnails.get('nothing'), { code: 'THUMBNAIL_NOT_FOUND', retryAfterMs: undefined }, 'nothing will come')
  await streams.write('empty', [])
  await t.rejects(thumbnails.get('empty'), { code: 'THUMBNAIL_NOT_FOUND', retryAfterMs: undefined })
  t.strictSame(runs, ['made'], 'no process for any of it')
})

t.test('a stream that has ended keeps its picture, until its folder is gone', async t => {
  const { streams, thumbnails, runs, wait, mark } = await make(t)
  const stream = await streams.begin('show', segmentOf(1))
  t.equal(await mark('show'), 1)
  stream.segments.push(segmentOf(2))
  streams.end(stream)
  t.equal(await mark('show'), 1, 'within the interval')
  wait(INTERVAL_MS)
  t.equal(await mark('show'), 2, 'the last segment')
  wait(INTERVAL_MS)
  t.equal(await mark('show'), 2)
  t.equal(runs.length, 2)
  await rm(streams.folderOf('show'), { recursive: true })
  await t.rejects(thumbnails.get('show'), { code: 'STREAM_NOT_FOUND' }, 'at once')
})

t.test('a stream of an earlier server: from disk', async t => {
  const { streams, thumbnails, runs, mark } = await make(t)
  await streams.write('show', [segmentOf(1), segmentOf(2), SOUND])
  t.equal(await mark('show'), 2)
  t.equal(await mark('show'), 2)
  t.equal(runs.length, 1)
  await rm(streams.folderOf('show'), { recursive: true })
  await t.rejects(thumbnails.get('show'), { code: 'STREAM_NOT_FOUND' })
  await streams.write('show', [SOUND, SOUND, segmentOf(3)])
  t.equal(await mark('show'), 3, 'what was removed is forgotten')
})

t.test('a new broadcast never shows the picture of an earlier one', async t => {
  const { streams, thumbnails, runs, mark } = await make(t)
  await streams.write('show', [segmentOf(1)])
  t.equal(await mark('show'), 1)
  const second = await streams.begin('show')
  second.firstSequence = 1
  await t.rejects(thumbnails.get('show'), { code: 'THUMBNAIL_NOT_FOUND', message: /no segment yet/ })
  second.segments.push(segmentOf(2))
  t.equal(await mark('show'), 2, 'within the interval')
  streams.end(second)
  t.equal(await mark('show'), 2)
  const third = await streams.begin('show', segmentOf(3))
  streams.end(third)
  t.equal(await mark('show'), 3, 'nobody asked while it ran')
  t.equal(runs.length, 3)
})

t.test('MAX_KEPT_THUMBNAILS: those of ended streams that were asked for last; a running one has its own', async t => {
  const { streams, runs, mark } = await make(t, { maxKeptThumbnails: 2 })
  await streams.begin('live', segmentOf(9))
  for (const [index, key] of ['one', 'two', 'three'].entries()) await streams.write(key, [segmentOf(index)])
  const asked = async (key: string) => {
    const before = runs.length
    await mark(key)
    return runs.length - before
  }
  t.equal(await asked('live'), 1)
  t.strictSame([await asked('one'), await asked('two'), await asked('one'), await asked('three')], [1, 1, 0, 1])
  t.strictSame([await asked('one'), await asked('two')], [0, 1])
  await Promise.allSettled(Array.from({ length: 100 }, (_, index) => mark(`unknown-${index}`)))
  t.strictSame([await asked('one'), await asked('two')], [0, 0], 'keys that nobody has put nobody out')
  t.equal(await asked('live'), 0)
})

t.test('MAX_KEPT_THUMBNAILS bounds the memory, also while the server knows the ended streams', async t => {
  const { streams, thumbnails } = await make(t, { maxKeptThumbnails: 2 })
  const large = writeTransportStream([{ kind: 'video', timeUs: 0, picture: 'idr', size: 400_000 }])
  const before = bytesInUse()
  for (let count = 0; count < 40; count++) {
    const stream = await streams.begin(`show-${count}`, large)
    const { picture } = await thumbnails.get(stream.key)
    t.ok(picture.jpeg.length > 400_000)
    streams.end(stream)
  }
  let grown = bytesInUse() - before
  // What belonged to a process is given back some turns later.
  for (let turn = 0; turn < 50 && grown >= 5_000_000; turn++) {
    await setTimeout(20)
    grown = bytesInUse() - before
  }
  t.ok(grown < 5_000_000, `${grown} bytes for 40 pictures of 400 kB`)
})

t.test('close ends what runs, and refuses whoever waits', async t => {
  const { streams, thumbnails, runs } = await make(t, { program: programThat('hangs'), maxThumbnailRuns: 1, thumbnailTimeoutSeconds: 60 })
  for (const key of ['one', 'two']) await streams.begin(key, segmentOf(1))
  const asking = Promise.allSettled([thumbnails.get('one'), thumbnails.get('two')])
  while (childProcesses(/hangs|sleep/).length === 0) await new Promise(resolve => setImmediate(resolve))
  await thumbnails.close()
  t.strictSame(childProcesses(/hangs|sleep/), [])
  t.match(await asking, ['one', 'two'].map(streamKey => ({ reason: { code: 'SERVER_BUSY', message: 'The server is closing', streamKey } })))
  await streams.begin('three', segmentOf(1))
  await t.rejects(thumbnails.get('three'), { code: 'SERVER_BUSY' })
  t.strictSame(runs, ['aborted'])
})
