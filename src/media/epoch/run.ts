import { setInterval } from 'node:timers'
import { encodeArguments, firstPictureUs, OUTPUT_OFFSET_US, type EncodePlan, type EncodeSettings } from '../ffmpeg/arguments.ts'
import { startFfmpeg, type FfmpegProcess, type ProcessExit } from '../ffmpeg/process.ts'
import type { Log } from '../log.ts'
import { Cutter, type CutSegment } from '../mpegts/cutter.ts'
import type { Epoch } from './epoch.ts'

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
  ffmpegPath: string
  settings: RunSettings
  log: Log
  /** Lists a segment; the next one waits for it. */
  publish: (segment: CutSegment) => Promise<void>
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
  | { kind: 'failed', reason: string }
  /** A segment could not be kept. */
  | { kind: 'storage', error: unknown }

/** FFmpeg holds back some media on purpose; so much without output is a fault. */
const UNANSWERED_US = 2_000_000
/** Time stamps that differ by less mean the same frame (containers round to milliseconds). */
const SAME_FRAME_US = 5_000
const WATCH_INTERVAL_MS = 500
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
  /** The first cause counts. */
  #cause: RunOutcome | undefined
  #queue: Promise<void> = Promise.resolve()
  #queued = 0
  #fedUs: number | undefined
  #fedAll = false
  #unansweredSince: number | undefined
  #answeredUs: number

  constructor (options: RunOptions) {
    this.#options = options
    const { epoch, plan, settings } = options
    const { publishedUs, soundUs } = epoch
    this.#answeredUs = publishedUs ?? epoch.startUs
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
      onSegment: segment => this.#enqueue(segment),
      onOverdue: () => this.stop({ kind: 'long-gop' })
    })
    this.#process = startFfmpeg(options.ffmpegPath, encodeArguments(plan, settings), {
      drainMs: settings.ffmpegDrainSeconds * 1000,
      termMs: settings.ffmpegTermSeconds * 1000
    })
    this.#process.stdout.on('data', chunk => this.#takeOutput(chunk))
    this.outcome = this.#live()
  }

  get pid (): number | undefined { return this.#process.pid }

  /** Ends the run at once; the first cause is the outcome. */
  stop (cause: RunOutcome): void {
    this.#cause ??= cause
    this.#process.kill(cause.kind)
  }

  async #live (): Promise<RunOutcome> {
    const watch = setInterval(() => this.#watch(), WATCH_INTERVAL_MS)
    try {
      const [exit] = await Promise.all([this.#process.exit, this.#feed()])
      if (this.#cause === undefined && this.#endedWell(exit)) this.#cutter.flush()
      await this.#queue
      if (this.#cause !== undefined) return this.#cause
      if (!this.#endedWell(exit)) return { kind: 'failed', reason: describe(exit) }
      return exit.code === 0 ? { kind: 'finished' } : { kind: 'finished', complaint: describe(exit) }
    } finally {
      clearInterval(watch)
    }
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
        if (epoch.closed) {
          this.#fedAll = true
          this.#process.finish()
          return
        }
        await Promise.race([epoch.changed(), this.#process.exit])
        continue
      }
      position += units.length
      const pieces: Buffer[] = []
      for (const unit of units) {
        if (unit.lead !== undefined && unit.lead !== lead) pieces.push(unit.lead)
        lead = unit.lead
        pieces.push(unit.bytes)
        for (const { timeUs } of unit.frames) this.#fedUs = Math.max(this.#fedUs ?? timeUs, timeUs)
      }
      await this.#process.write(pieces)
    }
  }

  #takeOutput (chunk: Buffer): void {
    if (this.#cause !== undefined) return
    try {
      this.#cutter.push(chunk)
    } catch (error) {
      this.stop({ kind: 'failed', reason: (error as Error).message })
      return
    }
    this.#answeredUs = Math.max(this.#answeredUs, this.#cutter.latestUs ?? this.#answeredUs)
    this.#unansweredSince = undefined
  }

  #enqueue (segment: CutSegment): void {
    this.#queued++
    if (this.#queued > QUEUED_SEGMENTS) this.#process.stdout.pause()
    this.#queue = this.#queue.then(async () => {
      // After a failure nothing is listed: the next run brings it again.
      if (this.#cause?.kind === 'storage') return
      try {
        await this.#options.publish(segment)
      } catch (error) {
        this.stop({ kind: 'storage', error })
      }
      this.#queued--
      this.#process.stdout.resume()
    })
  }

  /** Fed and silent: the process hangs. Not fed: the broadcaster is idle, which is no fault. */
  #watch (): void {
    if (this.#fedUs === undefined || this.#queued > 0 || this.#fedUs - this.#answeredUs < UNANSWERED_US) {
      this.#unansweredSince = undefined
      return
    }
    const { settings } = this.#options
    this.#unansweredSince ??= Date.now()
    const started = this.#cutter.latestUs !== undefined
    const limitSeconds = started ? settings.ffmpegStaleSeconds : settings.ffmpegStartSeconds
    if (Date.now() - this.#unansweredSince >= limitSeconds * 1000) {
      this.stop({ kind: 'failed', reason: `FFmpeg gave nothing for ${limitSeconds} s although it was fed${started ? '' : ' (it never started)'}` })
    }
  }
}

function describe (exit: ProcessExit): string {
  if (exit.spawnError !== undefined) return `FFmpeg could not be started: ${exit.spawnError.message}`
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`
  const why = exit.stopReason === undefined ? '' : ` (${exit.stopReason})`
  return `FFmpeg ended ${how}${why}${exit.stderr === '' ? '' : `: ${exit.stderr}`}`
}
