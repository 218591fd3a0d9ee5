import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Recording, RecordingState } from '../../../src/recordings/recordings.ts'
import type { RoomEvent, RoomProvider, RoomRecording } from '../../../src/rooms/provider.ts'
import { http } from '../../fixtures/http.ts'
import { OWNER, startRecordingsHost, THING } from '../../fixtures/recordings-host.ts'

/** A provider whose recordings become what the test says, and which tells only when it is told to. */
class ScriptedRecorder {
  readonly asked: Array<{ room: string, path: string }> = []
  readonly stopped: string[] = []
  readonly known = new Map<string, RoomRecording>()
  isAway = false
  canRecord = true
  /** It records, and nobody hears so: the answer fails, or does not come. */
  answer: 'comes' | 'is lost' | 'never comes' = 'comes'
  readonly #silent = new Map<string, Promise<void>>()
  readonly #listeners = new Set<(event: RoomEvent) => unknown>()
  #events = 0

  get provider (): RoomProvider {
    const away = () => { if (this.isAway) throw new HeadwaterError('ROOMS_UNAVAILABLE') }
    const scripted: Pick<RoomProvider, 'kind' | 'capabilities' | 'startRecording' | 'stopRecording' | 'findRecording' | 'findRecordingsByPath' | 'onEvent'> = {
      kind: 'livekit',
      capabilities: { media: true, recording: this.canRecord },
      startRecording: async (room, path) => {
        away()
        this.asked.push({ room, path })
        const recording = this.become(`EG_${this.asked.length}`, { room, state: 'starting' })
        if (this.answer === 'is lost') throw new HeadwaterError('ROOMS_UNAVAILABLE')
        if (this.answer === 'never comes') await new Promise(() => {})
        return recording
      },
      stopRecording: async id => {
        away()
        this.stopped.push(id)
        const known = this.known.get(id)
        if (known === undefined) throw new HeadwaterError('RECORDING_NOT_FOUND')
        return known.state === 'active' ? this.become(id, { state: 'ending', endedAt: new Date() }) : known
      },
      findRecording: async id => {
        away()
        await this.#silent.get(id)
        return this.known.get(id)
      },
      findRecordingsByPath: async paths => {
        away()
        const all = this.asked.map(({ room, path }, index) => ({ room, path, known: this.known.get(`EG_${index + 1}`) }))
        return new Map(all.flatMap(({ room, path, known }) => known !== undefined && paths.some(asked => asked.room === room && asked.path === path) ? [[path, known]] : []))
      },
      onEvent: listener => {
        this.#listeners.add(listener)
        return () => { this.#listeners.delete(listener) }
      }
    }
    return scripted as RoomProvider
  }

  /** Whoever asks about it waits. @returns an end to it */
  hush (id: string): () => void {
    let end = () => {}
    this.#silent.set(id, new Promise(resolve => { end = resolve }))
    return () => { end() }
  }

  become (id: string, change: Partial<RoomRecording>): RoomRecording {
    const recording = { room: '', state: 'starting' as const, ...this.known.get(id), ...change, id }
    this.known.set(id, recording)
    return recording
  }

  /** @param times a webhook may come more than once */
  tell (id: string, times = 1): void {
    for (let time = 0; time < times; time++) {
      for (const listener of this.#listeners) listener({ type: 'recording-changed', id: `EV_${++this.#events}`, at: new Date(), recording: this.known.get(id)! })
    }
  }
}

const MP4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom'), Buffer.alloc(1_000, 7)])

t.test('recordings that a provider makes', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const filesDir = join(folder, 'egress')
  const scripted = new ScriptedRecorder()
  const host = await startRecordingsHost({ folder, provider: scripted.provider, settings: { roomFilesDir: filesDir, pollSeconds: 0.1, startSeconds: 5, finishSeconds: 10 } })
  t.teardown(host.close)
  const { recordings } = host
  const began = new Date(Date.now() - 5_000)
  const until = async (recordingId: string, state: RecordingState): Promise<Recording> => {
    for (;;) {
      const found = (await recordings.find(recordingId))!
      if (found.state === state) return found
      if (found.state === 'ready' || found.state === 'failed') throw new Error(`${found.state}: ${found.problem}`)
      await delay(20)
    }
  }
  const start = async (id: string) => {
    const { recordingId } = await recordings.start({ of: { ...THING, id }, ownerId: OWNER, title: 'A lesson', source: { kind: 'room', name: `room of ${id}` } })
    return { recordingId, egress: `EG_${scripted.asked.length}`, path: join(filesDir, scripted.asked.at(-1)!.path) }
  }
  const write = async (path: string, bytes: Buffer) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
  const complete = (egress: string, bytes = MP4.length) => scripted.become(egress, { state: 'complete', startedAt: began, endedAt: new Date(), file: { location: '/somewhere/else.mp4', durationMs: 4_900, bytes } })

  await t.test('begins, is stopped and completes, told twice and late', async t => {
    const { recordingId, egress, path } = await start('a')
    t.strictSame(scripted.asked.at(-1), { room: 'room of a', path: `rec/a/${recordingId}.mp4` })
    scripted.become(egress, { state: 'active', startedAt: began })
    scripted.tell(egress, 2)
    t.match(await until(recordingId, 'active'), { startedAt: began })
    t.match(await recordings.stop({ ...THING, id: 'a' }), { state: 'processing' })
    t.ok(scripted.stopped.includes(egress))
    await write(path, MP4)
    complete(egress)
    scripted.tell(egress, 3)
    t.match(await until(recordingId, 'ready'), { durationSeconds: 4.9, bytes: MP4.length })
    scripted.become(egress, { state: 'active' })
    scripted.tell(egress)
    const file = await http(host, `/recordings/${recordingId}.mp4`, { headers: { 'x-account': String(OWNER) } })
    t.same(file.bytes, MP4)
    t.equal((await recordings.find(recordingId))!.state, 'ready')
    while ((await readdir(dirname(path))).length > 0) await delay(20)
    t.strictSame(await readdir(dirname(path)), [], 'it is not kept twice')
  })

  await t.test('nothing is told: it is asked for', async t => {
    const { recordingId, egress, path } = await start('b')
    scripted.become(egress, { state: 'active' })
    await until(recordingId, 'active')
    // It ends by itself: its limit is reached, or the room is closed.
    complete(egress)
    await until(recordingId, 'processing')
    await write(path, MP4)
    t.match(await until(recordingId, 'ready'), { bytes: MP4.length })
  })

  await t.test('what fails says why', async t => {
    const aborted = await start('c')
    scripted.become(aborted.egress, { state: 'failed', problem: 'Start signal not received' })
    scripted.tell(aborted.egress)
    t.match(await until(aborted.recordingId, 'failed'), { problem: 'Start signal not received' })

    const unkept = await start('q')
    scripted.become(unkept.egress, { state: 'failed', problem: 'upload failed: Put "http://minio.internal:9000/private-bucket/rec/q.mp4": connection refused' })
    scripted.tell(unkept.egress)
    t.match(await until(unkept.recordingId, 'failed'), { problem: 'The recorder failed' })
    t.match(await http(host, `/recordings/${unkept.recordingId}.mp4`, { headers: { 'x-account': String(OWNER) } }), { status: 404, json: { error: 'There is no file: The recorder failed' } })

    const wordless = await start('r')
    scripted.become(wordless.egress, { state: 'failed' })
    t.match(await until(wordless.recordingId, 'failed'), { problem: 'The recorder does not say why' })

    const fileless = await start('s')
    scripted.become(fileless.egress, { state: 'complete' })
    t.match(await until(fileless.recordingId, 'failed'), { problem: 'The recorder tells of no file' })

    const gone = await start('d')
    scripted.known.delete(gone.egress)
    t.match(await until(gone.recordingId, 'failed'), { problem: 'The recorder knows nothing of it any more' })

    const short = await start('e')
    await write(short.path, MP4)
    complete(short.egress, MP4.length - 1)
    t.match(await until(short.recordingId, 'failed'), { problem: `The file has ${MP4.length} bytes, and the recorder told of ${MP4.length - 1}` })

    const garbled = await start('f')
    await write(garbled.path, Buffer.alloc(100))
    complete(garbled.egress, 100)
    t.match(await until(garbled.recordingId, 'failed'), { problem: 'The file is no MP4' })
  })

  await t.test('what does not come in time', async t => {
    const never = await start('g')
    const fileless = await start('h')
    complete(fileless.egress)
    t.match(await until(never.recordingId, 'failed'), { problem: 'The recorder did not begin within 5 seconds' })
    t.ok(scripted.stopped.includes(never.egress), 'and is stopped')
    t.match(await until(fileless.recordingId, 'failed'), { problem: 'The file was not there within 10 seconds' })
  })

  await t.test('a provider that is away', async t => {
    const { recordingId, egress } = await start('i')
    scripted.become(egress, { state: 'active' })
    await until(recordingId, 'active')
    scripted.isAway = true
    await t.rejects(start('j'), { code: 'ROOMS_UNAVAILABLE' })
    t.match((await recordings.list({ of: { ...THING, id: 'j' }, states: ['failed'], page: 1, pageSize: 1 })).recordings, [{ problem: /does not answer/ }])
    t.match(await recordings.stop({ ...THING, id: 'i' }), { state: 'processing' }, 'it is stopped here, and there when it is back')
    scripted.isAway = false
    while (!scripted.stopped.includes(egress)) await delay(20)
  })

  await t.test('one that was given up, could not be stopped, and begins after all', async t => {
    const { recordingId, egress } = await start('k')
    scripted.isAway = true
    await until(recordingId, 'failed')
    scripted.isAway = false
    scripted.stopped.length = 0
    scripted.become(egress, { state: 'active', startedAt: new Date() })
    scripted.tell(egress)
    while (!scripted.stopped.includes(egress)) await delay(20)
    t.match(await recordings.find(recordingId), { state: 'failed' })
  })

  await t.test('one that was given up, could not be stopped, begins after all, and nothing tells so', async t => {
    const { recordingId, egress } = await start('n')
    scripted.isAway = true
    await until(recordingId, 'failed')
    scripted.become(egress, { state: 'active', startedAt: new Date() })
    scripted.stopped.length = 0
    scripted.isAway = false
    while (!scripted.stopped.includes(egress)) await delay(20)
    t.match(await recordings.find(recordingId), { state: 'failed' })
  })

  await t.test('one that was started though the answer was lost is stopped', async t => {
    scripted.answer = 'is lost'
    await t.rejects(start('o'), { code: 'ROOMS_UNAVAILABLE' })
    scripted.answer = 'comes'
    const egress = `EG_${scripted.asked.length}`
    const other = await start('p')
    for (const one of [egress, other.egress]) scripted.become(one, { state: 'active' })
    while (!scripted.stopped.includes(egress)) await delay(20)
    await until(other.recordingId, 'active')
    t.notOk(scripted.stopped.includes(other.egress), 'and no other')
  })

  await t.test('one of which nothing is said holds up none of the others', async t => {
    const silent = await start('l')
    const { recordingId, egress } = await start('m')
    t.teardown(scripted.hush(silent.egress))
    scripted.become(egress, { state: 'active' })
    await until(recordingId, 'active')
  })
})

t.test('a server starts though nobody says what became of its recordings', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const scripted = new ScriptedRecorder()
  const first = await startRecordingsHost({ folder, provider: scripted.provider })
  const { recordingId } = await first.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } })
  await first.close()
  const speak = scripted.hush('EG_1')
  scripted.become('EG_1', { state: 'active' })
  const second = await startRecordingsHost({ folder, provider: scripted.provider })
  t.match(await second.recordings.find(recordingId), { state: 'starting' })
  speak()
  while ((await second.recordings.find(recordingId))!.state !== 'active') await delay(20)
  await second.close()
})

t.test('a server is gone before it hears that a recording was started: the next one goes on with it', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const scripted = new ScriptedRecorder()
  const first = await startRecordingsHost({ folder, provider: scripted.provider })
  scripted.answer = 'never comes'
  void first.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } })
  while (scripted.asked.length === 0) await delay(20)
  await first.close()
  scripted.become('EG_1', { state: 'active' })
  const second = await startRecordingsHost({ folder, provider: scripted.provider })
  t.teardown(second.close)
  while ((await second.recordings.running(THING))!.state !== 'active') await delay(20)
  await second.recordings.stop(THING)
  t.strictSame(scripted.stopped, ['EG_1'])
})

t.test('a server is gone before it hears that a recording was started, and until after its end: the next one has its file', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const settings = { roomFilesDir: join(folder, 'egress') }
  const scripted = new ScriptedRecorder()
  const first = await startRecordingsHost({ folder, provider: scripted.provider, settings })
  scripted.answer = 'never comes'
  void first.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } })
  while (scripted.asked.length === 0) await delay(20)
  await first.close()
  const path = join(settings.roomFilesDir, scripted.asked[0]!.path)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, MP4)
  const startedAt = new Date(Date.now() - 5_000)
  scripted.become('EG_1', { state: 'complete', startedAt, endedAt: new Date(), file: { location: path, durationMs: 4_900, bytes: MP4.length } })
  const second = await startRecordingsHost({ folder, provider: scripted.provider, settings })
  t.teardown(second.close)
  let latest = await second.recordings.latest(THING)
  while (latest?.state !== 'ready') {
    await delay(20)
    latest = await second.recordings.latest(THING)
  }
  t.match(latest, { startedAt, durationSeconds: 4.9, bytes: MP4.length })
  t.strictSame(scripted.stopped, [])
})

t.test('a file that comes when its recording has failed is not kept, and the recorder has its own', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const settings = { roomFilesDir: join(folder, 'egress'), pollSeconds: 0.1, finishSeconds: 1 }
  const scripted = new ScriptedRecorder()
  const host = await startRecordingsHost({ folder, provider: scripted.provider, settings })
  const { recordingId } = await host.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } })
  const path = join(settings.roomFilesDir, scripted.asked[0]!.path)
  await mkdir(dirname(path), { recursive: true })
  // Whoever reads it waits for what is written.
  execFileSync('mkfifo', [path])
  // Nothing else looks at it, and waits as well.
  scripted.isAway = true
  await delay(0)
  scripted.become('EG_1', { state: 'complete', endedAt: new Date(), file: { location: path, durationMs: 4_900, bytes: 0 } })
  scripted.tell('EG_1')
  while ((await host.recordings.find(recordingId))!.state !== 'failed') await delay(20)
  await writeFile(path, MP4)
  await host.close()
  t.ok(existsSync(path))
  t.strictSame((await readdir(join(folder, 'data'), { recursive: true })).filter(name => name.includes(recordingId)), [])
})

t.test('a provider that cannot record', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-rooms-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const scripted = new ScriptedRecorder()
  scripted.canRecord = false
  const host = await startRecordingsHost({ folder, provider: scripted.provider })
  t.teardown(host.close)
  await t.rejects(host.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'room', name: 'room' } }), { code: 'RECORDING_NOT_POSSIBLE' })
  t.equal(await host.recordings.running(THING), undefined)
})
