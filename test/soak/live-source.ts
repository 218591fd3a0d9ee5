import { startRecorder, type Recorder } from '../../scripts/broadcaster/recorder.ts'
import { ENCODING_DEFAULTS, recordingArguments } from '../../scripts/broadcaster/recording.ts'

const CHUNK_MS = 250
/** A small picture is cheap to encode once and to decode in many pages; its bytes are those of a larger one. */
const ENCODING = { ...ENCODING_DEFAULTS, format: 'h264-aac', width: 320, height: 180, frameRate: 25, videoKbps: 800 } as const

/** One recorder in real time for all broadcasters: one long time line, encoded once. */
export class LiveSource {
  readonly #recorder: Recorder
  readonly #listeners: Array<(chunk: Buffer) => void>
  readonly #times: number[] = []

  /** Records until it is stopped; every listener gets every chunk. */
  constructor (ffmpegPath: string, listeners: Array<(chunk: Buffer) => void>) {
    this.#listeners = listeners
    this.#recorder = startRecorder({
      ffmpegPath,
      args: recordingArguments({ ...ENCODING, source: { kind: 'generated' }, chunkMs: CHUNK_MS }),
      chunkMs: CHUNK_MS,
      onChunk: chunk => {
        this.#times.push(performance.now())
        for (const listener of this.#listeners) listener(chunk)
      }
    })
  }

  /** How long it has recorded, in milliseconds. */
  get recordedMs (): number {
    return this.#times.length === 0 ? 0 : this.#times.at(-1)! - this.#times[0]! + CHUNK_MS
  }

  /** The most time from one chunk to the next, in milliseconds: viewers cannot have what was not recorded yet. */
  get mostBetweenMs (): number {
    return Math.max(0, ...this.#times.slice(1).map((time, index) => time - this.#times[index]!))
  }

  /** @throws Error when the recorder failed by itself */
  async stop (): Promise<void> {
    this.#recorder.stop()
    const trouble = await this.#recorder.ended
    if (trouble !== undefined) throw new Error(`The recorder failed: ${trouble}`)
  }

  /** Leaves no process. */
  async kill (): Promise<void> {
    this.#recorder.kill()
    await this.#recorder.ended
  }
}
