import { Refusal } from './damage.ts'
import { nalsOf, type AvcConfig } from './h264.ts'
import { isCommonFormat, readSps, type Sps } from './h264-sps.ts'
import type { InitSegment, VideoTrack } from './types.ts'
import { readVp8KeyFrameSize } from './vp8.ts'

/** In pixels. */
interface Size {
  width: number
  height: number
}

/**
 * The header in force, together with what the video frames have said about the picture since: they
 * fill in what the header leaves open, and other H.264 parameter sets begin a new epoch.
 */
export class HeaderInForce {
  readonly #maxPixels: number
  readonly #avc: AvcConfig | undefined
  /** The parameter sets in force, by seq_parameter_set_id. */
  readonly #sps = new Map<number, Buffer>()
  #init: InitSegment
  #isDue = true
  #isTold = false

  /**
   * `avc` is what the header of an H.264 track says, if it says anything. Throws `Refusal` on a picture
   * that is too large, `Malformed` on a parameter set that makes no sense.
   */
  constructor (init: InitSegment, avc: AvcConfig | undefined, maxPixels: number) {
    this.#init = init
    this.#avc = avc
    this.#maxPixels = maxPixels
    if (init.video !== undefined) this.#checkSize(init.video)
    const known = (avc?.sps ?? []).map(nal => this.#takeSps(nal)).filter(sps => sps !== undefined)
    const [first] = known
    if (first !== undefined) this.#setPicture({ ...sizeOf(first), copyable: known.every(isCommonFormat) })
  }

  /** The header has been told at least once. */
  get isTold (): boolean {
    return this.#isTold
  }

  /** Only a frame can complete what the header leaves open about the picture. */
  get waitsForFrame (): boolean {
    const { video } = this.#init
    return video !== undefined && (hasNoSize(video) || (video.codec === 'h264' && this.#sps.size === 0))
  }

  /**
   * Takes note of what a video frame says about the picture and tells whether decoding can start at it;
   * `claimed` is what the container says. Throws `Refusal` on a picture that is too large, `Malformed`
   * on a parameter set that makes no sense.
   */
  takeFrame (frame: Buffer, claimed: boolean): boolean {
    const video = this.#init.video
    if (video?.codec === 'vp8') this.#takeVp8(video, frame)
    return video?.codec === 'h264' ? this.#takeH264(frame) : claimed
  }

  /**
   * The header that has to be told before anything else is, if there is a new one. Throws `Refusal`
   * where the picture size is still not known.
   */
  tell (): InitSegment | undefined {
    if (!this.#isDue) return undefined
    const { video } = this.#init
    if (video !== undefined && hasNoSize(video)) throw new Refusal('bad-header', 'Neither the header nor the first frame tells the picture size')
    this.#isDue = false
    this.#isTold = true
    return this.#init
  }

  #takeH264 (frame: Buffer): boolean {
    const { idr, sps } = nalsOf(frame, this.#avc?.lengthSize)
    for (const nal of sps) {
      const changed = this.#takeSps(nal)
      if (changed !== undefined) this.#setPicture({ ...sizeOf(changed), copyable: isCommonFormat(changed) })
    }
    return idr
  }

  /** What a parameter set says; undefined where it is in force already. */
  #takeSps (nal: Buffer): Sps | undefined {
    const sps = readSps(nal)
    if (this.#sps.get(sps.id)?.equals(nal) === true) return undefined
    this.#checkSize(sps)
    this.#sps.set(sps.id, Buffer.from(nal))
    return sps
  }

  #takeVp8 (video: VideoTrack, frame: Buffer): void {
    const size = readVp8KeyFrameSize(frame)
    if (size === undefined) return
    this.#checkSize(size)
    if (hasNoSize(video)) this.#setPicture(size)
  }

  #setPicture (change: Partial<VideoTrack>): void {
    if (this.#init.video === undefined) return
    this.#init = { ...this.#init, video: { ...this.#init.video, ...change } }
    this.#isDue = true
  }

  #checkSize ({ width, height }: Size): void {
    if (width * height > this.#maxPixels) throw new Refusal('too-large-picture', `A picture of ${width}x${height} has more than ${this.#maxPixels} pixels`)
  }
}

function sizeOf ({ width, height }: Sps): Size {
  return { width, height }
}

function hasNoSize ({ width, height }: Size): boolean {
  return width === 0 || height === 0
}
