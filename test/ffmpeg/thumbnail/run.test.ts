import { writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import { firstPicture } from '../../../src/media/mpegts/first-picture.ts'
import { runThumbnail, type ThumbnailOutcome, type ThumbnailRunSettings } from '../../../src/media/thumbnail/run.ts'
import { ffmpeg, X264 } from '../../fixtures/generate.ts'
import { averageOf, lookAt } from '../../fixtures/picture.ts'
import { childProcesses } from '../../fixtures/processes.ts'
import { programThat } from '../../fixtures/programs.ts'

const SETTINGS = completeLivestreamOptions({})
const SOON = { thumbnailTimeoutSeconds: 0.2, ffmpegTermSeconds: 0.2 }

async function segment (source: string, ...encoder: string[]): Promise<Buffer> {
  return await ffmpeg(['-f', 'lavfi', '-i', source, ...X264, ...encoder, '-f', 'mpegts', 'pipe:1'])
}

async function run (keyFrame: Buffer, settings: Partial<ThumbnailRunSettings> = {}, ffmpegPath = 'ffmpeg', signal = new AbortController().signal): Promise<ThumbnailOutcome> {
  return await runThumbnail({ keyFrame, ffmpegPath, settings: { ...SETTINGS, ...settings }, signal })
}

/** The JPEG; throws where there is none. */
async function made (keyFrame: Buffer, settings?: Partial<ThumbnailRunSettings>): Promise<Buffer> {
  const outcome = await run(keyFrame, settings)
  if (outcome.kind !== 'made') throw new Error(`${outcome.kind}: ${outcome.reason}`)
  return outcome.jpeg
}

for (const { size, is } of [
  { size: '1280x720', is: [640, 360] },
  { size: '1920x1080', is: [640, 360] },
  { size: '854x480', is: [640, 360] },
  { size: '720x1280', is: [640, 1138] },
  { size: '640x360', is: [640, 360] },
  { size: '322x242', is: [322, 242] },
  { size: '16x16', is: [16, 16] },
  { size: '2000x16', is: [640, 6] },
  { size: '2560x2', is: [640, 2] }
]) {
  t.test(`${size}: scaled down in proportion, never up, sides even`, async t => {
    const picture = firstPicture(await segment(`color=blue:s=${size}:r=5:d=0.4`))!
    t.match(await lookAt(await made(picture)), { codec: 'mjpeg', width: is[0], height: is[1], colour: 'blue' })
  })
}

t.test('THUMBNAIL_WIDTH, odd ones too', async t => {
  const picture = firstPicture(await segment('color=red:s=640x480:r=5:d=0.4'))!
  t.match(await lookAt(await made(picture, { thumbnailWidth: 321 })), { width: 320, height: 240, colour: 'red' })
})

t.test('black is black and white is white: video and JPEG have other ranges', async t => {
  for (const [colour, isRight] of [['black', (value: number) => value < 4], ['white', (value: number) => value > 251]] as const) {
    const average = await averageOf(await made(firstPicture(await segment(`color=${colour}:s=320x180:r=5:d=0.4`))!))
    t.ok(average.length === 3 && average.every(isRight), `${colour}: ${average.join(', ')}`)
  }
})

t.test('the first picture it is, with reordered pictures behind it too', async t => {
  const whole = await segment("color=red:s=320x180:r=10:d=1,drawbox=c=blue:t=fill:enable='gte(n,1)'", '-bf', '3', '-preset', 'medium')
  t.match(await lookAt(await made(firstPicture(whole)!)), { colour: 'red' })
})

t.test('FFmpeg takes no more than it needs: what is left over is no error', async t => {
  const whole = await segment('testsrc2=s=640x360:r=30:d=4', '-b:v', '8M', '-g', '30')
  const much = Buffer.concat(Array.from({ length: 10 }, () => whole))
  t.ok(much.length > 10_000_000)
  t.match(await lookAt(await made(much)), { width: 640, height: 360 })
})

t.test('what is no picture: failed, with FFmpeg\'s words for the log', async t => {
  const picture = firstPicture(await segment('color=red:s=320x180:r=5:d=0.4'))!
  for (const bytes of [Buffer.alloc(0), Buffer.from('nothing'), picture.subarray(0, 2 * 188)]) t.match(await run(bytes), { kind: 'failed', reason: /^FFmpeg ended with code [1-9]/ })
})

t.test('MAX_VIDEO_PIXELS', async t => {
  const picture = firstPicture(await segment('color=red:s=320x180:r=5:d=0.4'))!
  t.match(await run(picture, { maxVideoPixels: 320 * 180 - 1 }), { kind: 'failed' })
})

t.test('programs that do not behave', async t => {
  // More than a pipe holds, so that whoever does not read it keeps it waiting.
  const input = Buffer.alloc(1_000_000, 'x')
  for (const { misbehaves, kind, reason = /./, settings = {} } of [
    { misbehaves: 'crashes', kind: 'failed', reason: /with code 3: .*\n?.*out of order/ },
    { misbehaves: 'says-nothing', kind: 'failed', reason: /with code 0/ },
    { misbehaves: 'floods-stderr', kind: 'failed', reason: /the last complaint$/ },
    { misbehaves: 'writes-garbage', kind: 'failed', reason: /with code 0/ },
    { misbehaves: 'echoes', kind: 'failed', settings: { maxThumbnailBytes: 1_000_000 } },
    { misbehaves: 'writes-garbage', kind: 'too-large', settings: { maxThumbnailBytes: 99_999 } },
    { misbehaves: 'hangs', kind: 'timed-out', reason: /SIGTERM/, settings: SOON },
    { misbehaves: 'ignores-sigterm', kind: 'timed-out', reason: /SIGKILL/, settings: SOON },
    { misbehaves: 'closes-stdout', kind: 'timed-out', settings: SOON }
  ] as const) {
    t.match(await run(input, settings, programThat(misbehaves)), { kind, reason }, misbehaves)
    t.strictSame(childProcesses(/sleep|cat|\.sh|ffmpeg/), [], 'no process is left')
  }
  t.match(await run(input, {}, '/nowhere/ffmpeg'), { kind: 'failed', reason: /could not be started/ })
})

t.test('a JPEG of just MAX_THUMBNAIL_BYTES is taken', async t => {
  const jpeg = Buffer.concat([Buffer.of(0xff, 0xd8), Buffer.alloc(996), Buffer.of(0xff, 0xd9)])
  t.strictSame(await run(jpeg, { maxThumbnailBytes: 1_000 }, programThat('echoes')), { kind: 'made', jpeg })
  t.match(await run(jpeg, { maxThumbnailBytes: 999 }, programThat('echoes')), { kind: 'too-large' })
  t.match(await run(jpeg.subarray(0, -1), {}, programThat('echoes')), { kind: 'failed' }, 'cut off')
})

t.test('a JPEG of a program that failed is not taken', async t => {
  const program = join(t.testdir(), 'ffmpeg')
  await writeFile(program, "#!/bin/sh\nprintf '\\377\\330some\\377\\331'\nexit 1\n", { mode: 0o755 })
  t.match(await run(Buffer.alloc(0), {}, program), { kind: 'failed', reason: /with code 1/ })
})

t.test('it yields to the streams, and ends when it is told to', async t => {
  const controller = new AbortController()
  const running = run(Buffer.alloc(1_000), {}, programThat('hangs'), controller.signal)
  const [process] = childProcesses(/hangs|sleep/)
  t.ok(getPriority(process!.pid) > getPriority(), 'of lower priority')
  controller.abort()
  t.match(await running, { kind: 'aborted' })
  t.strictSame(childProcesses(/hangs|sleep/), [])
})
