import { createReadStream } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RecordingsConfig } from '../../src/config/recordings.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { isMissing } from '../../src/errors/file-system.ts'
import type { LiveCore } from '../../src/livestream/index.ts'
import type { Log } from '../../src/log.ts'
import { EVENT_PLAYLIST, readText } from '../../src/media/hls/files.ts'
import { listedSegments, segmentName, type ListedSegment } from '../../src/media/hls/playlist.ts'
import { join, JoinFailed, type Joined } from '../../src/media/join/join.ts'
import type { SegmentFile } from '../../src/media/join/layout.ts'
import type { Stream } from '../../src/media/stream.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import type { Locks } from '../../src/platform/state/state.ts'
import { RunLimit } from '../../src/run-limit.ts'
import { Capture, type Captured } from './capture.ts'
import type { Recorder } from './recorder.ts'
import { pathOf, RECORDING_TYPE } from './recording-file.ts'
import type { RecordingStore } from './recording-store.ts'
import type { Steps } from './steps.ts'
import type { RecordingRow } from './tables.ts'

/** Below the folder of the streams: links do not reach into other file systems, and one server has it at a time. */
const FOLDER = '.headwater-recordings'
const LEASE_MS = 30_000

type Config = Pick<RecordingsConfig, 'maxSeconds' | 'finishSeconds' | 'tailSeconds' | 'maxJoins' | 'maxBytes'>

export interface StreamRecorderOptions {
  core: Pick<LiveCore, 'streams' | 'config' | 'ffmpegPath'>
  store: RecordingStore
  steps: Steps
  objects: Objects
  locks: Locks
  config: Config
  /** Another server may have the stream. */
  hasNeighbours: boolean
  log: Log
}

/** A recording of which segments are kept here. */
interface Capturing {
  streamKey: string
  capture: Capture
  /** Media that had come before it began, and is published afterwards; in milliseconds. */
  beforeMs: number
  /** When it was stopped: media that had come by then and is still to be published. */
  leftMs: number | undefined
}

/** Records what is published on a stream key: keeps its segments while it runs, and makes one MP4 of them. */
export class StreamRecorder implements Recorder {
  readonly #options: StreamRecorderOptions
  readonly #capturing = new Map<string, Capturing>()
  readonly #finishing = new Map<string, Promise<void>>()
  readonly #joins: RunLimit
  readonly #closing = new AbortController()
  readonly #openedMs = Date.now()

  private constructor (options: StreamRecorderOptions) {
    this.#options = options
    this.#joins = new RunLimit(options.config.maxJoins)
    options.core.streams.on('segment-listed', this.#listed)
  }

  /** Removes what is left of recordings that are over; `attend` goes on with the others. */
  static async open (options: StreamRecorderOptions): Promise<StreamRecorder> {
    const recorder = new StreamRecorder(options)
    const wanted = new Set((await options.store.underWay('stream')).map(({ recordingId }) => recordingId))
    for (const name of await readdir(recorder.#folderOf('')).catch(noneIfMissing)) {
      if (!wanted.has(name)) await rm(recorder.#folderOf(name), { recursive: true, force: true })
    }
    return recorder
  }

  /** Whoever publishes takes their time. */
  get startSeconds (): number { return this.#options.config.maxSeconds }

  check (): void {}

  async start (row: RecordingRow): Promise<void> {
    this.#capture(row)
  }

  async stop (row: RecordingRow): Promise<void> {
    this.#finish(row)
  }

  async attend (row: RecordingRow): Promise<void> {
    if (row.state === 'processing') this.#finish(row)
    else if (row.state === 'starting' || row.state === 'active') this.#capture(row)
    else await this.#drop(row.recordingId)
  }

  async attendAll (rows: readonly RecordingRow[]): Promise<void> {
    const underWay = new Set(rows.map(({ recordingId }) => recordingId))
    for (const recordingId of [...this.#capturing.keys()]) if (!underWay.has(recordingId)) await this.#drop(recordingId)
    for (const row of rows) await this.attend(row)
  }

  lateStart (): string {
    return `Nothing was published within ${this.startSeconds} seconds`
  }

  async close (): Promise<void> {
    this.#closing.abort(new Error('The server is closing'))
    this.#options.core.streams.off('segment-listed', this.#listed)
    await Promise.all([...this.#finishing.values(), ...[...this.#capturing.values()].map(({ capture }) => capture.idle())])
  }

  readonly #listed = (stream: Stream, segment: ListedSegment): void => {
    for (const [recordingId, capturing] of this.#capturing) {
      if (capturing.streamKey !== stream.key || !isWanted(capturing, segment)) continue
      capturing.capture.take(captured(stream.folder, segment, stream.packager?.firstSequence))
      if (capturing.capture.bytes <= this.#options.config.maxBytes) continue
      this.#options.steps.take(recordingId, 'processing', { endedAt: new Date() }).catch((error: unknown) => {
        this.#options.log.error({ err: error, recording: recordingId }, 'a recording that is too large could not be stopped')
      })
    }
  }

  /** Keeps segments from now on; of a recording of an earlier server, also those that it published and did not come to keep. */
  #capture (row: RecordingRow): Capturing {
    const { recordingId, sourceName: streamKey, createdAt } = row
    const known = this.#capturing.get(recordingId)
    if (known !== undefined) return known
    const { store, steps, core, log } = this.#options
    const isNew = createdAt.getTime() >= this.#openedMs
    const capture = new Capture({
      folder: this.#folderOf(recordingId),
      published: async () => isNew ? [] : (await this.#published(streamKey)).filter(segment => isWithin(segment, row)),
      onBegun: async takenAtMs => {
        const startedAt = new Date(takenAtMs)
        // It may have been stopped meanwhile: what is kept counts all the same.
        if (await steps.take(recordingId, 'active', { startedAt }) === undefined) await store.noteStart(recordingId, startedAt)
      },
      log
    })
    const capturing: Capturing = { streamKey, capture, beforeMs: isNew ? lagMs(core.streams.get(streamKey)) : 0, leftMs: undefined }
    this.#capturing.set(recordingId, capturing)
    return capturing
  }

  async #published (streamKey: string): Promise<Captured[]> {
    const { streams } = this.#options.core
    const folder = streams.folderOf(streamKey)
    const text = streams.get(streamKey)?.packager?.eventPlaylist.body.toString() ?? await readText(joinPath(folder, EVENT_PLAYLIST))
    const segments = listedSegments(text ?? '')
    return segments.map(segment => captured(folder, segment, segments[0]?.sequence))
  }

  /** Makes the file, once at a time; where that fails for now, whoever attends next tries again. */
  #finish (row: RecordingRow): void {
    const { recordingId, sourceName } = row
    if (this.#finishing.has(recordingId) || this.#closing.signal.aborted) return
    const capturing = this.#capture(row)
    capturing.leftMs ??= lagMs(this.#options.core.streams.get(sourceName))
    const finishing = this.#finishNow(recordingId, capturing)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.log.error({ err: error, recording: recordingId }, 'the file of a recording could not be made; it is tried again')
      })
      .finally(() => { this.#finishing.delete(recordingId) })
    this.#finishing.set(recordingId, finishing)
  }

  async #finishNow (recordingId: string, capturing: Capturing): Promise<void> {
    const { store, locks } = this.#options
    await this.#tail(capturing)
    // It stays known: another try takes nothing that came after the stop.
    capturing.leftMs = 0
    const segments = await capturing.capture.segments()
    if (segments.length === 0 && await this.#isElsewhere(recordingId)) return
    // Where it could be published on another server meanwhile, both have something: one makes the file.
    const lock = await locks.take(`recording:${recordingId}`, LEASE_MS)
    if (lock === undefined) return
    try {
      const row = await store.find(recordingId)
      // Whoever attends may have an old row.
      if (row?.state === 'processing') await this.#make(row, segments)
      else await this.#removeFolder(recordingId)
    } finally {
      await lock.release()
    }
  }

  async #make (row: RecordingRow, segments: SegmentFile[]): Promise<void> {
    const { recordingId, createdAt, endedAt } = row
    const endedAtMs = (endedAt ?? createdAt).getTime()
    this.#closing.signal.throwIfAborted()
    if (segments.length === 0) {
      if (row.startedAt === null) await this.#options.steps.take(recordingId, 'failed', { problem: 'Nothing was published while it was recorded' })
      return
    }
    const output = joinPath(this.#folderOf(recordingId), 'joined.mp4')
    const leftMs = Math.max(endedAtMs, this.#openedMs) + this.#options.config.finishSeconds * 1_000 - Date.now()
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(Math.max(1, leftMs))])
    try {
      const joined = await this.#joins.run(async () => await join({ segments, output, ffmpegPath: this.#options.core.ffmpegPath, audioKbps: this.#options.core.config.audioKbps, signal }), { signal })
      await this.#keep(row, output, joined)
    } catch (error) {
      const problem = problemOf(error)
      if (problem === undefined) throw error
      this.#options.log.error({ err: error, recording: recordingId }, 'there will be no file of a recording')
      await this.#options.steps.take(recordingId, 'failed', { problem })
    }
    await this.#removeFolder(recordingId)
  }

  async #keep (row: RecordingRow, path: string, { durationMs, bytes }: Joined): Promise<void> {
    const { objects, steps, store } = this.#options
    const key = pathOf(row)
    await objects.put(key, createReadStream(path), { contentType: RECORDING_TYPE })
    if (await steps.take(row.recordingId, 'ready', { durationSeconds: durationMs / 1000, bytes }) !== undefined) return
    // It took too long.
    if ((await store.find(row.recordingId))?.state === 'failed') await objects.delete(key)
  }

  /** Nothing is here. Another server may have something, and says so soon: until then nobody is kept from making the file. */
  async #isElsewhere (recordingId: string): Promise<boolean> {
    const { store, config, hasNeighbours } = this.#options
    if (!hasNeighbours) return false
    await delay(config.tailSeconds * 1_000, undefined, { signal: this.#closing.signal })
    return (await store.find(recordingId))?.startedAt !== null
  }

  /** Resolves when all is published that had come when it was stopped, when nothing can come any more, or after `tailSeconds`. */
  async #tail (capturing: Capturing): Promise<void> {
    const { core: { streams }, config } = this.#options
    const { streamKey } = capturing
    const done = new AbortController()
    const check = () => { if ((capturing.leftMs ?? 0) <= 0 || streams.get(streamKey)?.hasEnded !== false) done.abort() }
    // It is told of a segment after `#listed`, which counts it.
    const listed = ({ key }: Stream) => { if (key === streamKey) check() }
    const ended = listed
    streams.on('segment-listed', listed)
    streams.on('ended', ended)
    check()
    await delay(config.tailSeconds * 1_000, undefined, { signal: AbortSignal.any([done.signal, this.#closing.signal]) }).catch(() => {})
    streams.off('segment-listed', listed)
    streams.off('ended', ended)
  }

  async #drop (recordingId: string): Promise<void> {
    if (this.#finishing.has(recordingId)) return
    const capturing = this.#capturing.get(recordingId)
    this.#capturing.delete(recordingId)
    await capturing?.capture.idle()
    await this.#removeFolder(recordingId)
  }

  async #removeFolder (recordingId: string): Promise<void> {
    this.#capturing.delete(recordingId)
    await rm(this.#folderOf(recordingId), { recursive: true, force: true })
  }

  #folderOf (recordingId: string): string {
    return joinPath(this.#options.core.config.streamsDir, FOLDER, recordingId)
  }
}

/** Media that has come and is not published yet, in milliseconds. */
function lagMs (stream: Stream | undefined): number {
  return (stream?.pipeline?.lagSeconds ?? 0) * 1_000
}

/** Whether the greater part of a segment came while it was recorded. Counts the segment. */
function isWanted (capturing: Capturing, { durationMs }: Pick<ListedSegment, 'durationMs'>): boolean {
  const isBefore = capturing.beforeMs > 0 && capturing.beforeMs >= durationMs / 2
  capturing.beforeMs -= durationMs
  if (capturing.leftMs === undefined) return !isBefore
  const isBehind = capturing.leftMs < durationMs / 2
  capturing.leftMs -= durationMs
  return !isBefore && !isBehind
}

/** Whether the greater part of a segment was taken after the recording began, and its first frame before it was stopped. */
function isWithin ({ takenAtMs, durationMs }: Captured, { createdAt, endedAt }: Pick<RecordingRow, 'createdAt' | 'endedAt'>): boolean {
  return takenAtMs + durationMs / 2 >= createdAt.getTime() && (endedAt === null || takenAtMs < endedAt.getTime())
}

function captured (folder: string, { sequence, durationMs, discontinuity, programDateTimeMs }: Omit<ListedSegment, 'bytes'>, firstSequence: number | undefined): Captured {
  return { sequence, path: joinPath(folder, segmentName(sequence)), durationMs, isBreak: discontinuity || sequence === firstSequence, takenAtMs: programDateTimeMs }
}

/** What another try would not mend, in words for whoever may see the recording: what FFmpeg says names paths. Undefined: it may. */
function problemOf (error: unknown): string | undefined {
  if (error instanceof JoinFailed && error.isFinal) return 'The file could not be made of what was recorded'
  if ((error as Error).name === 'TimeoutError') return 'The file could not be made in time'
  return error instanceof HeadwaterError && error.code === 'PAYLOAD_TOO_LARGE' ? `The file is too large: ${error.message}` : undefined
}

function noneIfMissing (error: unknown): string[] {
  if (isMissing(error)) return []
  throw error
}
