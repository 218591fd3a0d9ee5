import { atKeyFrame, cutRule, type CutRule } from './cut-rule.ts'
import { FirstSliceProbe } from './first-slice.ts'
import { OpenSegment } from './open-segment.ts'
import { isRandomAccess, PACKET_BYTES, packetPid, payloadOffset, PID_PAT, readPat, readPesHead, readPmt, startsPayloadUnit, STREAM_TYPE_AAC_ADTS, STREAM_TYPE_H264, SYNC_BYTE, ticksToUs, unwrap, usToTicks, withContinuity } from './packet.ts'
import { TrackClock } from './track-clock.ts'

/** A video track that gave nothing for so long does not hold up the audio's segments. */
const SILENT_VIDEO_US = 600_000
/** Audio before the first key frame, up to this, goes into the key frame's segment. */
const LEADING_AUDIO_US = 500_000

export interface CutSegment {
  /** Tables first, then whole PES packets; where there is video, its first picture is an IDR. */
  data: Buffer
  /** On the recording's time line. */
  startUs: number
  endUs: number
  /** Time of the last frame of sound that is in this segment or was in an earlier one of the run. */
  soundUs: number | undefined
}

export interface CutterOptions {
  targetSeconds: number
  /** What FFmpeg added to the recording's time stamps. */
  offsetUs: number
  /** Nothing before this is taken: it was published by an earlier run. Undefined: everything is taken. */
  from: { videoUs: number, audioUs: number } | undefined
  /** The run has a video track. */
  video: boolean
  /** The run has an audio track. */
  audio: boolean
  /** The run has all tracks that the header declares. */
  complete: boolean
  /** Key frames come by themselves (the encoder is ours): video that cannot be decoded is left out rather than reported. */
  forcedKeyFrames: boolean
  /** The first segment of the stream is still to come: it may be short, so that viewers see something early. */
  first: boolean
  /** The first segment of this cutter may be as short as that, though others came before: viewers have waited. */
  short: boolean
  onSegment: (segment: CutSegment) => void
  /** The segments cannot be kept within the target: key frames are too far apart. Nothing more comes from this cutter. */
  onOverdue: () => void
}

/** A place where the open segment can end. */
interface Mark {
  /** Bytes of the open segment in front of it. */
  bytes: number
  timeUs: number
  /** The last frame of sound in front of it. */
  soundUs: number | undefined
}

/**
 * Cuts the MPEG-TS that FFmpeg writes into segments at IDR pictures (at frames of audio where there is no
 * video), by {@link cutRule}. Takes bytes however they were split.
 */
export class Cutter {
  readonly #options: CutterOptions
  readonly #rule: CutRule
  #rest: Buffer = Buffer.alloc(0)
  #pat: Buffer | undefined
  #pmt: Buffer | undefined
  #pmtPid: number | undefined
  #videoPid: number | undefined
  #audioPid: number | undefined
  #tables = 0
  #done = false
  #first: boolean
  #short: boolean

  // The open segment
  readonly #open = new OpenSegment()
  #startUs: number | undefined
  #hasVideo = false
  /** It begins where another one of this run ended. */
  #cut = false
  /** Key frames inside, where it could still be cut. */
  #marks: Mark[] = []
  /** The last frame of sound at which it could still end in time, if no picture came since. */
  #soundMark: Mark | undefined

  // What came last
  #clock: number
  #lastKeyUs: number | undefined
  #gopUs: number | undefined
  readonly #pictures = new TrackClock()
  readonly #sounds = new TrackClock()
  #probe: { probe: FirstSliceProbe, mark: Mark } | undefined
  #dropping = new Set<number>()

  constructor (options: CutterOptions) {
    this.#options = options
    this.#rule = cutRule(options.targetSeconds)
    this.#first = options.first
    this.#short = options.first || options.short
    this.#clock = usToTicks((options.from?.videoUs ?? 0) + options.offsetUs)
  }

  /** The latest time stamp that came out, on the recording's time line; undefined before the first. */
  get latestUs (): number | undefined {
    const [pictureUs, soundUs] = [this.#pictures.latestUs, this.#sounds.latestUs]
    return pictureUs === undefined || soundUs === undefined ? pictureUs ?? soundUs : Math.max(pictureUs, soundUs)
  }

  push (chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let from = 0
    let at = 0
    // Packets that are kept one after the other are copied together.
    const keepUpTo = (end: number) => {
      if (end > from) this.#open.append(data.subarray(from, end))
      from = end
    }
    const boundary = () => keepUpTo(at)
    // Thousands of packets a second and stream: nothing is allocated for one that only goes on.
    for (; at + PACKET_BYTES <= data.length && !this.#done; at += PACKET_BYTES) {
      if (data[at] !== SYNC_BYTE) throw new Error('FFmpeg wrote something that is not MPEG-TS')
      if (!this.#take(data, at, boundary)) {
        keepUpTo(at)
        from = at + PACKET_BYTES
      }
    }
    if (this.#done) return
    keepUpTo(at)
    this.#rest = Buffer.from(data.subarray(at))
  }

  /** The input has ended: what is open becomes the last segment. */
  flush (): void {
    if (this.#done) return
    this.#done = true
    if (this.#startUs === undefined || this.#open.length === 0) return
    const endUs = Math.max(this.#pictures.endUs ?? -Infinity, this.#sounds.endUs ?? -Infinity)
    const mark = this.#soundMark ?? this.#marks.at(-1)
    if (mark !== undefined && endUs - this.#startUs > this.#rule.longestUs) this.#closeAt(mark)
    this.#closeAt({ bytes: this.#open.length, timeUs: Math.max(endUs, this.#startUs), soundUs: this.#sounds.latestUs })
  }

  /** The input is cut off and comes again from its last key frame on: what is before that becomes the last segment. */
  flushAtKey (): void {
    if (this.#done) return
    this.#done = true
    const mark = this.#marks.at(-1)
    if (mark !== undefined) this.#closeAt(mark)
  }

  /** @param boundary takes what stands before this packet into the open segment; @returns whether the packet belongs to the segment */
  #take (data: Buffer, at: number, boundary: () => void): boolean {
    const pid = packetPid(data, at)
    if (pid === this.#videoPid) return this.#takeVideo(data, at, boundary)
    if (pid === this.#audioPid) return this.#takeAudio(data, at, boundary)
    if (pid !== PID_PAT && pid !== this.#pmtPid) return false
    // It is kept for longer than what stands around it.
    const packet = Buffer.from(data.subarray(at, at + PACKET_BYTES))
    if (pid === PID_PAT) {
      this.#pat = packet
      this.#pmtPid = readPat(packet)
    } else {
      this.#pmt = packet
      const streams = readPmt(packet)
      this.#videoPid = streams.get(STREAM_TYPE_H264)
      this.#audioPid = streams.get(STREAM_TYPE_AAC_ADTS)
    }
    return false
  }

  #timeUs (pts: number): number {
    this.#clock = unwrap(pts, this.#clock)
    return ticksToUs(this.#clock) - this.#options.offsetUs
  }

  #takeVideo (data: Buffer, at: number, boundary: () => void): boolean {
    if (startsPayloadUnit(data, at)) {
      this.#probe = undefined
      this.#dropping.delete(this.#videoPid!)
      const head = readPesHead(data, at)
      if (head !== undefined) this.#startPicture(this.#timeUs(head.pts), isRandomAccess(data, at), boundary)
      if (this.#done) return false
      if (this.#probe !== undefined && head !== undefined) this.#probeSlice(data.subarray(at + head.payload, at + PACKET_BYTES))
    } else if (this.#probe !== undefined) {
      this.#probeSlice(data.subarray(at + payloadOffset(data, at), at + PACKET_BYTES))
    }
    return !this.#done && !this.#dropping.has(this.#videoPid!)
  }

  #startPicture (timeUs: number, randomAccess: boolean, boundary: () => void): void {
    this.#pictures.add(timeUs)
    this.#soundMark = undefined
    if (timeUs < (this.#options.from?.videoUs ?? -Infinity)) {
      this.#dropping.add(this.#videoPid!)
    } else if (randomAccess) {
      boundary()
      this.#probe = { probe: new FirstSliceProbe(), mark: this.#markHere(timeUs) }
    } else {
      this.#takeOtherPicture(timeUs)
    }
  }

  #probeSlice (payload: Buffer): void {
    const { probe, mark } = this.#probe!
    const found = probe.push(payload)
    if (found === undefined) return
    this.#probe = undefined
    if (found === 'idr') this.#takeKeyFrame(mark)
    else this.#takeOtherPicture(mark.timeUs)
  }

  #takeOtherPicture (timeUs: number): void {
    if (!this.#hasVideo) {
      // Nothing before it can be decoded by who starts here.
      if (this.#options.forcedKeyFrames) this.#dropping.add(this.#videoPid!)
      else this.#overdue()
      return
    }
    if (timeUs - this.#startUs! >= this.#rule.limitUs) this.#tooLong(timeUs)
  }

  /** No key frame came in time: cut at one that was passed over, if there is one. */
  #tooLong (timeUs: number): void {
    const mark = this.#marks.at(-1)
    if (mark === undefined) {
      this.#overdue()
      return
    }
    this.#closeAt(mark)
    if (timeUs - this.#startUs! > this.#rule.limitUs) this.#overdue()
  }

  #takeKeyFrame (mark: Mark): void {
    const { timeUs } = mark
    if (this.#lastKeyUs !== undefined && timeUs > this.#lastKeyUs) this.#gopUs = timeUs - this.#lastKeyUs
    this.#lastKeyUs = timeUs
    if (!this.#hasVideo) {
      this.#takeFirstPicture(mark)
      return
    }
    let decision = atKeyFrame(this.#rule, timeUs - this.#startUs!, this.#gopUs, this.#mayBeShort)
    if (decision === 'too-late' && this.#marks.length > 0) {
      const moved = this.#marks.at(-1)!
      this.#closeAt(moved)
      mark.bytes -= moved.bytes
      decision = atKeyFrame(this.#rule, timeUs - this.#startUs!, this.#gopUs, this.#mayBeShort)
    }
    if (decision === 'too-late') this.#overdue()
    else if (decision === 'close') this.#closeAt(mark)
    else this.#marks.push(mark)
  }

  /** Sound alone so far, if anything. A little of it belongs to this picture; more is a segment of its own. */
  #takeFirstPicture (mark: Mark): void {
    const isLong = this.#startUs !== undefined && mark.timeUs - this.#startUs > LEADING_AUDIO_US
    this.#hasVideo = true
    if (isLong && this.#first) {
      // Players set up for the tracks of the first segment that they see.
      this.#marks.push(mark)
      return
    }
    if (isLong) this.#closeAt(mark)
    if (!this.#cut) this.#startUs = mark.timeUs
  }

  /** A first segment is short, so that viewers see something early, once all tracks are in it. */
  get #mayBeShort (): boolean {
    return this.#short && this.#options.complete && (!this.#options.audio || this.#sounds.latestUs !== undefined)
  }

  #takeAudio (data: Buffer, at: number, boundary: () => void): boolean {
    if (startsPayloadUnit(data, at)) {
      this.#dropping.delete(this.#audioPid!)
      const head = readPesHead(data, at)
      if (head !== undefined) this.#startSound(this.#timeUs(head.pts), boundary)
    }
    return !this.#done && !this.#dropping.has(this.#audioPid!)
  }

  #startSound (timeUs: number, boundary: () => void): void {
    if (timeUs < (this.#options.from?.audioUs ?? -Infinity)) {
      this.#dropping.add(this.#audioPid!)
      return
    }
    this.#startUs ??= timeUs
    if (this.#options.video) this.#watchVideo(timeUs, boundary)
    else this.#cutSound(timeUs, boundary)
    this.#sounds.add(timeUs)
  }

  /** Sound alone can be cut anywhere. */
  #cutSound (timeUs: number, boundary: () => void): void {
    const runUs = timeUs - this.#startUs!
    if (runUs < this.#rule.closeUs && !(this.#mayBeShort && runUs >= this.#rule.firstUs)) return
    boundary()
    this.#closeAt(this.#markHere(timeUs))
  }

  /** Pictures that stay away do not hold up the sound: the segment ends at the last frame of it that is within the limit. */
  #watchVideo (timeUs: number, boundary: () => void): void {
    const runUs = timeUs - this.#startUs!
    if (runUs < this.#rule.closeUs) return
    if (runUs <= this.#rule.limitUs || this.#soundMark === undefined) {
      boundary()
      this.#soundMark = this.#markHere(timeUs)
    }
    const pictureUs = this.#pictures.latestUs
    const silent = pictureUs === undefined || timeUs - pictureUs > SILENT_VIDEO_US
    if (!silent || runUs < this.#rule.limitUs) return
    this.#closeAt(this.#soundMark)
    this.#hasVideo = false
  }

  #markHere (timeUs: number): Mark {
    return { bytes: this.#open.length, timeUs, soundUs: this.#sounds.latestUs }
  }

  /** Closes the open segment in front of the mark; the rest stays open. Where nothing came for long, the next one begins before its first frame; where time went back, after it. */
  #closeAt (mark: Mark): void {
    const startUs = this.#startUs!
    const endUs = Math.max(startUs, Math.min(mark.timeUs, startUs + this.#rule.longestUs))
    this.#emit({ data: this.#open.take(mark.bytes, this.#nextTables()), startUs, endUs, soundUs: mark.soundUs })
    this.#startUs = endUs
    this.#cut = true
    this.#soundMark = undefined
    this.#marks = this.#marks
      .filter(({ bytes }) => bytes > mark.bytes)
      .map(later => ({ ...later, bytes: later.bytes - mark.bytes }))
  }

  #emit (segment: CutSegment): void {
    this.#first = this.#short = false
    this.#options.onSegment(segment)
  }

  #nextTables (): Buffer[] {
    const counter = this.#tables++
    return [withContinuity(this.#pat!, counter), withContinuity(this.#pmt!, counter)]
  }

  #overdue (): void {
    this.#done = true
    this.#open.clear()
    this.#options.onOverdue()
  }
}
