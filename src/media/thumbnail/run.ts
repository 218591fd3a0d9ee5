import { constants, setPriority } from 'node:os'
import { describeExit, startFfmpeg } from '../ffmpeg/process.ts'
import { thumbnailArguments, type ThumbnailEncodeSettings } from '../ffmpeg/thumbnail-arguments.ts'

export interface ThumbnailRunSettings extends ThumbnailEncodeSettings {
  thumbnailTimeoutSeconds: number
  maxThumbnailBytes: number
  ffmpegTermSeconds: number
}

export interface ThumbnailRunOptions {
  /** MPEG-TS. */
  keyFrame: Buffer
  ffmpegPath: string
  settings: ThumbnailRunSettings
  /** Kills the process. */
  signal: AbortSignal
}

export const THUMBNAIL_OUTCOMES = ['made', 'failed', 'timed-out', 'too-large', 'aborted'] as const

/** How a run ended. */
export type ThumbnailOutcome =
  | { kind: 'made', jpeg: Buffer }
  | { kind: Exclude<typeof THUMBNAIL_OUTCOMES[number], 'made'>, reason: string }

/** One FFmpeg process that makes a JPEG of a key frame. Never rejects. */
export async function runThumbnail ({ keyFrame, ffmpegPath, settings, signal }: ThumbnailRunOptions): Promise<ThumbnailOutcome> {
  const ffmpeg = startFfmpeg(ffmpegPath, thumbnailArguments(settings), {
    drainMs: settings.thumbnailTimeoutSeconds * 1000,
    termMs: settings.ffmpegTermSeconds * 1000
  })
  yieldToStreams(ffmpeg.pid)
  let cause: 'too-large' | 'aborted' | undefined
  const stop = (why: NonNullable<typeof cause>) => {
    cause ??= why
    ffmpeg.kill(why)
  }
  const pieces: Buffer[] = []
  let bytes = 0
  ffmpeg.stdout.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > settings.maxThumbnailBytes) stop('too-large')
    else pieces.push(piece)
  })
  const abort = () => stop('aborted')
  signal.addEventListener('abort', abort)
  void ffmpeg.write([keyFrame])
  // All of its input is under way: from here on the stop ladder counts.
  ffmpeg.finish()
  const exit = await ffmpeg.exit
  signal.removeEventListener('abort', abort)

  const reason = describeExit(exit)
  if (cause !== undefined) return { kind: cause, reason }
  if (exit.stopReason !== undefined) return { kind: 'timed-out', reason }
  const jpeg = Buffer.concat(pieces)
  return exit.code === 0 && isJpeg(jpeg) ? { kind: 'made', jpeg } : { kind: 'failed', reason }
}

/** Begins and ends as a JPEG does (ITU-T T.81, B.1.1.3). */
function isJpeg (bytes: Buffer): boolean {
  return bytes.length > 4 && bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9
}

/** Streams come first: theirs are the other FFmpeg processes. */
function yieldToStreams (pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already, or the system does not allow it.
  }
}
