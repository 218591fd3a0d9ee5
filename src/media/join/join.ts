import { spawn, type ChildProcess } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasPipes } from '../ffmpeg/process.ts'
import { joinArguments } from './join-arguments.ts'
import { layOut, type Layout, type SegmentFile } from './layout.ts'
import { singleTrackTables } from './tables.ts'
import { pidsOf, STREAM_TYPES, TrackWriter, type Kind } from './track.ts'

export interface JoinOptions {
  /** In their order. */
  segments: readonly SegmentFile[]
  /** Path of the MP4, of a file that need not be there. */
  output: string
  /** A checked FFmpeg. */
  ffmpegPath: string
  /** AAC, where sound has to be made one. */
  audioKbps: number
  /** Ends it: the time is over, or the server closes. */
  signal: AbortSignal
}

export interface Joined {
  durationMs: number
  bytes: number
}

/** Bytes of standard error that are kept for messages. */
const STDERR_TAIL_BYTES = 4_096

/** What FFmpeg says of a full disk. */
const NO_SPACE = /No space left on device/
/** Codes of a process that cannot be started for now. */
const NO_PROCESS = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']

/** No MP4 could be made: of these segments, or at all. */
export class JoinFailed extends Error {
  override readonly name = 'JoinFailed'
  /** Whether another try would end the same; otherwise the machine was short of something. */
  readonly isFinal: boolean

  constructor (message: string, { isFinal = true }: { isFinal?: boolean } = {}) {
    super(message)
    this.isFinal = isFinal
  }
}

/**
 * One MP4 of segments, without encoding anything anew unless the sound changes in between. Memory is that of a segment
 * or two, whatever there is in all.
 * @throws JoinFailed; the signal's reason; the file system's error
 */
export async function join ({ segments, output, ffmpegPath, audioKbps, signal }: JoinOptions): Promise<Joined> {
  const layout = await layOut(segments)
  signal.throwIfAborted()
  const tracks = (['video', 'audio'] as const).filter(kind => layout.tracks.has(kind))
  if (tracks.length === 0) throw new JoinFailed('There is neither picture nor sound in what was recorded')
  const args = joinArguments({ tracks, transcodeSound: layout.mixedSound, audioKbps, output })
  // A process group of its own: Ctrl-C in a terminal reaches the server alone.
  const child = spawn(ffmpegPath, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], detached: true, shell: false })
  const exit = exitOf(child)
  if (!hasPipes(child)) throw await exit
  const kill = () => { child.kill('SIGKILL') }
  signal.addEventListener('abort', kill)
  try {
    const inputs = [child.stdin!, child.stdio[3] as Writable]
    // Writing to a process that is gone fails; its exit tells why.
    for (const input of inputs) input.on('error', () => {})
    const fed = await Promise.allSettled(tracks.map(async (kind, index) => await pipeline(Readable.from(trackOf(layout, kind)), inputs[index]!).catch((error: unknown) => {
      if (!isBrokenPipe(error)) {
        kill()
        throw error
      }
    })))
    // One may not be in use.
    for (const input of inputs) input.end()
    const problem = await exit
    signal.throwIfAborted()
    for (const result of fed) if (result.status === 'rejected') throw result.reason
    if (problem !== undefined) throw problem
    return { durationMs: layout.durationMs, bytes: (await stat(output)).size }
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** A transport stream of one track. */
async function * trackOf ({ stretches }: Layout, kind: Kind): AsyncGenerator<Buffer> {
  const writer = new TrackWriter()
  yield singleTrackTables(STREAM_TYPES[kind])
  for (const { segments, shift } of stretches) {
    for (const { path } of segments) {
      const bytes = await readFile(path)
      const pid = pidsOf(bytes).get(kind)
      if (pid !== undefined) yield writer.take(bytes, pid, shift)
    }
  }
}

/** @returns what went wrong; undefined: nothing */
async function exitOf (child: ChildProcess): Promise<JoinFailed | undefined> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_TAIL_BYTES) })
  return await new Promise(resolve => {
    child.once('error', (error: NodeJS.ErrnoException) => { resolve(new JoinFailed(`FFmpeg could not be started: ${error.message}`, { isFinal: !NO_PROCESS.includes(error.code ?? '') })) })
    child.once('close', (code, signal) => {
      const ended = `FFmpeg ended ${signal === null ? `with code ${code}` : `by ${signal}`}: ${stderr.trim()}`
      // A signal is somebody else's: of the kernel where memory is short, or of whoever looks after the machine.
      resolve(code === 0 ? undefined : new JoinFailed(ended, { isFinal: signal === null && !NO_SPACE.test(stderr) }))
    })
  })
}

function isBrokenPipe (error: unknown): boolean {
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes((error as NodeJS.ErrnoException).code ?? '')
}
