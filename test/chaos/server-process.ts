import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { markedProcesses } from '../../scripts/test-run/leftovers.ts'
import { freePort } from '../fixtures/free-port.ts'
import { buildModule, buildServer } from './build.ts'

export interface ServerOptions {
  /** STREAMS_DIR. */
  folder: string
  /** Settings as the environment gives them; they stand over {@link RAISED}. */
  env?: Record<string, string>
  /** Default: a free one, which a restart takes again. */
  port?: number
  /** Paths of TypeScript modules that are loaded before the server; with one, the process has an IPC channel. */
  modules?: string[]
  /** How long a start may take. Default: 20 s. */
  startMs?: number
}

/** A line of the server's log. */
export interface LogLine {
  /** 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  level: number
  /** Milliseconds since 1970, by the server's clock. */
  time: number
  msg: string
  /** See `logName`. */
  stream?: string
  pid?: number
  [field: string]: unknown
}

export interface ServerExit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** All clients of a run have one address: limits are raised, the limiter stays on. */
export const RAISED: Record<string, string> = {
  MAX_STREAMS: '1000',
  MAX_CONNECTIONS_PER_MINUTE: '1000000',
  MAX_EVENTS_PER_MINUTE: '1000000',
  STREAM_MAX_BYTES_PER_MINUTE: '10000000000',
  STREAM_MAX_CHUNKS_PER_MINUTE: '1000000',
  RATE_LIMIT_STREAM: '10000000',
  RATE_LIMIT_STATUS: '10000000',
  RATE_LIMIT_GENERAL: '10000000',
  // The live core needs none of them.
  ACCOUNTS: 'off',
  IVS: 'off',
  ROOMS: 'off'
}

const LISTENS = /^Server listening at (http:\S+)/
const START_MS = 120_000
const PATIENCE_MS = 15_000
/** A graceful stop may take so long; then SIGKILL. */
const STOP_MS = 20_000
/** FFmpeg sees the end of its input when its server dies, and has so long to go. */
const CHILDREN_MS = 5_000
const POLL_MS = 20
const KEPT_COMPLAINT_BYTES = 4_000
/** Passed on from this process; a server takes nothing else of its environment. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'FFMPEG_PATH', 'HEADWATER_TEST_RUN']
const MARK = 'HEADWATER_SERVER_MARK'

/** Starts the real server as a process of its own. Resolves when it listens. @throws Error with its words when it ends instead */
export async function startServerProcess (options: ServerOptions): Promise<ServerProcess> {
  const server = new ServerProcess(options, options.port ?? await freePort())
  try {
    await server.start()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

/**
 * The real server as a process that can be killed and started again, on the same port and folder.
 * Events: `line` (a {@link LogLine}), `exit` (a {@link ServerExit}), `message` (from a module, over IPC).
 */
export class ServerProcess extends EventEmitter<{ line: [LogLine], exit: [ServerExit], message: [unknown] }> {
  readonly port: number
  readonly url: string
  readonly folder: string
  /** All that was logged, over restarts. */
  readonly lines: LogLine[] = []
  readonly #options: ServerOptions
  /** Its processes, and those that it started, carry it in their environment. */
  readonly #mark = `${MARK}=${randomUUID()}`
  #child: ChildProcess | undefined
  #exited: Promise<ServerExit> = Promise.resolve({ code: null, signal: null })
  #complaint = ''
  #running = false

  constructor (options: ServerOptions, port: number) {
    super()
    this.setMaxListeners(0)
    this.#options = options
    this.folder = options.folder
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  /** The process id of the present (or last) server. */
  get pid (): number { return this.#child?.pid ?? -1 }
  get running (): boolean { return this.#running }
  /** The end of the present (or last) server. */
  get exited (): Promise<ServerExit> { return this.#exited }
  /** What it said on standard error. */
  get complaint (): string { return this.#complaint }

  /** @throws Error with its words when it ends before it listens */
  async start (env: Record<string, string> = {}): Promise<void> {
    if (this.#running) throw new Error('The server runs already')
    const folder = await buildServer()
    const modules = await Promise.all((this.#options.modules ?? []).map(buildModule))
    const inherited = INHERITED.flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name]]])
    const [markName = '', mark = ''] = this.#mark.split('=')
    const from = this.lines.length
    this.#complaint = ''
    const child = this.#child = spawn(process.execPath, [...modules.flatMap(path => ['--import', pathToFileURL(path).href]), `${folder}/src/server.js`], {
      // A folder without an .env of somebody's.
      cwd: folder,
      env: {
        ...Object.fromEntries(inherited),
        HOST: '127.0.0.1',
        PORT: String(this.port),
        LOG_LEVEL: 'info',
        STREAMS_DIR: this.folder,
        ...RAISED,
        ...this.#options.env,
        ...env,
        [markName]: mark
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(modules.length > 0 ? ['ipc' as const] : [])]
    })
    leaveProperly()
    const killNow = () => { child.kill('SIGKILL') }
    process.once('exit', killNow)
    this.#running = true
    this.#exited = new Promise(resolve => {
      child.once('error', error => { this.#complaint += error.message })
      child.once('close', (code, signal) => {
        process.off('exit', killNow)
        this.#running = false
        resolve({ code, signal })
        this.emit('exit', { code, signal })
      })
    })
    child.on('message', message => this.emit('message', message))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.#complaint = (this.#complaint + text).slice(-KEPT_COMPLAINT_BYTES) })
    createInterface({ input: child.stdout! }).on('line', text => this.#hear(text))
    await this.waitFor(({ msg }) => LISTENS.test(msg), { timeoutMs: this.#options.startMs ?? START_MS, from })
  }

  /** To a module in the server, over IPC. */
  send (message: object): void {
    this.#child?.send(message)
  }

  /** Sends a signal. @returns how the server ended, when the signal ends it */
  async kill (signal: NodeJS.Signals = 'SIGKILL'): Promise<ServerExit> {
    this.#child?.kill(signal)
    return await this.#exited
  }

  /** A new server on the same port and folder, with the same settings; the old one has to be gone. */
  async restart (env: Record<string, string> = {}): Promise<void> {
    await this.#exited
    await this.start(env)
  }

  /**
   * The first log line that fits, of those from number `from` on: also one that came already.
   * @throws Error when none comes in time, or the server ends
   */
  async waitFor (fits: (line: LogLine) => boolean, { timeoutMs = PATIENCE_MS, from = 0 }: { timeoutMs?: number, from?: number } = {}): Promise<LogLine> {
    const known = this.lines.slice(from).find(fits)
    if (known !== undefined) return known
    return await new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        clearTimeout(timer)
        this.off('line', look)
        this.off('exit', ended)
        action()
      }
      const look = (line: LogLine) => { if (fits(line)) settle(() => resolve(line)) }
      const ended = ({ code, signal }: ServerExit) => settle(() => reject(new Error(`The server ended (${code ?? signal}): ${this.#complaint.trim()}`)))
      const timer = setTimeout(() => settle(() => reject(new Error(`Not logged within ${timeoutMs} ms; last: ${JSON.stringify(this.lines.at(-1))}`))), timeoutMs)
      this.on('line', look)
      this.on('exit', ended)
    })
  }

  /** Command lines of what this server, or one before it, started and what is still there; without the server itself. */
  async children (): Promise<string[]> {
    return (await markedProcesses(this.#mark)).filter(line => !this.#running || Number.parseInt(line) !== this.pid)
  }

  /** Waits until nothing is left of what was started. @returns what is still there after that time */
  async childrenGone (timeoutMs = CHILDREN_MS): Promise<string[]> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const left = await this.children()
      if (left.length === 0 || performance.now() > until) return left
      await delay(POLL_MS)
    }
  }

  /**
   * Ends the server, first gracefully, and whatever it left.
   * @throws Error when something was left, or SIGKILL was needed; it is gone then
   */
  async stop (): Promise<void> {
    const wrong: string[] = []
    if (this.#running) {
      this.#child?.kill('SIGCONT')
      this.#child?.kill('SIGTERM')
      const timer = setTimeout(() => {
        wrong.push(`the server did not end within ${STOP_MS} ms of SIGTERM`)
        this.#child?.kill('SIGKILL')
      }, STOP_MS)
      await this.#exited
      clearTimeout(timer)
    }
    for (const line of await this.childrenGone()) {
      wrong.push(`left behind: ${line}`)
      try {
        process.kill(Number.parseInt(line), 'SIGKILL')
      } catch {
        // It went by itself.
      }
    }
    if (wrong.length > 0) throw new Error(wrong.join('; '))
  }

  #hear (text: string): void {
    let line: LogLine
    try {
      line = JSON.parse(text) as LogLine
    } catch {
      // Not from the logger.
      this.#complaint = `${this.#complaint}${text}\n`.slice(-KEPT_COMPLAINT_BYTES)
      return
    }
    this.lines.push(line)
    this.emit('line', line)
  }
}

let leaving = false

/** Ctrl-C and the like would end this process without its exit handlers: they take the servers and the build with them. */
function leaveProperly (): void {
  if (leaving) return
  leaving = true
  for (const [signal, number] of [['SIGHUP', 1], ['SIGINT', 2], ['SIGTERM', 15]] as const) process.once(signal, () => process.exit(128 + number))
}
