import type { ClientError } from '../../src/client/client-error.ts'
import { Uplink } from '../../src/client/uplink.ts'
import type { StreamStarted } from '../../src/livestream/events.ts'
import { locateFfmpeg } from '../../src/media/ffmpeg/locate.ts'
import { canDrawText, readTracks } from './probe.ts'
import { startRecorder, type Recorder } from './recorder.ts'
import { ENCODING_DEFAULTS, recordingArguments, type Encoding, type RecordingPlan, type Source } from './recording.ts'

const DEFAULT_CHUNK_MS = 250
/** Without a connection for this long, the broadcast fails. */
const GIVE_UP_MS = 60_000

export interface BroadcastOptions extends Partial<Encoding> {
  /** The server, for example `http://127.0.0.1:5050`. */
  url: string
  /** Path of Socket.IO. Default `/socket.io`. */
  path?: string
  streamKey: string
  userId: string
  source: Source
  /** Time that one chunk covers, in milliseconds. Default 250. */
  chunkMs?: number
  /** Length of the broadcast in seconds; otherwise until `signal`, or the end of the file. */
  seconds?: number | undefined
  /** Publish credential, where the server asks for one. */
  token?: string | undefined
  /** FFmpeg to record with. Default: what the server would take. */
  ffmpegPath?: string
  onStarted?: (started: StreamStarted) => void
  /** A chunk was taken. */
  onAck?: (progress: BroadcastProgress) => void
  /** The server complained, or the connection is gone. The broadcast goes on where it can. */
  onTrouble?: (message: string) => void
  /** Ends the broadcast properly: the rest is sent and the stream ended. */
  signal?: AbortSignal | undefined
}

export interface BroadcastProgress {
  /** The chunk that was taken, and the highest one that is safe on the server's disk. */
  seq: number
  safeSeq: number
  /** Media that is kept here because it is not safe yet, in bytes. */
  keptBytes: number
  sentBytes: number
}

export interface BroadcastSummary {
  /** Why the stream ended, as the server says it. */
  reason: string
  chunks: number
  sentBytes: number
  reconnects: number
}

/**
 * Sends a recording to a Headwater server as a careful client does it: numbered chunks with
 * acknowledgements, a bounded number under way, kept until they are safe, sent again after a reconnect.
 * @throws Error when the server refuses the stream, FFmpeg fails, or no connection comes about for 60 s
 */
export async function broadcast (options: BroadcastOptions): Promise<BroadcastSummary> {
  const { source } = options
  const chunkMs = options.chunkMs ?? DEFAULT_CHUNK_MS
  const ffmpegPath = options.ffmpegPath ?? (await locateFfmpeg({ path: process.env['FFMPEG_PATH'] })).path
  const encoding = { ...ENCODING_DEFAULTS, ...options, chunkMs }
  const plan = source.kind === 'file'
    ? await filePlan(encoding, ffmpegPath, source.path)
    : { ...encoding, clock: encoding.video && await canDrawText(ffmpegPath) }
  // Wrong options are told before anybody is called.
  recordingArguments(plan)
  return await new Broadcast({ ...options, chunkMs, ffmpegPath }, plan).result
}

/** A file that lacks a track is sent without it. */
async function filePlan (plan: RecordingPlan, ffmpegPath: string, path: string): Promise<RecordingPlan> {
  const tracks = await readTracks(ffmpegPath, path)
  return { ...plan, tracks, video: plan.video && tracks.video !== undefined, audio: plan.audio && tracks.audio !== undefined }
}

/** One broadcast from the first connection to the end of the stream. */
class Broadcast {
  readonly result: Promise<BroadcastSummary>
  readonly #options: BroadcastOptions & { chunkMs: number, ffmpegPath: string }
  readonly #plan: RecordingPlan
  readonly #uplink: Uplink<Buffer>
  #settle!: { resolve: (summary: BroadcastSummary) => void, reject: (error: Error) => void }
  #recorder: Recorder | undefined
  #recordingSince = 0
  #recorded = false
  #chunks = 0
  #over = false

  constructor (options: BroadcastOptions & { chunkMs: number, ffmpegPath: string }, plan: RecordingPlan) {
    this.#options = options
    this.#plan = plan
    this.result = new Promise((resolve, reject) => { this.#settle = { resolve, reject } })
    const { url, path = '/socket.io', streamKey, userId, token, signal } = options
    this.#uplink = new Uplink({ origin: url, path, streamKey, userId, credential: token, connectTimeoutMs: GIVE_UP_MS, giveUpMs: GIVE_UP_MS })
    this.#listen()
    if (signal?.aborted === true) {
      void this.#fail(new Error('Stopped before it began'))
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    this.#uplink.start()
  }

  #listen (): void {
    const { onStarted, onAck, onTrouble } = this.#options
    const uplink = this.#uplink
    uplink.on('started', started => {
      onStarted?.(started)
      if (this.#recorder === undefined) this.#record()
    })
    uplink.on('anew', () => {
      if (this.#recorded) {
        void this.#fail(new Error('The server has lost the stream, and the recording is over'))
        return
      }
      onTrouble?.('the server has lost the stream; recording begins anew')
      this.#recorder?.kill()
      this.#record()
    })
    uplink.on('taken', ({ chunk, safeSeq }) => onAck?.({ seq: chunk.seq, safeSeq, keptBytes: uplink.keptBytes, sentBytes: uplink.sentBytes }))
    uplink.on('trouble', error => onTrouble?.(textOf(error)))
    uplink.on('state', state => {
      if (state === 'reconnecting') onTrouble?.('connection lost')
      else if (state === 'ended') void this.#finish(uplink.endReason ?? 'ended')
      else if (state === 'failed') void this.#fail(new Error(textOf(uplink.error!)))
    })
  }

  #record (): void {
    const { ffmpegPath, chunkMs } = this.#options
    this.#recordingSince ||= performance.now()
    const seconds = this.#plan.seconds === undefined ? undefined : Math.max(1, this.#plan.seconds - (performance.now() - this.#recordingSince) / 1000)
    const recorder = this.#recorder = startRecorder({
      ffmpegPath,
      args: recordingArguments({ ...this.#plan, seconds }),
      chunkMs,
      onChunk: bytes => {
        this.#chunks++
        this.#uplink.send(bytes, bytes.length)
      }
    })
    void recorder.ended.then(trouble => {
      if (this.#recorder !== recorder || this.#over) return
      if (trouble !== undefined) {
        void this.#fail(new Error(`FFmpeg could not record: ${trouble}`))
        return
      }
      this.#recorded = true
      this.#uplink.finish()
    })
  }

  readonly #onAbort = () => {
    if (this.#recorder === undefined) this.#uplink.finish()
    else this.#recorder.stop()
  }

  async #finish (reason: string): Promise<void> {
    if (!await this.#close()) return
    this.#settle.resolve({ reason, chunks: this.#chunks, sentBytes: this.#uplink.sentBytes, reconnects: this.#uplink.reconnects })
  }

  async #fail (error: Error): Promise<void> {
    if (await this.#close()) this.#settle.reject(error)
  }

  /** Leaves nothing behind. @returns false when that was done before */
  async #close (): Promise<boolean> {
    if (this.#over) return false
    this.#over = true
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#uplink.abort()
    this.#recorder?.kill()
    await this.#recorder?.ended
    return true
  }
}

function textOf ({ code, message }: ClientError): string {
  return `${code}: ${message}`
}
