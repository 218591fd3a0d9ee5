import type { ServerEvents } from '../livestream/events.ts'
import { isOver, type BroadcastState } from './broadcast-state.ts'
import { ClientError } from './client-error.ts'
import { RateMeter } from './rate-meter.ts'
import { mimeTypeFor, Recorder } from './recorder.ts'
import { serverRoot, socketAddress, type ServerAddress } from './server-address.ts'
import { Stateful } from './stateful.ts'
import { Uplink, UPLINK_DEFAULTS } from './uplink.ts'

export const BROADCASTER_DEFAULTS = {
  /** Bits per second of the picture. */
  videoBitsPerSecond: 2_500_000,
  /** Bits per second of the sound. */
  audioBitsPerSecond: 128_000,
  /** How often a chunk is sent, in milliseconds. */
  chunkMs: 250,
  /** How often a key frame is asked for, in milliseconds. */
  keyFrameMs: 1_000,
  /** Larger chunks are split, in bytes. */
  maxChunkBytes: 1_000_000,
  /** What is not safe on the server is kept in memory up to this, in bytes; then recording pauses. */
  maxKeptBytes: 64_000_000,
  ...UPLINK_DEFAULTS
}

/** Measured so often, in milliseconds. */
const STATS_MS = 1_000
/** Bitrates are those of the last while. */
const BITRATE_WINDOW_MS = 5_000
/** A recorder that fails is started again, unless it has failed within this time before. */
const RECORDER_RESTART_MS = 5_000

export interface BroadcasterOptions extends ServerAddress, Partial<typeof BROADCASTER_DEFAULTS> {
  /** 1 to 128 letters, digits, dots, underscores and hyphens. */
  streamKey: string
  /** Whose stream it is. */
  userId: string
  /** Publish key or token, where the server asks for one. A function is asked before each connection, for tokens that are good for a while only. */
  credential?: string | (() => string) | undefined
  /** Of an earlier page, to take its stream over. */
  resumeToken?: string | undefined
  /** Only this format (an `id` of `RECORDING_FORMATS`). Default: the best that the browser has. */
  format?: string | undefined
}

export interface BroadcastStats {
  /** What is recorded, bits per second. */
  recordedBitrate: number
  /** What the server takes, bits per second. */
  takenBitrate: number
  /** Recorded, and not taken by the server yet. */
  queuedChunks: number
  queuedBytes: number
  /** Age of the oldest of them, in seconds: how far sending is behind recording. */
  lagSeconds: number
  /** Kept until it is safe on the server's disk. */
  keptBytes: number
  /** Bytes sent in all. */
  sentBytes: number
  reconnects: number
}

/** All that is known of a broadcast at one moment. */
export interface BroadcastSnapshot {
  state: BroadcastState
  /** Something is recorded at present. */
  isRecording: boolean
  /** What the browser really records, for example `video/x-matroska;codecs=avc1,opus`; empty until it is known. */
  mimeType: string
  /** When it went live, Date.now(); undefined before. */
  liveSince: number | undefined
  /** Path of the playlist on the server, signed where the server signs; undefined before the server has taken the stream. */
  playbackUrl: string | undefined
  /** Viewers; undefined until the server has told. */
  viewers: number | undefined
  /** What holds the stream up on the server; null: nothing. */
  condition: Parameters<ServerEvents['stream-condition']>[0]['reason']
  /** Why it failed, in the state `failed`. */
  error: ClientError | undefined
  /** Why it ended, in the server's words, in the state `ended`. */
  endReason: string | undefined
  stats: BroadcastStats
}

const BEFORE: BroadcastSnapshot = {
  state: 'idle',
  isRecording: false,
  mimeType: '',
  liveSince: undefined,
  playbackUrl: undefined,
  viewers: undefined,
  condition: null,
  error: undefined,
  endReason: undefined,
  stats: { recordedBitrate: 0, takenBitrate: 0, queuedChunks: 0, queuedBytes: 0, lagSeconds: 0, keptBytes: 0, sentBytes: 0, reconnects: 0 }
}

/** Media that viewers will not see. */
export interface BroadcastGap {
  /** `buffer-full`: the network was too slow for too long. `window-over`: the connection was gone for longer than the server waits. */
  cause: 'buffer-full' | 'window-over'
  seconds: number
}

export interface BroadcasterEvents {
  state: BroadcastState
  /** Something went wrong, and the broadcast goes on. */
  trouble: ClientError
  gap: BroadcastGap
}

/**
 * A broadcast from a page: records a MediaStream, sends it, and gets it through whatever the network does.
 * One object is one broadcast; it cannot be started again.
 */
export class Broadcaster extends Stateful<BroadcastSnapshot, BroadcasterEvents> {
  readonly #options: BroadcasterOptions & typeof BROADCASTER_DEFAULTS
  readonly #uplink: Uplink<Blob>
  readonly #recorded = new RateMeter(BITRATE_WINDOW_MS)
  readonly #taken = new RateMeter(BITRATE_WINDOW_MS)
  #stream: MediaStream | undefined
  #recorder: Recorder | undefined
  /** The chunks of a recorder wait until the one before it has handed over its rest. */
  #turn: Promise<void> = Promise.resolve()
  #failedAt = -Infinity
  /** Since when nothing is recorded because too much is kept, performance.now(). */
  #fullSince: number | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor (options: BroadcasterOptions) {
    super(BEFORE)
    this.#options = { ...BROADCASTER_DEFAULTS, ...options }
    this.#uplink = new Uplink({ ...this.#options, ...socketAddress(serverRoot(options)) })
    this.#listen()
  }

  /** Proves that the stream is ours. Keep it secret; a page that was loaded anew can go on with it. */
  get resumeToken (): string | undefined { return this.#uplink.resumeToken }

  /**
   * Goes live with a stream. Its tracks stay the caller's.
   * @returns when the server has taken it
   * @throws ClientError why not: a code of the server (`STREAM_ALREADY_EXISTS`, `UNAUTHORIZED`, `SERVER_BUSY`, ...),
   * `NO_CONNECTION`, `FORMAT_UNSUPPORTED`, `UNSUPPORTED_BROWSER`, or `CANCELLED` by `stop`
   */
  async start (stream: MediaStream): Promise<void> {
    mimeTypeFor(stream, this.#options.format)
    this.#stream = stream
    await new Promise<void>((resolve, reject) => {
      this.#uplink.on('started', () => resolve())
      this.on('state', state => { if (isOver(state)) reject(this.#uplink.error ?? new ClientError('CANCELLED')) })
      this.#timer = setInterval(() => this.update({ stats: this.#measure() }), STATS_MS)
      this.#uplink.start()
    })
  }

  /**
   * Goes on with another stream: another camera, a screen. Viewers see a cut, nothing else.
   * @throws ClientError as `start`; then the former stream is still recorded
   */
  replace (stream: MediaStream): void {
    const former = this.#stream
    this.#stream = stream
    try {
      if (this.#mayRecord) this.#record(stream)
    } catch (error) {
      this.#stream = former
      throw error
    }
  }

  /** Sends what is recorded, then ends the stream. @returns when it is over */
  async stop (): Promise<void> {
    const { state } = this.snapshot
    if (isOver(state)) return
    const over = new Promise<void>(resolve => {
      const off = this.on('state', next => {
        if (!isOver(next)) return
        off()
        resolve()
      })
    })
    if (state !== 'ending') {
      this.#stopRecorder()
      await this.#turn
      this.#uplink.finish()
    }
    await over
  }

  /** Leaves at once. The server waits for the resume window before it ends the stream. */
  abort (): void {
    this.#uplink.abort()
  }

  #listen (): void {
    const uplink = this.#uplink
    uplink.on('state', state => {
      if (isOver(state)) {
        clearInterval(this.#timer)
        this.#recorder?.discard()
        this.#recorder = undefined
      }
      this.update({ state, error: uplink.error, endReason: uplink.endReason, stats: this.#measure(), isRecording: this.#recorder !== undefined })
      this.emit('state', state)
    })
    uplink.on('started', ({ playbackUrl }) => {
      this.update({ playbackUrl })
      if (this.snapshot.liveSince !== undefined) return
      this.update({ liveSince: Date.now() })
      this.#recordOrFail()
    })
    uplink.on('anew', ({ since }) => {
      this.#recorder?.discard()
      this.#fullSince = undefined
      this.emit('gap', { cause: 'window-over', seconds: (performance.now() - since) / 1000 })
      if (this.#mayRecord) this.#recordOrFail()
    })
    uplink.on('taken', ({ chunk }) => {
      this.#taken.add(chunk.size, performance.now())
      this.#makeUseOfRoom()
    })
    uplink.on('listed', () => { if (this.#fullSince !== undefined && uplink.waiting.length === 0) uplink.askWhatIsSafe() })
    uplink.on('viewers', viewers => this.update({ viewers }))
    uplink.on('condition', ({ reason }) => this.update({ condition: reason }))
    uplink.on('trouble', error => this.emit('trouble', error))
  }

  get #mayRecord (): boolean {
    const { state } = this.#uplink
    return this.#stream?.active === true && this.#fullSince === undefined && (state === 'live' || state === 'reconnecting')
  }

  /** The new recorder begins before the former one stops, so that nothing is missed. @throws ClientError */
  #record (stream: MediaStream): void {
    const { format, videoBitsPerSecond, audioBitsPerSecond, chunkMs, keyFrameMs } = this.#options
    const early: Blob[] = []
    let isItsTurn = false
    const recorder = new Recorder({
      stream,
      format,
      videoBitsPerSecond,
      audioBitsPerSecond,
      chunkMs,
      keyFrameMs,
      onChunk: chunk => {
        this.#recorded.add(chunk.size, performance.now())
        if (this.#recorder === recorder && recorder.mimeType !== this.snapshot.mimeType) this.update({ mimeType: recorder.mimeType })
        if (isItsTurn) this.#send(chunk)
        else early.push(chunk)
      },
      onFailed: error => { if (this.#recorder === recorder) this.#recorderFailed(error) }
    })
    this.#stopRecorder()
    this.#recorder = recorder
    this.#turn = this.#turn.then(() => {
      isItsTurn = true
      if (!recorder.discarded) for (const chunk of early) this.#send(chunk)
    })
    for (const track of stream.getTracks()) {
      // The recorder itself ends with the last one.
      track.addEventListener('ended', () => {
        if (this.#recorder === recorder && stream.getTracks().some(({ readyState }) => readyState === 'live')) this.emit('trouble', new ClientError('DEVICE_LOST'))
      })
    }
    this.update({ isRecording: true })
  }

  /** What the next one records waits until this one has handed over its rest. */
  #stopRecorder (): void {
    const rest = this.#recorder?.stop()
    this.#recorder = undefined
    this.#turn = this.#turn.then(() => rest)
  }

  #recordOrFail (): void {
    try {
      this.#record(this.#stream!)
    } catch (error) {
      this.#uplink.fail(error as ClientError)
    }
  }

  #recorderFailed (error: ClientError): void {
    const former = this.#failedAt
    this.#failedAt = performance.now()
    // Not every error stops a recorder; two at once would end up in one recording.
    this.#stopRecorder()
    this.update({ isRecording: false })
    this.emit('trouble', error)
    if (this.#mayRecord && this.#failedAt - former > RECORDER_RESTART_MS) this.#recordOrFail()
  }

  #send (chunk: Blob): void {
    const { maxChunkBytes, maxKeptBytes } = this.#options
    for (let start = 0; start < chunk.size; start += maxChunkBytes) {
      const piece = chunk.size <= maxChunkBytes ? chunk : chunk.slice(start, start + maxChunkBytes)
      this.#uplink.send(piece, piece.size)
    }
    if (this.#uplink.keptBytes <= maxKeptBytes || this.#fullSince !== undefined) return
    this.#fullSince = performance.now()
    this.#stopRecorder()
    this.update({ isRecording: false })
    this.emit('trouble', new ClientError('BUFFER_FULL'))
  }

  /** Half is enough to begin with. */
  #makeUseOfRoom (): void {
    if (this.#fullSince === undefined || this.#uplink.keptBytes > this.#options.maxKeptBytes / 2) return
    const seconds = (performance.now() - this.#fullSince) / 1000
    this.#fullSince = undefined
    if (!this.#mayRecord) return
    this.emit('gap', { cause: 'buffer-full', seconds })
    this.#recordOrFail()
  }

  #measure (): BroadcastStats {
    const now = performance.now()
    const { waiting, keptBytes, sentBytes, reconnects } = this.#uplink
    return {
      recordedBitrate: this.#recorded.perSecond(now) * 8,
      takenBitrate: this.#taken.perSecond(now) * 8,
      queuedChunks: waiting.length,
      queuedBytes: waiting.reduce((sum, { size }) => sum + size, 0),
      lagSeconds: waiting[0] === undefined ? 0 : (now - waiting[0].recordedAt) / 1000,
      keptBytes,
      sentBytes,
      reconnects
    }
  }
}
