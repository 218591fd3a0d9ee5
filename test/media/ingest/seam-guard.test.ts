import t from 'tap'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import type { ReaderEvent, Unit } from '../../../src/media/container/types.ts'
import { SeamGuard } from '../../../src/media/ingest/seam-guard.ts'
import { audioEntry, clusterHead, header, simpleBlock, videoEntry } from '../container/matroska-writer.ts'

const LIMITS = { maxVideoPixels: Infinity, maxInitBytes: 4_096, maxUnitBytes: 60_000 }
/** 300 bytes of one value: no head of anything. */
const frame = (value: number) => simpleBlock({ track: 1 + value % 2, time: value, payload: Buffer.alloc(300, value) })
const HEAD = Buffer.concat([header(videoEntry(), audioEntry()), clusterHead(0)])
const FRAMES = Array.from({ length: 12 }, (_, index) => frame(index + 1))
const RECORDING = Buffer.concat([HEAD, ...FRAMES])

function unitsOf (chunks: Buffer[]): { units: Unit[], damages: number, late: Unit[] } {
  const reader = new ContainerReader(LIMITS)
  const guard = new SeamGuard()
  const events: ReaderEvent[] = []
  let at = 0
  for (const chunk of chunks) {
    events.push(...guard.take(reader.push(chunk), at, at + chunk.length))
    at += chunk.length
  }
  const late = guard.release().flatMap(event => event.type === 'unit' ? [event.unit] : [])
  const units = events.flatMap(event => event.type === 'unit' ? [event.unit] : [])
  return { units, damages: events.filter(({ type }) => type === 'damage').length, late }
}

const isWhole = ({ bytes }: Unit) => FRAMES.some(other => other.equals(bytes))

t.test('of chunks that belong together nothing is held back, wherever they are cut', async t => {
  for (const size of [100, 310, 777, RECORDING.length]) {
    const chunks = Array.from({ length: Math.ceil(RECORDING.length / size) }, (_, index) => RECORDING.subarray(index * size, (index + 1) * size))
    const { units, damages, late } = unitsOf(chunks)
    t.strictSame([...units, ...late].map(({ bytes }) => bytes), FRAMES, `chunks of ${size} bytes`)
    t.equal(damages, 0)
  }
})

t.test('a unit across chunks waits for the next head and no longer', async t => {
  const end = HEAD.length + FRAMES[0]!.length
  t.strictSame(unitsOf([RECORDING.subarray(0, end - 50), RECORDING.subarray(end - 50, end)]).late.length, 1, 'nothing behind it')
  t.strictSame(unitsOf([RECORDING.subarray(0, end - 50), RECORDING.subarray(end - 50, end + 20)]).late.length, 0, 'the next head is there')
  t.strictSame(unitsOf([RECORDING.subarray(0, end)]).late.length, 0, 'of one chunk')
})

t.test('the unit at a seam is left out, and nothing else but what the damage hit', async t => {
  const cut = (from: number, to: number) => RECORDING.subarray(HEAD.length + from, HEAD.length + to)
  const ordered = [cut(0, 700), cut(700, 1_500), cut(1_500, 2_300), cut(2_300, Infinity)] as const
  const ways = {
    lost: [ordered[0], ordered[2], ordered[3]],
    doubled: [ordered[0], ordered[1], ordered[1], ordered[2], ordered[3]],
    swapped: [ordered[0], ordered[2], ordered[1], ordered[3]]
  }
  for (const [name, chunks] of Object.entries(ways)) {
    const { units, damages } = unitsOf([HEAD, ...chunks])
    t.ok(units.length > 0 && damages > 0, `${name}: told`)
    t.strictSame(units.filter(unit => !isWhole(unit)).length, 0, `${name}: ${units.length} units, all as they were recorded`)
  }
})

t.test('whole units that were there before are left out, and told once; a clock that was set back is not', async t => {
  // The second part begins with sound: a picture alone may have been stored later than it is shown.
  const [first, second, third] = [FRAMES.slice(0, 4), FRAMES.slice(4, 8), FRAMES.slice(8)].map(frames => Buffer.concat(frames)) as [Buffer, Buffer, Buffer]
  const doubled = unitsOf([HEAD, first, second, second, third])
  t.strictSame(doubled.units.map(({ bytes }) => bytes), FRAMES)
  t.equal(doubled.damages, 1)
  const swapped = unitsOf([HEAD, first, third, second])
  t.strictSame(swapped.units.map(({ bytes }) => bytes), [...FRAMES.slice(0, 4), ...FRAMES.slice(8)])
  t.equal(swapped.damages, 1)
  const later = Buffer.concat([clusterHead(20_000), ...FRAMES])
  t.strictSame(unitsOf([HEAD, later, clusterHead(0), ...FRAMES]).units.map(({ bytes }) => bytes), [...FRAMES, ...FRAMES], '20 s back')
})

t.test('two frames of the same time are two frames, where their bytes differ: a recorder was late', async t => {
  const late = [frame(1), simpleBlock({ track: 2, time: 1, payload: Buffer.alloc(300, 77) }), frame(2), simpleBlock({ track: 1, time: 2, payload: Buffer.alloc(300, 78) }), frame(3)]
  const { units, damages } = unitsOf([HEAD, ...late])
  t.strictSame(units.map(({ bytes }) => bytes), late)
  t.equal(damages, 0)
})

t.test('a still picture: the same bytes at another time are another frame', async t => {
  const still = (cluster: number) => Buffer.concat([clusterHead(cluster), simpleBlock({ track: 1, time: 0, payload: Buffer.alloc(50, 5) }), simpleBlock({ track: 1, time: 33, payload: Buffer.alloc(50, 6) })])
  const { units, damages } = unitsOf([HEAD, still(0), still(500), still(1_000)])
  t.equal(units.length, 6)
  t.equal(damages, 0)
})
