import { atKeyFrame, cutRule, type CutRule } from './cut-rule.ts'
import { FirstSliceProbe } from './first-slice.ts'
import { isRandomAccess, PACKET_BYTES, packetPid, payloadOffset, PID_PAT, readPat, readPesHead, readPmt, startsPayloadUnit, STREAM_TYPE_AAC_ADTS, STREAM_TYPE_H264, SYNC_BYTE, ticksToUs, unwrap, usToTicks, withContinuity } from './packet.ts'

/** A video track that gave nothing for so long does not hold up the audio's segments. */
const SILENT_VIDEO_US = 600_000
/** Audio before the first key frame, up to this, goes into the key frame's segment. */
const LEADING_AUDIO_US = 500_000
/** Time stamps that differ by less mean the same frame (containers round to milliseconds). */
const SAME_FRAME_US = 5_000
/** The last frame of a run is listed with this length when it is the only one. */
const DEFAULT_FRAME_US = 33_333

export interface CutSegment {
  /** Tables first, then whole PES packets; where there is video, its first picture is an IDR. */
  data: Buffer
  /** On the recording's time line. */
  startUs: number
  endUs: number
}

export interface CutterOptions {
  targetSeconds: number
  /** What FFmpeg added to the recording's time stamps. */
  offsetUs: number
  /** Nothing before this is taken: it was published by an earlier run. Undefined: everything is taken. */
  startUs: number | undefined
  /** The run has a video track. */
  video: boolean
  /** Key frames come by themselves (the encoder is ours): video that cannot be decoded is left out rather than reported. */
  forcedKeyFrames: boolean
  /** The first segment of the stream is still to come: it may be short, so that viewers see something early. */
  first: boolean
  onSegment: (segment: CutSegment) => void
  /** The segments cannot be kept within the target: key frames are too far apart. Nothing more comes from this cutter. */
  onOverdue: () => void
}

interface Mark {
  /** Index of the first piece that belongs to the key frame. */
  piece: number
  timeUs: number
}

/**
 * Cuts the MPEG-TS that FFmpeg writes into segments at IDR pictures (at frames of audio where there is no
 * video), by {@link cutRule}. Takes bytes however they were split.
 */
export class Cutter {
  readonly #options: CutterOptions
  readonly #rule: CutRule
  readonly #fromUs: number
  #rest: Buffer = Buffer.alloc(0)
  #pat: Buffer | undefined
  #pmt: Buffer | undefined
  #pmtPid: number | undefined
  #videoPid: number | undefined
  #audioPid: number | undefined
  #tables = 0
  #done = false
  #first: boolean

  // The open segment
  #pieces: Buffer[] = []
  #startUs: number | undefined
  #hasVideo = false
  /** It begins where another one of this run ended. */
  #cut = false
  /** Key frames inside, where it could still be cut. */
  #marks: Mark[] = []

  // What came last
  #clock: number
  #lastKeyUs: number | undefined
  #gopUs: number | undefined
  #lastVideoUs: number | undefined
  #latestUs: number | undefined
  #frameUs = DEFAULT_FRAME_US
  #probe: { probe: FirstSliceProbe, mark: Mark } | undefined
  #dropping = new Set<number>()

  constructor (options: CutterOptions) {
    this.#options = options
    this.#rule = cutRule(options.targetSeconds)
    this.#first = options.first
    this.#fromUs = options.startUs === undefined ? -Infinity : options.startUs - SAME_FRAME_US
    this.#clock = usToTicks((options.startUs ?? 0) + options.offsetUs)
  }

  /** The latest time stamp that came out, on the recording's time line; undefined before the first. */
  get latestUs (): number | undefined {
    return this.#latestUs
  }

  push (chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let from = 0
    let at = 0
    // Packets that are kept one after the other stay one piece.
    const keepUpTo = (end: number) => {
      if (end > from) this.#pieces.push(data.subarray(from, end))
      from = end
    }
    for (; at + PACKET_BYTES <= data.length && !this.#done; at += PACKET_BYTES) {
      const packet = data.subarray(at, at + PACKET_BYTES)
      if (packet[0] !== SYNC_BYTE) throw new Error('FFmpeg wrote something that is not MPEG-TS')
      const kept = this.#take(packet, () => keepUpTo(at))
      if (!kept) {
        keepUpTo(at)
        from = at + PACKET_BYTES
      }
    }
    if (this.#done) return
    keepUpTo(at)
    this.#rest = data.subarray(at)
  }

  /** The input has ended: what is open becomes the last segment. */
  flush (): void {
    if (this.#done) return
    this.#done = true
    if (this.#startUs === undefined || this.#pieces.length === 0) return
    const endUs = Math.max(this.#latestUs ?? this.#startUs, this.#startUs) + this.#frameUs
    this.#emit(this.#pieces, this.#startUs, endUs)
  }

  /** @param boundary closes the piece before this packet; @returns whether the packet belongs to the segment */
  #take (packet: Buffer, boundary: () => void): boolean {
    const pid = packetPid(packet)
    if (pid === this.#videoPid) return this.#takeVideo(packet, boundary)
    if (pid === this.#audioPid) return this.#takeAudio(packet, boundary)
    if (pid === PID_PAT) {
      this.#pat = Buffer.from(packet)
      this.#pmtPid = readPat(packet)
    } else if (pid === this.#pmtPid) {
      this.#pmt = Buffer.from(packet)
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

  #takeVideo (packet: Buffer, boundary: () => void): boolean {
    if (startsPayloadUnit(packet)) {
      this.#probe = undefined
      this.#dropping.delete(this.#videoPid!)
      const head = readPesHead(packet)
      if (head !== undefined) this.#startPicture(this.#timeUs(head.pts), isRandomAccess(packet), boundary)
      if (this.#done) return false
      if (this.#probe !== undefined && head !== undefined) this.#probeSlice(packet.subarray(head.payload))
    } else if (this.#probe !== undefined) {
      this.#probeSlice(packet.subarray(payloadOffset(packet)))
    }
    return !this.#done && !this.#dropping.has(this.#videoPid!)
  }

  #startPicture (timeUs: number, randomAccess: boolean, boundary: () => void): void {
    if (this.#lastVideoUs !== undefined && timeUs > this.#lastVideoUs) this.#frameUs = Math.min(timeUs - this.#lastVideoUs, DEFAULT_FRAME_US * 6)
    this.#lastVideoUs = timeUs
    this.#latestUs = Math.max(this.#latestUs ?? timeUs, timeUs)
    if (timeUs < this.#fromUs) {
      this.#dropping.add(this.#videoPid!)
    } else if (randomAccess) {
      boundary()
      this.#probe = { probe: new FirstSliceProbe(), mark: { piece: this.#pieces.length, timeUs } }
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
      // Sound alone so far. A little of it belongs to this picture; more is a segment of its own.
      if (this.#startUs !== undefined && timeUs - this.#startUs > LEADING_AUDIO_US) this.#closeAt(mark)
      if (!this.#cut) this.#startUs = timeUs
      this.#hasVideo = true
      return
    }
    let decision = atKeyFrame(this.#rule, timeUs - this.#startUs!, this.#gopUs, this.#first)
    if (decision === 'too-late' && this.#marks.length > 0) {
      const moved = this.#marks.at(-1)!
      this.#closeAt(moved)
      mark.piece -= moved.piece
      decision = atKeyFrame(this.#rule, timeUs - this.#startUs!, this.#gopUs, this.#first)
    }
    if (decision === 'too-late') this.#overdue()
    else if (decision === 'close') this.#closeAt(mark)
    else this.#marks.push(mark)
  }

  #takeAudio (packet: Buffer, boundary: () => void): boolean {
    if (startsPayloadUnit(packet)) {
      this.#dropping.delete(this.#audioPid!)
      const head = readPesHead(packet)
      if (head !== undefined) this.#startSound(this.#timeUs(head.pts), boundary)
    }
    return !this.#done && !this.#dropping.has(this.#audioPid!)
  }

  #startSound (timeUs: number, boundary: () => void): void {
    if (!this.#options.video && this.#latestUs !== undefined && timeUs > this.#latestUs) this.#frameUs = Math.min(timeUs - this.#latestUs, DEFAULT_FRAME_US * 6)
    this.#latestUs = Math.max(this.#latestUs ?? timeUs, timeUs)
    if (timeUs < this.#fromUs) {
      this.#dropping.add(this.#audioPid!)
      return
    }
    if (this.#startUs === undefined) {
      this.#startUs = timeUs
      return
    }
    const runUs = timeUs - this.#startUs
    const silentVideo = this.#lastVideoUs === undefined || timeUs - this.#lastVideoUs > SILENT_VIDEO_US
    const close = this.#options.video
      ? silentVideo && runUs >= this.#rule.limitUs
      : runUs >= this.#rule.closeUs || (this.#first && runUs >= this.#rule.firstUs)
    if (!close) return
    boundary()
    this.#closeAt({ piece: this.#pieces.length, timeUs })
    this.#hasVideo = false
  }

  /** Closes the open segment in front of the mark; the rest stays open. */
  #closeAt (mark: Mark): void {
    const startUs = this.#startUs!
    this.#emit(this.#pieces.slice(0, mark.piece), startUs, mark.timeUs)
    this.#pieces = this.#pieces.slice(mark.piece)
    this.#startUs = mark.timeUs
    this.#cut = true
    this.#marks = this.#marks
      .filter(({ piece }) => piece > mark.piece)
      .map(({ piece, timeUs }) => ({ piece: piece - mark.piece, timeUs }))
  }

  #emit (pieces: Buffer[], startUs: number, endUs: number): void {
    const counter = this.#tables++
    this.#first = false
    this.#options.onSegment({
      data: Buffer.concat([withContinuity(this.#pat!, counter), withContinuity(this.#pmt!, counter), ...pieces]),
      startUs,
      endUs
    })
  }

  #overdue (): void {
    this.#done = true
    this.#pieces = []
    this.#options.onOverdue()
  }
}
