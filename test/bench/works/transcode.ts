import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startServerProcess } from '../../chaos/server-process.ts'
import { Load } from '../load/load.ts'
import { inChunks } from '../load/recording.ts'
import { BareFfmpeg } from '../peers/bare-ffmpeg.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { commandLine, ffmpegsOf, processorSecondsOf } from '../processor-time.ts'
import { atMost, CHUNK_MS, percentOfCore, type Context, type OpenWork, type Work } from '../work.ts'

const SETTLE_MS = 3_000
const MEASURE_MS = 20_000
const SHORT_MEASURE_MS = 4_000

export const transcode: Work = {
  id: 'transcode',
  lines: [
    { id: 'ratio', name: 'VP8 720p30 transcode, CPU beside bare FFmpeg', goal: '<= 1.05 x', meets: atMost(1.05), format: value => `${value.toFixed(3)} x` },
    { id: 'ffmpeg', name: 'ours: FFmpeg', format: percentOfCore },
    { id: 'server', name: 'ours: the server', format: percentOfCore },
    { id: 'bare', name: 'bare FFmpeg with the same arguments', format: percentOfCore },
    { id: 'tutorial', name: "the tutorial's server (libx264 veryfast)", format: percentOfCore }
  ],
  open
}

/** The same recording at the same time through the server and into an FFmpeg alone; the tutorial's server after that. */
async function open ({ folder, short, recording }: Context): Promise<OpenWork> {
  const tutorialFolder = join(folder, 'tutorial')
  await mkdir(tutorialFolder)
  const server = await startServerProcess({ folder: join(folder, 'ours') })
  const tutorial = await PeerProcess.start('tutorial', tutorialFolder)
  const load = new Load()
  const { path, bytes } = await recording('vp8')
  const chunks = inChunks(bytes, CHUNK_MS)
  const measureMs = short ? SHORT_MEASURE_MS : MEASURE_MS
  let round = 0

  async function begin (url: string): Promise<void> {
    await load.ask({ do: 'broadcast', url, names: [`transcode-${round}`], path, chunkMs: CHUNK_MS, everyMs: 0 })
  }

  /** Cores that each of these groups takes. */
  async function coresOf (...groups: number[][]): Promise<number[]> {
    await delay(SETTLE_MS)
    const read = async () => await Promise.all(groups.map(processorSecondsOf))
    const began = performance.now()
    const before = await read()
    await delay(measureMs)
    const after = await read()
    const seconds = (performance.now() - began) / 1000
    return groups.map((_pids, index) => (after[index]! - before[index]!) / seconds)
  }

  return {
    async measure () {
      round++
      const from = server.lines.length
      await begin(server.url)
      await server.waitFor(({ msg }) => msg === 'FFmpeg started', { from })
      const children = await ffmpegsOf(server.pid)
      const [, ...args] = await commandLine(children[0]!)
      const alone = new BareFfmpeg(args, join(folder, 'bare.ts'), chunks, CHUNK_MS)
      const [own = NaN, ffmpeg = NaN, bare = NaN] = await coresOf([server.pid], children, [alone.pid])
      await load.ask({ do: 'end' })
      await alone.stop()
      await begin(tutorial.url)
      const [theirs = NaN] = await coresOf([tutorial.pid, ...await ffmpegsOf(tutorial.pid)])
      await load.ask({ do: 'end' })
      return { ratio: (own + ffmpeg) / bare, ffmpeg, server: own, bare, tutorial: theirs }
    },
    async close () {
      await load.stop()
      await tutorial.stop()
      await server.stop()
    }
  }
}
