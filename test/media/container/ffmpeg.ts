import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Two seconds: a key frame every second, 160x120 at 15 frames a second, with a tone. */
const VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=15:d=2']
const AUDIO = ['-f', 'lavfi', '-i', 'sine=r=48000:d=2']
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15', '-threads', '1']
const VPX = ['-deadline', 'realtime', '-cpu-used', '8', '-g', '15', '-b:v', '100k']

export const BASE_IS_MOOF = ['-movflags', 'empty_moov+default_base_moof+frag_keyframe']
export const BASE_IS_FILE = ['-movflags', 'frag_keyframe+empty_moov']
export const H264_AAC = [...VIDEO, ...AUDIO, ...X264, '-pix_fmt', 'yuv420p', '-c:a', 'aac']
export const H264 = [...VIDEO, ...X264]
export { AUDIO, VIDEO, VPX, X264 }

/** Makes a file and returns its bytes. */
export function make (directory: string, name: string, args: string[]): Buffer {
  const path = join(directory, name)
  run('ffmpeg', ['-v', 'error', '-y', ...args, '-fflags', '+bitexact', path])
  return readFileSync(path)
}

export interface Decoded {
  /** What the decoder complained about. */
  complaints: string
  video: number
  audio: number
}

/** Decodes bytes from a pipe, as the origin's FFmpeg does, and counts the frames that come out. */
export function decode (bytes: Buffer, format: string): Decoded {
  const { stdout, stderr } = run('ffmpeg', ['-v', 'warning', '-f', format, '-i', 'pipe:0', '-threads', '1', '-fps_mode', 'passthrough', '-copyts', '-f', 'framemd5', '-'], bytes)
  const kinds = new Map([...stdout.matchAll(/^#media_type (\d+): (\w+)/gm)].map(([, stream, kind]) => [stream, kind]))
  const count = (kind: string): number => stdout.split('\n').filter(line => kinds.get(/^(\d+),/.exec(line)?.[1]) === kind).length
  const complaints = stderr.split('\n').filter(line => !line.startsWith('Guessed Channel Layout')).join('\n')
  return { complaints, video: count('video'), audio: count('audio') }
}

function run (command: string, args: string[], input?: Buffer): { stdout: string, stderr: string } {
  const { error, status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`)
  return { stdout, stderr }
}
