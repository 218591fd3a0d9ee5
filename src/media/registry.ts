import { EventEmitter } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HeadwaterError } from '../errors/catalogue.ts'
import { closeAbandoned } from './hls/files.ts'
import type { ListedSegment } from './hls/playlist.ts'
import { sweep } from './hls/retention.ts'
import type { Log } from './log.ts'
import { Stream, type StreamListener, type StreamSettings } from './stream.ts'
import type { EndReason } from './stream-state.ts'

export interface RegistrySettings extends StreamSettings {
  streamsDir: string
  maxStreams: number
  retentionHours: number
}

export interface RegistryOptions {
  settings: RegistrySettings
  /** A checked FFmpeg. */
  ffmpegPath: string
  /** A logger for one stream. */
  logFor: (key: string) => Log
  log: Log
}

/** What happens to streams, for whoever listens. */
export interface RegistryEvents {
  started: [stream: Stream]
  resumed: [stream: Stream]
  reconnecting: [stream: Stream]
  ended: [stream: Stream, reason: EndReason]
  'segment-listed': [stream: Stream, segment: ListedSegment]
  troubled: [stream: Stream, error: HeadwaterError]
}

const SWEEP_INTERVAL_MS = 10 * 60_000
/** A stream key becomes a folder's name. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export function isStreamKey (value: unknown): value is string {
  return typeof value === 'string' && KEY.test(value)
}

/** All streams of this server, by key: a key has one stream at a time, or the one that ended last. */
export class StreamRegistry extends EventEmitter<RegistryEvents> {
  readonly #options: RegistryOptions
  readonly #streams = new Map<string, Stream>()
  #sweeper: NodeJS.Timeout | undefined
  #sweeping: Promise<void> = Promise.resolve()
  #closed = false

  constructor (options: RegistryOptions) {
    super()
    this.setMaxListeners(0)
    this.#options = options
  }

  /** Creates the media root and settles what an earlier server left there. */
  async open (): Promise<void> {
    const { settings, log } = this.#options
    await mkdir(settings.streamsDir, { recursive: true })
    const abandoned = await closeAbandoned(settings.streamsDir)
    if (abandoned.length > 0) log.warn({ streams: abandoned }, 'closed the playlists of streams that an earlier server left open')
    await this.#sweep()
    this.#sweeper = setInterval(() => { this.#sweeping = this.#sweep() }, SWEEP_INTERVAL_MS)
    this.#sweeper.unref()
  }

  get (key: string): Stream | undefined {
    return this.#streams.get(key)
  }

  folderOf (key: string): string {
    return join(this.#options.settings.streamsDir, key)
  }

  /** Streams that have not ended, in the order in which they began. */
  active (): Stream[] {
    return [...this.#streams.values()].filter(stream => !stream.hasEnded)
  }

  /**
   * A new stream on a key that is free, not started yet.
   * @throws HeadwaterError `STREAM_ALREADY_EXISTS`, `SERVER_BUSY`
   */
  prepare (key: string, owner: { userId?: string | undefined, title?: string | undefined, description?: string | undefined } = {}): Stream {
    const { settings, ffmpegPath, logFor } = this.#options
    const former = this.#streams.get(key)
    if (former !== undefined && !former.hasEnded) throw new HeadwaterError('STREAM_ALREADY_EXISTS', { streamKey: key })
    if (this.#closed) throw new HeadwaterError('SERVER_BUSY', { message: 'The server is closing', streamKey: key })
    if (this.active().length >= settings.maxStreams) {
      throw new HeadwaterError('SERVER_BUSY', { message: `The server carries ${settings.maxStreams} streams already`, streamKey: key })
    }
    const stream = new Stream({
      key,
      userId: owner.userId,
      title: owner.title,
      description: owner.description,
      folder: this.folderOf(key),
      ffmpegPath,
      settings,
      log: logFor(key),
      listener: this.#listener,
      ...(former === undefined ? {} : { viewers: former.viewers })
    })
    // The newest stands last.
    this.#streams.delete(key)
    this.#streams.set(key, stream)
    return stream
  }

  /** Ends all streams: gracefully for so long, then at once. */
  async close (graceMs: number): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweeper)
    const active = this.active()
    const deadline = setTimeout(() => { for (const stream of active) void stream.abort('server closing') }, graceMs)
    await Promise.all(active.map(stream => stream.end('server closing')))
    clearTimeout(deadline)
    await this.#sweeping
    this.removeAllListeners()
  }

  readonly #listener: StreamListener = {
    started: stream => { this.emit('started', stream) },
    resumed: stream => { this.emit('resumed', stream) },
    reconnecting: stream => { this.emit('reconnecting', stream) },
    ended: (stream, reason) => { this.emit('ended', stream, reason) },
    segmentListed: (stream, segment) => { this.emit('segment-listed', stream, segment) },
    troubled: (stream, error) => { this.emit('troubled', stream, error) }
  }

  async #sweep (): Promise<void> {
    const { settings, log } = this.#options
    const retentionMs = settings.retentionHours * 3_600_000
    try {
      const running = new Map(this.active().map(stream => [stream.key, { firstSequence: stream.packager?.firstSequence ?? 0 }]))
      const removed = await sweep(settings.streamsDir, retentionMs, Date.now(), running)
      if (removed.length > 0) log.info({ removed }, 'removed what was older than the retention')
    } catch (error) {
      log.error({ err: error }, 'old streams could not be removed')
    }
    for (const [key, stream] of this.#streams) {
      const over = stream.endedAt !== undefined && stream.endedAt.getTime() < Date.now() - retentionMs
      if (over && stream.viewers.size === 0) this.#streams.delete(key)
    }
  }
}
