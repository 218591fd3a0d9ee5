import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { HeadwaterError, type ErrorDetails } from '../errors/catalogue.ts'
import { LOCK_HEARTBEAT_MS, takeLock, type FolderLock, type LockedFolder } from '../folder-lock/lock.ts'
import type { Log } from '../log.ts'
import { Admission, RETRY_AFTER_MS, type AdmissionSettings } from './admission/admission.ts'
import type { Fault } from './epoch/fault.ts'
import type { RunOutcome } from './epoch/run.ts'
import type { EncodeWork } from './ffmpeg/arguments.ts'
import type { ListedSegment } from './hls/playlist.ts'
import { sweep } from './hls/retention.ts'
import { closeForGood, readAbandoned } from './journal/recovery.ts'
import type { Journaled } from './journal/records.ts'
import { logName } from './log-name.ts'
import type { Listing } from './pipeline.ts'
import { listStreamFolders } from './storage/stream-folders.ts'
import { Storage, type StorageReport, type StorageSettings } from './storage/storage.ts'
import { isStreamKey } from './stream-key.ts'
import { Stream, type StreamListener, type StreamSettings } from './stream.ts'
import type { EndReason } from './stream-state.ts'

export interface RegistrySettings extends StreamSettings, StorageSettings, AdmissionSettings {
  maxStreams: number
  retentionHours: number
  closeStreams: 'resumable' | 'end'
}

export interface RegistryOptions {
  settings: RegistrySettings
  /** A checked FFmpeg. */
  ffmpegPath: string
  /** A logger for one stream. */
  logFor: (key: string) => Log
  log: Log
}

const STREAMS_FOLDER: LockedFolder = { of: 'the streams', setting: 'STREAMS_DIR', inUse: 'STREAMS_DIR_IN_USE' }

/** Why a stream is refused. `taken-over`: another server has the media root. */
export const REFUSALS = ['streams', 'cpu', 'storage', 'closing', 'taken-over'] as const

export type Refusal = typeof REFUSALS[number]

/** What happens to streams, for whoever listens. */
export interface RegistryEvents {
  started: [stream: Stream]
  resumed: [stream: Stream]
  reconnecting: [stream: Stream]
  ended: [stream: Stream, reason: EndReason]
  /** A chunk came, whatever becomes of it. */
  received: [stream: Stream, bytes: number]
  'segment-listed': [stream: Stream, segment: ListedSegment, listing: Listing]
  'run-started': [stream: Stream, work: EncodeWork]
  'run-ended': [stream: Stream, outcome: RunOutcome]
  troubled: [stream: Stream, error: HeadwaterError]
  /** A fault holds segments up, or makes them late; undefined: they come again, in time. */
  condition: [stream: Stream, fault: Fault | undefined]
  /** Each fault, also while another one lasts. */
  fault: [stream: Stream, fault: Fault]
  'storage-changed': [report: StorageReport]
  refused: [why: Refusal]
  /** A running stream takes more of the CPU budget than was left. */
  overcommitted: []
}

const SWEEP_INTERVAL_MS = 10 * 60_000
/** All streams of this server, by key: a key has one stream at a time, or the one that ended last. */
export class StreamRegistry extends EventEmitter<RegistryEvents> {
  readonly #options: RegistryOptions
  readonly #streams = new Map<string, Stream>()
  readonly #storage: Storage
  readonly #admission: Admission
  #lock: FolderLock | undefined
  /** Why this server may not write to the media root any more. */
  #lost: HeadwaterError | undefined
  #sweeper: NodeJS.Timeout | undefined
  #sweeping: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor (options: RegistryOptions) {
    super()
    this.setMaxListeners(0)
    this.#options = options
    this.#storage = new Storage({
      settings: options.settings,
      log: options.log,
      isRunning: key => this.#streams.get(key)?.hasEnded === false,
      // Its playlist in memory would name segments that are gone.
      onRemoved: key => { this.#streams.delete(key) },
      onChanged: report => { this.emit('storage-changed', report) }
    })
    this.#admission = new Admission({
      settings: options.settings,
      onRefused: () => { this.emit('refused', 'cpu') },
      onOvercommitted: () => { this.emit('overcommitted') }
    })
  }

  /**
   * Takes the media root for this server, and settles what an earlier one left there.
   * @throws HeadwaterError `STREAMS_DIR_IN_USE`, `CONFIG_INVALID` when it cannot be written to
   */
  async open (): Promise<void> {
    const { settings, log } = this.#options
    this.#lock = await takeLock(settings.streamsDir, {
      what: STREAMS_FOLDER,
      log,
      onLost: error => {
        this.#lost = error
        log.error({ err: error }, 'this server takes no more streams')
      }
    })
    try {
      await this.#settle()
    } catch (error) {
      await this.#lock.release()
      throw error
    }
  }

  async #settle (): Promise<void> {
    await this.#admission.open()
    await this.#recover()
    await this.#sweep()
    await this.#storage.open()
    this.#sweeper = setInterval(() => { this.#sweeping = this.#sweep().then(() => this.#storage.recount()) }, SWEEP_INTERVAL_MS)
    this.#sweeper.unref()
  }

  /** Goes on with the streams that an earlier server left, if it was there a moment ago; the others are closed. */
  async #recover (): Promise<void> {
    const { settings, log } = this.#options
    const aliveAt = this.#lock?.formerAliveAt
    const windowMs = settings.resumeWindowSeconds * 1000
    const isInTime = aliveAt !== undefined && windowMs > 0 && Date.now() - aliveAt < windowMs + LOCK_HEARTBEAT_MS
    const closed: string[] = []
    for (const { key } of await listStreamFolders(settings.streamsDir)) {
      if (!isStreamKey(key)) continue
      const folder = this.folderOf(key)
      const journaled = isInTime ? await readAbandoned(folder) : undefined
      if (journaled !== undefined && await this.#recoverStream(key, journaled)) continue
      if (await closeForGood(folder)) closed.push(key)
    }
    if (closed.length > 0) log.warn({ streams: closed.map(logName) }, 'closed the playlists of streams that an earlier server left open')
  }

  async #recoverStream (key: string, journaled: Journaled): Promise<boolean> {
    try {
      this.#streams.set(key, await Stream.recover({ ...this.#optionsOf(key), journaled }))
      return true
    } catch (error) {
      this.#options.log.error({ err: error, stream: logName(key) }, 'a stream of an earlier server cannot go on')
      return false
    }
  }

  get (key: string): Stream | undefined {
    return this.#streams.get(key)
  }

  folderOf (key: string): string {
    return join(this.#options.settings.streamsDir, key)
  }

  /** Why this server takes no more streams, for good; undefined while it does. */
  get lost (): HeadwaterError | undefined { return this.#lost }

  /** What the streams use, and what is left. */
  get storage (): StorageReport { return this.#storage.report }

  get maxStreams (): number { return this.#options.settings.maxStreams }

  /** What the streams may take of the processor, and what they take. */
  get admission (): Pick<Admission, 'report' | 'reservedBy'> { return this.#admission }

  /** Streams that have not ended, in the order in which they began. */
  active (): Stream[] {
    return [...this.#streams.values()].filter(stream => !stream.hasEnded)
  }

  /**
   * A new stream on a key that is free, not started yet.
   * @throws HeadwaterError `STREAM_ALREADY_EXISTS`, `SERVER_BUSY`, `STORAGE_FULL`
   */
  prepare (key: string, owner: { userId?: string | undefined, title?: string | undefined, description?: string | undefined } = {}): Stream {
    const former = this.#streams.get(key)
    if (former !== undefined && !former.hasEnded) throw new HeadwaterError('STREAM_ALREADY_EXISTS', { streamKey: key })
    this.#requireRoom(key)
    const stream = new Stream({
      ...this.#optionsOf(key),
      userId: owner.userId,
      title: owner.title,
      description: owner.description,
      ...(former === undefined ? {} : { viewers: former.viewers })
    })
    // The newest stands last.
    this.#streams.delete(key)
    this.#streams.set(key, stream)
    return stream
  }

  /** @throws HeadwaterError `SERVER_BUSY`, `STORAGE_FULL` */
  #requireRoom (streamKey: string): void {
    const { maxStreams } = this.#options.settings
    const busy = (why: Refusal, message: string, details: ErrorDetails = {}) => this.#refuse(why, new HeadwaterError('SERVER_BUSY', { message, streamKey, ...details }))
    if (this.#closing !== undefined) busy('closing', 'The server is closing')
    if (this.active().length >= maxStreams) busy('streams', `The server carries ${maxStreams} streams already`, { retryAfterMs: RETRY_AFTER_MS })
    if (this.#lost !== undefined) busy('taken-over', 'Another server has taken over from this one', { cause: this.#lost })
    const { refusal } = this.#storage
    if (refusal !== undefined) this.#refuse('storage', new HeadwaterError('STORAGE_FULL', { message: refusal, streamKey }))
    const tooDear = this.#admission.refusal
    if (tooDear !== undefined) busy('cpu', tooDear, { retryAfterMs: RETRY_AFTER_MS })
  }

  #refuse (why: Refusal, error: HeadwaterError): never {
    this.emit('refused', why)
    throw error
  }

  /** Ends all streams, or leaves them to the next server (CLOSE_STREAMS): gracefully for so long, then at once. */
  close (graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close (graceMs: number): Promise<void> {
    clearInterval(this.#sweeper)
    const active = this.active()
    const isLeft = (stream: Stream) => this.#options.settings.closeStreams === 'resumable' && stream.isLive
    const deadline = setTimeout(() => {
      for (const stream of active) void (stream.state === 'left' ? stream.hurry() : stream.abort('server closing'))
    }, graceMs)
    await Promise.all(active.map(stream => isLeft(stream) ? stream.leave() : stream.end('server closing')))
    clearTimeout(deadline)
    await this.#sweeping
    await this.#storage.close()
    this.removeAllListeners()
    await this.#lock?.release()
  }

  #optionsOf (key: string) {
    const { settings, ffmpegPath, logFor } = this.#options
    return { key, folder: this.folderOf(key), storage: this.#storage.storeOf(key), admission: this.#admission, ffmpegPath, settings, log: logFor(key), listener: this.#listener }
  }

  readonly #listener: StreamListener = {
    started: stream => { this.emit('started', stream) },
    resumed: stream => { this.emit('resumed', stream) },
    reconnecting: stream => { this.emit('reconnecting', stream) },
    ended: (stream, reason) => { this.emit('ended', stream, reason) },
    received: (stream, bytes) => { this.emit('received', stream, bytes) },
    segmentListed: (stream, segment, listing) => { this.emit('segment-listed', stream, segment, listing) },
    runStarted: (stream, work) => { this.emit('run-started', stream, work) },
    runEnded: (stream, outcome) => { this.emit('run-ended', stream, outcome) },
    troubled: (stream, error) => { this.emit('troubled', stream, error) },
    condition: (stream, fault) => {
      if (fault === 'disk-full') void this.#storage.check()
      this.emit('condition', stream, fault)
    },
    fault: (stream, fault) => { this.emit('fault', stream, fault) }
  }

  async #sweep (): Promise<void> {
    const { settings, log } = this.#options
    const retentionMs = settings.retentionHours * 3_600_000
    try {
      const running = {
        get: (key: string) => {
          const stream = this.#streams.get(key)
          return stream === undefined || stream.hasEnded ? undefined : { firstSequence: stream.packager?.firstSequence ?? 0 }
        }
      }
      const removed = await sweep(settings.streamsDir, retentionMs, Date.now(), running)
      if (removed.length > 0) log.info({ removed: removed.map(logName) }, 'removed what was older than the retention')
    } catch (error) {
      log.error({ err: error }, 'old streams could not be removed')
    }
    for (const [key, stream] of this.#streams) {
      const over = stream.endedAt !== undefined && stream.endedAt.getTime() < Date.now() - retentionMs
      if (over && stream.viewers.size === 0) this.#streams.delete(key)
    }
  }
}
