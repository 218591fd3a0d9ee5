import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { logName } from '../../../src/media/log-name.ts'
import { provide, ToolMissing } from '../../../scripts/provide/provide.ts'
import { broadcastWhile, share, type BroadcastOutcome } from '../broadcasts.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import type { ReadSegment } from '../output.ts'
import type { Random } from '../random.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { source, SOURCE_RATE, type SourceKind } from '../source.ts'

const STREAMS: SourceKind[] = ['h264-matroska', 'h264-mp4', 'vp8-webm', 'h264-matroska']
const MAX_JUMPS = 10
const LEAST_GAP_MS = 2_000
const MOST_GAP_MS = 4_000
const LEAD_SECONDS = 5
const MINUTE = 60
const DAY = 86_400
const MOST_DAYS = 40
/** A segment each 2 s, whatever the clock says; a key frame may be late by its second. */
const MOST_BETWEEN_SEGMENTS_MS = 4_000
/** Containers count in milliseconds. */
const ROUNDING_MS = 1.5
/** A transcoder begins and ends with some milliseconds of its own. */
const LENGTH_MARGIN_MS = 150
const TICKS_PER_MS = 90

async function inject ({ random, folder, note }: Chaos, runs: number): Promise<FaultResult> {
  let library: string
  try {
    library = await provide('libfaketime')
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error
    return { runs: 0, measured: '', failures: [], notRun: error.message }
  }
  const failures: string[] = []
  const jumps: number[] = []
  const times: Times = { pictures: 0, sourcePictures: 0, discontinuities: 0, mostOffMs: 0, mostBetweenMs: 0 }
  for (const [index, count] of share(runs, MAX_JUMPS).entries()) {
    const clock = new ServerClock(join(folder, `clock-${index}`))
    await clock.set(0)
    const server = await startServerProcess({
      folder: join(folder, `streams-${index}`),
      env: { ...clock.environment(library), TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' }
    })
    try {
      const seconds = LEAD_SECONDS + Math.ceil(count * MOST_GAP_MS / 1_000)
      const sources = await Promise.all(STREAMS.map(kind => source(kind, seconds)))
      const jumping = jumpAbout(clock, server, random.fork(index), count, jump => {
        jumps.push(jump)
        note(`the clock is ${describeOffset(jump)}`)
      })
      const outcomes = await Promise.all(sources.map((recording, number) => broadcastWhile({
        url: server.url, streamKey: `clock-${index}-${number}`, source: recording, breakThings: async () => { await jumping }
      })))
      for (const outcome of outcomes) {
        failures.push(...outcome.failures, ...checkTimes(outcome, server, times))
      }
    } finally {
      await server.stop()
    }
  }
  const { pictures, sourcePictures, discontinuities, mostOffMs, mostBetweenMs } = times
  if (!(mostBetweenMs <= MOST_BETWEEN_SEGMENTS_MS)) failures.push(`${Math.round(mostBetweenMs)} ms between two segments`)
  return {
    runs: jumps.length,
    measured: `${jumps.length} jumps of the clock, from ${describeOffset(Math.min(...jumps))} to ${describeOffset(Math.max(...jumps))}; ${pictures} of ${sourcePictures} pictures published, ${discontinuities} discontinuities, ` +
      `durations at most ${mostOffMs.toFixed(1)} ms beside those of the media, at most ${(mostBetweenMs / 1_000).toFixed(1)} s between two segments`,
    failures
  }
}

/** Over all streams. */
interface Times {
  pictures: number
  sourcePictures: number
  discontinuities: number
  /** The most that a segment's duration differs from its media's. */
  mostOffMs: number
  mostBetweenMs: number
}

/** The server's wall clock, and that of its FFmpeg; timers go by the machine's monotonic clock, as after a real change. */
class ServerClock {
  readonly #path: string

  constructor (path: string) {
    this.#path = path
  }

  environment (library: string): Record<string, string> {
    return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: this.#path, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
  }

  /** @param seconds difference from the true time */
  async set (seconds: number): Promise<void> {
    const written = `${this.#path}.new`
    await writeFile(written, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    // The server looks each time that it asks for the time: it never finds half a line.
    await rename(written, this.#path)
  }
}

/** Forth and back by turns, by minutes or by days. @param onJump called with the difference from the true time, in seconds */
async function jumpAbout (clock: ServerClock, server: ServerProcess, random: Random, count: number, onJump: (seconds: number) => void): Promise<void> {
  for (let jump = 0; jump < count; jump++) {
    await delay(random.between(LEAST_GAP_MS, MOST_GAP_MS))
    const size = random.chance(0.5) ? random.integer(MINUTE, 60 * MINUTE) : random.integer(DAY / 2, MOST_DAYS * DAY)
    const offset = jump % 2 === 0 ? size : -size
    await clock.set(offset)
    await checkClock(server, offset)
    onJump(offset)
  }
}

/** A clock that did not change would test nothing. @throws Error */
async function checkClock (server: ServerProcess, offset: number): Promise<void> {
  const response = await fetch(`${server.url}/livestream/health`, { headers: { connection: 'close' } })
  const { timestamp } = await response.json() as { timestamp: string }
  const seen = (Date.parse(timestamp) - Date.now()) / 1_000
  if (Math.abs(seen - offset) > 2) throw new Error(`The server's clock is ${Math.round(seen)} s off, it was set to ${offset}`)
}

/** One time line from the first segment to the last, as long as the source. */
function checkTimes ({ output, broadcaster }: BroadcastOutcome, server: ServerProcess, times: Times): string[] {
  const { streamKey, source, segmentTimes } = broadcaster
  const starts = server.lines.filter(line => line.stream === logName(streamKey) && line.msg === 'FFmpeg started').length
  const problems = starts === 1 ? [] : [`FFmpeg was started ${starts} times`]
  const segments = output?.broadcast.segments ?? []
  for (const [index, segment] of segments.entries()) {
    if (segment.discontinuity) problems.push(`${segment.name} is a discontinuity`)
    const mediaMs = mediaBetween(segment, segments[index + 1])
    if (mediaMs === undefined) continue
    const offMs = Math.abs(mediaMs - segment.durationMs)
    if (offMs > ROUNDING_MS) problems.push(`${segment.name}: ${segment.durationMs} ms, the media runs for ${Math.round(mediaMs)}`)
    times.mostOffMs = Math.max(times.mostOffMs, offMs)
  }
  const totalMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0)
  if (Math.abs(totalMs - source.seconds * 1_000) > LENGTH_MARGIN_MS) problems.push(`${totalMs} ms in all, the source has ${source.seconds * 1_000}`)
  times.pictures += output?.pictures ?? 0
  times.sourcePictures += source.pictures
  times.discontinuities += segments.filter(({ discontinuity }) => discontinuity).length
  times.mostBetweenMs = Math.max(times.mostBetweenMs, mostBetween(segmentTimes))
  return problems.map(problem => `${streamKey}: ${problem}`)
}

/** From the first picture of a segment to that of the next, in milliseconds. */
function mediaBetween (segment: ReadSegment, next: ReadSegment | undefined): number | undefined {
  const [from, to] = [segment, next].map(one => one?.ts.pes.find(({ kind }) => kind === 'video')?.pts)
  return from === undefined || to === undefined ? undefined : (to - from) / TICKS_PER_MS
}

function mostBetween (times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - times[index]!))
}

function describeOffset (seconds: number): string {
  const size = Math.abs(seconds)
  return `${size >= DAY / 2 ? `${(size / DAY).toFixed(1)} days` : `${Math.round(size / MINUTE)} min`} ${seconds < 0 ? 'behind' : 'ahead'}`
}

export const fault: Fault = {
  id: 'clock',
  name: 'clock set back and forth (libfaketime)',
  goal: 'order and durations unaffected, nothing lost, no stream ends',
  runs: { short: 2, long: 20 },
  inject
}
