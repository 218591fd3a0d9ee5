import type { ByteQueue } from './byte-queue.ts'
import { Malformed, Refusal } from './damage.ts'
import { HeaderInForce } from './header-in-force.ts'
import { boxesIn, FRAGMENT_HEAD, needBox, readBoxHead, type BoxHead } from './iso-boxes.ts'
import { search, type Landmark } from './landmarks.ts'
import { readMoof } from './mp4-fragment.ts'
import { FragmentOrder } from './mp4-fragment-order.ts'
import { readMoov, type Mp4Header } from './mp4-header.ts'
import { rebase } from './mp4-rebase.ts'
import { filePositionOfMoof, samplesOf, type Sample } from './mp4-samples.ts'
import type { Recording, Step, Tell } from './recording.ts'
import { HEADERS, sniff } from './sniff.ts'
import type { Frame, ReaderLimits } from './types.ts'
import { UnitWait } from './unit-wait.ts'

const LANDMARKS: readonly Landmark[] = [FRAGMENT_HEAD, ...HEADERS]

const MOOF_HEAD_LENGTH = 8

// Cannot stand between a fragment and its data.
const BEGINNINGS = new Set(['ftyp', 'moov', 'moof', 'styp', 'sidx'])

/** The header, once it has been read, and what the frames say. */
interface Opened {
  header: Mp4Header
  inForce: HeaderInForce
}

/** A recorder run in fragmented MP4 (ISO/IEC 14496-12 section 8.8). */
export class Mp4Recording implements Recording {
  readonly #queue: ByteQueue
  readonly #limits: ReaderLimits
  readonly #tell: Tell
  readonly #wait: UnitWait
  readonly #start: number
  /** Where each track goes on, in ticks by track id. */
  readonly #nextTimes = new Map<number, number>()
  readonly #order = new FragmentOrder()
  #ftyp: Buffer | undefined
  #opened: Opened | undefined
  /** How much of the fragment at the front has been walked through. */
  #walked = 0
  #isSeeking = false
  #hasFragments = false

  /** The front of the queue has to be an `ftyp` box as `sniff` demands it. */
  constructor (queue: ByteQueue, limits: ReaderLimits, tell: Tell) {
    this.#queue = queue
    this.#limits = limits
    this.#tell = tell
    this.#wait = new UnitWait(queue, LANDMARKS)
    this.#start = queue.offset
  }

  get isInHeader (): boolean {
    return this.#opened === undefined
  }

  get settled (): number {
    return this.#opened?.inForce.isTold === true ? this.#queue.offset : this.#start
  }

  get held (): number {
    return this.isInHeader ? this.#ftyp?.length ?? 0 : 0
  }

  seek (): boolean {
    this.#isSeeking = true
    this.#order.forget()
    this.#hasFragments = true
    this.#walked = 0
    return !this.isInHeader
  }

  step (): Step {
    const bytes = this.#queue.view()
    if (this.#isSeeking) return this.#seekIn(bytes)
    if (this.#walked > 0 && this.#opened !== undefined) return this.#readFragment(bytes, this.#opened)
    if (this.#ftyp !== undefined) {
      const sniffed = sniff(bytes)
      if (sniffed === 'undecided') return 'more'
      if (sniffed !== 'unknown') return 'over'
    }
    const head = readBoxHead(bytes, 0)
    if (head === 'more') return 'more'
    if (head === 'bad') throw new Malformed('Something that is no box')
    return this.#opened === undefined ? this.#readHeader(head) : this.#readMedia(head, this.#opened)
  }

  #seekIn (bytes: Buffer): Step {
    const { at, found } = search(bytes, 0, LANDMARKS)
    this.#queue.drop(at)
    this.#isSeeking = !found
    return found ? 'on' : 'more'
  }

  #readHeader (head: BoxHead): Step {
    if (this.#ftyp === undefined) return this.#readFtyp(head)
    if (head.type === 'moov') return this.#readMoov(head, this.#ftyp)
    if (head.type === 'mdat') throw inOnePiece()
    if (head.type === 'moof') throw new Malformed('A fragment before any tracks')
    return this.#dropFromHeader(head)
  }

  #readFtyp (head: BoxHead): Step {
    const box = this.#headerBox(head)
    if (box === undefined) return 'more'
    this.#ftyp = Buffer.from(box)
    this.#queue.drop(box.length)
    return 'on'
  }

  #readMoov (head: BoxHead, ftyp: Buffer): Step {
    const box = this.#headerBox(head)
    if (box === undefined) return 'more'
    // A copy, because what is read from it has to last.
    const bytes = Buffer.concat([ftyp, box])
    const header = readMoov(bytes.subarray(ftyp.length + head.length))
    const { video, audio, avc } = header
    const inForce = new HeaderInForce({ container: 'mp4', bytes, video, audio }, avc, this.#limits.maxVideoPixels)
    if (!inForce.waitsForFrame) this.#tellInit(inForce)
    this.#opened = { header, inForce }
    this.#queue.drop(box.length)
    return 'on'
  }

  /** The whole box at the front, once it is there. Throws `Refusal` where the header gets too large with it. */
  #headerBox (head: BoxHead): Buffer | undefined {
    const length = lengthOf(head)
    if (this.held + length > this.#limits.maxInitBytes) throw new Refusal('bad-header', `The header has more than ${this.#limits.maxInitBytes} bytes`)
    return this.#queue.length < length ? undefined : this.#queue.view().subarray(0, length)
  }

  /** Lets go of a box of the header as it comes; some of them are larger than what may be held. */
  #dropFromHeader (head: BoxHead): Step {
    const length = lengthOf(head)
    if (length > Math.max(this.#limits.maxInitBytes, this.#limits.maxUnitBytes)) throw new Malformed(`A ${head.type} box of ${length} bytes`)
    this.#queue.drop(length)
    return 'on'
  }

  #readMedia (head: BoxHead, opened: Opened): Step {
    if (head.type === 'moof') return this.#readFragment(this.#queue.view(), opened)
    if (head.type === 'mdat') throw this.#hasFragments ? new Malformed('Data without a fragment') : inOnePiece()
    return this.#passOver(head)
  }

  /** Walks from the `moof` at the front to the end of its `mdat`; what stands between them stays, because data positions count over it. */
  #readFragment (bytes: Buffer, opened: Opened): Step {
    this.#hasFragments = true
    for (;;) {
      const head = readBoxHead(bytes, this.#walked)
      if (head === 'more') return 'more'
      if (head === 'bad' || (this.#walked > 0 && BEGINNINGS.has(head.type))) throw new Malformed('A fragment without data')
      const dataAt = this.#walked + head.length
      const end = this.#walked + lengthOf(head)
      if (end > this.#limits.maxUnitBytes) throw new Malformed(`A fragment of ${end} bytes`, 'too-large-unit')
      if (!this.#wait.isWhole(end, MOOF_HEAD_LENGTH)) return 'more'
      if (head.type === 'mdat') return this.#takeFragment(bytes.subarray(0, end), dataAt, opened)
      this.#walked = end
    }
  }

  #takeFragment (bytes: Buffer, dataAt: number, { header, inForce }: Opened): Step {
    const moof = needBox(bytes, 'moof')
    const fragments = readMoof(moof, header.tracks, bytes.length)
    const gap = this.#order.takeGap([...boxesIn(moof)].find(({ type }) => type === 'mfhd'))
    if (gap !== undefined) this.#tell({ type: 'damage', reason: 'lost-sync', message: `Fragment ${gap.number} follows fragment ${gap.last}`, fatal: false, offset: this.#queue.offset })
    const moofPosition = filePositionOfMoof(fragments, dataAt)
    const place = { from: dataAt, to: bytes.length, moofPosition: moofPosition ?? 0 }
    const frames = samplesOf(fragments, place, this.#nextTimes).map(sample => frameOf(sample, bytes, inForce))
    if (frames.length > 0) {
      const start = this.#queue.offset
      const normal = moofPosition === undefined ? Buffer.from(bytes) : rebase(bytes, moofPosition)
      this.#tellInit(inForce)
      this.#tell({ type: 'unit', unit: { frames, bytes: normal, lead: undefined, start, end: start + bytes.length } })
    }
    this.#queue.drop(bytes.length)
    this.#walked = 0
    return 'on'
  }

  #tellInit (inForce: HeaderInForce): void {
    const init = inForce.tell()
    if (init !== undefined) this.#tell({ type: 'init', init })
  }

  /** Lets go of a box between the fragments. Waits for it as for a unit, because only then it shows when its size is wrong. */
  #passOver (head: BoxHead): Step {
    const length = lengthOf(head)
    if (length > this.#limits.maxUnitBytes) throw new Malformed(`A ${head.type} box of ${length} bytes`)
    if (!this.#wait.isWhole(length, head.length)) return 'more'
    this.#queue.drop(length)
    return 'on'
  }
}

function frameOf ({ track, at, size, timeUs, key }: Sample, bytes: Buffer, inForce: HeaderInForce): Frame {
  if (track.kind === 'audio') return { kind: 'audio', timeUs, key: true }
  return { kind: 'video', timeUs, key: inForce.takeFrame(bytes.subarray(at, at + size), key) }
}

function inOnePiece (): Refusal {
  return new Refusal('not-fragmented', 'The MP4 has its media in one piece')
}

/** Bytes of the whole box. Throws `Malformed` where it goes to the end of the file, which a live recording does not have. */
function lengthOf ({ type, size }: BoxHead): number {
  if (size === undefined) throw new Malformed(`A ${type} box without an end`)
  return size
}
