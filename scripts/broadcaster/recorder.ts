import { startFfmpeg } from '../../src/media/ffmpeg/process.ts'

/** Larger pieces are split: a server refuses very large messages. */
const MAX_CHUNK_BYTES = 1_000_000
const STOP_SETTINGS = { drainMs: 2_000, termMs: 1_000 }

export interface RecorderOptions {
  ffmpegPath: string
  /** FFmpeg's arguments; the recording comes on standard output. */
  args: readonly string[]
  /** How often what was recorded meanwhile is handed over, in milliseconds. */
  chunkMs: number
  onChunk: (bytes: Buffer) => void
}

/** FFmpeg in the role of a browser's MediaRecorder: `onChunk` every `chunkMs`, with whatever there is. */
export interface Recorder {
  /**
   * Resolves when everything was handed over and the process is gone; never rejects.
   * @returns what FFmpeg said when it failed by itself, else undefined
   */
  readonly ended: Promise<string | undefined>
  /** Ends the recording properly; what is under way still comes. */
  stop (): void
  /** Ends the process at once; nothing comes any more. */
  kill (): void
}

export function startRecorder ({ ffmpegPath, args, chunkMs, onChunk }: RecorderOptions): Recorder {
  const ffmpeg = startFfmpeg(ffmpegPath, args, STOP_SETTINGS)
  let collected: Buffer[] = []
  let stopped = false
  let killed = false

  function handOver () {
    if (killed || collected.length === 0) return
    const bytes = Buffer.concat(collected)
    collected = []
    for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES) onChunk(bytes.subarray(start, start + MAX_CHUNK_BYTES))
  }

  const timer = setInterval(handOver, chunkMs)
  ffmpeg.stdout.on('data', (data: Buffer) => collected.push(data))
  const ended = ffmpeg.exit.then(({ code, signal, spawnError, stderr }) => {
    clearInterval(timer)
    handOver()
    if (stopped || code === 0) return undefined
    return spawnError?.message ?? (stderr === '' ? `exit ${code ?? signal}` : stderr)
  })

  return {
    ended,
    stop () {
      if (stopped) return
      stopped = true
      // These inputs are no pipe, so FFmpeg takes keys: q ends the recording with all that belongs to it.
      void ffmpeg.write([Buffer.from('q')])
      ffmpeg.finish()
    },
    kill () {
      stopped = true
      killed = true
      ffmpeg.kill('the broadcast is over')
    }
  }
}
