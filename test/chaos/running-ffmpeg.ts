import { logName } from '../../src/media/log-name.ts'
import type { LogLine, ServerProcess } from './server-process.ts'

const STARTED = 'FFmpeg started'
const ENDED = 'FFmpeg ended'

/** Which FFmpeg works for which stream, from what the server logs. */
export class RunningFfmpeg {
  readonly #server: ServerProcess
  readonly #pids = new Map<string, number>()

  constructor (server: ServerProcess) {
    this.#server = server
    server.on('line', line => this.#hear(line))
    server.on('exit', () => this.#pids.clear())
  }

  /** The process of a stream; undefined while none runs. */
  of (streamKey: string): number | undefined {
    return this.#pids.get(logName(streamKey))
  }

  /** Waits until a process runs for the stream. @throws Error when none comes in time */
  async next (streamKey: string): Promise<number> {
    const running = this.of(streamKey)
    if (running !== undefined) return running
    const { pid } = await this.#server.waitFor(line => isStart(line, streamKey), { from: this.#server.lines.length })
    return pid!
  }

  /** When the first process that was started after process `pid` began, in milliseconds since 1970. */
  async startAfter (streamKey: string, pid: number): Promise<number> {
    const { lines } = this.#server
    const from = lines.findLastIndex(line => isStart(line, streamKey) && line.pid === pid) + 1
    return (await this.#server.waitFor(line => isStart(line, streamKey), { from })).time
  }

  #hear (line: LogLine): void {
    const { stream, msg, pid } = line
    if (stream === undefined) return
    if (msg === STARTED && pid !== undefined) this.#pids.set(stream, pid)
    if (msg === ENDED) this.#pids.delete(stream)
  }
}

function isStart (line: LogLine, streamKey: string): boolean {
  return line.msg === STARTED && line.stream === logName(streamKey)
}
