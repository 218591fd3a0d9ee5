import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ProgressReader, type Progress } from './progress.ts'

/** Bytes of standard error that are kept for messages. */
const STDERR_TAIL_BYTES = 4_096

export interface StopSettings {
  /** After the end of its input the process has this long; then SIGTERM. */
  drainMs: number
  /** After SIGTERM it has this long; then SIGKILL. */
  termMs: number
}

export interface ProcessExit {
  /** Exit code; null when a signal ended the process or it never started. */
  code: number | null
  signal: NodeJS.Signals | null
  /** Why the process was stopped, when it was: the first cause counts. */
  stopReason: string | undefined
  /** The last lines on standard error. */
  stderr: string
  /** The process could not be started. */
  spawnError: Error | undefined
}

/** One FFmpeg process: fed on standard input, read on standard output, gone for certain in the end. */
export interface FfmpegProcess {
  readonly pid: number | undefined
  /** Not gone yet. */
  readonly running: boolean
  readonly stdout: Readable
  /** Called with each of FFmpeg's progress reports. */
  onProgress: ((progress: Progress) => void) | undefined
  /** Settles once, never rejects. */
  readonly exit: Promise<ProcessExit>
  /** Writes the pieces in one go. Resolves when the pipe takes more, or at once when the process is going. */
  write (pieces: readonly Uint8Array[]): Promise<void>
  /** Ends the input: the process finishes its output and exits, or is made to (stop ladder). */
  finish (): void
  /** Kills the process at once: nothing of its output matters any more. */
  kill (reason: string): void
}

/**
 * Starts FFmpeg. FFmpeg ignores a signal while it waits on an open standard input, so the stop ladder
 * is: end of input, SIGTERM, SIGKILL. If this process dies, the child sees the end of its input and ends.
 */
export function startFfmpeg (path: string, args: readonly string[], settings: StopSettings): FfmpegProcess {
  // A process group of its own: Ctrl-C in a terminal reaches the server alone, which then drains.
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], detached: true, shell: false })
  if (!hasPipes(child)) return neverStarted(child)
  let stderr = ''
  let stopReason: string | undefined
  let spawnError: Error | undefined
  let ladder: NodeJS.Timeout | undefined
  let gone = false

  const exit = new Promise<ProcessExit>(resolve => {
    child.once('error', error => {
      spawnError = error
      if (child.pid === undefined) settle(null, null)
    })
    // 'close', not 'exit': the output is then read to its end.
    child.once('close', settle)
    function settle (code: number | null, signal: NodeJS.Signals | null) {
      gone = true
      clearTimeout(ladder)
      resolve({ code, signal, stopReason, stderr: stderr.trim(), spawnError })
    }
  })

  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_TAIL_BYTES) })
  // Writing to a process that is gone fails; its exit tells why.
  child.stdin.on('error', () => {})

  const progress = new ProgressReader()
  const reports = child.stdio[3] as Readable
  reports.setEncoding('utf8').on('data', (text: string) => { for (const report of progress.push(text)) ffmpeg.onProgress?.(report) })
  reports.on('error', () => {})

  const ffmpeg: FfmpegProcess = {
    pid: child.pid,
    get running () { return !gone },
    stdout: child.stdout,
    onProgress: undefined,
    exit,
    async write (pieces) {
      const { stdin } = child
      if (gone || !stdin.writable) return
      stdin.cork()
      for (const piece of pieces) stdin.write(piece)
      stdin.uncork()
      if (!stdin.writableNeedDrain) return
      await new Promise<void>(resolve => {
        const done = () => {
          stdin.off('drain', done)
          stdin.off('close', done)
          resolve()
        }
        stdin.once('drain', done)
        stdin.once('close', done)
      })
    },
    finish () {
      if (gone || ladder !== undefined) return
      child.stdin.end()
      const terminate = () => {
        // Whoever does not read its output keeps it from ending.
        if (child.stdout.isPaused()) {
          ladder = setTimeout(terminate, settings.drainMs)
          return
        }
        stopReason ??= 'did not finish after the end of its input'
        child.kill('SIGTERM')
        ladder = setTimeout(() => child.kill('SIGKILL'), settings.termMs)
      }
      ladder = setTimeout(terminate, settings.drainMs)
    },
    kill (reason) {
      stopReason ??= reason
      if (gone) return
      child.stdin.destroy()
      child.kill('SIGKILL')
    }
  }
  return ffmpeg
}

/** Where no file descriptors are left (EMFILE, ENFILE) Node gives a child without pipes, whatever its types say, and its error in the next turn. */
export function hasPipes (child: ChildProcess): boolean {
  return (child.stdio as ChildProcess['stdio'] | undefined) !== undefined
}

function neverStarted (child: ChildProcess): FfmpegProcess {
  return {
    pid: undefined,
    running: false,
    stdout: Readable.from([]),
    onProgress: undefined,
    exit: once(child, 'error').then(([spawnError]: Error[]) => ({ code: null, signal: null, stopReason: undefined, stderr: '', spawnError })),
    write: async () => {},
    finish () {},
    kill () {}
  }
}

/** How a process ended and what it said last, for logs and for people. */
export function describeExit (exit: ProcessExit): string {
  if (exit.spawnError !== undefined) return `FFmpeg could not be started: ${exit.spawnError.message}`
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`
  const why = exit.stopReason === undefined ? '' : ` (${exit.stopReason})`
  return `FFmpeg ended ${how}${why}${exit.stderr === '' ? '' : `: ${exit.stderr}`}`
}
