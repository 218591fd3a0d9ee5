import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { broadcastWhile, inTurns } from '../broadcasts.ts'
import { Broadcaster } from '../client.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import { FolderWatch } from '../folder-watch.ts'
import { describeMs } from '../measure.ts'
import { OwnDisk, whyNoMount } from '../own-disk.ts'
import { injectInNamespace, isInNamespace } from '../own-namespace.ts'
import type { Random } from '../random.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { CHUNK_MS, source, SOURCE_RATE, type SourceKind } from '../source.ts'

const AT_ONCE = 2
const SECONDS = 20
/** The disk is full for so long: longer than a stream on another disk may be without a segment. */
const LEAST_FULL_MS = 5_000
const MOST_FULL_MS = 7_000
/** Told within so long of the first write that failed. */
const TOLD_MS = 2_000
/** Streams on other disks, and on this one before it is full, have a segment each 2 s; what else the machine does may hold them up a little. */
const MOST_BETWEEN_SEGMENTS_MS = 5_000
/** After there is space again, the next segment is there within so long. */
const BACK_MS = 5_000
const PATIENCE_MS = 8_000
/** What is left when the disk is full: nothing, or a part of a segment or of a playlist's line. */
const MOST_LEFT_BYTES = 40_000

const FOLDER_DISK_BYTES = 4_000_000
const FOLDER_STREAMS: SourceKind[] = ['h264-matroska', 'h264-matroska', 'h264-mp4', 'vp8-webm']

const ROOT_DISK_BYTES = 24_000_000
const ROOT_STREAMS: SourceKind[] = ['h264-matroska', 'h264-mp4', 'vp8-webm']
const LOW_BYTES = 6_000_000
const CRITICAL_BYTES = 3_000_000
const CHECK_MS = 200
/** An ended stream that is worth removing: about 2 MB. */
const ENDED_SECONDS = 8
const ENDED_KBPS = 2_000

/** Of one row. */
interface Findings {
  failures: string[]
  runs: number
  pictures: number
  sourcePictures: number
  toldMs: number[]
  backMs: number[]
  refused: number
  removed: number
}

async function inject (chaos: Chaos, runs: number): Promise<FaultResult> {
  const { random, folder, note } = chaos
  const why = await whyNoMount(join(folder, 'try'))
  if (why !== undefined) {
    if (isInNamespace()) return { runs: 0, measured: '', failures: [], notRun: why }
    try {
      return await injectInNamespace('disk-full', chaos, runs)
    } catch (error) {
      return { runs: 0, measured: '', failures: [], notRun: `no file system can be mounted here: ${why}; ${(error as Error).message}` }
    }
  }
  const findings: Findings = { failures: [], runs: 0, pictures: 0, sourcePictures: 0, toldMs: [], backMs: [], refused: 0, removed: 0 }
  await inTurns(Array.from({ length: runs }, (_, run) => async () => {
    const own = join(folder, String(run))
    if (run % 2 === 0) await fillFolder(own, random.fork(run), findings)
    else await fillRoot(own, random.fork(run), findings)
    findings.runs++
    note(`${findings.runs} of ${runs} runs, ${findings.failures.length} failures`)
  }), AT_ONCE)
  const { failures, pictures, sourcePictures, toldMs, backMs, refused, removed } = findings
  return {
    runs: findings.runs,
    measured: `${pictures} of ${sourcePictures} pictures published; told ${describeMs(toldMs)} after the first write that failed (${toldMs.length} streams); next segment ${describeMs(backMs)} after there was space; ` +
      `${refused} new streams refused, ${removed} ended ones removed`,
    failures
  }
}

/** The folder of one stream of four is on a disk of its own, which is full for a while. */
async function fillFolder (folder: string, random: Random, findings: Findings): Promise<void> {
  const streams = join(folder, 'streams')
  const disk = await OwnDisk.mount(join(folder, 'disk'), FOLDER_DISK_BYTES)
  try {
    await disk.standInFor(join(streams, 'stream-0'))
    const server = await startServerProcess({ folder: streams, env: { TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' } })
    try {
      await broadcastAll(server, FOLDER_STREAMS, findings, async running => {
        const [full, ...others] = running
        await delay(random.between(3_000, 5_000))
        const filledAt = performance.now()
        await fillFor(disk, server, [full!], random, findings)
        for (const { broadcaster } of others) checkSteady(broadcaster, filledAt, findings)
      })
    } finally {
      await server.stop()
    }
  } finally {
    await disk.unmount()
  }
}

/** All streams are on one disk, which fills mark by mark until nothing goes on it any more. */
async function fillRoot (folder: string, random: Random, findings: Findings): Promise<void> {
  const { failures } = findings
  const streams = join(folder, 'streams')
  const disk = await OwnDisk.mount(join(folder, 'disk'), ROOT_DISK_BYTES)
  try {
    await disk.standInFor(streams)
    const server = await startServerProcess({
      folder: streams,
      env: { TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast', DISK_LOW_BYTES: String(LOW_BYTES), DISK_CRITICAL_BYTES: String(CRITICAL_BYTES), DISK_CHECK_MS: String(CHECK_MS) }
    })
    try {
      for (const streamKey of ['ended-first', 'ended-second']) await broadcastAndEnd(server, streamKey)
      await broadcastAll(server, ROOT_STREAMS, findings, async running => {
        await delay(random.between(2_500, 3_500))
        // Below the first mark: no new streams, everything else goes on.
        await disk.fillUpTo((LOW_BYTES + CRITICAL_BYTES) / 2)
        await untilHolds('the first mark is noticed', async () => (await storageState(server)) === 'low')
        await checkRefused(server, findings)
        if (!(await ended(streams)).includes('ended-first')) failures.push('an ended stream was removed above the second mark')
        // Below the second: the stream that ended first goes, the other one need not.
        const filledAt = performance.now()
        await disk.fillUpTo(CRITICAL_BYTES - 200_000)
        await untilHolds('the stream that ended first is removed', async () => !(await ended(streams)).includes('ended-first'))
        if (!(await ended(streams)).includes('ended-second')) failures.push('more ended streams were removed than needed')
        for (const { broadcaster } of running) checkSteady(broadcaster, filledAt, findings)
        // To the end: the other one goes too.
        await disk.fillUpTo(0)
        await untilHolds('the other ended stream is removed', async () => (await ended(streams)).length === 0)
        findings.removed += 2
        await fillFor(disk, server, running, random, findings)
        await untilHolds('there is space again', async () => (await storageState(server)) === 'ok')
        await broadcastAndEnd(server, 'later')
      })
    } finally {
      await server.stop()
    }
  } finally {
    await disk.unmount()
  }
}

interface Running {
  broadcaster: Broadcaster
  watch: FolderWatch
}

/** Broadcasts in real time while things break, and compares all of them with their sources. */
async function broadcastAll (server: ServerProcess, kinds: SourceKind[], findings: Findings, breakThings: (running: Running[]) => Promise<void>): Promise<void> {
  const sources = await Promise.all(kinds.map(kind => source(kind, SECONDS)))
  const running: Running[] = []
  let breaking: Promise<void> | undefined
  const outcomes = await Promise.all(sources.map((recording, index) => broadcastWhile({
    url: server.url,
    streamKey: `stream-${index}`,
    source: recording,
    breakThings: async broadcaster => {
      running[index] = { broadcaster, watch: new FolderWatch(join(server.folder, broadcaster.streamKey)) }
      if (Object.keys(running).length === kinds.length) breaking = breakThings(running)
      await breaking
    }
  })))
  for (const [index, { failures, output }] of outcomes.entries()) {
    findings.failures.push(...failures)
    findings.pictures += output?.pictures ?? 0
    findings.sourcePictures += sources[index]!.pictures
    // What was listed while the disk was full is what is served.
    const problems = await running[index]?.watch.stop(output?.broadcast.segments ?? []) ?? []
    findings.failures.push(...problems.map(problem => `stream-${index}: ${problem}`))
  }
}

/** Nothing goes on the disk for some seconds; then there is space again. */
async function fillFor (disk: OwnDisk, server: ServerProcess, running: Running[], random: Random, findings: Findings): Promise<void> {
  const { failures, toldMs, backMs } = findings
  const pid = server.pid
  await disk.fillUpTo(random.integer(0, MOST_LEFT_BYTES))
  for (const { broadcaster, watch } of running) {
    const { streamKey } = broadcaster
    // It may have been told while the disk was filled, and has been full since.
    const heard = broadcaster.conditions.find(({ condition }) => condition === 'degraded') ?? await nextCondition(broadcaster, 'degraded')
    const failedAt = watch.firstFailedAt
    if (heard === undefined) failures.push(`${streamKey}: nobody was told that the disk is full`)
    else if (heard.reason !== 'disk-full') failures.push(`${streamKey}: the disk is full, told was ${heard.reason}`)
    // A file that could not even be created leaves no trace.
    else if (failedAt !== undefined && heard.at - failedAt > TOLD_MS) failures.push(`${streamKey}: told ${Math.round(heard.at - failedAt)} ms after the first write that failed`)
    if (heard !== undefined && failedAt !== undefined) toldMs.push(Math.max(0, heard.at - failedAt))
    await untilHolds(`the status of ${streamKey} says so too`, async () => {
      const status = await (await fetch(`${server.url}/livestream/${streamKey}/status`, { headers: { connection: 'close' } })).json() as { local: { streamData?: { degraded?: unknown } } }
      return status.local.streamData?.degraded === 'disk-full'
    })
  }
  await delay(random.between(LEAST_FULL_MS, MOST_FULL_MS))
  const good = running.map(({ broadcaster }) => nextCondition(broadcaster, 'good'))
  const listed = running.map(({ broadcaster }) => broadcaster.nextSegment(PATIENCE_MS))
  const releasedAt = performance.now()
  await disk.release()
  for (const [index, { broadcaster: { streamKey } }] of running.entries()) {
    const at = await listed[index]
    if (at === undefined || at - releasedAt > BACK_MS) failures.push(`${streamKey}: no segment within ${BACK_MS} ms of the space`)
    if (at !== undefined) backMs.push(at - releasedAt)
    if (await good[index] === undefined) failures.push(`${streamKey}: nobody was told that it is over`)
  }
  if (server.pid !== pid || !server.running) failures.push('the server was started anew')
}

/** The next event of this condition; undefined when it does not come in time. */
async function nextCondition (broadcaster: Broadcaster, wanted: string): Promise<Broadcaster['conditions'][number] | undefined> {
  return await new Promise(resolve => {
    const settle = (told: Broadcaster['conditions'][number] | undefined) => {
      clearTimeout(timer)
      broadcaster.off('condition', heard)
      resolve(told)
    }
    const heard = (told: Broadcaster['conditions'][number]) => { if (told.condition === wanted) settle(told) }
    const timer = setTimeout(() => settle(undefined), PATIENCE_MS)
    broadcaster.on('condition', heard)
  })
}

/** A stream that the full disk has nothing to do with had its segments all the while. */
function checkSteady ({ streamKey, segmentTimes }: Broadcaster, since: number, { failures }: Findings): void {
  const times = [since, ...segmentTimes.filter(at => at > since), performance.now()]
  const most = Math.max(...times.slice(1).map((time, index) => time - times[index]!))
  if (most > MOST_BETWEEN_SEGMENTS_MS) failures.push(`${streamKey}: ${Math.round(most)} ms without a segment`)
}

async function checkRefused (server: ServerProcess, findings: Findings): Promise<void> {
  const broadcaster = new Broadcaster({ url: server.url, streamKey: 'one-too-many', source: await source('h264-matroska', SECONDS), expected: ['STORAGE_FULL'] })
  try {
    await broadcaster.started
    findings.failures.push('a new stream began below the first mark')
  } catch (error) {
    if ((error as Error).message.includes('STORAGE_FULL')) findings.refused++
    else findings.failures.push(`a new stream below the first mark: ${(error as Error).message}`)
  } finally {
    broadcaster.leave()
  }
}

async function broadcastAndEnd (server: ServerProcess, streamKey: string): Promise<void> {
  const bytes = await recording({ seconds: ENDED_SECONDS, videoKbps: ENDED_KBPS })
  const chunks = inPieces(bytes, ENDED_SECONDS * 1_000 / CHUNK_MS).map((piece, index) => ({ bytes: piece, dueMs: index * CHUNK_MS }))
  const broadcaster = new Broadcaster({
    url: server.url, streamKey, pace: 'acknowledged', source: { kind: 'h264-matroska', seconds: ENDED_SECONDS, bytes, chunks, slices: [], sounds: [], pictures: 0 }
  })
  await broadcaster.end()
}

/** Ended streams whose folders are still there, by name. */
async function ended (streams: string): Promise<string[]> {
  return (await readdir(streams)).filter(name => name.startsWith('ended-'))
}

async function storageState (server: ServerProcess): Promise<string> {
  const response = await fetch(`${server.url}/livestream/health`, { headers: { connection: 'close' } })
  return (await response.json() as { storage: { state: string } }).storage.state
}

/** @throws Error when it does not come to hold in time */
async function untilHolds (what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  while (!await holds()) {
    if (performance.now() > until) throw new Error(`It does not happen that ${what}`)
    await delay(CHECK_MS / 2)
  }
}

export const fault: Fault = {
  id: 'disk-full',
  name: 'disk full (a small tmpfs of our own)',
  goal: 'no truncated segment is ever listed; told within 2 s; streams in other folders go on; recovery without a restart, nothing lost',
  runs: { short: 2, long: 20 },
  inject
}
