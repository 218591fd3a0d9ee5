import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** FFmpeg alone, fed as a recorder would feed it: `cat input | ffmpeg`. */
export class BareFfmpeg {
  readonly #child: ChildProcess
  readonly #gone: Promise<number | null>
  #timer: NodeJS.Timeout | undefined

  /** @param file for its output @param chunks what is recorded in each `chunkMs` */
  constructor (args: readonly string[], file: string, chunks: readonly Buffer[], chunkMs: number) {
    const output = openSync(file, 'w')
    // Progress has its pipe too, and somebody who reads it. Complaints: the recording is cut off in the end.
    this.#child = spawn('ffmpeg', args, { stdio: ['pipe', output, 'ignore', 'pipe'] })
    closeSync(output)
    this.#child.stdio[3]!.on('data', () => {})
    this.#child.stdin!.on('error', () => {})
    const kill = () => { this.#child.kill('SIGKILL') }
    process.once('exit', kill)
    this.#gone = new Promise(resolve => this.#child.once('close', code => {
      process.off('exit', kill)
      resolve(code)
    }))
    const beganAt = performance.now()
    const sendAt = (index: number) => {
      const chunk = chunks[index]
      if (chunk === undefined) return
      this.#timer = setTimeout(() => {
        this.#child.stdin!.write(chunk)
        sendAt(index + 1)
      }, Math.max(0, beganAt + (index + 1) * chunkMs - performance.now()))
    }
    sendAt(0)
  }

  get pid (): number { return this.#child.pid! }

  async stop (): Promise<void> {
    clearTimeout(this.#timer)
    this.#child.stdin!.end()
    await this.#gone
  }
}
