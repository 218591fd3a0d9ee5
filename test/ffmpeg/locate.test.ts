import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkFfmpeg, locateFfmpeg } from '../../src/media/ffmpeg/locate.ts'

/** A program that answers as FFmpeg does, but for what sed makes of its lists. */
function edited (t: Test, script: string): string {
  return program(t, `ffmpeg "$@" | sed -E '${script}'`)
}

/** In a folder of its own; the test has to have called `t.testdir`. */
function program (t: Test, body: string): string {
  const path = join(mkdtempSync(join(t.testdirName, 'program-')), 'ffmpeg')
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

t.test('the one on PATH is found and checked', async t => {
  const found = await locateFfmpeg()
  t.equal(found.source, 'PATH')
  t.equal(found.path, 'ffmpeg')
  t.match(found.version, /^\S*\d/)
  t.strictSame(await locateFfmpeg({ path: '' }), found, 'an empty setting is none')
})

t.test('one that is given is used', async t => {
  t.testdir({})
  const path = program(t, 'exec ffmpeg "$@"')
  t.match(await locateFfmpeg({ path }), { path, source: 'FFMPEG_PATH', version: await checkFfmpeg('ffmpeg') })
})

t.test('one that is given and does not do is not passed over: the message says what to do', async t => {
  t.testdir({})
  for (const { name, path, says } of [
    { name: 'missing', path: '/nowhere/ffmpeg', says: /ENOENT/ },
    { name: 'not a program', path: import.meta.dirname, says: /EACCES/ },
    { name: 'not FFmpeg', path: program(t, 'echo hello'), says: /it is not FFmpeg/ },
    { name: 'fails', path: program(t, 'exit 1'), says: /Command failed/ }
  ]) {
    const error = await locateFfmpeg({ path }).then(() => undefined, (error: unknown) => error)
    t.match(error, { code: 'FFMPEG_NOT_FOUND', message: says }, name)
    t.match(error, { message: `${path} (FFMPEG_PATH)` })
    t.match(error, { message: /Install one .*or set FFMPEG_PATH/ })
  }
})

t.test('what is missing is named', async t => {
  t.testdir({})
  for (const [script, missing] of [
    ['s/ libx264 / /', 'libx264 (encoders)'],
    // Its only encoder has its name, and is not told by itself.
    ['s/^ DE(.{4} aac )/ D.\\1/', 'aac (encoders)'],
    ['/^ .{6} aac /d', 'aac (encoders), aac (decoders)'],
    ['s/libdav1d libaom-av1 av1 //', 'libdav1d or libaom-av1 or av1 (decoders)'],
    ['/ mjpeg /d', 'mjpeg (encoders), mjpeg (muxers)'],
    ['/ mpegts /d', 'mpegts (muxers), mpegts (demuxers)'],
    ['s/^ DE( +mpegts )/ D \\1/', 'mpegts (muxers)'],
    ['/ matroska/d', 'matroska (demuxers)'],
    ['/ mov,mp4/d', 'mov (demuxers)']
  ] as const) {
    await t.rejects(locateFfmpeg({ path: edited(t, script) }), { message: `it lacks ${missing}` }, missing)
  }
})

t.test('of alternatives one is enough', async t => {
  t.testdir({})
  t.ok(await checkFfmpeg(edited(t, 's/ (libdav1d|libaom-av1|libvpx|libvpx-vp9|libopus|libvorbis) / /g')), 'FFmpeg\'s own decoders do')
})

t.test('without any, what was tried is told', async t => {
  const { PATH } = process.env
  t.teardown(() => { process.env.PATH = PATH })
  process.env.PATH = t.testdir({})
  const outcome = await locateFfmpeg().catch((error: unknown) => error)
  // ffmpeg-static is an optional package.
  if (outcome instanceof Error) t.match(outcome, { code: 'FFMPEG_NOT_FOUND', message: /Tried ffmpeg \(PATH\): .*ENOENT/ })
  else t.match(outcome, { source: 'ffmpeg-static' })
})
