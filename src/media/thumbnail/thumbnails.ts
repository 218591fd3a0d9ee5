import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Log } from '../../log.ts'
import { RunLimit } from '../../run-limit.ts'
import { EVENT_PLAYLIST, lastWritten } from '../hls/files.ts'
import { logName } from '../log-name.ts'
import { findKeyFrame, newestSequences, type Listed } from './key-frame.ts'
import { LatestPicture, type Picture } from './latest-picture.ts'
import { RecentlyUsed } from './recently-used.ts'
import { runThumbnail, type ThumbnailOutcome, type ThumbnailRunSettings } from './run.ts'

export interface ThumbnailSettings extends ThumbnailRunSettings {
  thumbnailIntervalSeconds: number
  maxThumbnailRuns: number
  maxKeptThumbnails: number
}

/** What is looked at of a stream. */
export interface PicturedStream {
  readonly key: string
  readonly hasEnded: boolean
  readonly packager: Listed | undefined
}

/** The streams that the server knows. */
export interface PicturedStreams {
  get (key: string): PicturedStream | undefined
  folderOf (key: string): string
  on (event: 'ended', listener: (stream: PicturedStream) => void): unknown
}

export interface ThumbnailsOptions {
  streams: PicturedStreams
  /** A checked FFmpeg. */
  ffmpegPath: string
  settings: ThumbnailSettings
  log: Log
  /** A monotonic clock in milliseconds. */
  now?: () => number
}

/** Whoever came before the first segment asks again after this. */
const RETRY_AFTER_MS = 2_000

/** Pictures of all streams, made when somebody asks. Event `run`: how an FFmpeg run ended. */
export class Thumbnails extends EventEmitter<{ run: [outcome: ThumbnailOutcome['kind']] }> {
  readonly #options: ThumbnailsOptions
  readonly #intervalMs: number
  readonly #now: () => number
  readonly #limit: RunLimit
  readonly #closing = new AbortController()
  /** Of running streams: each goes with its stream. */
  readonly #running = new WeakMap<PicturedStream, LatestPicture>()
  /** Of streams that have ended, by key; an earlier server may have carried them. */
  readonly #ended: RecentlyUsed<LatestPicture>

  constructor (options: ThumbnailsOptions) {
    super()
    const { settings, streams, now = () => performance.now() } = options
    this.#options = options
    this.#now = now
    this.#intervalMs = settings.thumbnailIntervalSeconds * 1000
    this.#limit = new RunLimit(settings.maxThumbnailRuns)
    this.#ended = new RecentlyUsed(settings.maxKeptThumbnails)
    streams.on('ended', stream => this.#keep(stream))
  }

  /**
   * The picture of a stream, and for how many milliseconds no newer one is made.
   * @throws HeadwaterError `STREAM_NOT_FOUND`, `THUMBNAIL_NOT_FOUND`, `FFMPEG_ERROR`, `SERVER_BUSY`; the file system's error
   */
  async get (key: string): Promise<{ picture: Picture, freshMs: number }> {
    const stream = this.#options.streams.get(key)
    if (stream !== undefined && (stream.packager?.segmentCount ?? 0) === 0) {
      throw new HeadwaterError('THUMBNAIL_NOT_FOUND', { message: 'The stream has no segment yet', streamKey: key, ...(stream.hasEnded ? {} : { retryAfterMs: RETRY_AFTER_MS }) })
    }
    const latest = stream === undefined || stream.hasEnded ? await this.#ofEnded(key) : this.#ofRunning(stream)
    return await latest.get(former => this.#look(key, stream?.packager, former))
  }

  /** Ends what runs; whoever waits is refused. */
  async close (): Promise<void> {
    this.#closing.abort()
    await this.#limit.idle()
  }

  #ofRunning (stream: PicturedStream): LatestPicture {
    const known = this.#running.get(stream) ?? new LatestPicture(this.#intervalMs, this.#now)
    this.#running.set(stream, known)
    return known
  }

  async #ofEnded (key: string): Promise<LatestPicture> {
    // Retention and people remove folders; unknown keys make no entry.
    if (await lastWritten(join(this.#options.streams.folderOf(key), EVENT_PLAYLIST)) === undefined) {
      this.#ended.delete(key)
      throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey: key })
    }
    const known = this.#ended.get(key) ?? new LatestPicture(this.#intervalMs, this.#now)
    this.#ended.set(key, known)
    return known
  }

  /** A picture that is there under this key already is one of an earlier broadcast. */
  #keep (stream: PicturedStream): void {
    const last = this.#running.get(stream)
    this.#running.delete(stream)
    if (last === undefined) this.#ended.delete(stream.key)
    else this.#ended.set(stream.key, last)
  }

  async #look (key: string, listed: Listed | undefined, former: Picture | undefined): Promise<Picture> {
    const folder = this.#options.streams.folderOf(key)
    const sequences = await newestSequences(folder, listed)
    const sequence = sequences[0]
    if (sequence === undefined) throw new HeadwaterError('THUMBNAIL_NOT_FOUND', { message: 'The stream has no segment', streamKey: key })
    if (sequence === former?.sequence) return former
    return await this.#limit.run(async () => {
      const keyFrame = await findKeyFrame(folder, sequences, listed)
      if (keyFrame === undefined) throw new HeadwaterError('THUMBNAIL_NOT_FOUND', { message: 'The stream has no picture: it is sound alone', streamKey: key })
      const jpeg = await this.#run(key, keyFrame)
      return { jpeg, digest: createHash('sha256').update(jpeg).digest('base64url'), sequence }
    })
  }

  async #run (key: string, keyFrame: Buffer): Promise<Buffer> {
    const { ffmpegPath, settings, log } = this.#options
    if (this.#closing.signal.aborted) throw closing(key)
    const outcome = await runThumbnail({ keyFrame, ffmpegPath, settings, signal: this.#closing.signal })
    this.emit('run', outcome.kind)
    if (outcome.kind === 'made') return outcome.jpeg
    if (outcome.kind === 'aborted') throw closing(key)
    log.warn({ stream: logName(key), ...outcome }, 'a thumbnail could not be made')
    throw new HeadwaterError('FFMPEG_ERROR', { message: 'The picture of the stream could not be made', streamKey: key, retryAfterMs: this.#intervalMs })
  }
}

function closing (streamKey: string): HeadwaterError {
  return new HeadwaterError('SERVER_BUSY', { message: 'The server is closing', streamKey })
}
