import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { askModule } from '../../chaos/ask-module.ts'
import { quantile } from '../../chaos/measure.ts'
import { delaysOf } from '../load/delays.ts'
import { Load } from '../load/load.ts'
import { processorSeconds } from '../processor-time.ts'
import { StageServer } from '../stage-server.ts'
import type { ToldTicks } from '../told-ticks.ts'
import { atMost, milliseconds, type Context, type OpenWork, type Work } from '../work.ts'

const FOLLOWERS = 5_000
/** As by default. */
const EVERY_SECONDS = 5
const TICKS = 6
const SHORT_TICKS = 2
const TICKS_MODULE = fileURLToPath(new URL('../told-ticks.ts', import.meta.url))

const count = (value: number) => value.toFixed(2)

export const liveStatistics: Work = {
  id: 'followers',
  lines: [
    { id: 'p50', name: `tick to its arrival at each of ${FOLLOWERS} followers, median`, format: milliseconds },
    { id: 'p99', name: 'the same, p99', goal: '<= 200 ms', meets: atMost(200), format: milliseconds },
    { id: 'serialisations', name: 'times that a tick is put into words', goal: '1', meets: value => value === 1, format: count },
    { id: 'cpu', name: `CPU per tick, beyond ${FOLLOWERS} silent sockets`, format: milliseconds }
  ],
  open
}

async function open ({ folder, short, note }: Context): Promise<OpenWork> {
  const server = await StageServer.start({ folder, modules: [TICKS_MODULE], env: { IVS_STATISTICS_SECONDS: String(EVERY_SECONDS) } })
  const load = new Load()
  const close = async () => {
    await load.stop()
    await server.stop()
  }
  const ticks = short ? SHORT_TICKS : TICKS
  const forMs = ticks * EVERY_SECONDS * 1_000
  const processorMs = async () => {
    const before = await processorSeconds(server.pid)
    await delay(forMs)
    return (await processorSeconds(server.pid) - before) * 1_000
  }
  let silentMs: number
  try {
    server.process.send({ ask: 'note-ticks', everyMs: EVERY_SECONDS * 1_000 })
    await load.ask({ do: 'connect', url: `${server.url}/ws`, clients: FOLLOWERS })
    silentMs = await processorMs()
    await load.ask({ do: 'subscribe' })
    note(`${FOLLOWERS} follow`)
  } catch (error) {
    await close()
    throw error
  }
  const told = async () => ({
    deliveries: (await load.ask({ do: 'deliveries' })).deliveries!,
    updates: (await askModule<ToldTicks>(server.process, { ask: 'ticks' })).updates
  })
  return {
    async measure () {
      // What was told before.
      await told()
      const followedMs = await processorMs()
      const { deliveries, updates } = await told()
      const delays = delaysOf(deliveries, updates)
      const dueTicks = new Set(updates.map(({ dueAt }) => dueAt)).size
      const heard = deliveries.reduce((sum, { arrivedAt }) => sum + arrivedAt.length, 0)
      note(`${heard} messages of ${dueTicks} ticks, for ${FOLLOWERS} followers`)
      return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99), serialisations: updates.length / dueTicks, cpu: (followedMs - silentMs) / dueTicks }
    },
    close
  }
}
