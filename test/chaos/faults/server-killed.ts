import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { logName } from '../../../src/media/log-name.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { demux } from '../../fixtures/transport-stream.ts'
import { checkBeginning } from '../beginning.ts'
import { broadcastWhile, share, type BroadcastOutcome } from '../broadcasts.ts'
import { Broadcaster } from '../client.ts'
import { checkPlayable } from '../decode.ts'
import type { Chaos, Fault, FaultResult } from '../fault.ts'
import { describeMs } from '../measure.ts'
import { get } from '../output.ts'
import type { Random } from '../random.ts'
import { ServerProcess, startServerProcess } from '../server-process.ts'
import { source, SOURCE_RATE, type SourceKind } from '../source.ts'
import { WatchingPage } from '../watching-page.ts'

/** Streams that are resumed, kill after kill; with the one that nobody resumes they are eight. */
const RESUMED: SourceKind[] = ['h264-matroska', 'h264-mp4', 'h264-matroska', 'vp8-webm', 'h264-mp4', 'h264-matroska', 'vp8-webm']
const KILLS_PER_BROADCAST = 4
/** Counted from the dead server's last sign of life, up to 2 s before its end; a busy machine starts the next in several seconds. */
const WINDOW_SECONDS = 15
/** How long a server lives before it is killed... */
const LEAST_LIFE_MS = 2_000
const MOST_LIFE_MS = 4_000
/** ...but some are killed while they and their clients are still coming back. */
const SHORT_LIVES = 0.15
const SHORT_LIFE_MS = 700
const MOST_DOWN_MS = 1_000
/** A life, the time without a server, the start of the next on a busy machine, and the wait until all are back and the page has played on. */
const CYCLE_SECONDS = 15
const LEAD_SECONDS = 6
/** After the start of a server every broadcaster is back, and has a new segment, within so long. */
const BACK_MS = 15_000
const FFMPEG_GONE_MS = 3_000
const ENDED_MS = (WINDOW_SECONDS + 6) * 1_000
/** `stream-ended` reaches viewers within so long of the log's line. */
const TOLD_MS = 500
const DISCONNECTED = 'broadcaster disconnected'

/** Of one row, over its broadcasts. */
interface Findings {
  failures: string[]
  kills: number
  /** From the start of the next server's process until it listens. */
  startMs: number[]
  /** From then until a stream has its next segment. */
  segmentMs: number[]
  ffmpegGoneMs: number[]
  /** From the last kill before it to the end of a stream that nobody resumed. */
  endedMs: number[]
  pictures: number
  sourcePictures: number
  pageSeconds: number[]
  pageErrors: number
  pageReloads: number
}

async function inject ({ random, folder, note }: Chaos, runs: number): Promise<FaultResult> {
  const findings: Findings = { failures: [], kills: 0, startMs: [], segmentMs: [], ffmpegGoneMs: [], endedMs: [], pictures: 0, sourcePictures: 0, pageSeconds: [], pageErrors: 0, pageReloads: 0 }
  for (const [index, kills] of share(runs, KILLS_PER_BROADCAST).entries()) {
    await new Round(join(folder, String(index)), kills, random.fork(index), findings).play()
    note(`${findings.kills} of ${runs} kills, ${findings.failures.length} failures`)
  }
  const { failures, kills, startMs, segmentMs, ffmpegGoneMs, endedMs, pictures, sourcePictures, pageSeconds, pageErrors, pageReloads } = findings
  return {
    runs: kills,
    measured: [
      `${pictures} of ${sourcePictures} pictures published`,
      `server listens again after ${describeMs(startMs)}`,
      `next segment of a stream after that ${describeMs(segmentMs)}`,
      `its FFmpeg gone after ${describeMs(ffmpegGoneMs)}`,
      `${endedMs.length} streams that nobody resumed ended, ${describeMs(endedMs)} after the kill (window ${WINDOW_SECONDS} s)`,
      `watch page: picture stood still for ${describeMs(pageSeconds.map(seconds => seconds * 1_000))} after ${pageSeconds.length} restarts, ${pageReloads} reloads, ${pageErrors} fatal errors of hls.js overcome`
    ].join('; '),
    failures
  }
}

/** One set of broadcasts, and the kills that fall into it. */
class Round {
  readonly #folder: string
  readonly #kills: number
  readonly #random: Random
  readonly #findings: Findings
  readonly #page = new WatchingPage()
  readonly #broadcasters: Broadcaster[] = []
  readonly #ends: Array<Promise<void>> = []
  #server!: ServerProcess
  #killedAt = 0

  constructor (folder: string, kills: number, random: Random, findings: Findings) {
    this.#folder = folder
    this.#kills = kills
    this.#random = random
    this.#findings = findings
  }

  async play (): Promise<void> {
    const seconds = LEAD_SECONDS + this.#kills * CYCLE_SECONDS
    const sources = await Promise.all(RESUMED.map(kind => source(kind, seconds)))
    this.#server = await startServerProcess({
      folder: this.#folder,
      env: { RESUME_WINDOW_SECONDS: String(WINDOW_SECONDS), TRANSCODE_FRAME_RATE: String(SOURCE_RATE), TRANSCODE_PRESET: 'ultrafast' }
    })
    let killsDone!: () => void
    const allKilled = new Promise<void>(resolve => { killsDone = resolve })
    try {
      const broadcasts = sources.map((recording, index) => broadcastWhile({
        url: this.#server.url,
        streamKey: `resumed-${index}`,
        source: recording,
        breakThings: async broadcaster => {
          this.#broadcasters.push(broadcaster)
          await allKilled
        }
      }))
      try {
        await this.#page.open(this.#server.url, 'resumed-0')
        for (let kill = 0; kill < this.#kills; kill++) await this.#kill(kill)
      } finally {
        killsDone()
        for (const outcome of await Promise.all(broadcasts)) await this.#judge(outcome)
      }
      await Promise.all(this.#ends)
      this.#findings.failures.push(...await this.#page.problems(), ...await this.#leftFiles())
      this.#findings.pageErrors += this.#page.fatalErrors
      this.#findings.pageReloads += this.#page.reloads
    } finally {
      await this.#page.close()
      await this.#server.stop()
    }
  }

  /** One life of the server, its death, and the return of everybody but one. */
  async #kill (kill: number): Promise<void> {
    const { failures, startMs, segmentMs, ffmpegGoneMs } = this.#findings
    const server = this.#server
    const abandoned = new Broadcaster({ url: server.url, streamKey: `abandoned-${kill}`, source: await source('h264-matroska', LEAD_SECONDS + CYCLE_SECONDS) })
    await abandoned.started
    if (this.#broadcasters.some(({ recorded, source }) => recorded === source.chunks.length)) {
      abandoned.leave()
      failures.push(`the broadcasts were over before kill ${kill + 1} of ${this.#kills}`)
      return
    }
    if (kill === 0) await this.#secondServer()
    const short = this.#random.chance(SHORT_LIVES)
    await delay(short ? this.#random.between(0, SHORT_LIFE_MS) : this.#random.between(LEAST_LIFE_MS, MOST_LIFE_MS))

    await server.kill('SIGKILL')
    this.#findings.kills++
    this.#killedAt = performance.now()
    abandoned.leave()
    const left = await server.childrenGone(FFMPEG_GONE_MS)
    if (left.length > 0) failures.push(`still there ${FFMPEG_GONE_MS} ms after the server: ${left.join('; ')}`)
    ffmpegGoneMs.push(performance.now() - this.#killedAt)
    for (const { streamKey } of [...this.#broadcasters, abandoned]) failures.push(...await this.#checkListed(streamKey))
    await delay(this.#random.between(0, MOST_DOWN_MS))

    const back = Promise.all(this.#broadcasters.filter(({ endReason }) => endReason === undefined).map(broadcaster => broadcaster.nextSegment(BACK_MS)))
    const startedAt = performance.now()
    await server.restart()
    const listensAt = performance.now()
    startMs.push(listensAt - startedAt)
    this.#ends.push(this.#checkAbandoned(abandoned))
    // A picture that is played from what the page has in hand says nothing: it has to run past that.
    const page = this.#page.movesOn()
    for (const at of await back) {
      if (at === undefined) failures.push(`a stream had no new segment within ${BACK_MS} ms`)
      else segmentMs.push(at - listensAt)
    }
    const stoodStill = await page
    if (stoodStill === undefined) failures.push('the watch page does not play on')
    else this.#findings.pageSeconds.push(Math.max(0, stoodStill))
  }

  /** A second server on the folder is turned away, with a sentence, and hurts nobody. */
  async #secondServer (): Promise<void> {
    const { failures } = this.#findings
    const second = new ServerProcess({ folder: this.#folder, port: 0 }, 0)
    try {
      await second.start()
      failures.push('a second server on the folder is let in')
      await second.stop()
    } catch {
      const { code } = await second.exited
      if (code === 0 || code === null) failures.push(`a second server on the folder ends with ${code}`)
      if (!/\b(in use|another|already)\b/.test(second.complaint) || /^\s+at /m.test(second.complaint)) failures.push(`a second server on the folder says: ${second.complaint.trim()}`)
    }
    const { status } = await get(`${this.#server.url}/livestream/health`)
    if (status !== 200) failures.push(`the first server's health is ${status} after the second one`)
  }

  /** What the playlist on disk lists at the moment of death: the newest ones are whole. Older ones are read at the end. */
  async #checkListed (streamKey: string): Promise<string[]> {
    const folder = join(this.#folder, streamKey)
    const text = await readFile(join(folder, 'stream.m3u8'), 'utf8')
    const listed = readPlaylist(text.slice(0, text.lastIndexOf('\n') + 1)).segments.slice(-2)
    const problems: string[] = []
    for (const { name } of listed) {
      try {
        demux(await readFile(join(folder, name)))
      } catch (error) {
        problems.push(`${streamKey}: ${name} was listed and is not whole: ${(error as Error).message}`)
      }
    }
    return problems
  }

  /** Nobody comes back to it: when the window is over it ends, for the reason that the contract has. */
  async #checkAbandoned ({ streamKey, source, safeSeq, complaints }: Broadcaster): Promise<void> {
    const { failures, endedMs } = this.#findings
    failures.push(...complaints)
    const viewer = io(this.#server.url, { transports: ['websocket'], forceNew: true })
    const heard: string[] = []
    viewer.on('connect', () => viewer.emit('join-stream', { streamKey, userId: 'viewer' }))
    viewer.on('stream-ended', ({ reason }: { reason: string }) => heard.push(reason))
    // Another kill gives the broadcaster another window.
    const until = performance.now() + this.#kills * CYCLE_SECONDS * 1_000 + ENDED_MS
    const ended = () => this.#server.lines.find(line => line.stream === logName(streamKey) && line.msg === 'stream ended')
    while (ended() === undefined && performance.now() < until) await delay(100)
    const line = ended()
    if (line !== undefined) endedMs.push(performance.now() - this.#killedAt)
    // What is logged is told to viewers right away.
    await delay(TOLD_MS)
    viewer.disconnect()
    if (line === undefined) {
      failures.push(`${streamKey}: nobody resumed it, and it did not end`)
      return
    }
    if (line['reason'] !== DISCONNECTED) failures.push(`${streamKey}: it ended: ${String(line['reason'])}`)
    if (heard.length !== 1 || heard[0] !== DISCONNECTED) failures.push(`${streamKey}: a viewer was told that it ended: ${heard.join(', ') || 'never'}`)
    failures.push(...await this.#untilServed(() => checkBeginning(this.#server.url, streamKey, source, safeSeq)))
  }

  /** Reads again what a kill came in between of. */
  async #untilServed (read: () => Promise<string[]>): Promise<string[]> {
    for (;;) {
      try {
        return await read()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) return [(error as Error).message]
        await delay(200)
      }
    }
  }

  async #judge ({ failures, output, broadcaster }: BroadcastOutcome): Promise<void> {
    this.#findings.failures.push(...failures)
    this.#findings.sourcePictures += broadcaster.source.pictures
    if (output === undefined) return
    this.#findings.pictures += output.pictures
    this.#findings.failures.push(...(await checkPlayable(output.broadcast)).map(problem => `${broadcaster.streamKey}: ${problem}`))
  }

  /** Nothing half-written, nothing that no playlist knows. */
  async #leftFiles (): Promise<string[]> {
    const problems: string[] = []
    for (const entry of await readdir(this.#folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      const folder = join(this.#folder, entry.name)
      const listed = new Set(readPlaylist(await readFile(join(folder, 'stream.m3u8'), 'utf8')).segments.map(({ name }) => name))
      const odd = (await readdir(folder)).filter(name => !listed.has(name) && name !== 'stream.m3u8' && name !== 'live.m3u8')
      if (odd.length > 0) problems.push(`${entry.name}: left in its folder: ${odd.join(', ')}`)
    }
    return problems
  }
}

export const fault: Fault = {
  id: 'server-killed',
  name: `kill -9 of the server under ${RESUMED.length + 1} streams`,
  goal: 'every listed segment whole and playable, numbering goes on; after resume no frame above `safeSeq` is missing and none at or below it; streams that nobody resumes end with ENDLIST; the watch page plays on without a reload',
  runs: { short: 3, long: 50 },
  inject
}
