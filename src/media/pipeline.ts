import { setTimeout as delay } from 'node:timers/promises'
import { HeadwaterError } from '../errors/catalogue.ts'
import type { InitSegment, Unit } from './container/types.ts'
import { Epoch } from './epoch/epoch.ts'
import { RestartBudget } from './epoch/restart-budget.ts'
import { Run, type RunOutcome, type RunSettings } from './epoch/run.ts'
import { planFor, type EncodePlan } from './ffmpeg/arguments.ts'
import type { Packager } from './hls/packager.ts'
import type { ListedSegment } from './hls/playlist.ts'
import type { Log } from './log.ts'
import type { CutSegment } from './mpegts/cutter.ts'

export interface PipelineSettings extends RunSettings {
  ffmpegRestarts: number
  ffmpegRestartWindowSeconds: number
  maxStreamStorageBytes: number
  maxHeldBytes: number
}

export interface PipelineOptions {
  packager: Packager
  ffmpegPath: string
  settings: PipelineSettings
  log: Log
  /** A segment is listed: whatever stands before `safeOffset` is on disk. */
  onListed: (segment: ListedSegment) => void
  /** The stream cannot go on: `StorageLimitReached`, or a HeadwaterError. */
  onFailed: (error: StorageLimitReached | HeadwaterError) => void
}

/** The segments of a stream have reached the size that a stream may have. */
export class StorageLimitReached extends Error {
  override readonly name = 'StorageLimitReached'
}

/**
 * From units to listed segments: the long-lived owner of an ingest. Puts units into epochs, publishes one
 * epoch after the other, and starts a new FFmpeg run from what is still held whenever one dies.
 */
export class Pipeline {
  readonly #options: PipelineOptions
  readonly #budget: RestartBudget
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  /** Not wholly published yet, oldest first; the last one takes the units. */
  #epochs: Epoch[] = []
  #ended = false
  #waiting: Array<() => void> = []
  #run: Run | undefined
  /** Tracks of the present run's plan. */
  #plan: EncodePlan | undefined
  /** Its key frames turned out to be too far apart; the recorder will not change its mind. */
  #transcodeVideo = false
  /** Units are left out up to the next key frame. */
  #seekKey = false

  constructor (options: PipelineOptions) {
    this.#options = options
    const { ffmpegRestarts, ffmpegRestartWindowSeconds } = options.settings
    this.#budget = new RestartBudget(ffmpegRestarts, ffmpegRestartWindowSeconds * 1000)
    this.#done = this.#publishAll()
  }

  /** Media that is not safe yet, in bytes. */
  get heldBytes (): number {
    return this.#epochs.reduce((sum, { held }) => sum + held.bytes, 0)
  }

  /** Where the first unit that is not safe stands in the recording (bytes); undefined when all are. */
  get unsafeStart (): number | undefined {
    return this.#epochs.find(({ held }) => held.start !== undefined)?.held.start
  }

  /** A process runs for this stream. */
  get running (): boolean { return this.#run !== undefined }
  /** Its id, while it runs. */
  get pid (): number | undefined { return this.#run?.pid }
  /** What is done with the tracks at present. */
  get plan (): EncodePlan | undefined { return this.#run === undefined ? undefined : this.#plan }
  /** The open epoch can take units. */
  get hasInput (): boolean { return this.#open !== undefined }

  /** A header: a new epoch. */
  begin (init: InitSegment): void {
    this.#open?.close()
    if (this.#ended) return
    this.#seekKey = false
    this.#epochs.push(new Epoch(init))
    this.#wake()
  }

  /** The next unit of the recording. */
  add (unit: Unit): void {
    const open = this.#open
    if (open === undefined || this.#ended) return
    if (this.#seekKey) {
      if (open.init.video !== undefined && !unit.frames.some(({ kind, key }) => kind === 'video' && key)) return
      this.begin(open.init)
    } else if (open.timeline.isJump(unit)) {
      this.#options.log.info({ toUs: unit.frames[0]!.timeUs, fromUs: open.timeline.latestUs }, 'media time jumped: new epoch')
      this.begin(open.init)
    }
    this.#open!.add(unit)
    this.#watchTracks(unit)
    this.#wake()
  }

  /** Media was lost: what comes is left out up to the next key frame, which starts a new epoch. */
  skipToKey (): void {
    this.#seekKey = this.#open !== undefined
  }

  /** No more media. Resolves when all of it is published, or given up. */
  async end (): Promise<void> {
    this.#ended = true
    this.#open?.close()
    this.#wake()
    await this.#done
  }

  /** Gives up at once. */
  async abort (): Promise<void> {
    this.#abort.abort()
    this.#run?.stop({ kind: 'aborted' })
    await this.end()
  }

  get #open (): Epoch | undefined {
    const last = this.#epochs.at(-1)
    return last === undefined || last.closed ? undefined : last
  }

  async #publishAll (): Promise<void> {
    for (;;) {
      const [epoch] = this.#epochs
      if (epoch === undefined) {
        if (this.#ended) return
        await this.#changed()
        continue
      }
      try {
        await this.#publishEpoch(epoch)
      } catch (error) {
        this.#abort.abort()
        const known = error instanceof HeadwaterError || error instanceof StorageLimitReached
        this.#options.onFailed(known ? error : new HeadwaterError('INTERNAL_ERROR', { cause: error }))
      }
      epoch.held.releaseAll()
      this.#epochs.shift()
      if (this.#abort.signal.aborted) {
        this.#epochs = []
        this.#ended = true
        return
      }
    }
  }

  /** Runs FFmpeg until all of the epoch is published. */
  async #publishEpoch (epoch: Epoch): Promise<void> {
    const { log, settings, packager } = this.#options
    await this.#tracksKnown(epoch)
    if (epoch.empty) return
    while (!this.#abort.signal.aborted) {
      const plan = planFor(epoch.init, this.#tracksSeen(epoch), epoch.publishedUs, this.#transcodeVideo, settings)
      let firstOfRun = true
      this.#plan = plan
      this.#run = new Run({
        epoch,
        plan,
        first: packager.segmentCount === 0,
        ffmpegPath: this.#options.ffmpegPath,
        settings,
        log,
        publish: async segment => {
          await this.#list(epoch, segment, firstOfRun)
          firstOfRun = false
        }
      })
      log.info({ pid: this.#run.pid, container: plan.container, video: describeTrack(plan.video), audio: describeTrack(plan.audio), fromUs: plan.startUs }, 'FFmpeg started')
      const outcome = await this.#run.outcome
      this.#run = undefined
      log.info({ ...outcome }, 'FFmpeg ended')
      if (await this.#settle(outcome)) return
    }
  }

  /** @returns whether the epoch is done with */
  async #settle (outcome: RunOutcome): Promise<boolean> {
    switch (outcome.kind) {
      case 'finished':
      case 'aborted':
        return true
      case 'new-track':
        return false
      case 'long-gop':
        // Our own encoder makes key frames in time; doing the same again would not help.
        if (this.#transcodeVideo) await this.#pause('FFmpeg made no key frames')
        this.#transcodeVideo = true
        return false
      case 'storage':
        if (outcome.error instanceof StorageLimitReached) throw outcome.error
        this.#options.log.error({ err: outcome.error }, 'a segment could not be written')
        await this.#pause(`A segment could not be written: ${(outcome.error as Error).message}`)
        return false
      case 'failed':
        this.#options.log.warn({ reason: outcome.reason }, 'FFmpeg failed')
        await this.#pause(outcome.reason)
        return false
    }
  }

  /** Waits before the next try. @throws HeadwaterError `FFMPEG_ERROR` when there have been too many */
  async #pause (reason: string): Promise<void> {
    const pauseMs = this.#budget.fail(performance.now(), Math.random())
    if (pauseMs === undefined) throw new HeadwaterError('FFMPEG_ERROR', { message: reason })
    await delay(pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {})
  }

  async #list (epoch: Epoch, segment: CutSegment, firstOfRun: boolean): Promise<void> {
    const { packager, settings, log, onListed } = this.#options
    if (packager.bytes + segment.data.length > settings.maxStreamStorageBytes) {
      throw new StorageLimitReached(`The stream has reached ${settings.maxStreamStorageBytes} bytes`)
    }
    const listed = await packager.add({
      data: segment.data,
      durationMs: Math.max(1, Math.round((segment.endUs - segment.startUs) / 1000)),
      discontinuity: firstOfRun,
      programDateTimeMs: epoch.wallTimeMs(segment.startUs)
    })
    epoch.publish(segment.endUs, segment.soundUs, settings.maxHeldBytes / 2)
    // The segment is out, whatever a listener makes of it.
    try {
      onListed(listed)
    } catch (error) {
      log.error({ err: error, sequence: listed.sequence }, 'a listener failed')
    }
  }

  #tracksSeen ({ timeline, init }: Epoch): { video: boolean, audio: boolean } {
    return {
      video: init.video !== undefined && timeline.latestOf('video') > -Infinity,
      audio: init.audio !== undefined && timeline.latestOf('audio') > -Infinity
    }
  }

  /** A declared track may be silent: FFmpeg would wait for it for ever. It starts with those that speak in time. */
  async #tracksKnown (epoch: Epoch): Promise<void> {
    const { init, timeline } = epoch
    for (;;) {
      const seen = this.#tracksSeen(epoch)
      const all = (init.video === undefined || seen.video) && (init.audio === undefined || seen.audio)
      const runUs = (timeline.latestUs ?? 0) - epoch.startUs
      if (all || epoch.closed || (!epoch.empty && runUs >= this.#options.settings.silentTrackMs * 1000)) return
      await this.#changed()
    }
  }

  /** A track that was silent so far begins: the run is done again with it. */
  #watchTracks (unit: Unit): void {
    if (this.#run === undefined || this.#plan === undefined || this.#epochs.length > 1) return
    const plan = this.#plan
    if (unit.frames.some(({ kind }) => plan[kind] === undefined)) this.#run.stop({ kind: 'new-track' })
  }

  #changed (): Promise<void> {
    return new Promise(resolve => { this.#waiting.push(resolve) })
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function describeTrack (track: EncodePlan['video'] | EncodePlan['audio']): string {
  if (track === undefined) return 'none'
  return typeof track === 'string' ? track : `transcode ${track.width}x${track.height}`
}
