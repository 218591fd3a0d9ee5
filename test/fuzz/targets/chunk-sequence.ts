import fc from 'fast-check'
import { Sequence, type Chunk } from '../../../src/media/ingest/sequence.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

type Operation =
  /** A chunk comes. `givenUp`: where there is no room to wait, the missing ones are given up. */
  | { kind: 'arrive', seq: number, bytes: number, givenUp: boolean }
  /** What is before a part (0 to 1) of the recording is safe. */
  | { kind: 'settle', part: number }

interface SequenceInput {
  maxEarly: number
  operations: Operation[]
}

const anySeq = fc.oneof(
  { weight: 20, arbitrary: fc.nat(12) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER) }
)

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('arrive' as const), seq: anySeq, bytes: fc.nat(40), givenUp: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }) }
)

/** What `Sequence` promises, in the plainest words: a list of what was taken and a set of what waits. */
class Model {
  readonly taken: Array<{ seq: number, end: number }> = []
  readonly waiting = new Map<number, number>()
  next = 0
  end = 0
  settled = 0

  get safe (): number {
    // Taken in order, so what is safe is a beginning of the list.
    return this.taken.findLast(({ end }) => end <= this.settled)?.seq ?? -1
  }

  arrive (seq: number, bytes: number, maxEarly: number): { kind: string, seqs: number[] } {
    if (seq < this.next) return { kind: 'repeated', seqs: [] }
    if (seq > this.next) {
      if (!this.waiting.has(seq)) {
        if (this.waiting.size >= maxEarly) return { kind: 'gap', seqs: [] }
        this.waiting.set(seq, bytes)
      }
      return { kind: 'early', seqs: [] }
    }
    this.waiting.set(seq, bytes)
    return { kind: 'take', seqs: this.#take(seq) }
  }

  giveUp (seq: number, bytes: number): number[] {
    this.waiting.set(seq, bytes)
    return this.#take([...this.waiting.keys()].sort((a, b) => a - b)[0]!)
  }

  #take (from: number): number[] {
    const seqs: number[] = []
    for (let seq = from; this.waiting.has(seq); seq++) {
      seqs.push(seq)
      this.end += this.waiting.get(seq)!
      this.taken.push({ seq, end: this.end })
      this.waiting.delete(seq)
      this.next = seq + 1
    }
    return seqs
  }
}

function check ({ maxEarly, operations }: SequenceInput): void {
  const sequence = new Sequence(maxEarly)
  const model = new Model()
  let end = 0
  let safe = -1
  const take = (chunks: Chunk[]) => {
    for (const chunk of chunks) sequence.taken(chunk, end += chunk.bytes.length)
    return chunks.map(({ seq }) => seq)
  }
  for (const operation of operations) {
    if (operation.kind === 'settle') {
      model.settled = Math.max(model.settled, Math.floor(model.end * operation.part))
      sequence.settle(model.settled)
    } else {
      const { seq, bytes, givenUp } = operation
      const chunk = { seq, bytes: Buffer.alloc(bytes) }
      const arrival = sequence.arrive(chunk)
      const expected = model.arrive(seq, bytes, maxEarly)
      must(arrival.kind === expected.kind, () => `chunk ${seq} is ${arrival.kind}, not ${expected.kind}`)
      if (arrival.kind === 'take') sameSeqs(take(arrival.chunks), expected.seqs)
      if (arrival.kind === 'gap' && givenUp) sameSeqs(take(sequence.skipGap(chunk)), model.giveUp(seq, bytes))
      // Chunks without bytes are safe with the one before them only when somebody looks.
      sequence.settle(model.settled)
    }
    must(sequence.next === model.next, () => `next is ${sequence.next}, not ${model.next}`)
    must(sequence.safe === model.safe, () => `safe is ${sequence.safe}, not ${model.safe}`)
    must(sequence.safe >= safe && sequence.safe < sequence.next, () => `safe went from ${safe} to ${sequence.safe}, next is ${sequence.next}`)
    must(sequence.earlyBytes === [...model.waiting.values()].reduce((sum, size) => sum + size, 0), () => `${sequence.earlyBytes} bytes wait`)
    must(model.waiting.size <= maxEarly, 'more wait than allowed')
    safe = sequence.safe
  }
}

function sameSeqs (found: number[], expected: number[]): void {
  must(found.join() === expected.join(), () => `taken are ${found.join()}, not ${expected.join()}`)
}

/** src/media/ingest/sequence.ts: chunks in any order, again, and never. */
export const chunkSequence: FuzzTarget<SequenceInput> = {
  id: 'chunk-sequence',
  inputs: fc.record({ maxEarly: fc.nat(4), operations: fc.array(operation, { maxLength: 30 }) }),
  open: withoutSetup(check)
}
