import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { get } from '../../chaos/output.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { LiveBroadcaster } from '../../soak/live-broadcaster.ts'
import { inChunks } from '../load/recording.ts'
import { wrk } from '../load/wrk.ts'
import { Nginx } from '../peers/nginx.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { processorSeconds } from '../processor-time.ts'
import { atMost, CHUNK_MS, microseconds, times, type Context, type OpenWork, type Work } from '../work.ts'

const KEY = 'bench'
const SEGMENT_BYTES = 640_000
const RUN_SECONDS = 3
const SHORT_SECONDS = 1
const CONNECTIONS = { playlist: 32, segment: 16 }
type Kind = keyof typeof CONNECTIONS

interface Server {
  name: 'ours' | 'nginx' | 'static'
  pid: number
  addresses: Record<Kind, string>
}

export const delivery: Work = {
  id: 'delivery',
  lines: [
    { id: 'playlist', name: 'CPU per playlist, beside nginx', goal: '<= 1.8 x', meets: atMost(1.8), format: times },
    { id: 'segment', name: 'CPU per 640 kB segment, beside nginx', goal: '<= 1.35 x', meets: atMost(1.35), format: times },
    { id: 'static-playlist', name: 'a playlist through @fastify/static, beside ours', goal: '>= 8 x', meets: value => value >= 8, format: times },
    { id: 'static-segment', name: 'a segment through @fastify/static, beside ours', goal: '>= 8 x', meets: value => value >= 8, format: times },
    ...(['ours', 'nginx', 'static'] as const).flatMap(server => (['playlist', 'segment'] as const).map(kind => ({
      id: `${server} ${kind}`, name: `CPU per ${kind}: ${server}`, format: microseconds
    })))
  ],
  open
}

/** The same playlist and the same segment from a running stream of ours and as files. */
async function open ({ folder, short, tools, recording }: Context): Promise<OpenWork> {
  const closes: Array<() => Promise<void>> = []
  const close = async () => { for (const one of closes.splice(0).reverse()) await one() }
  try {
    const ours = await startServerProcess({ folder: join(folder, 'ours') })
    closes.push(() => ours.stop())
    const broadcaster = new LiveBroadcaster(ours.url, KEY)
    closes.push(async () => broadcaster.leave())
    await broadcaster.start()
    for (const chunk of inChunks((await recording('h264')).bytes, CHUNK_MS)) broadcaster.send(chunk)
    await broadcaster.idle()
    const base = `${ours.url}/livestream/${KEY}`
    const { body: playlist } = await get(`${base}/stream.m3u8`)
    const segments = await Promise.all(readPlaylist(playlist.toString()).segments.map(async ({ name }) => ({ name, body: (await get(`${base}/${name}`)).body })))
    const segment = segments.sort((a, b) => Math.abs(a.body.length - SEGMENT_BYTES) - Math.abs(b.body.length - SEGMENT_BYTES))[0]!
    const files = new Map([['stream.m3u8', playlist], [segment.name, segment.body]])

    const nginx = await Nginx.start(tools.get('nginx')!, join(folder, 'nginx'), files)
    closes.push(() => nginx.stop())
    const staticFolder = join(folder, 'static')
    await mkdir(staticFolder)
    for (const [name, bytes] of files) await writeFile(join(staticFolder, name), bytes)
    const fastifyStatic = await PeerProcess.start('static-files', staticFolder)
    closes.push(() => fastifyStatic.stop())

    const addresses = (url: string) => ({ playlist: `${url}/stream.m3u8`, segment: `${url}/${segment.name}` })
    const servers: Server[] = [
      { name: 'ours', pid: ours.pid, addresses: addresses(base) },
      { name: 'nginx', pid: nginx.pid, addresses: addresses(nginx.url) },
      { name: 'static', pid: fastifyStatic.pid, addresses: addresses(fastifyStatic.url) }
    ]
    if (canPin) for (const { pid } of servers) await promisify(execFile)('taskset', ['-a', '-c', '-p', '0', String(pid)])
    const seconds = short ? SHORT_SECONDS : RUN_SECONDS
    const measure = async () => {
      const values: Record<string, number> = {}
      for (const kind of ['playlist', 'segment'] as const) {
        for (const server of servers) values[`${server.name} ${kind}`] = await cost(server, kind, seconds)
        values[kind] = values[`ours ${kind}`]! / values[`nginx ${kind}`]!
        values[`static-${kind}`] = values[`static ${kind}`]! / values[`ours ${kind}`]!
      }
      return values
    }
    // Compilers warm up.
    await measure()
    return { measure, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Servers have one processor, those who ask have another. */
const canPin = availableParallelism() > 1

/** Microseconds of processor time for a request. */
async function cost ({ pid, addresses }: Server, kind: Kind, seconds: number): Promise<number> {
  const before = await processorSeconds(pid)
  const answers = await wrk({ url: addresses[kind], connections: CONNECTIONS[kind], seconds, processor: canPin ? 1 : undefined })
  return (await processorSeconds(pid) - before) * 1e6 / answers
}
