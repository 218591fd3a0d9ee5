import fc from 'fast-check'
import { keptInputs } from './corpus.ts'
import { writeInput } from './input-text.ts'
import { bytesInUse } from './memory.ts'
import type { FuzzTarget } from './target.ts'

/** So many cases share a seed; between batches memory is looked at. */
export const BATCH_CASES = 1_000
/** What is in use may grow by so much from after the first batch: what the engine itself keeps (code, caches) is below it. */
export const MAX_GROWTH_BYTES = 24_000_000
/** No case may take longer, unless its target says so. Inputs are small: a tenth of it would be much. */
const SLOWEST_CASE_MS = 2_000
/** A case that was too slow is tried so often: something else may have kept the processor busy. */
const TRIES = 3
/** A batch, and looking for a smaller input that fails too, takes at most so long. */
const MAX_SHRINK_MS = 120_000
/** After so many batches that failed, the rest would tell nothing new. */
const MOST_CRASHES = 3

export interface Crash {
  /** The name of the kept input; undefined for a generated one. */
  kept: string | undefined
  /** Seed of the batch that has the case, and its number there; for kept inputs without meaning. */
  seed: number
  error: string
  /** As the corpus keeps it, shrunk. */
  input: string
}

export interface Outcome {
  id: string
  /** Cases that were run, kept ones included. */
  cases: number
  ms: number
  crashes: Crash[]
  /** The most by which the bytes in use grew, looked at between batches. */
  growthBytes: number
  seed: number
}

export interface RunOptions {
  cases: number
  seed: number
  /** Called with every case that begins, counted from 0. */
  onCase?: (index: number) => void
}

/** Runs the kept inputs of a target, then generated ones. */
export async function runTarget<Input> (target: FuzzTarget<Input>, { cases, seed, onCase = () => {} }: RunOptions): Promise<Outcome> {
  const began = performance.now()
  const crashes: Crash[] = []
  const { check, close } = await target.open()
  let index = 0
  const checked = async (input: Input) => {
    onCase(index++)
    await inTime(check, input, target.slowestMs ?? SLOWEST_CASE_MS)
  }
  for (const { name, input } of await keptInputs(target.id)) {
    await checked(input as Input).catch((error: unknown) => { crashes.push({ kept: name, seed, error: wordsOf(error), input: writeInput(input) }) })
  }
  let start: number | undefined
  let growthBytes = 0
  const generated = Math.ceil(cases / (target.oneIn ?? 1))
  for (let done = 0, batch = 0; done < generated && crashes.length < MOST_CRASHES; done += BATCH_CASES, batch++) {
    const crash = await runBatch(target.inputs, checked, batchSeed(seed, batch), Math.min(BATCH_CASES, generated - done))
    if (crash !== undefined) crashes.push(crash)
    const bytes = bytesInUse()
    start ??= bytes
    growthBytes = Math.max(growthBytes, bytes - start)
  }
  await close().catch((error: unknown) => { crashes.push({ kept: undefined, seed, error: wordsOf(error), input: 'all cases together' }) })
  if (growthBytes > MAX_GROWTH_BYTES) crashes.push({ kept: undefined, seed, error: `The memory in use grew by ${growthBytes} bytes`, input: 'all cases together' })
  return { id: target.id, cases: index, ms: performance.now() - began, crashes, growthBytes, seed }
}

/** The input of a case in the form of the corpus, counted from 0, the kept ones first; it is not run. */
export async function inputOfCase<Input> (target: FuzzTarget<Input>, seed: number, index: number): Promise<string> {
  const kept = await keptInputs(target.id)
  if (index < kept.length) return writeInput(kept[index]!.input)
  const generated = index - kept.length
  let left = generated % BATCH_CASES
  let found = ''
  await fc.check(fc.asyncProperty(target.inputs, async input => { if (left-- === 0) found = writeInput(input) }), { seed: batchSeed(seed, Math.floor(generated / BATCH_CASES)), numRuns: BATCH_CASES })
  return found
}

function batchSeed (seed: number, batch: number): number {
  return (seed + batch) | 0
}

async function runBatch<Input> (inputs: fc.Arbitrary<Input>, check: (input: Input) => Promise<void>, seed: number, numRuns: number): Promise<Crash | undefined> {
  const result = await fc.check(fc.asyncProperty(inputs, check), { seed, numRuns, interruptAfterTimeLimit: MAX_SHRINK_MS, markInterruptAsFailure: true })
  if (!result.failed) return undefined
  if (result.counterexample === null) throw new Error(`A batch of ${numRuns} cases with seed ${seed} took longer than ${MAX_SHRINK_MS} ms`)
  return { kept: undefined, seed, error: wordsOf(result.errorInstance), input: writeInput(result.counterexample[0]) }
}

async function inTime<Input> (check: (input: Input) => void | Promise<void>, input: Input, slowestMs: number): Promise<void> {
  let fastestMs = Infinity
  for (let tries = 0; tries < TRIES && fastestMs > slowestMs; tries++) {
    const began = performance.now()
    await check(input)
    fastestMs = Math.min(fastestMs, performance.now() - began)
  }
  if (fastestMs > slowestMs) throw new Error(`It took ${Math.round(fastestMs)} ms`)
}

function wordsOf (error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error)
}
