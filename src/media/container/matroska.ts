import type { ByteQueue } from './byte-queue.ts'
import { Malformed } from './damage.ts'
import { elementLength, idName, readElementHead, readUint, type ElementHead } from './ebml.ts'
import { HeaderInForce } from './header-in-force.ts'
import { search, type Landmark } from './landmarks.ts'
import { LONGEST_BLOCK_HEAD, readBlockGroup, readBlockHead, readSimpleBlock, type Block, type BlockHead } from './matroska-block.ts'
import { CLUSTER_HEAD, writeClusterHead, type Cluster } from './matroska-cluster.ts'
import * as ID from './matroska-ids.ts'
import { MatroskaPreamble, type MatroskaHeader } from './matroska-preamble.ts'
import type { Recording, Step, Tell } from './recording.ts'
import { Slab } from './slab.ts'
import { HEADERS, sniff } from './sniff.ts'
import type { Frame, ReaderLimits, Unit } from './types.ts'
import { UnitWait } from './unit-wait.ts'

const LANDMARKS: readonly Landmark[] = [CLUSTER_HEAD, ...HEADERS]

// Of no use to a demuxer that is fed by units, with the most bytes that their bodies can have.
const IDLE_IN_CLUSTER = new Map([[ID.VOID, Infinity], [ID.CRC_32, 4], [ID.POSITION, 8], [ID.PREV_SIZE, 8], [ID.SILENT_TRACKS, Infinity]])
// They end a cluster of unknown size.
const IDLE_IN_SEGMENT = new Set([ID.SEEK_HEAD, ID.INFO, ID.TRACKS, ID.CUES, ID.ATTACHMENTS, ID.CHAPTERS, ID.TAGS])

/** Sound that comes before the first picture waits for so much of itself at the most, in microseconds: the picture may be silent. */
const MAX_EARLY_US = 500_000

/** The header, once it has been read, and what the frames say. */
interface Opened {
  header: MatroskaHeader
  inForce: HeaderInForce
}

/**
 * A Matroska or WebM recorder run (RFC 9559). The nesting is not followed: which element stands where
 * is plain from its ID, and live recordings do not tell where clusters and the segment end.
 */
export class MatroskaRecording implements Recording {
  readonly #queue: ByteQueue
  readonly #limits: ReaderLimits
  readonly #tell: Tell
  readonly #wait: UnitWait
  readonly #units = new Slab()
  readonly #start: number
  readonly #preamble: MatroskaPreamble
  #opened: Opened | undefined
  #cluster: Cluster | undefined
  #isSeeking = false
  /** Sound that came before the first picture, which has to complete the header. */
  #early: Unit[] = []
  #earlyBytes = 0

  /** The front of the queue has to be an EBML header as `sniff` demands it. */
  constructor (queue: ByteQueue, limits: ReaderLimits, tell: Tell) {
    this.#queue = queue
    this.#limits = limits
    this.#tell = tell
    this.#wait = new UnitWait(queue, LANDMARKS)
    this.#start = queue.offset
    this.#preamble = new MatroskaPreamble(queue, limits)
  }

  get isInHeader (): boolean {
    return this.#opened === undefined
  }

  get settled (): number {
    return this.#opened?.inForce.isTold === true ? this.#queue.offset : this.#start
  }

  get held (): number {
    return this.isInHeader ? this.#preamble.held : this.#earlyBytes
  }

  seek (): boolean {
    this.#isSeeking = true
    this.#cluster = undefined
    return this.#preamble.isEnough
  }

  step (): Step {
    const bytes = this.#queue.view()
    if (this.#isSeeking) return this.#seekIn(bytes)
    if (!this.#preamble.isEmpty) {
      const sniffed = sniff(bytes)
      if (sniffed === 'undecided') return 'more'
      if (sniffed !== 'unknown') return 'over'
    }
    const head = readElementHead(bytes, 0)
    if (head === 'more') return 'more'
    if (head === 'bad') throw new Malformed('Something that is no element')
    if (head.id === ID.CLUSTER) return this.#readCluster(head)
    return this.#opened === undefined ? this.#preamble.take(head) : this.#readMedia(head, this.#opened)
  }

  #seekIn (bytes: Buffer): Step {
    const { at, found } = search(bytes, 0, LANDMARKS)
    this.#queue.drop(at)
    this.#isSeeking = !found
    return found ? 'on' : 'more'
  }

  #readCluster (head: ElementHead): Step {
    this.#opened ??= this.#open()
    if (!this.#opened.inForce.waitsForFrame) this.#tellInit(this.#opened.inForce)
    const end = head.size === undefined ? Infinity : this.#queue.offset + head.length + head.size
    this.#cluster = { end, timestamp: undefined, lead: undefined }
    this.#queue.drop(head.length)
    return 'on'
  }

  #open (): Opened {
    const header = this.#preamble.finish()
    return { header, inForce: new HeaderInForce(header.init, header.tracks.avc, this.#limits.maxVideoPixels) }
  }

  #readMedia (head: ElementHead, opened: Opened): Step {
    if (this.#cluster !== undefined && this.#queue.offset >= this.#cluster.end) this.#cluster = undefined
    if (IDLE_IN_SEGMENT.has(head.id)) this.#cluster = undefined
    if (IDLE_IN_SEGMENT.has(head.id) || IDLE_IN_CLUSTER.has(head.id)) return this.#passOver(head)
    if (this.#cluster === undefined) throw new Malformed(`Element ${idName(head.id)} outside a cluster`)
    if (head.id === ID.TIMESTAMP) return this.#readTimestamp(head, this.#cluster)
    if (head.id === ID.SIMPLE_BLOCK || head.id === ID.BLOCK_GROUP) return this.#readBlock(head, this.#cluster, opened)
    throw new Malformed(`Element ${idName(head.id)} in a cluster`)
  }

  #readTimestamp (head: ElementHead, cluster: Cluster): Step {
    const length = this.#lengthOf(head)
    if (length > head.length + 8 || cluster.timestamp !== undefined) throw new Malformed('A cluster timestamp that makes no sense')
    if (this.#queue.length < length) return 'more'
    cluster.timestamp = readUint(this.#queue.view().subarray(head.length, length))
    this.#queue.drop(length)
    return 'on'
  }

  #readBlock (head: ElementHead, cluster: Cluster, opened: Opened): Step {
    const length = this.#lengthOf(head)
    if (length > this.#limits.maxUnitBytes) throw new Malformed(`A frame of ${length} bytes`, 'too-large-unit')
    if (cluster.timestamp === undefined) throw new Malformed('A block in a cluster without a timestamp')
    const bytes = this.#queue.view().subarray(0, length)
    if (head.id === ID.SIMPLE_BLOCK) {
      const needed = Math.min(length, head.length + LONGEST_BLOCK_HEAD)
      if (bytes.length < needed) return 'more'
      checkTrack(readBlockHead(bytes.subarray(head.length)), opened)
    }
    if (!this.#wait.isWhole(length, head.length)) return 'more'
    const body = bytes.subarray(head.length)
    const block = head.id === ID.SIMPLE_BLOCK ? readSimpleBlock(body) : readBlockGroup(body)
    checkTrack(block.head, opened)
    const frame = frameOf(block, cluster.timestamp, opened)
    if (frame !== undefined) {
      cluster.lead ??= writeClusterHead(cluster.timestamp)
      const start = this.#queue.offset
      this.#tellUnit({ frames: [frame], bytes: this.#units.copy(bytes), lead: cluster.lead, start, end: start + length }, frame, opened.inForce)
    }
    this.#queue.drop(length)
    return 'on'
  }

  /** Told with a header that is not complete, sound would be an epoch of its own, without a picture. */
  #tellUnit (unit: Unit, frame: Frame, inForce: HeaderInForce): void {
    if (frame.kind === 'audio' && !inForce.isTold && inForce.waitsForFrame && this.#mayWait(unit, frame)) {
      this.#early.push(unit)
      this.#earlyBytes += unit.bytes.length
      return
    }
    this.#tellInit(inForce)
    for (const early of this.#early) this.#tell({ type: 'unit', unit: early })
    this.#early = []
    this.#earlyBytes = 0
    this.#tell({ type: 'unit', unit })
  }

  #mayWait (unit: Unit, { timeUs }: Frame): boolean {
    const [first] = this.#early
    return this.#earlyBytes + unit.bytes.length <= this.#limits.maxInitBytes && (first === undefined || timeUs - first.frames[0]!.timeUs < MAX_EARLY_US)
  }

  #tellInit (inForce: HeaderInForce): void {
    const init = inForce.tell()
    if (init !== undefined) this.#tell({ type: 'init', init })
  }

  /** Lets go of an element between the frames. Waits for it as for a unit, because only then it shows when its size is wrong. */
  #passOver (head: ElementHead): Step {
    const length = this.#lengthOf(head)
    const most = Math.min(this.#limits.maxUnitBytes, head.length + (IDLE_IN_CLUSTER.get(head.id) ?? Infinity))
    if (length > most) throw new Malformed(`Element ${idName(head.id)} of ${length} bytes`)
    if (!this.#wait.isWhole(length, head.length)) return 'more'
    this.#queue.drop(length)
    return 'on'
  }

  /** Bytes of the whole element at the front. Throws `Malformed` where it has no size, or does not fit into its cluster. */
  #lengthOf (head: ElementHead): number {
    const length = elementLength(head)
    if (this.#queue.offset + length > (this.#cluster?.end ?? Infinity)) throw new Malformed(`Element ${idName(head.id)} is larger than the cluster around it`)
    return length
  }
}

/** Undefined for a track that is not used. */
function frameOf ({ head, key, payload }: Block, clusterTimestamp: number, { header, inForce }: Opened): Frame | undefined {
  const timeUs = Math.round((clusterTimestamp + head.time) * (header.nanosPerTick / 1000))
  if (!Number.isSafeInteger(timeUs)) throw new Malformed('A time that is too far away')
  if (head.track === header.tracks.audio?.id) return { kind: 'audio', timeUs, key: true }
  if (head.track !== header.tracks.video?.id) return undefined
  // Only what is looked at can be trusted to be no larger than allowed, and no video is laced.
  if (head.isLaced) throw new Malformed('A video block with lacing')
  return { kind: 'video', timeUs, key: inForce.takeFrame(payload, key) }
}

function checkTrack ({ track }: BlockHead, { header }: Opened): void {
  if (!header.tracks.numbers.has(track)) throw new Malformed(`A block of track ${track}, which the header does not name`)
}
