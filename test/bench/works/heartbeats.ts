import { setTimeout as delay } from 'node:timers/promises'
import { API_KEY } from '../../fixtures/ivs-process.ts'
import { quantile } from '../../chaos/measure.ts'
import type { AskedReport, BeatOptions } from '../load/audience.ts'
import { Load } from '../load/load.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { processorSeconds } from '../processor-time.ts'
import { StageServer, type Stores } from '../stage-server.ts'
import { atMost, microseconds, milliseconds, percentOfCore, times, type Context, type OpenWork, type Work } from '../work.ts'

const VIEWERS = 10_000
/** What a backend collects. */
const TOGETHER_MS = 1_000
/** One from each viewer in 30 s. */
const BEATS_PER_SECOND = VIEWERS / 30
const RUN_MS = 30_000
const SHORT_MS = 5_000
/** Compilers warm up. */
const WARM_UP_MS = 10_000
const IDLE_MS = 10_000
const SHORT_IDLE_MS = 3_000
/** So much longer than planned, and the rate was not kept. */
const LATE = 1.1

const ENV = {
  // 20 stages take all of them.
  IVS_MAX_PARTICIPANTS: '600',
  // While nobody says anything, nobody shall go.
  IVS_HEARTBEAT_TIMEOUT_SECONDS: '600',
  IVS_MAX_WAITING_VIEWERS: String(VIEWERS)
}

/** Heartbeats of 10,000 viewers, all of it embedded. */
export const embedded = workOn('heartbeats', 'embedded', { database: 'embedded', state: 'memory' })
export const postgresql = workOn('heartbeats-postgresql', 'PostgreSQL', { database: 'postgresql', state: 'memory' })
export const redis = workOn('heartbeats-redis', 'Redis and PostgreSQL', { database: 'postgresql', state: 'redis' })

/** The same through a backend that sends what came in each second in one request. */
export const batched = workOn('heartbeats-batched', 'embedded, in batches', { database: 'embedded', state: 'memory' }, TOGETHER_MS)
export const batchedPostgresql = workOn('heartbeats-batched-postgresql', 'PostgreSQL, in batches', { database: 'postgresql', state: 'memory' }, TOGETHER_MS)
export const batchedRedis = workOn('heartbeats-batched-redis', 'Redis and PostgreSQL, in batches', { database: 'postgresql', state: 'redis' }, TOGETHER_MS)

function workOn (id: string, name: string, stores: Stores, togetherMs?: number): Work {
  const rate: Rate = { perSecond: BEATS_PER_SECOND, ...(togetherMs === undefined ? {} : { togetherMs }) }
  return {
    id,
    lines: [
      { id: 'share', name: `${name}: server's CPU, ${VIEWERS} viewers that say every 30 s that they are there`, goal: '<= 5 % of a core', meets: atMost(0.05), format: percentOfCore },
      { id: 'idle', name: `${name}: the same viewers, silent`, format: percentOfCore },
      { id: 'beat', name: `${name}: CPU per heartbeat, beyond that`, format: microseconds },
      { id: 'bare', name: `${name}: CPU per heartbeat of Fastify alone, at the same rate`, format: microseconds },
      { id: 'ratio', name: `${name}: ours beside Fastify alone`, format: times },
      { id: 'p99', name: `${name}: answer, p99`, format: milliseconds }
    ],
    open: async context => await open(stores, rate, context)
  }
}

type Rate = Omit<BeatOptions, 'forMs'>

async function open (stores: Stores, rate: Rate, { folder, short, note }: Context): Promise<OpenWork> {
  const server = await StageServer.start({ folder, stores, env: ENV })
  const bare = await PeerProcess.start('bare-stages', folder)
  const [load, bareLoad] = [new Load(), new Load()]
  const close = async () => {
    for (const one of [load, bareLoad]) await one.stop()
    await bare.stop()
    await server.stop()
  }
  try {
    const began = performance.now()
    await load.ask({ do: 'seat', url: server.url, apiKey: API_KEY, viewers: VIEWERS })
    note(`${VIEWERS} viewers have seats after ${((performance.now() - began) / 1_000).toFixed(1)} s`)
    await bareLoad.ask({ do: 'seat', url: bare.url, apiKey: API_KEY, viewers: VIEWERS })
    for (const one of [load, bareLoad]) await one.ask({ do: 'beat', ...rate, forMs: short ? SHORT_MS : WARM_UP_MS })
  } catch (error) {
    await close()
    throw error
  }
  const forMs = short ? SHORT_MS : RUN_MS
  const idleMs = short ? SHORT_IDLE_MS : IDLE_MS
  return {
    async measure () {
      const silence = { ours: await idle(server.pid, idleMs), bare: await idle(bare.pid, idleMs) }
      const ours = await beats(load, server.pid, rate, forMs)
      if (ours.report.ms > forMs * LATE) note(`The machine is too busy: ${ours.report.asked} heartbeats of ${forMs} ms were answered after ${ours.report.ms.toFixed(0)} ms. The share is that at the full rate`)
      const alone = await beats(bareLoad, bare.pid, rate, forMs)
      const beat = perBeat(ours, silence.ours)
      const bareBeat = perBeat(alone, silence.bare)
      return { share: silence.ours + beat / 1e6 * BEATS_PER_SECOND, idle: silence.ours, beat, bare: bareBeat, ratio: beat / bareBeat, p99: quantile(ours.report.latencies, 0.99) }
    },
    close
  }
}

interface Beats {
  /** Processor time. */
  seconds: number
  report: AskedReport
}

/** @returns processor seconds in a second */
async function idle (pid: number, forMs: number): Promise<number> {
  const [began, before] = [performance.now(), await processorSeconds(pid)]
  await delay(forMs)
  return (await processorSeconds(pid) - before) / ((performance.now() - began) / 1_000)
}

async function beats (load: Load, pid: number, rate: Rate, forMs: number): Promise<Beats> {
  const before = await processorSeconds(pid)
  const report = (await load.ask({ do: 'beat', ...rate, forMs })).asked!
  if (report.failed > 0) throw new Error(`${report.failed} of ${report.asked} heartbeats failed`)
  return { seconds: await processorSeconds(pid) - before, report }
}

/** Microseconds. */
function perBeat ({ seconds, report }: Beats, idleShare: number): number {
  return (seconds - idleShare * report.ms / 1_000) / report.asked * 1e6
}
