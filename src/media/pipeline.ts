import { setTimeout as delay } from 'node:timers/promises'
import { HeadwaterError } from '../errors/catalogue.ts'
import { isOutOfSpace } from '../errors/file-system.ts'
import type { Log } from '../log.ts'
import type { RunLimit } from '../run-limit.ts'
import type { Reservation } from './admission/admission.ts'
import { costOf, type CostSettings } from './admission/cost.ts'
import type { InitSegment, Unit } from './container/types.ts'
import { canFollow, type EncoderState } from './epoch/encoder-state.ts'
import { Epoch, type EpochProgress } from './epoch/epoch.ts'
import { withoutPath, type Fault } from './epoch/fault.ts'
import type { ReadingPoint } from './epoch/held-units.ts'
import { RestartBudget } from './epoch/restart-budget.ts'
import { Run, type RunOutcome, type RunSettings } from './epoch/run.ts'
import type { Stall } from './epoch/stall-watch.ts'
import { planFor, workOf, type EncodePlan, type EncodeWork } from './ffmpeg/arguments.ts'
import type { Packager } from './hls/packager.ts'
import type { ListedSegment } from './hls/playlist.ts'
import type { SendingPoint } from './ingest/sequence.ts'
import type { JournalRecord, SafePoint } from './journal/records.ts'
import type { CutSegment } from './mpegts/cutter.ts'
import type { SegmentStore } from './storage/storage.ts'

export interface PipelineSettings extends RunSettings, CostSettings {
  ffmpegRestarts: number
  ffmpegRestartWindowSeconds: number
  maxStreamStorageBytes: number
  maxHeldBytes: number
  resumeWindowSeconds: number
  encoderLagSeconds: number
}

/** What an earlier server published of the epoch that goes on. */
export interface RecoveredEpoch {
  /** Its number in the journal. */
  number: number
  progress: EpochProgress
  transcodeVideo: boolean
}

/** How the encoder of a stream does. */
export interface EncoderStatus {
  state: EncoderState
  /** Runs that were started after a fault. */
  restarts: number
  lastFault: Fault | null
  /** Why nothing comes out at present. */
  stalled: Stall | null
}

/** How a segment came to be listed. */
export interface Listing {
  /** From its last frame's arrival until it was listed, in milliseconds; undefined when that frame is not held any more. */
  delayMs: number | undefined
  /** Media that had come by then and was not listed, in seconds. */
  lagSeconds: number
}

export interface PipelineOptions {
  packager: Packager
  ffmpegPath: string
  settings: PipelineSettings
  log: Log
  /** Where segments find room among those of all streams. */
  storage: SegmentStore
  /** The stream's share of the processor; released with the end of the pipeline. */
  reservation: Reservation
  /** Where FFmpeg processes wait for their turn to start. */
  starts: RunLimit
  /** Keeps records for a server that starts anew; resolves when they are written. */
  journal: { append (...records: JournalRecord[]): Promise<void> }
  /** Where a place of the recording (bytes) stands in what the broadcaster sends. */
  locate: (offset: number) => SendingPoint | undefined
  /** The epoch that an earlier server has begun; the first header that comes continues it. */
  recovered?: RecoveredEpoch | undefined
  /** More is safe than before. */
  onSafe: () => void
  onListed: (segment: ListedSegment, listing: Listing) => void
  onRunStarted: (work: EncodeWork) => void
  onRunEnded: (outcome: RunOutcome) => void
  /** A fault holds segments up, or makes them late; undefined: they come again, in time. */
  onCondition: (fault: Fault | undefined) => void
  /** Every fault, also one that follows another before a segment came. */
  onFault: (fault: Fault) => void
  /** The stream cannot go on: `StorageLimitReached`, or a HeadwaterError. */
  onFailed: (error: StorageLimitReached | HeadwaterError) => void
}

/** How often a write is tried again while the disk is full, in milliseconds. */
const DISK_RETRY_MS = 500

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
  /** No pause is waited for any more. */
  readonly #hurry = new AbortController()
  readonly #done: Promise<void>
  /** Not wholly published yet, oldest first; the last one takes the units. */
  #epochs: Epoch[] = []
  #ended = false
  #endedAt = Infinity
  #suspended = false
  #waiting: Array<() => void> = []
  #run: Run | undefined
  /** Tracks of the present run's plan. */
  #plan: EncodePlan | undefined
  /** Its key frames turned out to be too far apart; the recorder will not change its mind. */
  #transcodeVideo: boolean
  /** Units are left out up to the next key frame. */
  #seekKey = false
  #recovered: RecoveredEpoch | undefined
  /** Number of the epoch that is being published. */
  #number: number
  #safeOffset = 0
  #encoder: EncoderState = 'idle'
  #restarts = 0
  #lastFault: Fault | undefined
  /** Holds segments up at present. */
  #holdUp: Fault | undefined
  #isSlow = false
  /** What was told last. */
  #told: Fault | undefined
  /** Viewers have waited for the next segment. */
  #late: boolean

  constructor (options: PipelineOptions) {
    this.#options = options
    const { ffmpegRestarts, ffmpegRestartWindowSeconds } = options.settings
    this.#budget = new RestartBudget(ffmpegRestarts, ffmpegRestartWindowSeconds * 1000)
    this.#recovered = options.recovered
    this.#late = options.recovered !== undefined
    this.#number = options.recovered?.number ?? -1
    this.#transcodeVideo = options.recovered?.transcodeVideo ?? false
    this.#done = this.#publishAll().finally(() => options.reservation.release())
  }

  /** Media that is not safe yet, in bytes. */
  get heldBytes (): number {
    return this.#epochs.reduce((sum, { held }) => sum + held.bytes, 0)
  }

  /** Bytes of the recording that are published, on disk and in the journal. */
  get safeOffset (): number { return this.#safeOffset }

  /** Media that came and is not listed yet, in seconds. */
  get lagSeconds (): number {
    return this.#epochs.reduce((sum, { lagUs }) => sum + lagUs, 0) / 1e6
  }

  get encoder (): EncoderStatus {
    return { state: this.#encoder, restarts: this.#restarts, lastFault: this.#lastFault ?? null, stalled: this.#run?.stall ?? null }
  }

  /** The fault that holds segments up at present, or makes them late. */
  get condition (): Fault | undefined { return this.#holdUp ?? (this.#isSlow ? 'encoder-slow' : undefined) }

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
    this.#epochs.push(new Epoch(init, this.#recovered?.progress))
    this.#wake()
  }

  /** The next unit of the recording. */
  add (unit: Unit): void {
    const open = this.#open
    if (open === undefined || this.#ended) return
    if (this.#seekKey) {
      if (open.init.video !== undefined && !unit.frames.some(({ kind, key }) => kind === 'video' && key)) return
      // What an earlier server published ends before the gap.
      this.#recovered = undefined
      this.begin(open.init)
    } else if (open.timeline.isJump(unit)) {
      this.#options.log.info({ toUs: unit.frames[0]!.timeUs, fromUs: open.timeline.latestUs }, 'media time jumped: new epoch')
      this.begin(open.init)
    }
    this.#open!.add(unit)
    this.#watchTracks(unit)
    this.#wake()
  }

  /** What comes does not continue what an earlier server published. */
  forget (): void {
    this.#recovered = undefined
  }

  /** Media was lost: what comes is left out up to the next key frame, which starts a new epoch. */
  skipToKey (): void {
    this.#seekKey = this.#open !== undefined
  }

  /** No more media. Resolves when all of it is published, or given up. */
  async end (): Promise<void> {
    this.#ended = true
    this.#endedAt = Math.min(this.#endedAt, performance.now())
    this.#open?.close()
    this.#wake()
    await this.#done
  }

  /** Lists the segments that can be closed, and stops; what is not safe is for the next server. */
  async suspend (): Promise<void> {
    this.#ended = this.#suspended = true
    this.#hurry.abort()
    this.#run?.suspend()
    this.#wake()
    await this.#done
  }

  /** Gives up at once. */
  async abort (): Promise<void> {
    this.#abort.abort()
    this.#hurry.abort()
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
      if (this.#suspended || (epoch === undefined && this.#ended)) {
        this.#become('stopped')
        return
      }
      if (epoch === undefined) {
        await this.#changed()
        continue
      }
      try {
        await this.#publishEpoch(epoch)
      } catch (error) {
        this.#abort.abort()
        if (this.#encoder === 'backing-off') this.#become('failed')
        const known = error instanceof HeadwaterError || error instanceof StorageLimitReached
        this.#options.onFailed(known ? error : new HeadwaterError('INTERNAL_ERROR', { cause: error }))
      }
      if (this.#suspended && !this.#abort.signal.aborted) continue
      epoch.held.releaseAll()
      this.#epochs.shift()
      if (this.#abort.signal.aborted) {
        this.#epochs = []
        this.#ended = true
        this.#become('stopped')
        return
      }
      if (this.#encoder !== 'idle') this.#become('idle')
    }
  }

  /** Runs FFmpeg until all of the epoch is published. */
  async #publishEpoch (epoch: Epoch): Promise<void> {
    await this.#tracksKnown(epoch)
    if (epoch.empty) return
    this.#admit(epoch)
    await this.#whenRoom(() => this.#beginEpoch(epoch))
    while (!this.#abort.signal.aborted && !this.#suspended) {
      if (await this.#settle(await this.#runOnce(epoch))) return
    }
  }

  /** What FFmpeg has to do next, with the processor's share that it needs. @throws HeadwaterError `SERVER_BUSY` when the stream is refused */
  #admit (epoch: Epoch): EncodePlan {
    const { reservation, settings, log } = this.#options
    const plan = planFor(epoch.init, this.#tracksSeen(epoch), epoch.publishedUs, this.#transcodeVideo, settings)
    const cost = costOf(plan, epoch.init, settings)
    if (reservation.reserve(cost)) log.warn({ ...cost }, 'the running stream takes more of the CPU budget than is left')
    return plan
  }

  async #runOnce (epoch: Epoch): Promise<RunOutcome> {
    const { starts, log, packager, onRunEnded } = this.#options
    const { signal } = this.#hurry
    let run: Run | undefined
    this.#become('starting')
    try {
      // Viewers wait for those that are on air.
      await starts.run(async () => {
        run = this.#start(epoch)
        await run.begun
      }, { signal, ahead: packager.segmentCount > 0 })
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (run === undefined) return { kind: this.#abort.signal.aborted ? 'aborted' : 'suspended' }
    const outcome = await run.outcome
    this.#run = undefined
    onRunEnded(outcome)
    log.info({ pid: run.pid, ...outcome, ranSeconds: run.ranSeconds }, 'FFmpeg ended')
    return outcome
  }

  #start (epoch: Epoch): Run {
    const { log, settings, packager, onRunStarted } = this.#options
    // Tracks may have begun while it waited.
    const plan = this.#admit(epoch)
    let firstOfRun = true
    this.#plan = plan
    this.#run = new Run({
      epoch,
      plan,
      first: packager.segmentCount === 0,
      short: this.#late,
      ffmpegPath: this.#options.ffmpegPath,
      settings,
      log,
      publish: async segment => {
        await this.#list(epoch, segment, firstOfRun)
        firstOfRun = false
      },
      onPhase: phase => this.#become(phase),
      onPace: lateMs => this.#judgePace(lateMs)
    })
    const { pid } = this.#run
    log.info({ pid, container: plan.container, video: describeTrack(plan.video), audio: describeTrack(plan.audio), fromUs: plan.startUs }, 'FFmpeg started')
    onRunStarted(workOf(plan))
    return this.#run
  }

  /** @returns whether the epoch is done with */
  async #settle (outcome: RunOutcome): Promise<boolean> {
    switch (outcome.kind) {
      case 'finished':
        this.#judgePace(0)
        return true
      case 'suspended':
      case 'aborted':
        return true
      case 'new-track':
        return false
      case 'long-gop':
        // Our own encoder makes key frames in time; doing the same again would not help.
        if (this.#transcodeVideo) await this.#backOff('encoder-garbled', 'FFmpeg made no key frames')
        this.#transcodeVideo = true
        return false
      case 'storage':
        if (outcome.error instanceof StorageLimitReached) throw outcome.error
        await this.#backOff(isOutOfSpace(outcome.error) ? 'disk-full' : 'disk-failed', `A segment could not be written: ${withoutPath(outcome.error as Error)}`)
        return false
      case 'failed':
        await this.#backOff(outcome.fault, outcome.reason)
        return false
    }
  }

  /** Waits before the next try. @throws HeadwaterError `FFMPEG_ERROR`, `STORAGE_FULL` or `INTERNAL_ERROR` when there have been too many */
  async #backOff (fault: Fault, message: string): Promise<void> {
    this.#become('backing-off')
    this.#degrade(fault, message)
    const pauseMs = this.#budget.fail(performance.now(), Math.random())
    if (pauseMs === undefined) throw new HeadwaterError(fault === 'disk-full' ? 'STORAGE_FULL' : fault === 'disk-failed' ? 'INTERNAL_ERROR' : 'FFMPEG_ERROR', { message })
    this.#restarts++
    this.#late = true
    await delay(pauseMs, undefined, { signal: this.#hurry.signal }).catch(() => {})
  }

  #degrade (fault: Fault, message: string): void {
    this.#note(fault, message)
    this.#holdUp = fault
    this.#tellCondition()
  }

  #recover (): void {
    if (this.#holdUp === undefined) return
    this.#options.log.info({ fault: this.#holdUp }, 'segments come again')
    this.#holdUp = undefined
    this.#tellCondition()
  }

  /** It has caught up when it is half as late as is told. */
  #judgePace (lateMs: number): void {
    const limitMs = this.#options.settings.encoderLagSeconds * 1000
    const isSlow = lateMs > (this.#isSlow ? limitMs / 2 : limitMs)
    if (isSlow === this.#isSlow) return
    this.#isSlow = isSlow
    if (isSlow) this.#note('encoder-slow', `FFmpeg is ${(lateMs / 1000).toFixed(1)} s behind what comes`)
    else this.#options.log.info({}, 'FFmpeg has caught up')
    this.#tellCondition()
  }

  #note (fault: Fault, message: string): void {
    this.#lastFault = fault
    this.#options.onFault(fault)
    this.#options.log.warn({ fault }, message)
  }

  #tellCondition (): void {
    if (this.#told === this.condition) return
    this.#told = this.condition
    this.#options.onCondition(this.#told)
  }

  #become (state: EncoderState): void {
    if (!canFollow(this.#encoder, state)) throw new Error(`An encoder that is ${this.#encoder} cannot become ${state}`)
    this.#encoder = state
  }

  /** While the disk is full, what is to be written is kept and tried again; FFmpeg and then the broadcaster wait for it. */
  async #whenRoom<T> (write: () => Promise<T>): Promise<T> {
    for (let isTold = false; ;) {
      try {
        return await write()
      } catch (error) {
        const waitedMs = performance.now() - this.#endedAt
        if (!isOutOfSpace(error) || this.#hurry.signal.aborted || waitedMs > this.#options.settings.resumeWindowSeconds * 1000) throw error
        if (!isTold) this.#degrade('disk-full', 'the disk is full: segments wait for room')
        isTold = true
        await delay(DISK_RETRY_MS, undefined, { signal: this.#hurry.signal }).catch(() => {})
      }
    }
  }

  /** The header of an epoch, and where it begins, are written down before anything of it is published. */
  async #beginEpoch (epoch: Epoch): Promise<void> {
    const begun = this.#recovered !== undefined
    this.#recovered = undefined
    if (begun) return
    const number = this.#number + 1
    const start = epoch.held.pointBehind(0)
    await this.#options.journal.append(
      { type: 'epoch', epoch: number, init: epoch.init.bytes.toString('base64') },
      { type: 'point', point: this.#safePoint(epoch, start, number, { publishedUs: undefined, soundUs: undefined }) })
    this.#number = number
    this.#setSafe(start.offset)
  }

  async #list (epoch: Epoch, segment: CutSegment, firstOfRun: boolean): Promise<void> {
    const { packager, settings, log, onListed, journal, storage } = this.#options
    if (packager.bytes + segment.data.length > settings.maxStreamStorageBytes) {
      throw new StorageLimitReached(`The stream has reached ${settings.maxStreamStorageBytes} bytes`)
    }
    const published = { publishedUs: segment.endUs, soundUs: segment.soundUs ?? epoch.soundUs }
    const released = epoch.held.releasable(segment.endUs, settings.maxHeldBytes / 2)
    const safe = epoch.held.pointBehind(released)
    const listed = await storage.store(segment.data.length, () => this.#whenRoom(() => packager.add({
      data: segment.data,
      durationMs: Math.max(1, Math.round((segment.endUs - segment.startUs) / 1000)),
      discontinuity: firstOfRun,
      programDateTimeMs: epoch.wallTimeMs(segment.startUs)
    }, listed => journal.append({ type: 'segment', segment: listed, point: this.#safePoint(epoch, safe, this.#number, published) }))))
    if (listed === undefined) throw new StorageLimitReached('All streams together have reached the limit, and only running ones are left')
    const arrivedMs = epoch.held.arrivedBefore(segment.endUs)
    epoch.publish(segment.endUs, segment.soundUs, released)
    this.#late = false
    this.#setSafe(safe.offset)
    this.#recover()
    // The segment is out, whatever a listener makes of it.
    try {
      onListed(listed, { delayMs: arrivedMs === undefined ? undefined : performance.now() - arrivedMs, lagSeconds: this.lagSeconds })
    } catch (error) {
      log.error({ err: error, sequence: listed.sequence }, 'a listener failed')
    }
  }

  #safePoint (epoch: Epoch, { offset, lead }: ReadingPoint, number: number, { publishedUs, soundUs }: Pick<EpochProgress, 'publishedUs' | 'soundUs'>): SafePoint {
    const sending = this.#options.locate(offset)
    const { cost } = this.#options.reservation
    return {
      epoch: number,
      ...(publishedUs === undefined ? {} : { publishedUs }),
      ...(soundUs === undefined ? {} : { soundUs }),
      anchor: epoch.anchor,
      transcodeVideo: this.#transcodeVideo,
      ...(cost === undefined ? {} : { cost }),
      ...(sending === undefined ? {} : { sending }),
      ...(lead === undefined ? {} : { lead: lead.toString('base64') })
    }
  }

  #setSafe (offset: number): void {
    this.#safeOffset = offset
    this.#options.onSafe()
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
      if (all || epoch.closed || this.#suspended || (!epoch.empty && runUs >= this.#options.settings.silentTrackMs * 1000)) return
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
