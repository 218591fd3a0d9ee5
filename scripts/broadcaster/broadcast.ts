import { io, type Socket } from 'socket.io-client'
import type { ErrorBody } from '../../src/livestream/envelope.ts'
import type { ChunkAnswer, StreamStarted } from '../../src/livestream/events.ts'
import { locateFfmpeg } from '../../src/media/ffmpeg/locate.ts'
import { Outbox, type OutgoingChunk } from './outbox.ts'
import { canDrawText, readTracks } from './probe.ts'
import { startRecorder, type Recorder } from './recorder.ts'
import { ENCODING_DEFAULTS, recordingArguments, type Encoding, type RecordingPlan, type Source } from './recording.ts'

/** Chunks that may be unanswered at a time. */
const WINDOW = 8
const DEFAULT_CHUNK_MS = 250
/** Without a connection for this long, the broadcast fails. */
const GIVE_UP_MS = 60_000
/** After the last chunk, or after a stop, the server has this long to end the stream. */
const END_MS = 20_000
/** Pause before a chunk that was refused is sent again, where the server names none. */
const RETRY_MS = 1_000

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

type Answer<T> = T | ErrorBody
type State = 'connecting' | 'sending' | 'paused' | 'ending' | 'over'

/** One broadcast from the first connection to the end of the stream. */
class Broadcast {
  readonly result: Promise<BroadcastSummary>
  readonly #options: BroadcastOptions & { chunkMs: number, ffmpegPath: string }
  readonly #plan: RecordingPlan
  readonly #socket: Socket
  #settle!: { resolve: (summary: BroadcastSummary) => void, reject: (error: Error) => void }
  #state: State = 'connecting'
  #outbox = new Outbox(WINDOW)
  #recorder: Recorder | undefined
  #recordingSince = 0
  #recorded = false
  #resumeToken: string | undefined
  #connections = 0
  #chunks = 0
  #sentBytes = 0
  /** At most one thing is waited for at a time: a connection, the next try, the end. */
  #timer: NodeJS.Timeout | undefined

  constructor (options: BroadcastOptions & { chunkMs: number, ffmpegPath: string }, plan: RecordingPlan) {
    this.#options = options
    this.#plan = plan
    this.result = new Promise((resolve, reject) => { this.#settle = { resolve, reject } })
    const { url, path = '/socket.io', streamKey, token, signal } = options
    this.#socket = io(url, {
      path,
      transports: ['websocket'],
      forceNew: true,
      autoConnect: false,
      query: { streamKey },
      auth: give => give({ ...(token === undefined ? {} : { token }), ...(this.#resumeToken === undefined ? {} : { resumeToken: this.#resumeToken }) }),
      reconnectionDelay: 200,
      reconnectionDelayMax: 2_000
    })
    this.#listen()
    if (signal?.aborted === true) {
      void this.#fail(new Error('Stopped before it began'))
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    this.#giveUpAfter(GIVE_UP_MS, 'No connection to the server')
    this.#socket.connect()
  }

  #listen (): void {
    const { streamKey, onTrouble } = this.#options
    const socket = this.#socket
    socket.on('connect', () => {
      this.#connections++
      if (this.#state === 'ending') this.#requestEnd()
      else this.#start()
    })
    socket.on('disconnect', reason => {
      if (this.#state === 'over') return
      onTrouble?.(`connection lost: ${reason}`)
      if (this.#state !== 'ending') this.#state = 'connecting'
      this.#giveUpAfter(GIVE_UP_MS, 'No connection to the server')
      // Socket.IO comes back by itself, except when the server said goodbye.
      if (!socket.active) this.#reconnectAfter(RETRY_MS)
    })
    socket.on('connect_error', (error: Error & { data?: ErrorBody }) => {
      // A connection that is refused by a rule of the server is not tried again by Socket.IO.
      if (socket.active) return
      const retryAfterMs = error.data?.retryAfterMs
      if (retryAfterMs === undefined) {
        void this.#fail(new Error(`The server refuses the connection: ${error.message}`))
        return
      }
      onTrouble?.(`${error.message}; trying again in ${Math.ceil(retryAfterMs / 1000)} s`)
      this.#giveUpAfter(GIVE_UP_MS + retryAfterMs, 'No connection to the server')
      this.#reconnectAfter(retryAfterMs)
    })
    socket.on('stream-error', (body: ErrorBody) => onTrouble?.(`${body.code}: ${body.error}`))
    socket.on('stream-ended', (body: { streamKey: string, reason?: string }) => {
      if (body.streamKey === streamKey) void this.#finish(body.reason ?? 'ended')
    })
  }

  #reconnectAfter (ms: number): void {
    // What keeps the process waiting is the limit of that wait.
    setTimeout(() => { if (this.#state !== 'over') this.#socket.connect() }, ms).unref()
  }

  #start (): void {
    const { streamKey, userId, onStarted, onTrouble, signal } = this.#options
    this.#giveUpAfter(GIVE_UP_MS, 'The server does not answer')
    this.#socket.emit('start-stream', { userId, streamKey, resumeToken: this.#resumeToken }, (started: Answer<StreamStarted>) => {
      if (this.#state === 'over') return
      clearTimeout(this.#timer)
      if ('error' in started) {
        void this.#fail(new Error(`${started.code}: ${started.error}`))
        return
      }
      this.#resumeToken = started.resumeToken
      onStarted?.(started)
      if (this.#recorder === undefined) {
        this.#record()
      } else if (!this.#outbox.resume(started.nextSeq ?? 0)) {
        if (this.#recorded || signal?.aborted === true) {
          void this.#fail(new Error('The server has lost the stream, and the recording is over'))
          return
        }
        onTrouble?.('the server has lost the stream; recording begins anew')
        this.#recorder.kill()
        this.#record()
      }
      this.#state = 'sending'
      this.#send()
    })
  }

  #record (): void {
    const { ffmpegPath, chunkMs } = this.#options
    this.#recordingSince ||= performance.now()
    const seconds = this.#plan.seconds === undefined ? undefined : Math.max(1, this.#plan.seconds - (performance.now() - this.#recordingSince) / 1000)
    const outbox = this.#outbox = new Outbox(WINDOW)
    const recorder = this.#recorder = startRecorder({
      ffmpegPath,
      args: recordingArguments({ ...this.#plan, seconds }),
      chunkMs,
      onChunk: bytes => {
        outbox.add(bytes)
        this.#chunks++
        this.#send()
      }
    })
    void recorder.ended.then(trouble => {
      if (this.#recorder !== recorder) return
      if (trouble !== undefined) {
        void this.#fail(new Error(`FFmpeg could not record: ${trouble}`))
        return
      }
      this.#recorded = true
      this.#send()
    })
  }

  /** Sends what may go; when all of a finished recording has arrived, ends the stream. */
  #send (): void {
    if (this.#state !== 'sending') return
    for (let chunk = this.#outbox.take(); chunk !== undefined; chunk = this.#outbox.take()) this.#sendChunk(chunk)
    if (!this.#recorded || !this.#outbox.idle) return
    this.#state = 'ending'
    this.#requestEnd()
  }

  #sendChunk ({ seq, bytes }: OutgoingChunk): void {
    const { streamKey, onAck } = this.#options
    const outbox = this.#outbox
    const connection = this.#connections
    this.#sentBytes += bytes.length
    this.#socket.emit('stream-data', { streamKey, seq, chunk: bytes }, (answer: Answer<ChunkAnswer>) => {
      // What an earlier connection answered is settled by the resume.
      if (this.#state === 'over' || this.#outbox !== outbox || this.#connections !== connection) return
      if (!('seq' in answer)) {
        // The stream is not ours any more, or ends; the server says so besides.
        this.#state = 'paused'
        this.#giveUpAfter(END_MS, `The server takes no more chunks: ${answer.error}`)
        return
      }
      if (outbox.acknowledge(seq, answer)) {
        onAck?.({ seq, safeSeq: answer.safeSeq, keptBytes: outbox.keptBytes, sentBytes: this.#sentBytes })
      } else {
        this.#pause(answer.retryAfterMs ?? RETRY_MS)
      }
      this.#send()
    })
  }

  #pause (ms: number): void {
    if (this.#state !== 'sending') return
    this.#state = 'paused'
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#state = 'sending'
      this.#send()
    }, ms)
  }

  #requestEnd (): void {
    const { streamKey, userId } = this.#options
    this.#giveUpAfter(END_MS, 'The server did not end the stream')
    this.#socket.emit('end-stream', { streamKey, userId, resumeToken: this.#resumeToken }, (answer: Answer<object>) => {
      // It may have ended while the connection was gone.
      if ('error' in answer && answer.code === 'STREAM_NOT_FOUND') void this.#finish('ended')
      else if ('error' in answer) void this.#fail(new Error(`${answer.code}: ${answer.error}`))
    })
  }

  readonly #onAbort = () => {
    if (this.#recorder === undefined || !this.#socket.connected) {
      void this.#finish('stopped without a connection')
      return
    }
    this.#recorder.stop()
    this.#giveUpAfter(END_MS, 'The server did not end the stream')
  }

  #giveUpAfter (ms: number, message: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => { void this.#fail(new Error(message)) }, ms)
  }

  async #finish (reason: string): Promise<void> {
    if (!await this.#close()) return
    this.#settle.resolve({ reason, chunks: this.#chunks, sentBytes: this.#sentBytes, reconnects: Math.max(0, this.#connections - 1) })
  }

  async #fail (error: Error): Promise<void> {
    if (await this.#close()) this.#settle.reject(error)
  }

  /** Leaves nothing behind. @returns false when that was done before */
  async #close (): Promise<boolean> {
    if (this.#state === 'over') return false
    this.#state = 'over'
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#socket.disconnect()
    this.#recorder?.kill()
    await this.#recorder?.ended
    return true
  }
}
