import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { Broadcaster } from '../client.ts'
import type { Fault, FaultResult } from '../fault.ts'
import { quantile } from '../measure.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { CHUNK_MS, type Source } from '../source.ts'
import { Viewers, type ViewerSeat } from '../viewers/viewers.ts'
import type { Sample } from '../viewers/hls-viewer.ts'

const VIEWERS = 200
const SLOW = 40
const BYTES_PER_SECOND = 1_000
/** Segments of 2 s have half a megabyte: more than the kernel takes from the server at once. */
const KBPS = 2_000
/** Viewers come over so long. */
const SPREAD_MS = 3_000
/** Everybody has found the live edge by then. */
const WARM_UP_MS = 4_000
const MEASURED_MS = 30_000
const SPARE_SECONDS = 15
const ALLOWED = 1.2
/** Of /proc, on every Linux that matters. */
const TICKS_PER_SECOND = 100
/** Memory may grow by this for each slow reader: the segment that it holds on to, and the same once more. */
const MEMORY_PER_SLOW_READER = 2 * KBPS * 1_000 / 8 * 2

/**
 * Two servers at the same time, with the same broadcast and 160 viewers each; the second has 40 more that read
 * 1 kB/s. Whatever else the machine does falls on both alike: one after the other, that alone makes more than 20 %.
 */
export const fault: Fault = {
  id: 'slow-viewers',
  name: `${VIEWERS} viewers, some reading 1 kB/s`,
  goal: "the others' p99 within 20 % of the same run without slow readers, memory bounded",
  runs: { short: 1, long: 1 },
  inject: async ({ folder, note }, runs) => {
    const findings: Findings = { failures: [], late: [] }
    const measured: string[] = []
    for (let run = 0; run < runs; run++) measured.push(await compare(join(folder, String(run)), findings, note))
    return { runs, measured: measured.join('; '), ...findings }
  }
}

type Findings = Required<Pick<FaultResult, 'failures' | 'late'>>

interface Side {
  server: ServerProcess
  broadcaster: Broadcaster
  name: 'alone' | 'with-slow'
}

interface Measured {
  samples: Sample[]
  rssBytes: number
  cpuSeconds: number
}

async function compare (folder: string, { failures, late }: Findings, note: (text: string) => void): Promise<string> {
  const seconds = Math.ceil((SPREAD_MS + WARM_UP_MS + MEASURED_MS) / 1_000) + SPARE_SECONDS
  const source = await bulkySource(seconds)
  const viewers = new Viewers()
  const sides: Side[] = []
  try {
    for (const name of ['alone', 'with-slow'] as const) {
      const server = await startServerProcess({ folder: join(folder, name) })
      sides.push({ server, name, broadcaster: new Broadcaster({ url: server.url, streamKey: 'crowd', source }) })
    }
    await Promise.all(sides.map(async ({ broadcaster }) => {
      await broadcaster.started
      await new Promise<void>(resolve => { broadcaster.once('segment', () => resolve()) })
    }))
    await takeSeats(viewers, sides)
    await delay(WARM_UP_MS)
    await viewers.report()
    const before = await Promise.all(sides.map(({ server }) => usageOf(server)))
    await delay(MEASURED_MS)
    const { samples, watched, slow } = await viewers.report()
    const [alone, withSlow] = await Promise.all(sides.map(async ({ server, name }, index): Promise<Measured> => {
      const usage = await usageOf(server)
      return { samples: samples.filter(({ viewer }) => viewer.startsWith(`${name}:`)), rssBytes: usage.rssBytes, cpuSeconds: usage.cpuSeconds - before[index]!.cpuSeconds }
    })) as [Measured, Measured]
    const blocked = await countBlocked(sides[1]!.server, slow)
    failures.push(...watched.flatMap(({ viewer, faults, missed }) => [...faults.map(text => `${viewer}: ${text}`), ...(missed > 0 ? [`${viewer}: ${missed} segments missed`] : [])]))
    failures.push(...slow.flatMap(({ faults }) => faults.map(text => `slow reader: ${text}`)))
    failures.push(...sides.flatMap(({ broadcaster }) => broadcaster.complaints))
    // A row whose slow readers hold nothing up would measure nothing.
    if (blocked < SLOW) failures.push(`only ${blocked} of ${SLOW} slow readers kept the server waiting`)
    note(`${VIEWERS - SLOW} viewers alone: ${describe(alone)}`)
    note(`with ${SLOW} slow ones: ${describe(withSlow)}`)
    return `${judge(alone, withSlow, { failures, late })}; ${blocked} of ${SLOW} slow readers blocked`
  } finally {
    for (const { broadcaster } of sides) broadcaster.leave()
    await viewers.stop()
    for (const { server } of sides) await server.stop()
  }
}

/** Not all in one moment, as nobody's viewers do. */
async function takeSeats (viewers: Viewers, sides: Side[]): Promise<void> {
  for (let index = 0; index < VIEWERS; index++) {
    const isSlow = index % (VIEWERS / SLOW) === 0
    // Who asks in the same moment asks in both orders.
    const inOrder = index % 2 === 0 ? sides : sides.toReversed()
    await viewers.watch(inOrder.filter(({ name }) => !isSlow || name === 'with-slow').map(({ name, server }): ViewerSeat => ({
      name: `${name}:${index}`,
      url: `${server.url}/livestream/crowd/live.m3u8`,
      ...(isSlow ? { bytesPerSecond: BYTES_PER_SECOND } : {})
    })))
    await delay(SPREAD_MS / VIEWERS)
  }
}

function judge (alone: Measured, withSlow: Measured, { failures, late }: Findings): string {
  const [before, after] = [p99(alone), p99(withSlow)]
  if (!(after <= before * ALLOWED)) late.push(`the p99 is ${after.toFixed(1)} ms with slow readers, ${before.toFixed(1)} ms without`)
  if (withSlow.rssBytes > alone.rssBytes + SLOW * MEMORY_PER_SLOW_READER) failures.push(`the server has ${mega(withSlow.rssBytes)} with slow readers, ${mega(alone.rssBytes)} without`)
  const change = Math.round((after / before - 1) * 100)
  return `p99 of playlists and segments ${before.toFixed(1)} ms without (${alone.samples.length} requests), ${after.toFixed(1)} ms with slow readers (${withSlow.samples.length}): ${change >= 0 ? '+' : ''}${change} %; ` +
    `server memory ${mega(alone.rssBytes)} without, ${mega(withSlow.rssBytes)} with; processor time ${alone.cpuSeconds.toFixed(1)} and ${withSlow.cpuSeconds.toFixed(1)} s in ${MEASURED_MS / 1_000} s`
}

function p99 ({ samples }: Measured): number {
  return quantile(samples.map(({ ms }) => ms), 0.99)
}

function describe ({ samples, rssBytes }: Measured): string {
  const kinds = (['playlist', 'segment'] as const).map(kind => {
    const times = samples.filter(sample => sample.kind === kind).map(({ ms }) => ms)
    return `${times.length} ${kind} requests, p50 ${quantile(times, 0.5).toFixed(1)} p99 ${quantile(times, 0.99).toFixed(1)} max ${quantile(times, 1).toFixed(1)} ms`
  })
  return [...kinds, `server memory ${mega(rssBytes)}`].join('; ')
}

function mega (bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

/** Resident memory, and processor time since the start. */
async function usageOf ({ pid }: ServerProcess): Promise<{ rssBytes: number, cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Fields 14 and 15, counted behind the name, which stands in brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }
}

/** Readers for whom the server still holds a part of the segment: it is neither read nor in the kernel's hands. */
async function countBlocked (server: ServerProcess, readers: Array<{ port: number | undefined, readBytes: number, length: number | undefined }>): Promise<number> {
  const queues = new Map<string, number>()
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const [, local = '', remote = '', , queue = ''] = line.trim().split(/\s+/)
    const [waitsToGo = '0', waitsToBeRead = '0'] = queue.split(':')
    const port = (address: string) => Number.parseInt(address.split(':')[1] ?? '', 16)
    queues.set(`${port(local)} ${port(remote)}`, Number.parseInt(waitsToGo, 16) + Number.parseInt(waitsToBeRead, 16))
  }
  return readers.filter(({ port, readBytes, length }) => {
    if (port === undefined || length === undefined) return false
    const inKernel = (queues.get(`${server.port} ${port}`) ?? 0) + (queues.get(`${port} ${server.port}`) ?? 0)
    return readBytes + inKernel < length
  }).length
}

/** A small picture with the bytes of a large one; viewers do not look. */
async function bulkySource (seconds: number): Promise<Source> {
  const bytes = await recording({ seconds, videoKbps: KBPS })
  const chunks = inPieces(bytes, seconds * 1_000 / CHUNK_MS).map((piece, index) => ({ bytes: piece, dueMs: index * CHUNK_MS }))
  return { kind: 'h264-matroska', seconds, bytes, chunks, slices: [], sounds: [], pictures: 0 }
}
