import { setTimeout as delay } from 'node:timers/promises'
import { ffmpeg } from '../../fixtures/generate.ts'
import { broadcastWhile, inTurns, share, type BroadcastOutcome } from '../broadcasts.ts'
import type { HeardError, Wire } from '../client.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import type { ReadBroadcast } from '../output.ts'
import type { Random } from '../random.ts'
import { startServerProcess } from '../server-process.ts'
import { CHUNK_MS, source, SOURCE_RATE, type Source, type SourceKind } from '../source.ts'

const KINDS = ['lost', 'doubled', 'swapped', 'late'] as const
type ChunkFault = typeof KINDS[number]

const STREAMS_AT_ONCE = 12
/** Of the faults, so many hit clients that do not number their chunks. */
const PLAIN_SHARE = 0.4
const MAX_NUMBERED_FAULTS = 10
const MAX_PLAIN_FAULTS = 6
/** A late chunk comes after so long: others overtake it (fragments come every half second at the most). */
const LEAST_LATE_MS = 600
const MOST_LATE_MS = 1_200
/** A numbered chunk that was not answered is sent again. */
const RESEND_MS = 500
/** More than the server lets wait for a missing chunk: it then refuses what comes, and wants it again. */
const WIDE_WINDOW = 24
/** Without numbers: from one fault to the next, so that each is told by itself. */
const APART_MS = 4_000
/** Damage shows with the bytes behind it; told at the latest so long after they were sent. */
const TOLD_MS = LEAST_LATE_MS + MOST_LATE_MS + 1_000
/** What a fault may cost: up to the next key frame (a second) that stands at the beginning of a cluster or fragment, and the chunk itself. */
const MOST_LOST_MS = 3_500

interface Damage {
  kind: ChunkFault
  seq: number
  /** When the chunk was on the wire, performance.now(). */
  at: number
}

async function inject ({ random, folder }: Chaos, runs: number): Promise<FaultResult> {
  const server = await startServerProcess({ folder, env: { TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' } })
  const plainRuns = Math.round(runs * PLAIN_SHARE)
  const failures: string[] = []
  const damages: Damage[] = []
  let refused = 0
  let told = 0
  let misplaced = 0
  let numberedPictures = 0
  let lostMs: number[] = []
  try {
    const numbered = share(runs - plainRuns, MAX_NUMBERED_FAULTS).map((count, index) => async () => {
      const own = random.fork(`numbered-${index}`)
      const outcome = await broadcastNumbered(server.url, `numbered-${index}`, own, count, damages)
      refused += outcome.broadcaster.errors.length
      numberedPictures += outcome.output?.pictures ?? 0
      failures.push(...outcome.failures)
    })
    const plain = share(plainRuns, Math.min(MAX_PLAIN_FAULTS, Math.ceil(plainRuns / 6))).map((count, index) => async () => {
      const own = random.fork(`plain-${index}`)
      const outcome = await broadcastPlain(server.url, `plain-${index}`, own, count)
      damages.push(...outcome.damages)
      told += outcome.told
      misplaced += outcome.misplaced
      lostMs = [...lostMs, ...outcome.lostMs]
      failures.push(...outcome.failures)
    })
    // The longer ones first.
    await inTurns([...plain, ...numbered], STREAMS_AT_ONCE)
    if (!server.running) failures.push(`the server crashed: ${server.complaint}`)
  } finally {
    await server.stop()
  }
  const counted = KINDS.map(kind => `${damages.filter(damage => damage.kind === kind).length} ${kind}`).join(', ')
  return {
    runs: damages.length,
    measured: `${counted}; with seq: ${numberedPictures} pictures, each once, ${refused} chunks refused and sent again; without: ${told} of ${plainRuns} told, at most ${(Math.max(0, ...lostMs) / 1000).toFixed(1)} s lost by one, ${misplaced} frames at a wrong place`,
    failures
  }
}

/** Chunks that are hit, apart from one another and from the last ones. */
function places (random: Random, count: number, from: number, until: number): number[] {
  const width = (until - from) / count
  return Array.from({ length: count }, (_, index) => Math.floor(from + (index + random.between(0.1, 0.5)) * width))
}

/** Does to the chosen chunks what was chosen for them. */
function faultyWire (random: Random, chosen: ReadonlyMap<number, ChunkFault>, onDamage: (damage: Damage) => void): Wire {
  /** What waits for the chunk behind it. */
  let swapped: (() => void) | undefined
  const hit = new Set<number>()
  return (seq, bytes, send) => {
    const kind = hit.has(seq) ? undefined : chosen.get(seq)
    const held = swapped
    swapped = undefined
    if (kind !== undefined) {
      hit.add(seq)
      onDamage({ kind, seq, at: performance.now() })
    }
    switch (kind) {
      case 'lost': break
      case 'doubled':
        send(seq, bytes)
        send(seq, bytes)
        break
      case 'swapped':
        swapped = () => send(seq, bytes)
        break
      case 'late':
        setTimeout(() => send(seq, bytes), random.between(LEAST_LATE_MS, MOST_LATE_MS))
        break
      default: send(seq, bytes)
    }
    held?.()
  }
}

/** With `seq`: whatever happens on the way, everything is published once and in order. */
async function broadcastNumbered (url: string, streamKey: string, random: Random, count: number, damages: Damage[]): Promise<BroadcastOutcome> {
  const kind = random.pick<SourceKind>(['h264-matroska', 'h264-mp4', 'h264-matroska', 'h264-mp4', 'vp8-webm'])
  const recording = await source(kind, 14)
  const wide = random.chance(0.3)
  const pace = wide || random.chance(0.5) ? 'acknowledged' : 'real-time'
  // Any chunk, the first one too; the one behind a swapped one has to come.
  const chosen = new Map(places(random, count, 0, recording.chunks.length - 2).map(seq => [seq, random.pick(KINDS)]))
  return await broadcastWhile({
    url,
    streamKey,
    source: recording,
    pace,
    ...(wide ? { window: WIDE_WINDOW } : {}),
    resendAfterMs: RESEND_MS,
    // `Chunk 7 is missing`: only where more overtake it than may wait.
    expected: pace === 'acknowledged' ? ['MEDIA_ERROR'] : [],
    wire: faultyWire(random, chosen, damage => damages.push(damage)),
    breakThings: async () => {}
  })
}

/**
 * Bytes do not say everything: a late chunk of whole Matroska blocks reads like media of the cluster in which
 * it arrives, with that cluster's time. So media may stand at a wrong place, where a fault was told; this far
 * from the fault at most.
 */
const MISPLACED_BEFORE_MS = 1_500
const MISPLACED_AFTER_MS = MOST_LATE_MS + MOST_LOST_MS

interface PlainOutcome {
  failures: string[]
  damages: Damage[]
  /** Faults that the broadcaster was told of. */
  told: number
  /** What each fault cost, in milliseconds of pictures. */
  lostMs: number[]
  /** Pictures and frames of sound at a wrong place, near a fault that was told. */
  misplaced: number
}

/** Without `seq`: damage is told, what is published is whole and can be decoded, in order but where a fault was told, and the stream goes on. */
async function broadcastPlain (url: string, streamKey: string, random: Random, count: number): Promise<PlainOutcome> {
  const kind = random.pick<SourceKind>(['h264-matroska', 'h264-mp4', 'h264-matroska', 'h264-mp4', 'vp8-webm'])
  const first = Math.ceil(2_000 / CHUNK_MS)
  const recording = await source(kind, Math.ceil((2_000 + count * APART_MS + 3_000) / 1000))
  const last = recording.chunks.length - Math.ceil(4_000 / CHUNK_MS)
  const chosen = new Map(places(random, count, first, last).map(seq => [seq, random.pick(KINDS)]))
  const damages: Damage[] = []
  const outcome = await broadcastWhile({
    url,
    streamKey,
    source: recording,
    plain: true,
    expected: ['MEDIA_ERROR'],
    wire: faultyWire(random, chosen, damage => damages.push(damage)),
    check: { gaps: true, misplaced: true },
    breakThings: async broadcaster => {
      await broadcaster.delivered()
      // The last late chunk.
      await delay(MOST_LATE_MS)
    }
  })
  const failures = [...outcome.failures]
  const untold = damages.filter(damage => !isTold(damage, outcome.broadcaster.errors))
  failures.push(...untold.map(({ kind: what, seq }) => `${streamKey} (${kind}): nobody was told that chunk ${seq} was ${what}`))
  let lostMs: number[] = []
  let misplaced = 0
  if (outcome.output !== undefined) {
    const { lost, misplacedMs } = outcome.output
    const told = damages.filter(damage => !untold.includes(damage)).map(({ seq }) => recording.chunks[seq]!.dueMs)
    const unexplained = misplacedMs.filter(ms => !told.some(dueMs => ms > dueMs - MISPLACED_BEFORE_MS && ms < dueMs + MISPLACED_AFTER_MS))
    if (unexplained.length > 0) failures.push(`${streamKey} (${kind}): ${unexplained.length} frames at a wrong place, from ${Math.round(Math.min(...unexplained))} ms on, where nothing was told`)
    misplaced = misplacedMs.length - unexplained.length
    lostMs = damages.map(damage => lostBetween(lost, recording, damage, damages[damages.indexOf(damage) + 1]))
    for (const [index, ms] of lostMs.entries()) {
      if (ms > MOST_LOST_MS) failures.push(`${streamKey} (${kind}): chunk ${damages[index]!.seq} was ${damages[index]!.kind}, and ${ms} ms are missing`)
    }
    if (lost.includes(recording.pictures - 1)) failures.push(`${streamKey} (${kind}): the stream did not go on to its last picture`)
    failures.push(...(await undecodable(outcome.output.broadcast)).map(problem => `${streamKey} (${kind}): ${problem}`))
  }
  return { failures, damages, told: damages.length - untold.length, lostMs, misplaced }
}

function isTold ({ at }: Damage, errors: readonly HeardError[]): boolean {
  return errors.some(error => error.at >= at && error.at <= at + TOLD_MS)
}

/** Milliseconds of lost pictures from a bit before a damaged chunk to the next one. */
function lostBetween (lost: readonly number[], { chunks }: Source, damage: Damage, next: Damage | undefined): number {
  const pictureAt = (seq: number) => chunks[seq]!.dueMs / 1000 * SOURCE_RATE
  const from = pictureAt(damage.seq) - 2 * SOURCE_RATE
  const until = next === undefined ? Infinity : pictureAt(next.seq) - 2 * SOURCE_RATE
  return lost.filter(picture => picture >= from && picture < until).length / SOURCE_RATE * 1000
}

/** Stretches without a discontinuity that FFmpeg decodes with complaints. */
async function undecodable ({ segments }: ReadBroadcast): Promise<string[]> {
  const problems: string[] = []
  for (const run of new Set(segments.map(({ continuity }) => continuity))) {
    const stretch = segments.filter(({ continuity }) => continuity === run)
    try {
      await ffmpeg(['-xerror', '-err_detect', 'explode', '-f', 'mpegts', '-i', 'pipe:0', '-f', 'null', '-'], Buffer.concat(stretch.map(({ data }) => data)))
    } catch (error) {
      problems.push(`${stretch[0]!.name} to ${stretch.at(-1)!.name} cannot be decoded: ${(error as Error).message.split(' ended with ')[1] ?? ''}`)
    }
  }
  return problems
}

export const fault: Fault = {
  id: 'chunk-faults',
  name: 'chunks lost, doubled, swapped, late (client without `seq` too)',
  goal: 'never a crash; with `seq` nothing lost and never a wrong order; without it, told, what is published is whole and decodable, and the stream goes on',
  runs: { short: 40, long: 500 },
  inject
}
