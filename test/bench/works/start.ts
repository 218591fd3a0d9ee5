import { quantile } from '../../chaos/measure.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { Load } from '../load/load.ts'
import { atMost, CHUNK_MS, milliseconds, type Context, type OpenWork, type Work } from '../work.ts'

const STARTS = 50
const SHORT_STARTS = 5
const EVERY_MS = 300

export const start: Work = {
  id: 'start',
  lines: [
    { id: 'first', name: `first chunk to first playable playlist, 1 s key frames, p95 of ${STARTS}`, goal: '<= 1400 ms', meets: atMost(1_400), format: milliseconds },
    { id: 'first-median', name: 'the same, median', format: milliseconds }
  ],
  open
}

async function open ({ folder, short, recording }: Context): Promise<OpenWork> {
  const server = await startServerProcess({ folder })
  const load = new Load()
  const { path } = await recording('h264')
  let round = 0
  return {
    async measure () {
      round++
      const names = Array.from({ length: short ? SHORT_STARTS : STARTS }, (_, index) => `start-${round}-${index}`)
      const { milliseconds: times = [] } = await load.ask({ do: 'first-playlists', url: server.url, names, path, chunkMs: CHUNK_MS, everyMs: EVERY_MS })
      return { first: quantile(times, 0.95), 'first-median': quantile(times, 0.5) }
    },
    async close () {
      await load.stop()
      await server.stop()
    }
  }
}
