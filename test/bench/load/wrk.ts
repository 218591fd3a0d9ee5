import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MARGIN_MS = 10_000

export interface WrkOptions {
  url: string
  connections: number
  seconds: number
  /** The processor that it runs on; undefined: whichever. */
  processor: number | undefined
  /** Goes with every request. */
  headers?: Record<string, string>
}

/** Asks for the same thing again and again. @returns how many answers came @throws Error when one was not what was asked for */
export async function wrk ({ url, connections, seconds, processor, headers = {} }: WrkOptions): Promise<number> {
  const line = ['wrk', '--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]), url]
  const [program = '', ...args] = processor === undefined ? line : ['taskset', '-c', String(processor), ...line]
  const { stdout } = await run(program, args, { timeout: seconds * 1000 + MARGIN_MS })
  return readWrk(stdout)
}

/** How many answers came, from what wrk prints. */
export function readWrk (text: string): number {
  const [trouble] = /^\s*(Socket errors|Non-2xx or 3xx responses):.*$/m.exec(text) ?? []
  const [, requests] = /^\s*(\d+) requests in /m.exec(text) ?? []
  if (requests === undefined || trouble !== undefined) throw new Error(`wrk: ${trouble?.trim() ?? text}`)
  return Number(requests)
}
