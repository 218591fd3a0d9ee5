import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { INSIDE_MODULE, lookInside } from '../../chaos/look-inside.ts'
import { quantile } from '../../chaos/measure.ts'
import { get } from '../../chaos/output.ts'
import { startServerProcess, type ServerProcess } from '../../chaos/server-process.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import type { BroadcastReport } from '../load/broadcast.ts'
import { Load } from '../load/load.ts'
import { FRAME_MS } from '../load/recording.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { ffmpegsOf, processorSeconds, processorSecondsOf } from '../processor-time.ts'
import { residentMemory } from '../resident-memory.ts'
import { atMost, CHUNK_MS, megabytes, milliseconds, percentOfCore, type Context, type OpenWork, type Work } from '../work.ts'

const STREAMS = 50
const SHORT_STREAMS = 10
/** All FFmpeg processes have started and given something by then. */
const SETTLE_MS = 10_000
const MEASURE_MS = 20_000
const SHORT_MEASURE_MS = 4_000
/** Streams begin one after the other, and at different moments of a chunk and of a segment. */
const EVERY_MS = 130
/** So small that it is full when memory is measured. */
const WINDOW_BYTES = 4_000_000

export const live: Work = {
  id: 'live',
  lines: [
    { id: 'server', name: "server's own CPU per stream, intake included", goal: '<= 0.2 % of a core', meets: atMost(0.002), format: percentOfCore },
    { id: 'naive', name: 'a naive pipe, the same', format: percentOfCore },
    { id: 'ffmpeg', name: 'its FFmpeg, per stream', format: percentOfCore },
    { id: 'naive-ffmpeg', name: "a naive pipe's FFmpeg, per stream", format: percentOfCore },
    { id: 'memory', name: "server's memory per stream beside FFmpeg and the window", goal: '<= 2 MB', meets: atMost(2e6), format: megabytes },
    { id: 'window', name: 'the window, of the setting', goal: '<= 100 %', meets: atMost(1), format: value => `${(value * 100).toFixed(0)} %` },
    { id: 'listed', name: 'last frame of a segment to that segment listed, p95', goal: `<= ${CHUNK_MS} + 50 ms`, meets: atMost(CHUNK_MS + 50), format: milliseconds },
    { id: 'listed-median', name: 'the same, median', format: milliseconds }
  ],
  open
}

async function open ({ folder, short, recording, note }: Context): Promise<OpenWork> {
  const streams = short ? SHORT_STREAMS : STREAMS
  const measureMs = short ? SHORT_MEASURE_MS : MEASURE_MS
  const naiveFolder = join(folder, 'naive')
  await mkdir(naiveFolder)
  const server = await startServerProcess({ folder: join(folder, 'ours'), modules: [INSIDE_MODULE], env: { MEMORY_WINDOW_BYTES: String(WINDOW_BYTES) } })
  const naive = await PeerProcess.start('naive-pipe', naiveFolder)
  const load = new Load()
  const { path } = await recording('h264')
  const idleBytes = await settledBytes(server)
  let round = 0

  /** Broadcasts, waits, measures for a while. @returns CPU per stream of the process and of its children, in cores */
  async function run (pid: number, url: string, then: (since: number) => Promise<void>): Promise<[own: number, ffmpeg: number]> {
    const names = Array.from({ length: streams }, (_, index) => `round-${round}-${index}`)
    await load.ask({ do: 'broadcast', url, names, path, chunkMs: CHUNK_MS, everyMs: EVERY_MS })
    await delay(SETTLE_MS)
    const children = await ffmpegsOf(pid)
    if (children.length !== streams) throw new Error(`${children.length} processes for ${streams} streams`)
    const read = async () => [performance.now(), await processorSeconds(pid), await processorSecondsOf(children)] as const
    const before = await read()
    await delay(measureMs)
    const after = await read()
    await then(measureMs)
    await load.ask({ do: 'end' })
    const seconds = (after[0] - before[0]) / 1000 * streams
    return [(after[1] - before[1]) / seconds, (after[2] - before[2]) / seconds]
  }

  return {
    async measure () {
      round++
      const values: Record<string, number> = {}
      const [own, ffmpeg] = await run(server.pid, server.url, async since => {
        const reports = await load.reports()
        const troubled = reports.filter(({ faults }) => faults.length > 0)
        if (troubled.length > 0) note(`${troubled.length} streams were told of trouble: ${troubled[0]!.faults.join('; ')}`)
        const window = await windowBytes(server.url)
        values['memory'] = (await settledBytes(server) - idleBytes - window) / streams
        values['window'] = window / (streams * WINDOW_BYTES)
        const waits = (await Promise.all(reports.map(report => listingMs(server.url, report, since)))).flat()
        values['listed'] = quantile(waits, 0.95)
        values['listed-median'] = quantile(waits, 0.5)
      })
      const [naiveOwn, naiveFfmpeg] = await run(naive.pid, naive.url, async () => {})
      return { ...values, server: own, ffmpeg, naive: naiveOwn, 'naive-ffmpeg': naiveFfmpeg }
    },
    async close () {
      await load.stop()
      await naive.stop()
      await server.stop()
    }
  }
}

/** What the server alone has in memory when its garbage is collected. */
async function settledBytes (server: ServerProcess): Promise<number> {
  // What one collection finalizes, only the next one takes away.
  await lookInside(server)
  await lookInside(server)
  return (await residentMemory(server.pid)).privateBytes
}

/** What is kept of all streams' newest segments in memory, as the server's metrics say it. */
async function windowBytes (url: string): Promise<number> {
  const { body } = await get(`${url}/livestream/metrics`)
  const [, bytes] = /^headwater_bytes\{of="window"\} (\d+)$/m.exec(body.toString()) ?? []
  if (bytes === undefined) throw new Error('The metrics do not tell the window')
  return Number(bytes)
}

/** From the last frame of each segment to that segment listed, for what was listed in the last so many milliseconds. */
async function listingMs (url: string, { name, beganAt, listedAt }: BroadcastReport, lastMs: number): Promise<number[]> {
  const { segments } = readPlaylist((await get(`${url}/livestream/${name}/stream.m3u8`)).body.toString())
  const from = listedAt.at(-1)! - lastMs
  let endMs = 0
  return listedAt.flatMap((at, index) => {
    endMs += segments[index]!.durationMs
    return at < from ? [] : [at - (beganAt + endMs - FRAME_MS)]
  })
}
