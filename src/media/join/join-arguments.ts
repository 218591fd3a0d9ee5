import type { Kind } from './track.ts'

export interface JoinPlan {
  /** In the order of the inputs: the first on standard input, the second on descriptor 3. */
  tracks: readonly Kind[]
  /** What changes in mid-track has to be made one; otherwise nothing is encoded anew. */
  transcodeSound: boolean
  audioKbps: number
  /** Path of the MP4. */
  output: string
}

/** Where FFmpeg reads the inputs. */
const PIPES = ['pipe:0', 'pipe:3'] as const

/**
 * The whole argument list: each track as a transport stream of its own, so that FFmpeg knows each from its first frame,
 * whenever that comes. Time stamps are kept: they say how picture and sound belong together.
 */
export function joinArguments ({ tracks, transcodeSound, audioKbps, output }: JoinPlan): string[] {
  return [
    '-hide_banner', '-nostats', '-loglevel', 'level+warning', '-y',
    '-copyts',
    ...tracks.flatMap((_track, index) => ['-protocol_whitelist', 'pipe', '-format_whitelist', 'mpegts', '-f', 'mpegts', '-i', PIPES[index]!]),
    ...tracks.flatMap((track, index) => track === 'video' ? ['-map', `${index}:v:0`, '-c:v', 'copy'] : ['-map', `${index}:a:0`, ...sound(transcodeSound, audioKbps)]),
    '-map_metadata', '-1',
    '-movflags', '+faststart', '-f', 'mp4', `file:${output}`
  ]
}

function sound (transcode: boolean, kbps: number): string[] {
  return transcode ? ['-c:a', 'aac', '-b:a', `${kbps}k`, '-ac', '2', '-ar', '48000', '-af', 'aresample=async=1'] : ['-c:a', 'copy']
}
