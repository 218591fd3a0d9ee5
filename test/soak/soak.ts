import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { locateFfmpeg } from '../../src/media/ffmpeg/locate.ts'
import { INSIDE_MODULE, lookInside } from '../chaos/look-inside.ts'
import { describeMs, quantile } from '../chaos/measure.ts'
import { get } from '../chaos/output.ts'
import { startServerProcess, type LogLine, type ServerProcess } from '../chaos/server-process.ts'
import type { Sample, Watched } from '../chaos/viewers/hls-viewer.ts'
import { Viewers, type ViewerSeat } from '../chaos/viewers/viewers.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { LiveBroadcaster } from './live-broadcaster.ts'
import { LiveSource } from './live-source.ts'
import { growthOf, type Growth, type MemorySample } from './memory.ts'
import { PlayerPages, type PagePlayer } from './player-pages.ts'

export interface SoakOptions {
  minutes: number
  streams: number
  /** Of each stream; the first of as many streams as there are pages is a browser's. */
  viewers: number
  /** Streams that a browser plays, a page each. */
  pages: number
  note: (text: string) => void
}

export interface Check {
  name: string
  /** The figure, for people. */
  found: string
  /** What is wrong; empty: passed. */
  failures: string[]
}

const SAMPLE_MS = 10_000
const NOTE_MS = 60_000
/** Everybody has to play after this. */
const BEGIN_MS = 60_000
const BEGIN_POLL_MS = 200
const MOST_WARM_UP_MS = 5 * 60_000
const ALLOWED_GROWTH = 0.05
/** The newest segments of a stream, in memory: full long before the warm-up is over, so that what grows afterwards is a leak. */
const MEMORY_WINDOW_BYTES = 3_000_000
/** Log lines from this level on are told: nothing happens that a server would warn of. */
const WARN = 40
const KEPT_SAMPLES = 200_000
/** The recorder's first chunk comes late, its last frames at once. */
const LENGTH_MARGIN_MS = 2_000

interface Soaked {
  server: ServerProcess
  source: LiveSource
  broadcasters: LiveBroadcaster[]
  memory: MemorySample[]
  warmUpMs: number
  watched: Watched[]
  samples: Sample[]
  players: PagePlayer[]
  /** Share of the machine's processors that was busy, 0 to 1. */
  busy: number
  ffmpegBytes: number
  lengthFailures: string[]
}

/** Broadcasts in real time to viewers for so long, and looks whether anything grows, restarts or stands still. */
export async function soak (options: SoakOptions): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-soak-'))
  const server = await startServerProcess({ folder, modules: [INSIDE_MODULE], env: { MEMORY_WINDOW_BYTES: String(MEMORY_WINDOW_BYTES) } })
  const viewers = new Viewers()
  const pages = new PlayerPages()
  const keys = Array.from({ length: options.streams }, (_, index) => `soak-${index}`)
  const broadcasters = keys.map(key => new LiveBroadcaster(server.url, key))
  let source: LiveSource | undefined
  try {
    await Promise.all(broadcasters.map(broadcaster => broadcaster.start()))
    source = new LiveSource((await locateFfmpeg()).path, broadcasters.map(({ send }) => send))
    await server.waitFor(({ msg }) => msg === 'FFmpeg started')
    const played = keys.slice(0, options.pages)
    await pages.open(server.url, played)
    await viewers.watch(seatsOf(server, keys, played, options.viewers))
    const before = await begun(viewers, pages)
    options.note(`${options.streams} streams, ${options.viewers} viewers each: ${played.length} pages with hls.js, ${options.streams * options.viewers - played.length} others; all play (${sum([...before.watched, ...before.players].map(({ stalls }) => stalls))} stalls until then)`)

    const busyBefore = await processorTimes()
    const { memory, samples, ffmpegBytes } = await sampleFor(options, server, viewers, pages, before)
    const busyAfter = await processorTimes()
    const { watched, players } = since(before, (await viewers.report()).watched, await pages.players())
    await pages.close()
    await viewers.stop()
    await source.stop()
    await Promise.all(broadcasters.map(broadcaster => broadcaster.end()))
    const lengthFailures = await checkLengths(server, keys, source.recordedMs)
    const soaked: Soaked = {
      server,
      source,
      broadcasters,
      memory,
      warmUpMs: warmUpOf(options),
      watched,
      samples,
      players,
      busy: (busyAfter.busy - busyBefore.busy) / (busyAfter.all - busyBefore.all),
      ffmpegBytes,
      lengthFailures
    }
    for (const broadcaster of broadcasters) broadcaster.leave()
    await server.stop()
    return judge(soaked, options)
  } finally {
    await source?.kill()
    for (const broadcaster of broadcasters) broadcaster.leave()
    await pages.close()
    await viewers.stop()
    if (server.running) await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Audience {
  watched: Watched[]
  players: PagePlayer[]
}

/** Waits until everybody plays. A browser that starts takes all of a small machine: what counts is what comes after that. */
async function begun (viewers: Viewers, pages: PlayerPages): Promise<Audience> {
  const until = performance.now() + BEGIN_MS
  for (;;) {
    const { watched } = await viewers.report()
    if (watched.every(({ started }) => started)) return { watched, players: await pages.players() }
    if (performance.now() > until) throw new Error(`Not everybody plays after ${BEGIN_MS} ms`)
    await delay(BEGIN_POLL_MS)
  }
}

/** Less what happened before. */
function since (before: Audience, watched: Watched[], players: PagePlayer[]): Audience {
  const formerly = new Map(before.watched.map(one => [one.viewer, one]))
  const pages = new Map(before.players.map(one => [one.stream, one]))
  return {
    watched: watched.map(one => ({ ...one, stalls: one.stalls - (formerly.get(one.viewer)?.stalls ?? 0), stalledMs: one.stalledMs - (formerly.get(one.viewer)?.stalledMs ?? 0) })),
    players: players.map(one => ({ ...one, stalls: one.stalls - (pages.get(one.stream)?.stalls ?? 0), errors: one.errors.slice(pages.get(one.stream)?.errors.length ?? 0) }))
  }
}

function warmUpOf ({ minutes }: SoakOptions): number {
  return Math.min(MOST_WARM_UP_MS, minutes * 60_000 / 6)
}

function seatsOf (server: ServerProcess, keys: string[], played: string[], viewers: number): ViewerSeat[] {
  return keys.flatMap(key => Array.from({ length: viewers - (played.includes(key) ? 1 : 0) }, (_, index) => ({
    name: `${key}:${index}`, url: `${server.url}/livestream/${key}/live.m3u8`
  })))
}

async function sampleFor (options: SoakOptions, server: ServerProcess, viewers: Viewers, pages: PlayerPages, before: Audience): Promise<Pick<Soaked, 'memory' | 'samples' | 'ffmpegBytes'>> {
  const memory: MemorySample[] = []
  let samples: Sample[] = []
  let ffmpegBytes = 0
  const began = performance.now()
  let notedAt = began
  for (let next = began + SAMPLE_MS; next <= began + options.minutes * 60_000; next += SAMPLE_MS) {
    await delay(Math.max(0, next - performance.now()))
    // What one collection finalizes, only the next one takes away.
    await lookInside(server)
    const { rss, heapUsed, external } = await lookInside(server)
    memory.push({ atMs: performance.now() - began, rss, heapUsed, external })
    const report = await viewers.report()
    samples = [...samples, ...report.samples].slice(-KEPT_SAMPLES)
    ffmpegBytes = Math.max(ffmpegBytes, await residentBytes(await server.children()))
    if (performance.now() - notedAt < NOTE_MS) continue
    notedAt = performance.now()
    const { watched, players } = since(before, report.watched, await pages.players())
    const stalls = sum([...watched, ...players].map(one => one.stalls))
    options.note(`${Math.round((notedAt - began) / 60_000)} min: server ${mega(rss)}, heap ${mega(heapUsed)}, ${stalls} stalls`)
  }
  return { memory, samples, ffmpegBytes }
}

function judge ({ server, source, broadcasters, memory, warmUpMs, watched, samples, players, busy, ffmpegBytes, lengthFailures }: Soaked, { streams, viewers }: SoakOptions): Check[] {
  const rss = growthOf(memory, warmUpMs, sample => sample.rss)
  const heap = growthOf(memory, warmUpMs, sample => sample.heapUsed)
  const starts = server.lines.filter(({ msg }) => msg === 'FFmpeg started').length
  const warnings = server.lines.filter(({ level }) => level >= WARN)
  const times = (kind: Sample['kind']) => samples.filter(sample => sample.kind === kind).map(({ ms }) => ms)
  const latencies = players.map(({ latencySeconds }) => latencySeconds).filter(seconds => seconds !== undefined)
  return [
    { name: 'memory of the server', found: describeGrowth(rss), failures: growthFailures(rss) },
    { name: 'heap of the server, after garbage collection', found: describeGrowth(heap), failures: growthFailures(heap) },
    {
      name: 'restarts',
      found: `${starts - streams} of FFmpeg, ${warnings.length} warnings; FFmpeg takes ${mega(ffmpegBytes)} for ${streams} streams`,
      failures: [...(starts === streams ? [] : [`FFmpeg was started ${starts} times for ${streams} streams`]), ...warnings.map(describeLine)]
    },
    {
      name: 'players with hls.js',
      found: `${players.length} pages, ${sum(players.map(({ stalls }) => stalls))} stalls${latencies.length === 0 ? '' : `, ${quantile(latencies, 0.5).toFixed(1)} s behind (median)`}`,
      failures: players.flatMap(pageFailures)
    },
    {
      name: 'other viewers',
      found: `${watched.length}, ${sum(watched.map(({ stalls }) => stalls))} stalls, ${sum(watched.map(({ segments }) => segments))} segments; playlist ${describeMs(times('playlist'))}; segment ${describeMs(times('segment'))}`,
      failures: [
        ...(watched.length + players.length === streams * viewers ? [] : [`${watched.length + players.length} viewers of ${streams * viewers}`]),
        ...watched.flatMap(viewerFailures)
      ]
    },
    {
      name: 'broadcasters',
      found: `${broadcasters.length}, kept at most ${mega(Math.max(...broadcasters.map(({ mostKeptBytes }) => mostKeptBytes)))}; the recorder's chunks at most ${(source.mostBetweenMs / 1_000).toFixed(2)} s apart; processors ${Math.round(busy * 100)} % busy in all`,
      failures: [...broadcasters.flatMap(({ faults }) => faults), ...lengthFailures]
    }
  ]
}

function describeGrowth ({ first, last, growth, samples }: Growth): string {
  return `${mega(first)} at first, ${mega(last)} at last (${growth >= 0 ? '+' : ''}${(growth * 100).toFixed(1)} %, ${samples} samples after the warm-up)`
}

function growthFailures ({ growth }: Growth): string[] {
  return growth <= ALLOWED_GROWTH ? [] : [`it grew by ${(growth * 100).toFixed(1)} %, allowed are ${ALLOWED_GROWTH * 100} %`]
}

function pageFailures ({ stream, playback, stalls, errors, complaints }: PagePlayer): string[] {
  return [
    ...(playback === 'playing' ? [] : [`${stream}: the page is ${playback}`]),
    ...(stalls === 0 ? [] : [`${stream}: the page stood still ${stalls} times: ${JSON.stringify(errors)}`]),
    ...errors.filter(({ fatal }) => fatal).map(({ details }) => `${stream}: fatal error of hls.js: ${details}`),
    ...complaints.map(text => `${stream}: the page complains: ${text}`)
  ]
}

function viewerFailures ({ viewer, started, stalls, stalledMs, missed, faults }: Watched): string[] {
  return [
    ...(started ? [] : [`${viewer}: never began to play`]),
    ...(stalls === 0 ? [] : [`${viewer}: stood still ${stalls} times, for ${stalledMs} ms`]),
    ...(missed === 0 ? [] : [`${viewer}: missed ${missed} segments`]),
    ...faults.map(fault => `${viewer}: ${fault}`)
  ]
}

function describeLine ({ msg, stream, ...fields }: LogLine): string {
  return `${stream ?? 'server'}: ${msg} ${JSON.stringify(fields)}`
}

/** Every stream has all that was recorded, in one piece. */
async function checkLengths (server: ServerProcess, keys: string[], recordedMs: number): Promise<string[]> {
  const failures: string[] = []
  for (const key of keys) {
    const playlist = readPlaylist((await get(`${server.url}/livestream/${key}/stream.m3u8`)).body.toString())
    const publishedMs = playlist.segments.reduce((total, { durationMs }) => total + durationMs, 0)
    if (Math.abs(publishedMs - recordedMs) > LENGTH_MARGIN_MS) failures.push(`${key}: ${publishedMs} ms published, ${Math.round(recordedMs)} recorded`)
    if (!playlist.ended) failures.push(`${key}: there is no ENDLIST`)
    if (playlist.segments.some(({ discontinuity }) => discontinuity)) failures.push(`${key}: there is a discontinuity`)
  }
  return failures
}

async function residentBytes (processes: string[]): Promise<number> {
  const sizes = await Promise.all(processes.map(async line => {
    const status = await readFile(`/proc/${Number.parseInt(line)}/status`, 'utf8').catch(() => '')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
  }))
  return sum(sizes)
}

/** Of all processors together, since the machine started. */
async function processorTimes (): Promise<{ busy: number, all: number }> {
  const [, user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = (await readFile('/proc/stat', 'utf8')).split('\n')[0]!.split(/\s+/).map(Number)
  const busy = user + nice + system + irq + softIrq + steal
  return { busy, all: busy + idle + ioWait }
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mega (bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
