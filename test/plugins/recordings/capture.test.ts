import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Capture, type Captured, type CaptureOptions } from '../../../plugins/recordings/capture.ts'
import { Told } from '../../fixtures/told.ts'

interface Setting {
  folder: string
  begun: number[]
  told: Told
  open (options?: Partial<CaptureOptions>): Capture
  segment (sequence: number, more?: Partial<Captured>): Promise<Captured>
}

/** A stream whose segments, two seconds each, begin at 1000 s. */
function setting (t: Test): Setting {
  const root = t.testdir({ stream: {} })
  const folder = join(root, 'kept', 'rec')
  const begun: number[] = []
  const told = new Told()
  return {
    folder,
    begun,
    told,
    open: options => new Capture({ folder, published: async () => [], onBegun: async at => { begun.push(at) }, log: told, ...options }),
    segment: async (sequence, more = {}) => {
      const path = join(root, 'stream', `segment_${sequence}.ts`)
      await writeFile(path, `segment ${sequence}`)
      return { sequence, path, durationMs: 2_000, isBreak: false, takenAtMs: 1_000_000 + sequence * 2_000, ...more }
    }
  }
}

const breaksOf = async (capture: Capture): Promise<boolean[]> => (await capture.segments()).map(({ isBreak }) => isBreak)

t.test('what is kept stays when the stream removes it', async t => {
  const { open, segment, begun, folder } = setting(t)
  const capture = open()
  for (const sequence of [2, 3]) capture.take(await segment(sequence))
  await capture.idle()
  await rm(join(folder, '..', '..', 'stream'), { recursive: true })
  const segments = await capture.segments()
  t.strictSame(segments.map(({ durationMs, isBreak }) => ({ durationMs, isBreak })), [{ durationMs: 2_000, isBreak: true }, { durationMs: 2_000, isBreak: false }])
  t.strictSame(await Promise.all(segments.map(async ({ path }) => await readFile(path, 'utf8'))), ['segment 2', 'segment 3'])
  t.strictSame(begun, [1_004_000])
  t.equal(capture.bytes, 18)
})

t.test('what is missing, and what the stream says, is a break', async t => {
  const { open, segment, told } = setting(t)
  const capture = open()
  capture.take(await segment(0))
  capture.take(await segment(2))
  capture.take(await segment(3, { isBreak: true }))
  capture.take({ ...await segment(4), path: '/nowhere' })
  capture.take(await segment(5))
  capture.take(await segment(6))
  capture.take(await segment(6))
  t.strictSame(await breaksOf(capture), [true, true, true, true, false])
  t.equal(told.all('a segment could not be kept for its recording').length, 1)
})

t.test('another server goes on, with what was published meanwhile', async t => {
  const { open, segment, begun } = setting(t)
  const first = open()
  for (const sequence of [0, 1]) first.take(await segment(sequence))
  await first.idle()
  const published = await Promise.all([0, 1, 2, 3].map(async sequence => await segment(sequence)))
  const second = open({ published: async () => published })
  // The event of one that was found in the playlist already, with a time that differs a little.
  second.take(await segment(3, { takenAtMs: 1_020_007 }))
  second.take(await segment(4))
  t.strictSame(await breaksOf(second), [true, false, false, false, false])
  t.strictSame(begun, [1_000_000, 1_000_000])
  // Long after, numbers begin anew.
  second.take(await segment(0, { takenAtMs: 9_000_000 }))
  t.equal((await second.segments()).length, 6)
})

t.test('a folder that cannot be looked at', async t => {
  const { open, segment, told } = setting(t)
  const first = open()
  first.take(await segment(0))
  await first.idle()
  const capture = open({ published: async () => { throw new Error('no playlist') } })
  capture.take(await segment(1))
  t.equal((await capture.segments()).length, 2)
  t.strictSame(told.entries.map(({ level }) => level), ['error'])
})

t.test('that it has begun is told until somebody hears it, once', async t => {
  const { open, segment, told } = setting(t)
  const begun: number[] = []
  let refusals = 2
  const onBegun = async (at: number) => {
    if (refusals-- > 0) throw new Error('no database')
    begun.push(at)
  }
  const first = open({ onBegun })
  for (const sequence of [1, 2, 3, 4]) first.take(await segment(sequence))
  await first.idle()
  t.strictSame(begun, [1_002_000], 'with the third segment, and as what the first one says')
  t.equal(told.all('that a recording has begun could not be noted; it is tried again').length, 2)
  refusals = 1
  const published = [await segment(5)]
  const second = open({ onBegun, published: async () => published })
  t.equal((await second.segments()).length, 5, 'what was published meanwhile is kept all the same')
  t.strictSame(begun, [1_002_000, 1_002_000])
  const brief = setting(t)
  refusals = 1
  const single = brief.open({ onBegun })
  single.take(await brief.segment(0))
  await single.segments()
  t.equal(begun.length, 3, 'at the latest with the end')
})
