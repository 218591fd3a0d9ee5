import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completeLivestreamOptions } from '../../src/config/load.ts'
import type { LivestreamConfig } from '../../src/config/livestream.ts'
import { Stream, type StreamListener, type StreamOptions } from '../../src/media/stream.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { programThat } from '../fixtures/programs.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { admissionForAll, roomForAll } from '../fixtures/room.ts'
import { Told } from '../fixtures/told.ts'

interface Made {
  stream: Stream
  told: Told
  /** What the registry was told, in order. */
  heard: string[]
  /** The same as events. */
  events: EventEmitter
}

async function make (t: Test, settings: Partial<LivestreamConfig> = {}, options: Partial<StreamOptions> = {}): Promise<Made> {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-stream-'))
  const told = new Told()
  const heard: string[] = []
  const events = new EventEmitter()
  const hear = (name: string, ...details: unknown[]) => {
    heard.push([name, ...details.filter(detail => typeof detail === 'string')].join(' '))
    events.emit(name, ...details)
  }
  const listener: StreamListener = {
    started: () => hear('started'),
    resumed: () => hear('resumed'),
    reconnecting: () => hear('reconnecting'),
    ended: (_stream, reason) => hear('ended', reason),
    segmentListed: (_stream, segment) => hear('listed', segment),
    received: () => {},
    runStarted: () => {},
    runEnded: () => {},
    condition: (_stream, fault) => hear('condition', fault ?? 'good'),
    fault: () => {},
    troubled: (_stream, error) => hear('troubled', error.code, error)
  }
  const stream = new Stream({
    key: 'key',
    userId: undefined,
    folder: join(streamsDir, 'key'),
    ffmpegPath: 'ffmpeg',
    settings: completeLivestreamOptions(settings),
    log: told,
    storage: roomForAll,
    admission: admissionForAll(),
    listener,
    ...options
  })
  // A stream's own timers do not keep a process alive; a server does.
  const alive = setInterval(() => {}, 60_000)
  t.teardown(async () => {
    clearInterval(alive)
    if (!stream.hasEnded) await stream.abort('server closing')
    await rm(streamsDir, { recursive: true, force: true })
  })
  return { stream, told, heard, events }
}

async function send (stream: Stream, bytes: Buffer): Promise<void> {
  for (const [seq, chunk] of inPieces(bytes, 20).entries()) await stream.take({ bytes: chunk, seq, acknowledged: true })
}

t.test('a stream from its start to its end', async t => {
  const { stream, told, heard } = await make(t, {}, { title: 'Show', viewers: ['viewer'] })
  t.match(stream, { state: 'prepared', isLive: false, hasEnded: false, broadcaster: null, userId: 'anonymous', unowned: true, packager: undefined, pipeline: undefined, nextSeq: 0, heldBytes: 0, title: 'Show', endedAt: undefined })
  t.strictSame([...stream.viewers], ['viewer'])
  t.equal(stream.startedAt, stream.createdAt)
  await stream.start('socket', 'alice')
  t.match(stream, { state: 'live', isLive: true, broadcaster: 'socket', userId: 'alice', unowned: false })
  t.ok(stream.startedAt >= stream.createdAt)
  await send(stream, await recording({ seconds: 5 }))
  t.ok(stream.heldBytes > 0)
  await Promise.all([stream.end('ended by owner'), stream.end('stopped')])
  t.match(stream, { state: 'ended', isLive: false, hasEnded: true, broadcaster: null })
  t.ok(stream.endedAt! >= stream.startedAt)
  t.equal(heard[0], 'started')
  t.equal(heard.at(-1), 'ended ended by owner', 'the first reason counts, told once')
  t.strictSame(heard.slice(1, -1), ['listed', 'listed', 'listed'])
  t.match(stream.packager, { segmentCount: 3, ended: true, memoryBytes: 0 })
  t.notOk(JSON.stringify(told.entries).includes(stream.resumeToken), 'the token is in no log')
  await t.rejects(stream.take({ bytes: Buffer.from('x'), seq: 99, acknowledged: true }), { code: 'STREAM_NOT_FOUND' })
})

t.test('HLS-01: what is listed is safe, the rest is sent again after a resume', async t => {
  const { stream, heard } = await make(t)
  await stream.start('socket', 'alice')
  await send(stream, await recording({ seconds: 5 }))
  while ((stream.packager?.segmentCount ?? 0) < 2) await new Promise(resolve => setImmediate(resolve))
  const { nextSeq } = stream
  t.ok(nextSeq > 0 && nextSeq < 20, `chunks from ${nextSeq} on are not safe yet`)
  stream.lose()
  t.match(stream, { state: 'reconnecting', isLive: true, broadcaster: null })
  stream.lose()
  stream.resume('other socket')
  t.match(stream, { state: 'live', broadcaster: 'other socket' })
  t.ok(heard.includes('reconnecting') && heard.includes('resumed'))
  t.equal(heard.filter(name => name === 'reconnecting').length, 1)
  await stream.end('ended by owner')
})

t.test('HLS-18: a broadcaster that does not come back', async t => {
  const { stream, events } = await make(t, { resumeWindowSeconds: 0 })
  await stream.start('socket', 'alice')
  const ended = once(events, 'ended')
  stream.lose()
  t.strictSame(await ended, ['broadcaster disconnected'])
  t.equal(stream.hasEnded, true)
})

t.test('HLS-18: one that comes back in time is not ended later', async t => {
  const { stream, heard } = await make(t, { resumeWindowSeconds: 1 })
  await stream.start('socket', 'alice')
  stream.lose()
  stream.resume('socket')
  // That nothing happens has no event: longer than the window that was open.
  await new Promise(resolve => setTimeout(resolve, 1_200))
  t.equal(stream.state, 'live')
  t.strictSame(heard, ['started', 'reconnecting', 'resumed'])
})

t.test('the token proves ownership', async t => {
  const { stream } = await make(t)
  const { stream: other } = await make(t)
  t.ok(stream.isToken(stream.resumeToken))
  t.ok(stream.resumeToken.length >= 32)
  for (const candidate of ['', 'x', stream.resumeToken + 'x', stream.resumeToken.slice(1), other.resumeToken, 'é'.repeat(32)]) t.notOk(stream.isToken(candidate), candidate)
})

t.test('a stream that never began ends too', async t => {
  const { stream, heard } = await make(t, {}, { userId: 'alice' })
  t.match(stream, { userId: 'alice', unowned: false })
  await stream.end('stopped')
  t.strictSame(heard, ['ended stopped'])
  await t.rejects(stream.start('socket', 'alice'), /ended cannot become live/)
})

t.test('a folder that cannot be opened', async t => {
  const folder = join(t.testdir({ file: '' }), 'file', 'key')
  const { stream, events } = await make(t, {}, { folder })
  const ended = once(events, 'ended')
  await t.rejects(stream.start('socket', 'alice'), { code: 'INTERNAL_ERROR', streamKey: 'key', cause: { code: 'ENOTDIR' } })
  await ended
  t.equal(stream.hasEnded, true)
})

t.test('chunks that come right behind the start wait for it', async t => {
  const { stream } = await make(t)
  const starting = stream.start('socket', 'alice')
  const bytes = await recording({ seconds: 1 })
  const taken = stream.take({ bytes, seq: 0, acknowledged: true })
  await starting
  t.match(await taken, { seq: 0, safeSeq: -1 })
  await stream.end('ended by owner')
})

t.test('HLS-19: FFmpeg that cannot work ends the stream with its reason', async t => {
  const { stream, events, heard } = await make(t, { ffmpegRestarts: 1 }, { ffmpegPath: programThat('crashes') })
  await stream.start('socket', 'alice')
  const troubled = once(events, 'troubled')
  const ended = once(events, 'ended')
  await send(stream, await recording({ seconds: 2 }))
  t.match((await troubled)[1], { code: 'FFMPEG_ERROR', message: /out of order/ })
  await ended
  t.equal(heard.at(-1), 'ended ffmpeg error')
})

t.test('HLS-07: the storage limit ends the stream, with what fits', async t => {
  const { stream, events, heard } = await make(t, { maxStreamStorageBytes: 1_000_000 })
  await stream.start('socket', 'alice')
  const ended = once(events, 'ended')
  await send(stream, await recording({ seconds: 12, videoKbps: 1500 })).catch(() => {})
  await ended
  t.equal(heard.at(-1), 'ended storage limit')
  t.ok(stream.packager!.bytes <= 1_000_000 && stream.packager!.segmentCount > 0)
  t.match(stream.packager!.eventPlaylist.body.toString(), /#EXT-X-ENDLIST\n$/)
})

t.test('abort gives up what is under way, and closes the playlists all the same', async t => {
  const { stream, heard } = await make(t, { ffmpegDrainSeconds: 60, ffmpegStartSeconds: 60 }, { ffmpegPath: programThat('ignores-sigterm') })
  await stream.start('socket', 'alice')
  await send(stream, await recording({ seconds: 2 }))
  void stream.end('stopped')
  await stream.abort('server closing')
  t.equal(heard.at(-1), 'ended stopped', 'the first reason counts')
  t.match(stream.packager, { ended: true })
})

t.test('playlists that cannot be closed do not keep a stream from ending', async t => {
  const { stream, told, heard } = await make(t)
  await stream.start('socket', 'alice')
  await rm(stream.folder, { recursive: true })
  await writeFile(stream.folder, 'in the way')
  await stream.end('ended by owner')
  t.equal(heard.at(-1), 'ended ended by owner')
  t.equal(told.all('the playlists could not be closed').length, 1)
})

t.test('no process is left', async t => {
  t.strictSame(childProcesses(/sleep|cat|ffmpeg|\.sh/), [])
})
