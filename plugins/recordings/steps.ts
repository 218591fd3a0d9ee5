import type { Log } from '../../src/log.ts'
import { Listeners } from '../../src/listeners.ts'
import type { Channels } from '../../src/platform/state/state.ts'
import type { Recording } from '../../src/recordings/recordings.ts'
import { recordingOf, type Facts, type RecordingStore } from './recording-store.ts'
import type { NextState } from './recording-state.ts'
import type { RecordingRow } from './tables.ts'

const CHANNEL = 'recordings'

/** Takes recordings from state to state, and tells of it: features on this server, recorders on all. */
export class Steps {
  readonly #store: RecordingStore
  readonly #channels: Channels
  readonly #log: Log
  readonly #listeners: Listeners<[recording: Recording]>

  constructor (store: RecordingStore, channels: Channels, log: Log) {
    this.#store = store
    this.#channels = channels
    this.#log = log
    this.#listeners = new Listeners(log, 'recordings')
  }

  /** @returns an end to it */
  onChange (listener: (recording: Recording) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** @param listener gets the id of a recording that is new or has changed, on any server @returns an end to it */
  async onAnyServer (listener: (recordingId: string) => void): Promise<() => Promise<void>> {
    return await this.#channels.subscribe(CHANNEL, message => { if (typeof message === 'string') listener(message) })
  }

  /** @returns undefined where that step cannot be taken, or was taken already */
  async take (recordingId: string, state: NextState, facts?: Facts): Promise<RecordingRow | undefined> {
    const row = await this.#store.advance(recordingId, state, facts)
    if (row !== undefined) await this.tell(row)
    return row
  }

  async tell (row: RecordingRow): Promise<void> {
    const { recordingId, state, problem } = row
    this.#log.info({ recording: recordingId, state, ...(problem === null ? {} : { problem }) }, 'recording changed')
    this.#listeners.tell(recordingOf(row))
    await this.#channels.publish(CHANNEL, recordingId)
  }
}
