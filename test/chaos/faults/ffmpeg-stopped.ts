import { setTimeout as delay } from 'node:timers/promises'
import { logName } from '../../../src/media/log-name.ts'
import { broadcastWhile, inTurns, share } from '../broadcasts.ts'
import type { Broadcaster } from '../client.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import { describeMs, quantile } from '../measure.ts'
import type { Random } from '../random.ts'
import { RunningFfmpeg } from '../running-ffmpeg.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { source, SOURCE_RATE, type SourceKind } from '../source.ts'

const NOTICED_GOAL_MS = 6_000
const SEGMENT_GOAL_MS = 1_500
const STREAMS_AT_ONCE = 8
const MAX_STOPS = 4
const TRANSCODED_EVERY = 4
const LEAST_GAP_MS = 1_000
const MOST_GAP_MS = 3_000

/** Seconds of broadcast that so many stops need: until each is noticed and mended, and some to see what comes then. */
function secondsFor (stops: number): number {
  return Math.ceil((1_000 + stops * (NOTICED_GOAL_MS + SEGMENT_GOAL_MS + MOST_GAP_MS)) / 1000) + 2
}

interface Times {
  /** From the signal to the end of the stopped process. */
  noticedMs: number[]
  /** From there to the next segment. */
  copiedMs: number[]
  transcodedMs: number[]
}

async function inject ({ random, folder }: Chaos, runs: number): Promise<FaultResult> {
  const server = await startServerProcess({
    folder,
    env: { FFMPEG_RESTARTS: '1000', FFMPEG_RESTART_WINDOW_SECONDS: '1', TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' }
  })
  const times: Times = { noticedMs: [], copiedMs: [], transcodedMs: [] }
  let pictures = 0
  const failures: string[] = []
  try {
    const ffmpeg = new RunningFfmpeg(server)
    const shares = share(runs, Math.min(MAX_STOPS, Math.ceil(runs / 4)))
    const outcomes = await inTurns(shares.map((stops, index) => async () => {
      const own = random.fork(index)
      const kind: SourceKind = index % TRANSCODED_EVERY === TRANSCODED_EVERY - 1 ? 'vp8-webm' : own.pick(['h264-matroska', 'h264-mp4'] as const)
      const recording = await source(kind, secondsFor(stops))
      await delay(own.between(0, 1_000))
      return await broadcastWhile({
        url: server.url,
        streamKey: `stopped-${index}`,
        source: recording,
        breakThings: async broadcaster => {
          await stopAgainAndAgain(server, ffmpeg, broadcaster, own, stops, times)
        }
      })
    }), STREAMS_AT_ONCE)
    for (const outcome of outcomes) {
      failures.push(...outcome.failures)
      pictures += outcome.output?.pictures ?? 0
    }
  } finally {
    await server.stop()
  }
  const { noticedMs, copiedMs, transcodedMs } = times
  const late: string[] = []
  if (!(Math.max(...noticedMs) <= NOTICED_GOAL_MS)) late.push(`noticed after up to ${Math.round(Math.max(...noticedMs))} ms, the goal is ${NOTICED_GOAL_MS} ms`)
  if (!(quantile(copiedMs, 0.95) <= SEGMENT_GOAL_MS)) late.push(`next segment: p95 ${Math.round(quantile(copiedMs, 0.95))} ms after it was noticed, the goal is ${SEGMENT_GOAL_MS} ms`)
  return {
    runs: noticedMs.length,
    measured: `${pictures} pictures, each once; noticed after ${describeMs(noticedMs)}; then next segment ${describeMs(copiedMs)} (${copiedMs.length} copied), ${describeMs(transcodedMs)} (${transcodedMs.length} transcoded)`,
    failures,
    late
  }
}

async function stopAgainAndAgain (server: ServerProcess, ffmpeg: RunningFfmpeg, broadcaster: Broadcaster, random: Random, stops: number, times: Times): Promise<void> {
  const { streamKey, source: { kind } } = broadcaster
  await delay(random.between(1_000, 2_000))
  for (let stop = 0; stop < stops; stop++) {
    const pid = await ffmpeg.next(streamKey)
    const stoppedAt = Date.now()
    const from = server.lines.length
    process.kill(pid, 'SIGSTOP')
    // The server has noticed when it gives the process up: it then kills it.
    const { time: noticedAt } = await server.waitFor(({ msg, stream }) => stream === logName(streamKey) && msg === 'FFmpeg ended', { from })
    const startedAt = await ffmpeg.startAfter(streamKey, pid)
    const listedAt = await broadcaster.segmentAfter(startedAt)
    times.noticedMs.push(noticedAt - stoppedAt)
    times[kind === 'vp8-webm' ? 'transcodedMs' : 'copiedMs'].push(listedAt - noticedAt)
    await delay(random.between(LEAST_GAP_MS, MOST_GAP_MS))
  }
}

export const fault: Fault = {
  id: 'ffmpeg-stopped',
  name: 'SIGSTOP of FFmpeg at a random moment',
  goal: 'noticed within 6 s; every accepted frame published once, in order; next segment at most 1.5 s after that (p95; 1 s key frames, copy)',
  runs: { short: 4, long: 50 },
  inject
}
