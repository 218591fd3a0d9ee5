import { randomBytes, timingSafeEqual } from 'node:crypto'
import { HeadwaterError, type ErrorCode } from '../errors/catalogue.ts'
import { isOutOfSpace } from '../errors/file-system.ts'
import type { Log } from '../log.ts'
import type { Admission, Reservation } from './admission/admission.ts'
import type { StreamCost } from './admission/cost.ts'
import type { Fault } from './epoch/fault.ts'
import type { RunOutcome } from './epoch/run.ts'
import type { EncodeWork } from './ffmpeg/arguments.ts'
import { Packager, type PackagerSettings } from './hls/packager.ts'
import type { ListedSegment } from './hls/playlist.ts'
import { Ingest, type Acknowledgement, type IncomingChunk, type IngestSettings } from './ingest/ingest.ts'
import { Journal } from './journal/journal.ts'
import type { Journaled } from './journal/records.ts'
import { recoveredCost, recoveredEpoch, recoveredSending } from './journal/recovered.ts'
import { Pipeline, StorageLimitReached, type Listing, type PipelineSettings } from './pipeline.ts'
import type { SegmentStore } from './storage/storage.ts'
import { canBecome, type EndReason, type StreamState } from './stream-state.ts'

export interface StreamSettings extends PipelineSettings, IngestSettings, PackagerSettings {
  resumeWindowSeconds: number
  preparedMinutes: number
}

/** What a stream tells its registry. */
export interface StreamListener {
  started (stream: Stream): void
  resumed (stream: Stream): void
  /** Its broadcaster is gone; it waits for the resume window. */
  reconnecting (stream: Stream): void
  ended (stream: Stream, reason: EndReason): void
  /** A chunk came, whatever becomes of it. */
  received (stream: Stream, bytes: number): void
  segmentListed (stream: Stream, segment: ListedSegment, listing: Listing): void
  /** FFmpeg runs for it. */
  runStarted (stream: Stream, work: EncodeWork): void
  runEnded (stream: Stream, outcome: RunOutcome): void
  /** A fault holds its segments up, or makes them late; undefined: they come again, in time. */
  condition (stream: Stream, fault: Fault | undefined): void
  /** Each fault, also while another one lasts. */
  fault (stream: Stream, fault: Fault): void
  /** Something of what the broadcaster sent could not be used. */
  troubled (stream: Stream, error: HeadwaterError): void
}

export interface StreamOptions {
  key: string
  /** Who may publish; `undefined` until the first start when it was prepared without one. */
  userId: string | undefined
  title?: string | undefined
  description?: string | undefined
  folder: string
  ffmpegPath: string
  settings: StreamSettings
  log: Log
  /** Where its segments find room. */
  storage: SegmentStore
  /** Where it gets its share of the processor. */
  admission: Admission
  listener: StreamListener
  /** What an earlier server wrote about this stream, which was not over. */
  journaled?: Journaled | undefined
  /** Connections that watch this key already. */
  viewers?: Iterable<string>
}

/** What a stream consists of while it is on air. */
interface OnAir {
  packager: Packager
  pipeline: Pipeline
  ingest: Ingest
  reservation: Reservation
}

const END_REASONS: Partial<Record<ErrorCode, EndReason>> = { FFMPEG_ERROR: 'ffmpeg error', STORAGE_FULL: 'disk full', SERVER_BUSY: 'server busy' }

/** The owner of a stream that was prepared by nobody in particular. */
export const ANONYMOUS = 'anonymous'

/** One broadcast on one key: who may send, its state, and the way of its media. */
export class Stream {
  readonly key: string
  readonly folder: string
  readonly title: string | undefined
  readonly description: string | undefined
  /** Proves ownership: known only to the broadcaster, never logged. */
  readonly resumeToken: string
  readonly createdAt = new Date()
  /** Connections that watch. */
  readonly viewers: Set<string>
  readonly #options: StreamOptions
  readonly #log: Log
  #state: StreamState = 'prepared'
  #userId: string | undefined
  #startedAt: Date | undefined
  #endedAt: Date | undefined
  #broadcaster: string | null = null
  #lostAt = 0
  #timer: NodeJS.Timeout | undefined
  #opening: Promise<OnAir> | undefined
  #onAir: OnAir | undefined
  #ending: Promise<void> | undefined
  /** What stays when it has ended. */
  #published: Packager | undefined

  constructor (options: StreamOptions) {
    this.key = options.key
    this.folder = options.folder
    this.title = options.title
    this.description = options.description
    this.viewers = new Set(options.viewers)
    this.resumeToken = options.journaled?.broadcast.resumeToken ?? randomBytes(24).toString('base64url')
    this.#options = options
    this.#userId = options.userId
    this.#log = options.log
    if (options.journaled === undefined) this.#after(options.settings.preparedMinutes * 60_000, 'not started in time')
  }

  /**
   * A stream that a server left behind, waiting for its broadcaster.
   * @throws the file system's error when its folder cannot be opened
   */
  static async recover (options: Omit<StreamOptions, 'userId' | 'title' | 'description'> & { journaled: Journaled }): Promise<Stream> {
    const { userId, title, description, startedAtMs } = options.journaled.broadcast
    const stream = new Stream({ ...options, userId, title, description })
    stream.#startedAt = new Date(startedAtMs)
    stream.#onAir = await stream.#open()
    stream.#state = 'reconnecting'
    stream.#lostAt = performance.now()
    stream.#after(options.settings.resumeWindowSeconds * 1000, 'broadcaster disconnected')
    options.log.info({ userId, nextSeq: stream.nextSeq, segments: stream.packager?.segmentCount }, 'stream found again: it waits for its broadcaster')
    return stream
  }

  get state (): StreamState { return this.#state }
  get userId (): string { return this.#userId ?? ANONYMOUS }
  /** Whether nobody in particular owns it yet. */
  get unowned (): boolean { return this.#userId === undefined || this.#userId === ANONYMOUS }
  get startedAt (): Date { return this.#startedAt ?? this.createdAt }
  get endedAt (): Date | undefined { return this.#endedAt }
  /** The connection that sends; null while there is none. */
  get broadcaster (): string | null { return this.#broadcaster }
  /** Media can come, now or when the broadcaster is back. */
  get isLive (): boolean { return this.#state === 'live' || this.#state === 'reconnecting' }
  get hasEnded (): boolean { return this.#state === 'ended' }
  /** Its playlists and segments; undefined before the start. */
  get packager (): Packager | undefined { return this.#onAir?.packager ?? this.#published }
  get pipeline (): Pipeline | undefined { return this.#onAir?.pipeline }
  /** What it takes of the processor; undefined before its first header. */
  get cost (): StreamCost | undefined { return this.#onAir?.reservation.cost }
  /** The number of the chunk that a resuming client sends first. */
  get nextSeq (): number { return this.#onAir?.ingest.nextSeq ?? 0 }
  get heldBytes (): number { return this.#onAir?.ingest.heldBytes ?? 0 }
  /** Acknowledgements that are withheld, by a limit or because too much is held. */
  get withheldAnswers (): number { return this.#onAir?.ingest.withheldAnswers ?? 0 }
  /** Chunks that came too early and wait for the ones before them. */
  get earlyChunks (): number { return this.#onAir?.ingest.earlyChunks ?? 0 }

  /** Constant time, so that the answer's time says nothing about the token. */
  isToken (candidate: string): boolean {
    const given = Buffer.from(candidate)
    const own = Buffer.from(this.resumeToken)
    return given.length === own.length && timingSafeEqual(given, own)
  }

  /** prepared -> live. @throws HeadwaterError `STORAGE_FULL`, or `INTERNAL_ERROR` when its folder cannot be opened */
  async start (broadcaster: string, userId: string): Promise<void> {
    this.#become('live')
    clearTimeout(this.#timer)
    this.#broadcaster = broadcaster
    this.#userId = userId
    this.#startedAt = new Date()
    this.#opening = this.#open()
    try {
      this.#onAir = await this.#opening
    } catch (error) {
      const isFull = isOutOfSpace(error)
      this.#endFor(isFull ? 'disk full' : 'internal error')
      if (isFull) throw new HeadwaterError('STORAGE_FULL', { message: "The server's disk is full. Try again later", streamKey: this.key, cause: error })
      throw new HeadwaterError('INTERNAL_ERROR', { message: 'The folder of the stream could not be opened', streamKey: this.key, cause: error })
    }
    this.#log.info({ userId }, 'stream started')
    this.#options.listener.started(this)
  }

  /** The broadcaster is back, or another connection of it takes over. */
  resume (broadcaster: string): void {
    if (this.#state === 'reconnecting') {
      this.#become('live')
      clearTimeout(this.#timer)
      this.#onAir?.ingest.resumed(performance.now() - this.#lostAt)
    }
    this.#broadcaster = broadcaster
    this.#log.info({ nextSeq: this.nextSeq }, 'broadcaster is back')
    this.#options.listener.resumed(this)
  }

  /** The broadcaster's connection is gone. */
  lose (): void {
    if (this.#state !== 'live') return
    this.#become('reconnecting')
    this.#broadcaster = null
    this.#lostAt = performance.now()
    this.#log.info({}, 'broadcaster is gone')
    this.#options.listener.reconnecting(this)
    this.#after(this.#options.settings.resumeWindowSeconds * 1000, 'broadcaster disconnected')
  }

  /** Takes a chunk. Resolves when the sender may go on. @throws HeadwaterError `STREAM_NOT_FOUND` when the stream is not live */
  async take (chunk: IncomingChunk): Promise<Acknowledgement> {
    const onAir = this.#onAir ?? await this.#opening?.catch(() => undefined)
    if (onAir === undefined || !this.isLive) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey: this.key })
    this.#options.listener.received(this, chunk.bytes.length)
    return await onAir.ingest.take(chunk)
  }

  /** Publishes what is still under way, then closes the playlists. The first reason counts. @throws HeadwaterError `SERVER_BUSY` when it is left to the next server */
  async end (reason: EndReason): Promise<void> {
    if (this.#state === 'left') throw new HeadwaterError('SERVER_BUSY', { message: 'The server is closing', streamKey: this.key })
    this.#ending ??= this.#end(reason, false)
    await this.#ending
  }

  /** Ends by itself, unless it is left to the next server. */
  #endFor (reason: EndReason): void {
    if (this.#state !== 'left') void this.end(reason)
  }

  /** Leaves the stream to the next server: what can be published is, the playlists stay open. */
  async leave (): Promise<void> {
    clearTimeout(this.#timer)
    this.#become('left')
    this.#broadcaster = null
    const onAir = this.#onAir ?? await this.#opening?.catch(() => undefined)
    onAir?.ingest.close()
    await onAir?.pipeline.suspend()
    this.#log.info({ nextSeq: this.nextSeq, segments: onAir?.packager.segmentCount ?? 0 }, 'stream left for the next server')
  }

  /** Leaves without waiting for FFmpeg. */
  async hurry (): Promise<void> {
    await this.#onAir?.pipeline.abort()
  }

  /** Ends without waiting for FFmpeg. */
  async abort (reason: EndReason): Promise<void> {
    this.#ending ??= this.#end(reason, true)
    await this.#onAir?.pipeline.abort()
    await this.#ending
  }

  async #open (): Promise<OnAir> {
    const { settings, ffmpegPath, listener, folder, journaled, storage, admission } = this.#options
    const packager = journaled === undefined
      ? await Packager.open(folder, settings)
      : await Packager.resume(folder, settings, { ...journaled.broadcast, segments: journaled.segments })
    const journal = await this.#openJournal(packager)
    const reservation = admission.reservation(recoveredCost(journaled))
    const pipeline: Pipeline = new Pipeline({
      packager,
      ffmpegPath,
      settings,
      log: this.#log,
      storage,
      journal,
      reservation,
      starts: admission.starts,
      locate: offset => ingest.locate(offset),
      recovered: recoveredEpoch(journaled),
      onSafe: () => ingest.settle(),
      onListed: (segment, listing) => listener.segmentListed(this, segment, listing),
      onRunStarted: work => listener.runStarted(this, work),
      onRunEnded: outcome => listener.runEnded(this, outcome),
      onCondition: fault => listener.condition(this, fault),
      onFault: fault => listener.fault(this, fault),
      onFailed: error => this.#fail(error)
    })
    const onTrouble = (error: HeadwaterError) => listener.troubled(this, error)
    const ingest: Ingest = new Ingest({ pipeline, settings, log: this.#log, onTrouble, recovered: recoveredSending(journaled) })
    return { packager, pipeline, ingest, reservation }
  }

  async #openJournal ({ firstSequence, firstDiscontinuity }: Packager): Promise<Journal> {
    const { settings, folder, journaled } = this.#options
    const writing = { sync: settings.syncSegments === 'on' }
    if (journaled !== undefined) return await Journal.reopen(folder, journaled, writing)
    return await Journal.create(folder, {
      type: 'broadcast',
      version: 1,
      key: this.key,
      userId: this.userId,
      resumeToken: this.resumeToken,
      ...(this.title === undefined ? {} : { title: this.title }),
      ...(this.description === undefined ? {} : { description: this.description }),
      startedAtMs: this.startedAt.getTime(),
      firstSequence,
      discontinuitySequence: firstDiscontinuity
    }, writing)
  }

  #fail (error: StorageLimitReached | HeadwaterError): void {
    if (error instanceof StorageLimitReached) {
      this.#endFor('storage limit')
      return
    }
    if (error.code === 'SERVER_BUSY') this.#log.warn({ reason: error.message }, 'the stream is refused')
    else this.#log.error({ err: error }, 'the stream cannot go on')
    this.#options.listener.troubled(this, error)
    this.#endFor(END_REASONS[error.code] ?? 'internal error')
  }

  async #end (reason: EndReason, abort: boolean): Promise<void> {
    clearTimeout(this.#timer)
    this.#become('ending')
    const onAir = this.#onAir ?? await this.#opening?.catch(() => undefined)
    if (onAir !== undefined) {
      onAir.ingest.close()
      await (abort ? onAir.pipeline.abort() : onAir.pipeline.end())
      onAir.packager.releaseMemory()
      await this.#closeFiles(onAir.packager).catch((error: unknown) => this.#log.error({ err: error }, 'the playlists could not be closed'))
    }
    // The rest would be kept for as long as the stream is known.
    this.#published = onAir?.packager
    this.#onAir = this.#opening = undefined
    this.#broadcaster = null
    this.#endedAt = new Date()
    this.#become('ended')
    const { segmentCount = 0, bytes = 0, durationMs = 0 } = onAir?.packager ?? {}
    const lastedSeconds = (this.#endedAt.getTime() - this.startedAt.getTime()) / 1000
    this.#log.info({ reason, segments: segmentCount, bytes, seconds: durationMs / 1000, lastedSeconds }, 'stream ended')
    this.#options.listener.ended(this, reason)
  }

  async #closeFiles (packager: Packager): Promise<void> {
    await packager.end()
    await Journal.remove(this.folder)
  }

  #after (ms: number, reason: EndReason): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => { this.#endFor(reason) }, ms)
    this.#timer.unref()
  }

  #become (state: StreamState): void {
    if (!canBecome(this.#state, state)) throw new Error(`A stream that is ${this.#state} cannot become ${state}`)
    this.#state = state
  }
}
