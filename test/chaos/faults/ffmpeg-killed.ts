import { setTimeout as delay } from 'node:timers/promises'
import { broadcastWhile, inTurns, share } from '../broadcasts.ts'
import type { Broadcaster } from '../client.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import { describeMs, quantile } from '../measure.ts'
import type { Random } from '../random.ts'
import { RunningFfmpeg } from '../running-ffmpeg.ts'
import { startServerProcess } from '../server-process.ts'
import { source, SOURCE_RATE, type SourceKind } from '../source.ts'

const GOAL_MS = 1_500
const STREAMS_AT_ONCE = 8
/** Between two kills of a stream: the restart budget's window of a second is over, and the next segment is out. */
const LEAST_GAP_MS = 3_000
const MOST_GAP_MS = 5_000
/** Every so many broadcasts one is transcoded. */
const TRANSCODED_EVERY = 5
const MAX_KILLS = 8

/** Seconds of broadcast that so many kills need, and some to see what comes after the last. */
function secondsFor (kills: number): number {
  return Math.ceil((1_000 + kills * MOST_GAP_MS) / 1000) + 3
}

async function inject ({ random, folder }: Chaos, runs: number): Promise<FaultResult> {
  const server = await startServerProcess({
    folder,
    env: { FFMPEG_RESTARTS: '1000', FFMPEG_RESTART_WINDOW_SECONDS: '1', TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' }
  })
  const copiedMs: number[] = []
  const transcodedMs: number[] = []
  let pictures = 0
  let killed = 0
  const failures: string[] = []
  try {
    const ffmpeg = new RunningFfmpeg(server)
    const shares = share(runs, Math.min(MAX_KILLS, Math.ceil(runs / 6)))
    const outcomes = await inTurns(shares.map((kills, index) => async () => {
      const own = random.fork(index)
      const streamKey = `killed-${index}`
      const kind: SourceKind = index % TRANSCODED_EVERY === TRANSCODED_EVERY - 1 ? 'vp8-webm' : own.pick(['h264-matroska', 'h264-mp4'] as const)
      const recording = await source(kind, secondsFor(kills))
      await delay(own.between(0, 1_000))
      return await broadcastWhile({
        url: server.url,
        streamKey,
        source: recording,
        breakThings: async broadcaster => {
          await killAgainAndAgain(ffmpeg, broadcaster, own, kills, ms => {
            killed++
            if (kind === 'vp8-webm') transcodedMs.push(ms)
            else copiedMs.push(ms)
          })
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
  return {
    runs: killed,
    measured: `${pictures} pictures, each once; next segment ${describeMs(copiedMs)} (${copiedMs.length} copied), ${describeMs(transcodedMs)} (${transcodedMs.length} transcoded)`,
    failures,
    late: quantile(copiedMs, 0.95) <= GOAL_MS ? [] : [`next segment: p95 ${Math.round(quantile(copiedMs, 0.95))} ms, the goal is ${GOAL_MS} ms`]
  }
}

/** @param onSegment how long after the kill the next process's first segment was told, in milliseconds */
async function killAgainAndAgain (ffmpeg: RunningFfmpeg, broadcaster: Broadcaster, random: Random, kills: number, onSegment: (ms: number) => void): Promise<void> {
  const { streamKey } = broadcaster
  await delay(random.between(1_000, 2_000))
  for (let kill = 0; kill < kills; kill++) {
    const pid = await ffmpeg.next(streamKey)
    const killedAt = Date.now()
    process.kill(pid, 'SIGKILL')
    const startedAt = await ffmpeg.startAfter(streamKey, pid)
    const listedAt = await broadcaster.segmentAfter(startedAt)
    onSegment(listedAt - killedAt)
    await delay(Math.max(0, killedAt + random.between(LEAST_GAP_MS, MOST_GAP_MS) - Date.now()))
  }
}

export const fault: Fault = {
  id: 'ffmpeg-killed',
  name: 'SIGKILL of FFmpeg at a random moment',
  goal: 'every accepted frame published once, in order; next segment at most 1.5 s after the kill (p95; 1 s key frames, copy)',
  runs: { short: 12, long: 200 },
  inject
}
