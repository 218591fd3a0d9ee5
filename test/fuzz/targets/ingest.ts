import fc from 'fast-check'
import type { Unit } from '../../../src/media/container/types.ts'
import { Ingest, type Acknowledgement } from '../../../src/media/ingest/ingest.ts'
import type { Log } from '../../../src/log.ts'
import type { Pipeline } from '../../../src/media/pipeline.ts'
import { audioEntry, clusterHead, header, simpleBlock } from '../../media/container/matroska-writer.ts'
import { read } from '../../media/container/reading.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

type Operation =
  /** Sends a chunk of the recording. `acknowledged`: the client waits for the answer. */
  | { kind: 'send', chunk: number, acknowledged: boolean }
  /** The page is loaded anew: another recording, from its first chunk on. */
  | { kind: 'reload' }
  /** So many of the oldest units become safe. */
  | { kind: 'publish', units: number }
  | { kind: 'oversized', acknowledged: boolean }

interface IngestInput {
  /** Chunks carry their number. */
  counted: boolean
  /** All chunks are acknowledged, whatever the operations say: nothing may get lost then. */
  patient: boolean
  chunkBytes: number
  limits: { maxHeldBytes: number, maxReorderedChunks: number, maxBytesPerMinute: number, maxChunksPerMinute: number }
  operations: Operation[]
}

const FRAMES = 48
const MAX_UNIT_BYTES = 2_000
const MAX_CHUNK_BYTES = 400
const MAX_INIT_BYTES = 2_000
/** How long answers may take once the ingest is closed. */
const CLOSE_MS = 5_000
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A recording whose frames carry their number. */
interface Numbered {
  bytes: Buffer
  firstFrame: number
  /** Where each frame ends (bytes). */
  ends: number[]
}

function numbered (firstFrame: number): Numbered {
  const frames = Array.from({ length: FRAMES }, (_, index) => {
    const payload = Buffer.alloc(6 + index % 5 * 9)
    payload.writeUInt32BE(firstFrame + index, 0)
    return simpleBlock({ track: 2, time: index * 20, payload })
  })
  const bytes = Buffer.concat([header(audioEntry()), clusterHead(0), ...frames])
  return { bytes, firstFrame, ends: read(bytes).units.map(({ end }) => end) }
}

const FIRST = numbered(0)
const SECOND = numbered(1_000)

/** Stands in for the pipeline: keeps units until the test says that they are safe, and remembers which ones came. */
class HeldPipeline {
  readonly frames: number[] = []
  #held: Unit[] = []
  #end = 0

  get heldBytes (): number { return this.#held.reduce((sum, { bytes }) => sum + bytes.length, 0) }
  get safeOffset (): number { return this.#held[0]?.start ?? this.#end }
  get published (): number { return this.frames.length - this.#held.length }

  begin (): void {}
  skipToKey (): void {}
  forget (): void {}

  add (unit: Unit): void {
    this.#held.push(unit)
    this.#end = unit.end
    this.frames.push(numberIn(unit))
  }

  publish (units: number): void {
    this.#held.splice(0, units)
  }
}

/** Behind the element's head (two bytes) and the block's (four). */
function numberIn ({ bytes }: Unit): number {
  return bytes.readUInt32BE(6)
}

class Case {
  readonly #input: IngestInput
  readonly #pipeline = new HeldPipeline()
  readonly #ingest: Ingest
  readonly #answers: Array<Promise<Acknowledgement>> = []
  #recording = FIRST
  /** A first chunk was sent. */
  #begun = false
  #safe = -1
  /** Frames that came before the recording under way. */
  #framesBefore = 0

  constructor (input: IngestInput) {
    this.#input = input
    this.#ingest = new Ingest({
      pipeline: this.#pipeline as unknown as Pipeline,
      settings: { ...input.limits, maxChunkBytes: MAX_CHUNK_BYTES, maxInitBytes: MAX_INIT_BYTES, maxUnitBytes: MAX_UNIT_BYTES, maxVideoPixels: 1 },
      log: SILENT,
      onTrouble: () => {}
    })
  }

  async run (): Promise<void> {
    for (const operation of this.#input.operations) {
      this.#do(operation)
      this.#checkOrder()
      this.#checkSafe()
      this.#checkMemory()
    }
    this.#ingest.close()
    for (const answer of await this.#allAnswers()) {
      must(Number.isInteger(answer.seq) && answer.seq >= -1 && Number.isInteger(answer.safeSeq) && answer.safeSeq >= -1, () => `the answer ${JSON.stringify(answer)}`)
    }
  }

  #do (operation: Operation): void {
    switch (operation.kind) {
      case 'send': return this.#send(operation.chunk, operation.acknowledged)
      case 'publish':
        this.#pipeline.publish(operation.units)
        this.#ingest.settle()
        return
      case 'oversized':
        this.#answers.push(this.#ingest.take({ bytes: Buffer.alloc(MAX_CHUNK_BYTES + 1), seq: undefined, acknowledged: operation.acknowledged }))
        return
      case 'reload':
        // Before a first chunk has come, nothing tells one recording from the other.
        if (this.#recording === SECOND || !this.#begun) return
        this.#recording = SECOND
        this.#framesBefore = this.#pipeline.frames.length
        this.#safe = -1
        this.#send(0, true)
    }
  }

  #send (chunk: number, acknowledged: boolean): void {
    const { chunkBytes, counted, patient } = this.#input
    const bytes = this.#recording.bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes)
    this.#begun ||= chunk === 0
    this.#answers.push(this.#ingest.take({ bytes, seq: counted ? chunk : undefined, acknowledged: patient || acknowledged }))
  }

  /** With numbers, no frame comes twice or before an earlier one; when every answer is waited for, none is missing. */
  #checkOrder (): void {
    if (!this.#input.counted) return
    const { frames } = this.#pipeline
    for (let index = 1; index < frames.length; index++) must(frames[index]! > frames[index - 1]!, () => `frame ${frames[index]} behind ${frames[index - 1]}`)
    if (!this.#input.patient) return
    const own = frames.slice(this.#framesBefore)
    must(own.every((frame, index) => frame === this.#recording.firstFrame + index), () => `frames are missing: ${own.join()}`)
  }

  /** What the client may forget never gets less, and is safe indeed. */
  #checkSafe (): void {
    const safe = this.#ingest.nextSeq - 1
    must(safe >= this.#safe, () => `safe went back from ${this.#safe} to ${safe}`)
    this.#safe = safe
    if (!this.#input.counted || !this.#input.patient) return
    const end = (safe + 1) * this.#input.chunkBytes
    const within = this.#recording.ends.filter(frameEnd => frameEnd <= end).length
    must(this.#pipeline.published >= this.#framesBefore + within || within === 0, () => `${within} frames stand before what is safe, ${this.#pipeline.published - this.#framesBefore} are`)
  }

  #checkMemory (): void {
    const { maxHeldBytes, maxReorderedChunks } = this.#input.limits
    // What was under way when it got full, and as much again of chunks that wait for others.
    const most = maxHeldBytes + (4 + 2 * (maxReorderedChunks + 1)) * MAX_CHUNK_BYTES + MAX_UNIT_BYTES
    must(this.#ingest.heldBytes <= most, () => `${this.#ingest.heldBytes} bytes are held, more than ${most}`)
  }

  async #allAnswers (): Promise<Acknowledgement[]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('somebody still waits for an answer')), CLOSE_MS)
    })
    try {
      return await Promise.race([Promise.all(this.#answers), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('send' as const), chunk: fc.nat(9), acknowledged: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('publish' as const), units: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('oversized' as const), acknowledged: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) }
)

/** In order, with some in between: most cases should get somewhere. */
const operations = fc.tuple(fc.array(operation, { maxLength: 25 }), fc.boolean(), fc.boolean()).map(([some, inOrder, acknowledged]) => inOrder
  ? some.flatMap((one, index): Operation[] => [{ kind: 'send', chunk: index, acknowledged }, one])
  : some)

/** src/media/ingest/: chunks in any order, again, never, of another recording, with and without numbers and answers. */
export const ingest: FuzzTarget<IngestInput> = {
  id: 'ingest',
  inputs: fc.record({
    counted: fc.boolean(),
    patient: fc.boolean(),
    // A first chunk is told from another one by what is in it: the first frame.
    chunkBytes: fc.nat(150).map(more => FIRST.ends[0]! + more),
    limits: fc.record({
      maxHeldBytes: fc.constantFrom(100, 400, 100_000),
      maxReorderedChunks: fc.nat(4),
      maxBytesPerMinute: fc.constantFrom(300, 1_000_000_000),
      maxChunksPerMinute: fc.constantFrom(3, 1_000_000_000)
    }),
    operations
  }),
  open: withoutSetup(async input => { await new Case(input).run() })
}
