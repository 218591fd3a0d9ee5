import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { join, type Joined } from '../../../src/media/join/join.ts'
import type { SegmentFile } from '../../../src/media/join/layout.ts'
import { broadcast, type Published } from '../../fixtures/broadcast.ts'
import { probe, type Probed } from '../../fixtures/probe.ts'
import { childProcesses } from '../../fixtures/processes.ts'
import { recording, type Recipe } from '../../fixtures/recording.ts'

const filesOf = ({ folder, segments }: Published): SegmentFile[] =>
  segments.map(({ name, durationMs, discontinuity }) => ({ path: path(folder, name), durationMs, isBreak: discontinuity }))

const never = new AbortController().signal

async function folderOf (t: Test): Promise<string> {
  const folder = await mkdtemp(path(tmpdir(), 'headwater-join-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  return folder
}

async function joined (t: Test, segments: SegmentFile[], signal = never): Promise<Joined & { probed: Probed }> {
  const output = path(await folderOf(t), 'joined.mp4')
  const result = await join({ segments, output, ffmpegPath: 'ffmpeg', audioKbps: 128, signal })
  return { ...result, probed: await probe(output) }
}

const published = async (t: Test, ...recipes: Recipe[]): Promise<Published> => await broadcast(t, Buffer.concat(await Promise.all(recipes.map(recording))))

t.test('one broadcast: every frame once, as long as it was', async t => {
  const whole = await published(t, { seconds: 7 })
  const { durationMs, bytes, probed } = await joined(t, filesOf(whole))
  t.ok(Math.abs(durationMs / 1000 - 7) < 0.1, `${durationMs} ms`)
  t.ok(Math.abs(probed.durationSeconds - durationMs / 1000) < 0.1)
  t.match(probed, { video: { codec: 'h264', frames: 105 }, audio: { codec: 'aac' }, holes: [] })
  t.ok(bytes > 10_000)
})

t.test('after breaks it goes on where it ended, sound and picture together', async t => {
  const parts = await published(t, { seconds: 4 }, { seconds: 3, video: 'vp8', audio: 'opus' }, { seconds: 5 })
  const segments = filesOf(parts)
  t.equal(segments.filter(({ isBreak }) => isBreak).length, 2)
  // A segment is missing: its neighbours stand side by side.
  const [gone] = segments.splice(-2, 1)
  segments.at(-1)!.isBreak = true
  const { durationMs, probed } = await joined(t, segments)
  t.ok(Math.abs(durationMs / 1000 - (12 - gone!.durationMs / 1000)) < 0.5, `${durationMs} ms`)
  t.ok(Math.abs(probed.durationSeconds - durationMs / 1000) < 0.2, `${probed.durationSeconds} s in the file`)
  t.strictSame(probed.holes.filter(hole => hole.startsWith('video')), [])
  t.ok(Math.abs(probed.video!.durationSeconds - probed.audio!.durationSeconds) < 0.3, 'both tracks are as long')
})

t.test('tracks that come later, or go', async t => {
  const parts = await published(t, { seconds: 3, audio: 'none' }, { seconds: 4 }, { seconds: 3, video: 'none' }, { seconds: 3 })
  const { durationMs, probed } = await joined(t, filesOf(parts))
  t.ok(Math.abs(durationMs / 1000 - 13) < 0.5, `${durationMs} ms`)
  t.ok(Math.abs(probed.durationSeconds - 13) < 0.5)
  t.ok(Math.abs(probed.audio!.startSeconds - 3) < 0.2, `sound from ${probed.audio!.startSeconds} s on`)
  t.strictSame(probed.holes.map(hole => hole.split(' ')[0]), ['video'], 'the picture stands while there is none')
})

t.test('sound alone, picture alone', async t => {
  for (const recipe of [{ seconds: 4, video: 'none' }, { seconds: 4, audio: 'none' }] as const) {
    const { probed } = await joined(t, filesOf(await published(t, recipe)))
    t.equal(probed.video === undefined, 'video' in recipe)
    t.equal(probed.audio === undefined, 'audio' in recipe)
    t.ok(Math.abs(probed.durationSeconds - 4) < 0.2)
    t.strictSame(probed.holes, [])
  }
})

t.test('sound at two rates becomes one; the picture is left alone', async t => {
  const parts = await published(t, { seconds: 3 }, { seconds: 3, soundRate: 22_050 })
  const { probed } = await joined(t, filesOf(parts))
  t.match(probed, { video: { frames: 90 }, audio: { codec: 'aac' } })
  t.ok(Math.abs(probed.audio!.durationSeconds - 6) < 0.3, `${probed.audio!.durationSeconds} s of sound`)
})

t.test('what cannot be joined says why, and leaves no process', async t => {
  const folder = await folderOf(t)
  const empty = path(folder, 'empty.ts')
  await writeFile(empty, '')
  await t.rejects(joined(t, [{ path: empty, durationMs: 2_000, isBreak: false }]), { name: 'JoinFailed', message: /neither picture nor sound/ })
  await t.rejects(joined(t, []), { name: 'JoinFailed' })
  const whole = filesOf(await published(t, { seconds: 3 }))
  await t.rejects(joined(t, [...whole, { path: '/nowhere/a.ts', durationMs: 2_000, isBreak: false }]), { code: 'ENOENT' })
  const garbled = path(folder, 'garbled.ts')
  await writeFile(garbled, Buffer.alloc(188 * 50, 0x47))
  await t.rejects(joined(t, [{ path: garbled, durationMs: 2_000, isBreak: false }]), { name: 'JoinFailed' })
  await t.rejects(join({ segments: whole, output: '/nowhere/joined.mp4', ffmpegPath: 'ffmpeg', audioKbps: 128, signal: never }), { name: 'JoinFailed', message: /No such file/ })
  await t.rejects(join({ segments: whole, output: path(folder, 'x.mp4'), ffmpegPath: '/nowhere/ffmpeg', audioKbps: 128, signal: never }), { name: 'JoinFailed', message: /could not be started/ })
  await t.rejects(joined(t, whole, AbortSignal.abort(new Error('too late'))), { message: 'too late' })
  t.strictSame(childProcesses(/ffmpeg/), [])
})

t.test('what another try may mend', async t => {
  const folder = await folderOf(t)
  const whole = filesOf(await published(t, { seconds: 3 }))
  for (const [name, ends, isFinal] of [
    ['full', "echo 'joined.mp4: No space left on device' >&2; exit 228", false],
    ['killed', 'kill -9 $$', false],
    ['garbled', "echo 'Invalid data found when processing input' >&2; exit 183", true]
  ] as const) {
    const program = path(folder, name)
    await writeFile(program, `#!/bin/sh\n${ends}\n`, { mode: 0o755 })
    await t.rejects(join({ segments: whole, output: path(folder, 'x.mp4'), ffmpegPath: program, audioKbps: 128, signal: never }), { name: 'JoinFailed', isFinal }, name)
  }
})

t.test('a process that hangs is ended by the signal', async t => {
  const folder = await folderOf(t)
  const hangs = path(folder, 'hangs')
  await writeFile(hangs, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
  const whole = filesOf(await published(t, { seconds: 3 }))
  const over = new AbortController()
  const joining = join({ segments: whole, output: path(folder, 'x.mp4'), ffmpegPath: hangs, audioKbps: 128, signal: over.signal })
  while (childProcesses(/sleep/).length === 0) await delay(10)
  over.abort(new Error('the time is over'))
  await t.rejects(joining, { message: 'the time is over' })
  t.strictSame(childProcesses(/sleep/), [])
})
