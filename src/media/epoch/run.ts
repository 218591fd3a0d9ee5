import { setInterval } from 'node:timers'
import type { Log } from '../../log.ts'
import { encodeArguments, firstPictureUs, OUTPUT_OFFSET_US, type EncodePlan, type EncodeSettings } from '../ffmpeg/arguments.ts'
import { describeExit, startFfmpeg, type FfmpegProcess, type ProcessExit } from '../ffmpeg/process.ts'
import { Cutter, type CutSegment } from '../mpegts/cutter.ts'
import type { Epoch } from './epoch.ts'
import type { Fault } from './fault.ts'
import { StallWatch, type Stall } from './stall-watch.ts'

export interface RunSettings extends EncodeSettings {
  ffmpegStartSeconds: number
  ffmpegStaleSeconds: number
  ffmpegDrainSeconds: number
  ffmpegTermSeconds: number
}

export interface RunOptions {
  epoch: Epoch
  plan: EncodePlan
  /** No segment of the broadcast was listed before. */
  first: boolean
  /** Viewers have waited: the first segment of this run may be short. */
  short: boolean
  ffmpegPath: string
  settings: RunSettings
  log: Log
  /** Lists a segment; the next one waits for it. */
  publish: (segment: CutSegment) => Promise<void>
  /** `running`: the first output came; `draining`: it has all of its input. */
  onPhase: (phase: 'running' | 'draining') => void
  /** Output came, so many milliseconds behind. */
  onPace: (lateMs: number) => void
}

/** How a run ended. */
export type RunOutcome =
  /** All of the epoch is published. `complaint`: FFmpeg's exit code was not 0 all the same. */
  | { kind: 'finished', complaint?: string }
  /** Copied key frames are too far apart for the target duration. */
  | { kind: 'long-gop' }
  /** A track that the plan leaves out has begun. */
  | { kind: 'new-track' }
  /** The stream was given up. */
  | { kind: 'aborted' }
  /** FFmpeg gave up, was killed, hung or could not start. */
  | { kind: 'failed', fault: Fault, reason: string }
  /** A segment could not be kept. */
  | { kind: 'storage', error: unknown }
  /** The server closes: what could be published is, the rest is for the next server. */
  | { kind: 'suspended' }

/** Time stamps that differ by less mean the same frame (containers round to milliseconds). */
const SAME_FRAME_US = 5_000
const WATCH_INTERVAL_MS = 250
/** Its program is loaded by then; what is still missing is media. */
const START_UP_MS = 1_000
/** Segments that wait for the disk before FFmpeg's output is left in the pipe. */
const QUEUED_SEGMENTS = 2

/**
 * One FFmpeg process from its first byte to its end: fed from the epoch, cut into segments, disposable.
 * It dies with a reason; what it did not publish is still held by the epoch.
 */
export class Run {
  readonly #options: RunOptions
  readonly #process: FfmpegProcess
  readonly #cutter: Cutter
  readonly outcome: Promise<RunOutcome>
  /** Resolves when its start-up is over: output came, it had its time, or it ended. */
  readonly begun: Promise<void>
  /** The first cause counts. */
  #cause: RunOutcome | undefined
  #queue: Promise<void> = Promise.resolve()
  #queued = 0
  #fedAll = false
  readonly #watch: StallWatch
  #isSuspending = false
  readonly #startedAt = performance.now()
  #hasBegun: () => void = () => {}
  /** Since when its output is left in the pipe. */
  #pausedAt: number | undefined
  /** Lets the feeder look again. */
  #wakeFeeder: () => void = () => {}

  constructor (options: RunOptions) {
    this.#options = options
    const { epoch, plan, settings } = options
    const { publishedUs, soundUs } = epoch
    this.#watch = new StallWatch({ startMs: settings.ffmpegStartSeconds * 1000, staleMs: settings.ffmpegStaleSeconds * 1000 }, publishedUs ?? epoch.startUs)
    this.#cutter = new Cutter({
      targetSeconds: settings.segmentTargetSeconds,
      offsetUs: OUTPUT_OFFSET_US,
      from: publishedUs === undefined
        ? undefined
        : {
            videoUs: firstPictureUs(plan.video, publishedUs, settings) - SAME_FRAME_US,
            audioUs: soundUs === undefined ? publishedUs - SAME_FRAME_US : soundUs + SAME_FRAME_US
          },
      video: plan.video !== undefined,
      audio: plan.audio !== undefined,
      complete: (epoch.init.video === undefined) === (plan.video === undefined) && (epoch.init.audio === undefined) === (plan.audio === undefined),
      forcedKeyFrames: plan.video !== 'copy',
      first: options.first,
      short: options.short,
      onSegment: segment => this.#enqueue(segment),
      onOverdue: () => this.stop({ kind: 'long-gop' })
    })
    this.#process = startFfmpeg(options.ffmpegPath, encodeArguments(plan, settings), {
      drainMs: settings.ffmpegDrainSeconds * 1000,
      termMs: settings.ffmpegTermSeconds * 1000
    })
    this.#process.stdout.on('data', chunk => this.#takeOutput(chunk))
    this.#process.onProgress = ({ bytes, timeUs }) => this.#watch.reported(bytes, timeUs)
    void this.#process.exit.then(() => this.#wakeFeeder())
    this.begun = new Promise(resolve => { this.#hasBegun = resolve })
    this.outcome = this.#live()
  }

  get pid (): number | undefined { return this.#process.pid }
  get ranSeconds (): number { return (performance.now() - this.#startedAt) / 1000 }
  /** Why nothing comes out at present; undefined while something does or soon should. */
  get stall (): Stall | undefined { return this.#watch.stall(performance.now()) }

  /** Ends the run at once; the first cause is the outcome. */
  stop (cause: RunOutcome): void {
    this.#cause ??= cause
    this.#process.kill(cause.kind)
  }

  /** Ends the run when what it was given is through; an open segment is closed at its last key frame, the rest of it dropped. */
  suspend (): void {
    this.#isSuspending = true
    this.#wakeFeeder()
  }

  async #live (): Promise<RunOutcome> {
    const watch = setInterval(() => this.#checkProgress(), WATCH_INTERVAL_MS)
    try {
      const [exit] = await Promise.all([this.#process.exit, this.#feed()])
      if (this.#cause === undefined && this.#endedWell(exit)) this.#flush()
      await this.#queue
      if (this.#cause !== undefined) return this.#cause
      if (!this.#endedWell(exit)) return { kind: 'failed', fault: faultOf(exit), reason: describeExit(exit) }
      if (this.#isSuspending) return { kind: 'suspended' }
      return exit.code === 0 ? { kind: 'finished' } : { kind: 'finished', complaint: describeExit(exit) }
    } finally {
      clearInterval(watch)
      this.#hasBegun()
    }
  }

  #flush (): void {
    if (this.#isSuspending) this.#cutter.flushAtKey()
    else this.#cutter.flush()
  }

  /** By itself, after all of its input; a complaint about the last frames is no reason to do it all again. */
  #endedWell (exit: ProcessExit): boolean {
    return this.#fedAll && exit.spawnError === undefined && exit.signal === null && exit.stopReason === undefined
  }

  async #feed (): Promise<void> {
    const { epoch } = this.#options
    let position = epoch.held.first
    let lead: Buffer | undefined
    await this.#process.write([epoch.init.bytes])
    while (this.#process.running) {
      const units = epoch.held.from(position)
      if (units.length === 0) {
        if (epoch.closed || this.#isSuspending) {
          this.#fedAll = true
          this.#options.onPhase('draining')
          this.#process.finish()
          return
        }
        await this.#inputChanged()
        continue
      }
      position += units.length
      const pieces: Buffer[] = []
      for (const unit of units) {
        if (unit.lead !== undefined && unit.lead !== lead) pieces.push(unit.lead)
        lead = unit.lead
        pieces.push(unit.bytes)
        for (const { timeUs } of unit.frames) this.#watch.fed(timeUs, performance.now())
      }
      await this.#process.write(pieces)
    }
  }

  /** Resolves with the next unit, the end of the epoch, or when this run is over. No race: each would leave something behind at the process's exit. */
  #inputChanged (): Promise<void> {
    return new Promise(resolve => {
      this.#wakeFeeder = resolve
      void this.#options.epoch.changed().then(resolve)
    })
  }

  #takeOutput (chunk: Buffer): void {
    if (this.#cause !== undefined) return
    try {
      this.#cutter.push(chunk)
    } catch (error) {
      this.stop({ kind: 'failed', fault: 'encoder-garbled', reason: (error as Error).message })
      return
    }
    const { latestUs } = this.#cutter
    if (latestUs === undefined) return
    const now = performance.now()
    const { pace } = this.#options.epoch
    if (!this.#watch.started) {
      if (!this.#fedAll) this.#options.onPhase('running')
      pace.begin(now)
      this.#hasBegun()
    }
    this.#watch.answered(latestUs)
    pace.answered(latestUs, now)
    this.#options.onPace(pace.lateMs)
  }

  #enqueue (segment: CutSegment): void {
    this.#queued++
    this.#watch.waitsForDisk(true, performance.now())
    if (this.#queued > QUEUED_SEGMENTS) {
      this.#process.stdout.pause()
      this.#pausedAt ??= performance.now()
    }
    this.#queue = this.#queue.then(async () => {
      // After a failure nothing is listed: the next run brings it again.
      if (this.#cause?.kind === 'storage') return
      try {
        await this.#options.publish(segment)
      } catch (error) {
        this.stop({ kind: 'storage', error })
      }
      this.#queued--
      this.#watch.waitsForDisk(this.#queued > 0, performance.now())
      this.#process.stdout.resume()
      if (this.#pausedAt !== undefined) this.#options.epoch.pace.excuse(performance.now() - this.#pausedAt)
      this.#pausedAt = undefined
    })
  }

  /** Fed and silent: the process hangs. Not fed: the broadcaster is idle, which is no fault. */
  #checkProgress (): void {
    if (performance.now() - this.#startedAt >= START_UP_MS) this.#hasBegun()
    if (this.stall !== 'encoder') return
    const { ffmpegStartSeconds, ffmpegStaleSeconds } = this.#options.settings
    if (this.#watch.started) this.stop({ kind: 'failed', fault: 'encoder-hung', reason: `FFmpeg gave nothing for ${ffmpegStaleSeconds} s although it was fed` })
    else this.stop({ kind: 'failed', fault: 'encoder-no-output', reason: `FFmpeg gave nothing for ${ffmpegStartSeconds} s although it was fed (it never started)` })
  }
}

function faultOf ({ spawnError, signal, stopReason }: ProcessExit): Fault {
  if (spawnError !== undefined) return 'encoder-not-started'
  if (stopReason !== undefined) return 'encoder-hung'
  return signal === null ? 'encoder-exited' : 'encoder-killed'
}
