import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { inTurns } from '../broadcasts.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import type { Inside } from '../inside.ts'
import { INSIDE_MODULE, lookInside, openFiles } from '../look-inside.ts'
import type { Random } from '../random.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { source, type Source } from '../source.ts'

const WAYS = ['start and end at once', 'start, chunks, end', 'start, chunks, cut', 'prepare and stop over HTTP'] as const
type Way = typeof WAYS[number]

const AT_ONCE = 12
/** Done before anything is counted: what is opened once stays open. */
const WARM_UP = 16
const MOST_CHUNKS = 8
const RESUME_WINDOW_SECONDS = 1
const ANSWER_MS = 20_000
/** So many streams run on a key that was used before. */
const REUSED_SHARE = 0.3
/** After the last stream has ended, what belongs to it goes within this time. */
const SETTLE_MS = 10_000
const POLL_MS = 200
/** What may lie in a stream's folder. */
const FILES = /^(segment_\d+\.ts|stream\.m3u8|live\.m3u8|journal\.jsonl)$/

/** What the server held at one moment. */
interface Holdings {
  children: string[]
  files: Record<string, number>
  inside: Inside
}

async function inject ({ random, folder }: Chaos, runs: number): Promise<FaultResult> {
  const server = await startServerProcess({ folder, env: { RESUME_WINDOW_SECONDS: String(RESUME_WINDOW_SECONDS) }, modules: [INSIDE_MODULE] })
  const failures: string[] = []
  let counted: Record<Way, number>
  let before: Holdings
  let after: Holdings
  let seconds: number
  try {
    const recording = await source('h264-matroska', 14)
    await startAndStop(server, recording, random.fork('warm-up'), WARM_UP, 'warm')
    const entries = (await readdir(folder)).filter(name => !name.startsWith('warm-'))
    before = await hold(server, true)
    const began = performance.now()
    counted = await startAndStop(server, recording, random.fork('runs'), runs, 'run')
    seconds = (performance.now() - began) / 1000
    after = await settle(server, before)
    failures.push(...more(before, after), ...await oddFiles(folder, entries))
  } finally {
    await server.stop()
  }
  const done = Object.values(counted).reduce((sum, count) => sum + count, 0)
  return {
    runs: done,
    measured: `${WAYS.map(way => `${counted[way]} ${way}`).join('; ')}; ${Math.round(done / seconds)} a second; afterwards ${describe(before, after)}`,
    failures
  }
}

/** So many streams begin and end, as fast as the server lets them. @returns how many in which way, all of them ended */
async function startAndStop (server: ServerProcess, recording: Source, random: Random, count: number, name: string): Promise<Record<Way, number>> {
  const counts = Object.fromEntries(WAYS.map(way => [way, 0])) as Record<Way, number>
  const from = server.lines.length
  /** Keys whose stream has ended, for another one: its numbering goes on. */
  const free: string[] = []
  await inTurns(Array.from({ length: count }, (_, index) => async () => {
    const own = random.fork(index)
    const way = own.pick(WAYS)
    const key = (own.chance(REUSED_SHARE) ? free.shift() : undefined) ?? `${name}-${index}`
    await once(server, key, way, recording, own)
    // A stream that was cut off waits for its broadcaster.
    if (way !== 'start, chunks, cut') free.push(key)
    counts[way]++
  }), AT_ONCE)
  const ended = () => server.lines.slice(from).filter(({ msg }) => msg === 'stream ended').length
  const until = performance.now() + RESUME_WINDOW_SECONDS * 1000 + SETTLE_MS
  while (ended() < count) {
    if (performance.now() > until) throw new Error(`${ended()} of ${count} streams have ended`)
    await delay(POLL_MS)
  }
  return counts
}

async function once (server: ServerProcess, streamKey: string, way: Way, recording: Source, random: Random): Promise<void> {
  const userId = `user-of-${streamKey}`
  if (way === 'prepare and stop over HTTP') {
    await post(server, `${streamKey}/start`, { userId, action: 'start', timestamp: Date.now() })
    await post(server, `${streamKey}/stop`, { userId, action: 'stop', timestamp: Date.now() })
    return
  }
  const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false })
  try {
    await ask(socket, 'start-stream', { userId, streamKey })
    if (way !== 'start and end at once') {
      const chunks = random.integer(1, MOST_CHUNKS)
      const answers = recording.chunks.slice(0, chunks).map(async ({ bytes }, seq) => await ask(socket, 'stream-data', { streamKey, seq, chunk: bytes }))
      // Some go while the server is still busy with what they sent.
      if (random.chance(0.5)) await Promise.all(answers)
      else for (const answer of answers) answer.catch(() => {})
    }
    if (way === 'start, chunks, cut') socket.io.engine.close()
    else await ask(socket, 'end-stream', { userId, streamKey })
  } finally {
    socket.disconnect()
  }
}

async function ask (socket: Socket, event: string, payload: object): Promise<void> {
  const answer = await socket.timeout(ANSWER_MS).emitWithAck(event, payload) as { error?: string, code?: string }
  if (answer.error !== undefined) throw new Error(`${event} was answered ${answer.code}: ${answer.error}`)
}

async function post (server: ServerProcess, path: string, body: object): Promise<void> {
  const response = await fetch(`${server.url}/livestream/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: JSON.stringify(body) })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path} was answered ${response.status}: ${text}`)
}

async function hold (server: ServerProcess, track = false): Promise<Holdings> {
  const inside = await lookInside(server, { track })
  return { children: await server.children(), files: await openFiles(server.pid), inside }
}

/** Waits until nothing is there that was not there before, or the time is up. */
async function settle (server: ServerProcess, before: Holdings): Promise<Holdings> {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    const after = await hold(server)
    if (more(before, after).length === 0 || performance.now() > until) return after
    await delay(POLL_MS)
  }
}

/** What is there that was not there before. */
function more (before: Holdings, after: Holdings): string[] {
  return [
    ...after.children.map(child => `a process is left: ${child}`),
    ...excess('open files', before.files, after.files),
    ...excess('resources', before.inside.resources, after.inside.resources),
    // Everything that was tracked was made in between.
    ...excess('made meanwhile', {}, after.inside.tracked)
  ]
}

function excess (what: string, before: Record<string, number>, after: Record<string, number>): string[] {
  return Object.entries(after)
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([kind, count]) => `${what}: ${count} ${kind} where there were ${before[kind] ?? 0}`)
}

/** Files that should not be there: half-written ones, open playlists, segments that no playlist of an ended broadcast lists. */
async function oddFiles (folder: string, before: string[]): Promise<string[]> {
  const odd: string[] = []
  for (const { name, ...entry } of (await readdir(folder, { withFileTypes: true })).map(found => ({ name: found.name, isFolder: found.isDirectory() }))) {
    if (!entry.isFolder) {
      if (!before.includes(name)) odd.push(`a file is left: ${name}`)
      continue
    }
    const names = await readdir(join(folder, name))
    odd.push(...names.filter(file => !FILES.test(file)).map(file => `a file is left: ${name}/${file}`))
    if (!names.includes('stream.m3u8')) continue
    const playlist = await readFile(join(folder, name, 'stream.m3u8'), 'utf8')
    if (!playlist.endsWith('#EXT-X-ENDLIST\n')) odd.push(`${name}/stream.m3u8 is open`)
    const listed = playlist.split('\n').filter(line => line.endsWith('.ts'))
    odd.push(...listed.filter(segment => !names.includes(segment)).map(segment => `${name}/${segment} is listed and missing`))
  }
  return odd
}

function describe (before: Holdings, after: Holdings): string {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0)
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  const timers = (after.inside.tracked['Timeout'] ?? 0)
  return `${after.children.length} processes, ${sum(after.files) - sum(before.files)} open files, ${(after.files['socket'] ?? 0) - (before.files['socket'] ?? 0)} sockets, ${timers} timers more; heap ${megabytes(before.inside.heapUsed)} before, ${megabytes(after.inside.heapUsed)} after`
}

export const fault: Fault = {
  id: 'start-stop',
  name: 'start/stop without pause',
  goal: '0 processes, 0 files, 0 sockets, 0 timers more than before',
  runs: { short: 100, long: 2_000 },
  inject
}
