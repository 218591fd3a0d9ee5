import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { isMissing } from '../../src/errors/file-system.ts'
import { reasonOf } from '../../src/errors/reason.ts'
import type { Log } from '../../src/log.ts'
import type { ObjectInfo, Objects } from '../../src/platform/objects/objects.ts'
import type { Locks } from '../../src/platform/state/state.ts'
import type { RoomProvider, RoomRecording } from '../../src/rooms/provider.ts'
import { RunLimit } from '../../src/run-limit.ts'
import { UnderWay } from '../../src/under-way.ts'
import type { Recorder } from './recorder.ts'
import { pathOf, RECORDING_TYPE } from './recording-file.ts'
import type { RecordingStore } from './recording-store.ts'
import type { Steps } from './steps.ts'
import type { RecordingRow } from './tables.ts'

export interface RoomRecorderOptions {
  provider: RoomProvider
  store: RecordingStore
  steps: Steps
  objects: Objects
  locks: Locks
  /** Folder that the provider writes to, as this server sees it; empty: it writes to where the objects are. */
  filesDir: string
  startSeconds: number
  log: Log
}

const LEASE_MS = 30_000
/** Each may be a file that is copied. */
const ATTENDED_AT_ONCE = 4
/** What has failed is looked for among what runs at the provider for so long. */
const GIVEN_UP_MS = 3_600_000
/** How an MP4 begins: a box of any length of this type (ISO/IEC 14496-12, 4.3). */
const BEGINNING = { start: 4, end: 7 }
const FILE_TYPE = 'ftyp'

/** What recorders say that everybody may read; other words of theirs may name hosts, buckets and paths. */
const HARMLESS = ['Start signal not received', 'Source closed', 'Stop called before pipeline could start', 'Session limit reached', 'Session limit reached before start signal']

/** What the provider told and what is there do not fit, or may not fit yet. */
class FileTrouble extends Error {
  override readonly name = 'FileTrouble'
  readonly isFinal: boolean

  constructor (message: string, { isFinal }: { isFinal: boolean }) {
    super(message)
    this.isFinal = isFinal
  }
}

/** Has rooms recorded by the provider that runs them, and takes its files over. What the provider does not tell is asked for. */
export class RoomRecorder implements Recorder {
  readonly #options: RoomRecorderOptions
  readonly #end: () => void
  readonly #hearing = new UnderWay()
  /** Steps under way, by recording: one at a time. */
  readonly #works = new Map<string, Promise<void>>()

  constructor (options: RoomRecorderOptions) {
    this.#options = options
    this.#end = options.provider.onEvent(async event => {
      if (event.type === 'recording-changed') await this.#hearing.track(this.#hear(event.recording))
    })
  }

  get startSeconds (): number { return this.#options.startSeconds }

  check (): void {
    if (!this.#options.provider.capabilities.recording) throw new HeadwaterError('RECORDING_NOT_POSSIBLE', { message: 'Whoever runs the rooms here does not record them' })
  }

  async start (row: RecordingRow): Promise<void> {
    const { provider, store } = this.#options
    const asked = await provider.startRecording(row.sourceName, pathOf(row))
    await store.noteProvider(row.recordingId, asked.id)
    // It may have been stopped, or have taken too long, before anybody knew what to stop.
    await this.#follow(await store.find(row.recordingId) ?? row, asked)
  }

  async stop (row: RecordingRow): Promise<void> {
    if (row.providerId === null) return
    try {
      await this.#apply(row, await this.#options.provider.stopRecording(row.providerId))
    } catch (error) {
      if (error instanceof HeadwaterError && error.code === 'RECORDING_NOT_FOUND') await this.#vanished(row)
      else this.#options.log.warn({ err: error, recording: row.recordingId }, 'a recording could not be stopped; it is tried again')
    }
  }

  async attend (row: RecordingRow): Promise<void> {
    if (row.providerId === null) return
    const told = await this.#options.provider.findRecording(row.providerId)
    if (told === undefined) await this.#vanished(row)
    else await this.#follow(row, told)
  }

  /** One that cannot be looked at keeps no other from it. */
  async attendAll (rows: readonly RecordingRow[], closing: AbortSignal): Promise<void> {
    const { log } = this.#options
    const atOnce = new RunLimit(ATTENDED_AT_ONCE)
    const each = async (row: RecordingRow, look: () => Promise<void>) => await atOnce.run(async () => {
      if (closing.aborted) return
      await look().catch((error: unknown) => { log.warn({ err: error, recording: row.recordingId }, 'what became of a recording could not be asked for') })
    })
    const unheard = this.#unheard().catch((error: unknown) => {
      log.warn({ err: error }, 'recordings that nothing was heard of could not be asked for')
      return []
    })
    await Promise.all([
      ...rows.map(async row => { await each(row, async () => { await this.attend(row) }) }),
      unheard.then(async all => await Promise.all(all.map(async ({ row, told }) => { await each(row, async () => { await this.#adopt(row, told) }) })))
    ])
  }

  lateStart (): string {
    return `The recorder did not begin within ${this.startSeconds} seconds`
  }

  async close (): Promise<void> {
    this.#end()
    await this.#hearing.idle()
    await Promise.allSettled(this.#works.values())
  }

  /**
   * The answer to a start may have been lost, or the server be gone before it came; and one that was given up may run
   * after all, or still. They are known by their paths, which are ours.
   */
  async #unheard (): Promise<Array<{ row: RecordingRow, told: RoomRecording }>> {
    const { provider, store } = this.#options
    const rows = await store.unheard(new Date(Date.now() - GIVEN_UP_MS))
    if (rows.length === 0) return []
    const found = await provider.findRecordingsByPath(rows.map(row => ({ room: row.sourceName, path: pathOf(row) })))
    return rows.flatMap(row => {
      const told = found.get(pathOf(row))
      return told === undefined ? [] : [{ row, told }]
    })
  }

  async #hear (told: RoomRecording): Promise<void> {
    const row = await this.#options.store.ofProvider(told.id)
    if (row !== undefined) await this.#follow(row, told)
  }

  async #adopt (row: RecordingRow, told: RoomRecording): Promise<void> {
    await this.#options.store.noteProvider(row.recordingId, told.id)
    await this.#follow({ ...row, providerId: told.id }, told)
  }

  /** What is over here, and still runs there, is stopped: it could not be before. Otherwise what was told counts, unless it comes too late. */
  async #follow (row: RecordingRow, told: RoomRecording): Promise<void> {
    const isOver = row.state === 'processing' || row.state === 'failed'
    const runs = told.state === 'starting' || told.state === 'active'
    if (isOver && runs) await this.stop(row)
    else if (row.state !== 'failed') await this.#apply(row, told)
  }

  /** Takes the steps that lead to what was told. */
  async #apply (row: RecordingRow, told: RoomRecording): Promise<void> {
    const { recordingId } = row
    // One after the other: the end may be told while the file is taken over.
    const work = (this.#works.get(recordingId) ?? Promise.resolve()).catch(() => {}).then(async () => { await this.#applyNow(row, told) })
    this.#works.set(recordingId, work)
    try {
      await work
    } finally {
      if (this.#works.get(recordingId) === work) this.#works.delete(recordingId)
    }
  }

  async #applyNow (row: RecordingRow, told: RoomRecording): Promise<void> {
    const { steps, store, log } = this.#options
    const { recordingId } = row
    const startedAt = told.startedAt ?? new Date()
    switch (told.state) {
      case 'starting':
        return
      case 'active':
        await steps.take(recordingId, 'active', { startedAt })
        return
      case 'ending':
      case 'complete':
        if (told.startedAt !== undefined) await store.noteStart(recordingId, told.startedAt)
        await steps.take(recordingId, 'processing', { endedAt: told.endedAt ?? new Date() })
        if (told.state === 'complete') await this.#takeOver(recordingId, told)
        return
      case 'failed':
        if (await steps.take(recordingId, 'failed', { problem: problemOf(told), endedAt: told.endedAt ?? new Date() }) !== undefined) log.warn({ recording: recordingId, told: told.problem }, 'the recorder of a room failed')
    }
  }

  async #takeOver (recordingId: string, { file }: RoomRecording): Promise<void> {
    const { steps, store, objects, locks, filesDir, log } = this.#options
    const lock = await locks.take(`recording:${recordingId}`, LEASE_MS)
    // Another server does it, or nobody can know: then it is tried again.
    if (lock === undefined) return
    try {
      const row = await store.find(recordingId)
      if (row?.state !== 'processing') return
      if (file === undefined) throw new FileTrouble('The recorder tells of no file', { isFinal: true })
      const { bytes } = await this.#fetch(row, file.bytes)
      if (await steps.take(recordingId, 'ready', { durationSeconds: file.durationMs / 1000, bytes }) !== undefined) await this.#removeOriginal(row)
      // It took too long: the recorder's own copy stays.
      else if (filesDir !== '' && (await store.find(recordingId))?.state === 'failed') await objects.delete(pathOf(row))
    } catch (error) {
      if (error instanceof FileTrouble && error.isFinal) await steps.take(recordingId, 'failed', { problem: error.message })
      else log.warn({ recording: recordingId, reason: reasonOf(error) }, 'the file of a recording cannot be taken over yet; it is tried again')
    } finally {
      await lock.release()
    }
  }

  /** The file among the objects, checked. @param told its size; 0: nobody said @throws FileTrouble */
  async #fetch (row: RecordingRow, told: number): Promise<ObjectInfo> {
    const { objects, filesDir } = this.#options
    const key = pathOf(row)
    let info = await objects.info(key)
    if (info === undefined && filesDir !== '') {
      const path = join(filesDir, key)
      const size = await sizeOf(path)
      if (size === undefined) throw new FileTrouble('The file is not there', { isFinal: false })
      // It may still be on its way, through a folder that is shared.
      if (told > 0 && size < told) throw new FileTrouble(`The file has ${size} of ${told} bytes`, { isFinal: false })
      info = await objects.put(key, createReadStream(path), { contentType: RECORDING_TYPE })
    }
    if (info === undefined) throw new FileTrouble('The file is not there', { isFinal: false })
    if (told > 0 && info.bytes !== told) throw new FileTrouble(`The file has ${info.bytes} bytes, and the recorder told of ${told}`, { isFinal: true })
    if (!await this.#isMp4(info)) throw new FileTrouble('The file is no MP4', { isFinal: true })
    return info
  }

  async #isMp4 ({ key, bytes }: ObjectInfo): Promise<boolean> {
    if (bytes <= BEGINNING.end) return false
    const found = await this.#options.objects.get(key, BEGINNING)
    return found !== undefined && (await buffer(found.body)).toString('latin1') === FILE_TYPE
  }

  /** It is kept twice otherwise. */
  async #removeOriginal (row: RecordingRow): Promise<void> {
    const { filesDir, log } = this.#options
    if (filesDir === '') return
    await rm(join(filesDir, pathOf(row)), { force: true })
      .catch((error: unknown) => { log.warn({ err: error, recording: row.recordingId }, "the recorder's own copy of a file stays") })
  }

  async #vanished ({ recordingId }: RecordingRow): Promise<void> {
    await this.#options.steps.take(recordingId, 'failed', { problem: 'The recorder knows nothing of it any more' })
  }
}

function problemOf ({ problem }: RoomRecording): string {
  if (problem === undefined) return 'The recorder does not say why'
  return HARMLESS.includes(problem) ? problem : 'The recorder failed'
}

async function sizeOf (path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
