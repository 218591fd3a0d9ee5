import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { get } from '../../chaos/output.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import type { BroadcastReport } from '../load/broadcast.ts'
import { Load } from '../load/load.ts'
import { atMost, CHUNK_MS, type Context, type OpenWork, type Work } from '../work.ts'

const STREAMS = 6
const RUN_MS = 40_000
const SHORT_RUN_MS = 8_000
/** Media that is so much older than now, and not listed, is late. The segments are of 2 s. */
const LATE_MS = 5_000

const count = (value: number) => value.toFixed(0)
const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`

export const overload: Work = {
  id: 'overload',
  lines: [
    { id: 'silent', name: `${STREAMS} transcodes at once on ${availableParallelism()} cores: late and not told`, goal: '0', meets: atMost(0), format: count },
    { id: 'refused', name: 'refused, and told so', format: count },
    { id: 'told', name: 'taken, and told of trouble', format: count },
    { id: 'timely', name: 'in time', format: count },
    { id: 'lag', name: 'most that one of those lagged that were told nothing', format: seconds }
  ],
  open
}

async function open ({ folder, short, recording }: Context): Promise<OpenWork> {
  const server = await startServerProcess({ folder })
  const load = new Load()
  const { path } = await recording('vp8')
  let round = 0
  return {
    async measure () {
      round++
      const names = Array.from({ length: STREAMS }, (_, index) => `overload-${round}-${index}`)
      await load.ask({ do: 'broadcast', url: server.url, names, path, chunkMs: CHUNK_MS, everyMs: CHUNK_MS })
      await delay(short ? SHORT_RUN_MS : RUN_MS)
      const reports = await load.reports()
      const refused = reports.filter(isRefused)
      const taken = reports.filter(report => !isRefused(report))
      const told = taken.filter(({ faults }) => faults.length > 0)
      const lags = await Promise.all(taken.filter(({ faults }) => faults.length === 0).map(report => lagMs(server.url, report)))
      await load.ask({ do: 'end' })
      const silent = lags.filter(lag => lag > LATE_MS).length
      return { silent, refused: refused.length, told: told.length, timely: lags.length - silent, lag: Math.max(0, ...lags) }
    },
    async close () {
      await load.stop()
      await server.stop()
    }
  }
}

/** At the start, or when its header told what it needs. */
function isRefused ({ refusal, faults }: BroadcastReport): boolean {
  return refusal !== undefined || faults.some(fault => fault.includes(': SERVER_BUSY: '))
}

/** How old the oldest frame is that is not listed yet, at the worst moment of a broadcast. */
async function lagMs (url: string, { name, beganAt, listedAt, reportedAt }: BroadcastReport): Promise<number> {
  const { status, body } = await get(`${url}/livestream/${name}/stream.m3u8`)
  const segments = status === 200 ? readPlaylist(body.toString()).segments : []
  // Just before each segment was listed, and now.
  const ages = [...listedAt, reportedAt].map((at, index) => {
    const listedMs = segments.slice(0, index).reduce((sum, { durationMs }) => sum + durationMs, 0)
    return at - (beganAt + listedMs)
  })
  return Math.max(...ages)
}
