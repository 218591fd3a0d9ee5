import type { RecordingsConfig } from '../../src/config/recordings.ts'
import { Coalesced } from '../../src/coalesced.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Locks } from '../../src/platform/state/state.ts'
import type { NewRecording, RecordedThing, Recording, RecordingQuery, Recordings, Watcher } from '../../src/recordings/recordings.ts'
import { UnderWay } from '../../src/under-way.ts'
import type { Recorder } from './recorder.ts'
import { checkThing, fileNameOf } from './recording-file.ts'
import { overdue } from './recording-state.ts'
import { recordingOf, type RecordingStore } from './recording-store.ts'
import type { Steps } from './steps.ts'
import type { RecordingRow } from './tables.ts'

export interface RecordingsCoreOptions {
  store: RecordingStore
  steps: Steps
  locks: Locks
  /** By the kind of source; what nobody is there for cannot be recorded. */
  recorders: Partial<Record<RecordingRow['source'], Recorder>>
  config: RecordingsConfig
  log: Log
}

type MaySee = Parameters<Recordings['addVisibility']>[1]

const LOCK = 'recordings'
/** Longer than one look at all of them takes; it is renewed. */
const LEASE_MS = 30_000

/** What features have of recordings, and what looks after those that are under way. */
export class RecordingsCore implements Recordings {
  /** What stands before the name of a file in its address. */
  filesUrl = ''
  readonly #options: RecordingsCoreOptions
  readonly #maySee = new Map<RecordedThing['kind'], MaySee>()
  readonly #looking: Coalesced
  #timer: NodeJS.Timeout | undefined
  #openedMs = 0
  #unsubscribe: (() => Promise<void>) | undefined
  readonly #attending = new UnderWay()
  readonly #closing = new AbortController()

  constructor (options: RecordingsCoreOptions) {
    this.#options = options
    this.#looking = new Coalesced(async () => { await this.#look() })
  }

  /** Goes on with what an earlier server left, and looks after all of it from now on. Does not wait for it: whoever records may not answer. */
  async open (): Promise<void> {
    const { steps, config } = this.#options
    this.#openedMs = Date.now()
    this.#unsubscribe = await steps.onAnyServer(recordingId => { this.#heard(recordingId) })
    void this.look()
    this.#timer = setInterval(() => { void this.look() }, config.pollSeconds * 1_000)
    this.#timer.unref()
  }

  /** Looks at all that is under way now. Never fails: it is logged, and done again. */
  async look (): Promise<void> {
    await this.#looking.run().catch((error: unknown) => { this.#options.log.error({ err: error }, 'recordings could not be looked after; it is tried again') })
  }

  async close (): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#timer)
    await this.#unsubscribe?.()
    await Promise.all([this.#looking.idle(), this.#attending.idle()])
    for (const recorder of this.#recorders()) await recorder.close()
  }

  async start (recording: NewRecording): Promise<Recording> {
    const { store, steps, recorders } = this.#options
    checkThing(recording.of)
    const recorder = recorders[recording.source.kind]
    if (recorder === undefined) throw new HeadwaterError('RECORDING_NOT_POSSIBLE')
    recorder.check()
    const row = await store.add(recording)
    const { recordingId } = row
    await steps.tell(row)
    try {
      await recorder.start(row)
    } catch (error) {
      await steps.take(recordingId, 'failed', { problem: error instanceof HeadwaterError ? error.message : 'The recorder failed', endedAt: new Date() })
      throw error
    }
    return recordingOf(await store.find(recordingId) ?? row)
  }

  async stop (of: RecordedThing): Promise<Recording> {
    const { store } = this.#options
    const running = await store.running(of)
    const stopped = running === undefined ? undefined : await this.#stop(running)
    if (stopped === undefined) throw new HeadwaterError('INVALID_STATE', { message: 'It is not recorded' })
    return recordingOf(await store.find(stopped.recordingId) ?? stopped)
  }

  async running (of: RecordedThing): Promise<Recording | undefined> {
    return this.#told(await this.#options.store.running(of))
  }

  async find (recordingId: string): Promise<Recording | undefined> {
    return this.#told(await this.#options.store.find(recordingId))
  }

  async list (query: RecordingQuery): Promise<{ recordings: Recording[], total: number }> {
    const { rows, total } = await this.#options.store.list(query)
    return { recordings: rows.map(recordingOf), total }
  }

  async latest (of: RecordedThing): Promise<Recording | undefined> {
    return this.#told(await this.#options.store.latest(of))
  }

  urlOf ({ recordingId }: Pick<Recording, 'recordingId'>): string {
    return `${this.filesUrl}/${fileNameOf(recordingId)}`
  }

  addVisibility (kind: RecordedThing['kind'], maySee: MaySee): void {
    this.#maySee.set(kind, maySee)
  }

  onChange (listener: (recording: Recording) => void): () => void {
    return this.#options.steps.onChange(listener)
  }

  /** Whether somebody may know of a recording. Where no feature says so: its owner and administrators. */
  async isVisible ({ of, ownerId }: Recording, watcher: Watcher): Promise<boolean> {
    if (watcher.isAdmin || watcher.accountId === ownerId) return true
    return await this.#maySee.get(of.kind)?.(of, watcher) ?? false
  }

  #told (row: RecordingRow | undefined): Recording | undefined {
    return row === undefined ? undefined : recordingOf(row)
  }

  #recorders (): Recorder[] {
    return Object.values(this.#options.recorders)
  }

  async #stop ({ recordingId, source }: RecordingRow): Promise<RecordingRow | undefined> {
    const { steps, recorders } = this.#options
    const stopped = await steps.take(recordingId, 'processing', { endedAt: new Date() })
    if (stopped !== undefined) await recorders[source]?.stop(stopped)
    return stopped
  }

  /** A recording is new or has changed, here or elsewhere. Streams are recorded where they are, rooms from anywhere. */
  #heard (recordingId: string): void {
    const { store, recorders, log } = this.#options
    const attend = async () => {
      const row = await store.find(recordingId)
      if (row?.source === 'stream') await recorders.stream?.attend(row)
    }
    void this.#attending.track(attend().catch((error: unknown) => { log.error({ err: error, recording: recordingId }, 'a recording could not be attended to; it is tried again') }))
  }

  async #look (): Promise<void> {
    const { store, recorders, locks } = this.#options
    await recorders.stream?.attendAll(await store.underWay('stream'), this.#closing.signal)
    const lock = await locks.take(LOCK, LEASE_MS)
    if (lock === undefined) return
    try {
      await recorders.room?.attendAll(await store.underWay('room'), this.#closing.signal)
      for (const row of await store.underWay()) await this.#enforce(row)
    } finally {
      await lock.release()
    }
  }

  /** Nothing is under way for ever. */
  async #enforce (row: RecordingRow): Promise<void> {
    const { steps, recorders, config } = this.#options
    const recorder = recorders[row.source]
    // Nobody is there for it any more: its provider is not set up.
    const startSeconds = recorder?.startSeconds ?? config.startSeconds
    switch (overdue(row, { ...config, startSeconds }, Date.now(), this.#openedMs)) {
      case 'start': {
        const problem = recorder?.lateStart() ?? `Nothing was recorded within ${startSeconds} seconds`
        const failed = await steps.take(row.recordingId, 'failed', { problem, endedAt: new Date() })
        if (failed !== undefined) await recorder?.stop(failed)
        return
      }
      case 'end':
        await this.#stop(row)
        return
      case 'finish':
        await steps.take(row.recordingId, 'failed', { problem: `The file was not there within ${config.finishSeconds} seconds` })
    }
  }
}
