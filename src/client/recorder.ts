import { ClientError } from './client-error.ts'
import { chooseMimeType } from './recording-format.ts'

/** A recorder that was stopped has so long to hand over the rest. */
const REST_MS = 2_000

export interface RecorderOptions {
  stream: MediaStream
  /** Only this format (`RECORDING_FORMATS`); undefined: the best. */
  format?: string | undefined
  /** Bits per second. */
  videoBitsPerSecond: number
  audioBitsPerSecond: number
  /** How often a chunk comes. */
  chunkMs: number
  /** How often a key frame is asked for. */
  keyFrameMs: number
  onChunk: (chunk: Blob) => void
  /** It ended by itself. */
  onFailed: (error: ClientError) => void
}

/** `videoKeyFrameIntervalDuration` is not in TypeScript's own types yet. */
interface RecorderInit extends MediaRecorderOptions { videoKeyFrameIntervalDuration: number }

/** What to record a stream as. @throws ClientError `UNSUPPORTED_BROWSER`, `FORMAT_UNSUPPORTED` */
export function mimeTypeFor (stream: MediaStream, format: string | undefined): string {
  if (typeof MediaRecorder === 'undefined') throw new ClientError('UNSUPPORTED_BROWSER')
  const tracks = { video: stream.getVideoTracks().length > 0, audio: stream.getAudioTracks().length > 0 }
  const mimeType = chooseMimeType(tracks, type => MediaRecorder.isTypeSupported(type), format)
  if (mimeType === undefined) throw new ClientError('FORMAT_UNSUPPORTED')
  return mimeType
}

/** One uninterrupted run of a MediaRecorder. */
export class Recorder {
  readonly #recorder: MediaRecorder
  readonly #onFailed: RecorderOptions['onFailed']
  #stopping = false
  #discarded = false
  readonly #ended: Promise<void>

  /** Records from now on. @throws ClientError `UNSUPPORTED_BROWSER`, `FORMAT_UNSUPPORTED`, `RECORDER_FAILED` */
  constructor (options: RecorderOptions) {
    const { stream, videoBitsPerSecond, audioBitsPerSecond, chunkMs, keyFrameMs, onChunk, onFailed } = options
    this.#onFailed = onFailed
    const mimeType = mimeTypeFor(stream, options.format)
    const init: RecorderInit = { mimeType, videoBitsPerSecond, audioBitsPerSecond, videoKeyFrameIntervalDuration: keyFrameMs }
    try {
      this.#recorder = new MediaRecorder(stream, init)
      this.#ended = new Promise(resolve => this.#recorder.addEventListener('stop', () => resolve(), { once: true }))
      this.#recorder.addEventListener('dataavailable', ({ data }) => { if (data.size > 0 && !this.#discarded) onChunk(data) })
      this.#recorder.addEventListener('error', event => this.#fail('error' in event ? event.error : undefined))
      // All tracks have ended.
      this.#recorder.addEventListener('stop', () => { if (!this.#stopping) onFailed(new ClientError('DEVICE_LOST')) })
      this.#recorder.start(chunkMs)
    } catch (cause) {
      throw new ClientError('RECORDER_FAILED', { cause })
    }
  }

  /** What it really records; empty until it knows. */
  get mimeType (): string { return this.#recorder.mimeType }
  /** Nothing of it is wanted any more. */
  get discarded (): boolean { return this.#discarded }

  /** Resolves when the rest was handed over. */
  async stop (): Promise<void> {
    this.#stopping = true
    if (this.#recorder.state === 'inactive') return
    this.#recorder.stop()
    let timer: ReturnType<typeof setTimeout> | undefined
    await Promise.race([this.#ended, new Promise(resolve => { timer = setTimeout(resolve, REST_MS) })])
    clearTimeout(timer)
  }

  /** Stops, and hands nothing over any more. */
  discard (): void {
    this.#discarded = true
    void this.stop()
  }

  #fail (cause: unknown): void {
    if (this.#stopping) return
    this.#stopping = true
    const name = (cause as Error | undefined)?.message
    this.#onFailed(new ClientError('RECORDER_FAILED', { cause, message: name ? `The browser could not record any more: ${name}` : undefined }))
  }
}
