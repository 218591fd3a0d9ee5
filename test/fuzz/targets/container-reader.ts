import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import type { InitSegment, ReaderEvent, ReaderLimits, Unit } from '../../../src/media/container/types.ts'
import { mediaBytes } from '../inputs/media-bytes.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

interface ReaderInput {
  bytes: Buffer
  /** Sizes of the pushes, in turn. */
  sizes: number[]
  /** `skip` is called before these pushes. */
  skips: number[]
  limits: ReaderLimits
}

/** An EBML header or `ftyp` box in search of its end, beyond what the limits say. */
const SLACK_BYTES = 4_200
/** Reading may take so long per byte pushed, and so long for being called at all. Measured: some hundredths of the first. */
const SLOWEST_MS_PER_BYTE = 0.02
const GRACE_MS = 50
const TRIES = 4

const LIMITS: ReaderLimits[] = [
  { maxVideoPixels: 4096 * 2304, maxInitBytes: 4_096, maxUnitBytes: 30_000 },
  { maxVideoPixels: 640 * 480, maxInitBytes: 1_000_000, maxUnitBytes: 1_000 }
]

const sizes: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<number[]>([1]) },
  { weight: 1, arbitrary: fc.constant<number[]>([100_000]) },
  { weight: 6, arbitrary: fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 }) }
)

interface Reading {
  events: ReaderEvent[]
  settled: number
}

function read ({ bytes, sizes, skips, limits }: ReaderInput): Reading {
  const reader = new ContainerReader(limits)
  const events: ReaderEvent[] = []
  let settled = 0
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    if (skips.includes(turn)) reader.skip()
    const end = Math.min(bytes.length, at + Math.max(1, sizes[turn % sizes.length]!))
    const came = reader.push(bytes.subarray(at, end))
    checkStep(reader, came, { pushed: end, settledBefore: settled, limits })
    settled = reader.settled
    events.push(...came)
    at = end
  }
  return { events, settled }
}

function checkStep (reader: ContainerReader, events: ReaderEvent[], { pushed, settledBefore, limits }: { pushed: number, settledBefore: number, limits: ReaderLimits }): void {
  const most = Math.max(limits.maxInitBytes, limits.maxUnitBytes) + SLACK_BYTES
  must(reader.buffered >= 0 && reader.buffered <= most, () => `${reader.buffered} bytes are held, more than ${most}`)
  must(reader.settled <= pushed, () => `settled is ${reader.settled}, of ${pushed} bytes`)
  must(reader.settled >= settledBefore, () => `settled went back from ${settledBefore} to ${reader.settled}`)
  for (const event of events) {
    if (event.type === 'unit') must(event.unit.end <= pushed, () => `a unit up to ${event.unit.end}, of ${pushed} bytes`)
    if (event.type === 'damage') must(event.offset <= pushed && event.message.length > 0 && event.message.length < 300, () => `damage at ${event.offset}: ${event.message}`)
  }
}

function checkEvents (events: ReaderEvent[], limits: ReaderLimits): void {
  let init: InitSegment | undefined
  let end = 0
  for (const event of events) {
    if (event.type === 'init') {
      checkInit(event.init, limits)
      init = event.init
    } else if (event.type === 'unit') {
      must(init !== undefined, 'a unit before any header')
      checkUnit(event.unit, init, end)
      end = event.unit.end
    }
  }
}

function checkInit ({ bytes, video, audio }: InitSegment, { maxInitBytes, maxVideoPixels }: ReaderLimits): void {
  must(bytes.length > 0 && bytes.length <= maxInitBytes + SLACK_BYTES, () => `a header of ${bytes.length} bytes`)
  must(video !== undefined || audio !== undefined, 'a header without tracks')
  if (video !== undefined) must(video.width > 0 && video.height > 0 && video.width * video.height <= maxVideoPixels, () => `a picture of ${video.width}x${video.height}`)
  if (audio !== undefined) must(audio.sampleRate > 0 && audio.channels > 0, () => `sound with ${audio.sampleRate} Hz and ${audio.channels} channels`)
}

function checkUnit ({ frames, bytes, lead, start, end }: Unit, init: InitSegment, from: number): void {
  must(start >= from && end > start, () => `a unit from ${start} to ${end} behind ${from}`)
  must(frames.length > 0 && bytes.length > 0, 'an empty unit')
  must(frames.length <= end - start, () => `${frames.length} frames in ${end - start} bytes`)
  must((lead !== undefined) === (init.container === 'matroska'), 'a lead where none is needed, or none')
  for (const { kind, timeUs } of frames) {
    must(Number.isSafeInteger(timeUs), () => `a frame at ${timeUs}`)
    must(init[kind] !== undefined, () => `a frame of ${kind}, which the header does not have`)
  }
}

/** Reads once more where the time was long: something else may have kept the processor busy. */
function readInTime (input: ReaderInput): Reading {
  const mostMs = GRACE_MS + input.bytes.length * SLOWEST_MS_PER_BYTE
  let fastestMs = Infinity
  for (let tries = 0; tries < TRIES; tries++) {
    const began = performance.now()
    const reading = read(input)
    fastestMs = Math.min(fastestMs, performance.now() - began)
    if (fastestMs <= mostMs) return reading
  }
  throw new Error(`${fastestMs.toFixed(0)} ms for ${input.bytes.length} bytes`)
}

function check (input: ReaderInput): void {
  const { events, settled } = readInTime(input)
  checkEvents(events, input.limits)
  if (input.skips.length > 0) return
  const whole = readInTime({ ...input, sizes: [Math.max(1, input.bytes.length)] })
  must(isDeepStrictEqual(whole.events, events), 'another split, other events')
  must(whole.settled === settled, 'another split, another place')
}

/** src/media/container/reader.ts: whatever bytes a client sends as a recording. */
export const containerReader: FuzzTarget<ReaderInput> = {
  id: 'container-reader',
  inputs: fc.record({
    bytes: mediaBytes,
    sizes,
    skips: fc.oneof({ weight: 4, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }) }),
    limits: fc.constantFrom(...LIMITS)
  }),
  open: withoutSetup(check)
}
