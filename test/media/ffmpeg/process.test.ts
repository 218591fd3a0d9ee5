import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { startFfmpeg, type FfmpegProcess, type StopSettings } from '../../../src/media/ffmpeg/process.ts'
import { LOADER, ownProgram } from '../../fixtures/own-program.ts'
import { childProcesses } from '../../fixtures/processes.ts'
import { programThat, type Misbehaviour } from '../../fixtures/programs.ts'

const SOON: StopSettings = { drainMs: 150, termMs: 150 }
const LATE: StopSettings = { drainMs: 60_000, termMs: 60_000 }

function start (misbehaves: Misbehaviour, settings = LATE): FfmpegProcess {
  const started = startFfmpeg(programThat(misbehaves), [], settings)
  started.stdout.resume()
  return started
}

/** Gone for certain: not a zombie, nothing that it started. */
function checkGone (t: Tap, { pid }: FfmpegProcess): void {
  t.throws(() => process.kill(pid!, 0), { code: 'ESRCH' }, 'the process is gone')
  t.throws(() => process.kill(-pid!, 0), { code: 'ESRCH' }, 'so is its process group')
  t.strictSame(childProcesses(/sleep|cat|\.sh/), [])
}

type Tap = Pick<typeof t, 'throws' | 'strictSame'>

t.test('what goes in comes out', async t => {
  const echo = startFfmpeg(programThat('echoes'), [], LATE)
  const output = buffer(echo.stdout)
  t.equal(echo.running, true)
  for (let index = 0; index < 50; index++) await echo.write([Buffer.alloc(20_000, index), Buffer.alloc(1_000, 255)])
  echo.finish()
  const bytes = await output
  t.equal(bytes.length, 50 * 21_000)
  t.equal(bytes[21_000 * 7], 7)
  t.strictSame(await echo.exit, { code: 0, signal: null, stopReason: undefined, stderr: '', spawnError: undefined })
  t.equal(echo.running, false)
  checkGone(t, echo)
})

t.test('no file descriptor is left for a process: it has not started, and nothing else happens', async t => {
  const program = ownProgram(new URL('../../fixtures/programs/starts-without-descriptors.ts', import.meta.url))
  const { stdout, code } = await new Promise<{ stdout: string, code: unknown }>(resolve => {
    execFile('sh', ['-c', 'ulimit -n 256 && exec "$@"', 'sh', process.execPath, ...LOADER, program], (error, stdout, stderr) => resolve({ stdout: stdout + stderr, code: error?.code ?? 0 }))
  })
  t.strictSame({ stdout, code }, { stdout: 'false FFmpeg could not be started: spawn cat EMFILE', code: 0 })
})

t.test('arguments are given as they are, no shell looks at them', async t => {
  const shown = startFfmpeg('printf', ['%s|', '$HOME', '`id`', 'a b', ';ls'], LATE)
  t.equal((await buffer(shown.stdout)).toString(), '$HOME|`id`|a b|;ls|')
  await shown.exit
})

t.test('a program that is not there: told, not thrown', async t => {
  for (const path of ['/nowhere/ffmpeg', t.testdir({ ffmpeg: 'not executable' }) + '/ffmpeg']) {
    const none = startFfmpeg(path, [], LATE)
    const { code, signal, spawnError } = await none.exit
    t.match(spawnError, { code: /ENOENT|EACCES/ })
    t.strictSame([code, signal, none.pid, none.running], [null, null, undefined, false])
    await none.write([Buffer.from('x')])
    none.finish()
    none.kill('too late')
  }
})

t.test('it crashes at once: exit code and last lines are told, writing on does no harm', async t => {
  const crash = start('crashes')
  // More than a pipe holds: the write waits, and then sees the end.
  await crash.write([Buffer.alloc(1_000_000)])
  const exit = await crash.exit
  t.match(exit, { code: 3, signal: null, stopReason: undefined, stderr: 'reading the first bytes\nout of order' })
  await crash.write([Buffer.alloc(1_000_000)])
  crash.finish()
  crash.kill('too late')
  t.equal((await crash.exit).stopReason, undefined, 'what was settled stays')
  checkGone(t, crash)
})

t.test('it does not read: a write waits until the process is gone', async t => {
  const hang = start('hangs')
  let written = false
  const writing = hang.write([Buffer.alloc(1_000_000)]).then(() => { written = true })
  // The pipe is full and stays full, whatever the event loop does.
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
  t.equal(written, false)
  hang.kill('not wanted any more')
  await writing
  t.match(await hang.exit, { code: null, signal: 'SIGKILL', stopReason: 'not wanted any more' })
  checkGone(t, hang)
})

t.test('the stop ladder: end of input, then SIGTERM', async t => {
  const hang = start('hangs', SOON)
  const began = performance.now()
  hang.finish()
  hang.finish()
  t.match(await hang.exit, { code: null, signal: 'SIGTERM', stopReason: 'did not finish after the end of its input' })
  t.ok(performance.now() - began >= SOON.drainMs - 5)
  checkGone(t, hang)
})

t.test('the stop ladder: SIGKILL for who ignores SIGTERM', async t => {
  const stubborn = start('ignores-sigterm', SOON)
  await once(stubborn.stdout, 'data')
  stubborn.finish()
  t.match(await stubborn.exit, { code: null, signal: 'SIGKILL', stopReason: 'did not finish after the end of its input' })
  checkGone(t, stubborn)
})

t.test('the stop ladder is not climbed where the end of input is enough', async t => {
  const good = start('says-nothing', SOON)
  await good.write([Buffer.alloc(500_000)])
  good.finish()
  t.match(await good.exit, { code: 0, signal: null, stopReason: undefined })
  checkGone(t, good)
})

t.test('the first cause is kept', async t => {
  const hang = start('hangs')
  hang.kill('the first')
  hang.kill('the second')
  t.equal((await hang.exit).stopReason, 'the first')
  const drained = start('ignores-sigterm', { drainMs: 1, termMs: 60_000 })
  await once(drained.stdout, 'data')
  drained.finish()
  await new Promise(resolve => setTimeout(resolve, 50))
  drained.kill('given up')
  t.match(await drained.exit, { signal: 'SIGKILL', stopReason: 'did not finish after the end of its input' })
})

t.test('it floods standard error: the end of it is kept, and nothing stands still', async t => {
  const flood = start('floods-stderr')
  await flood.write([Buffer.alloc(500_000)])
  flood.finish()
  const { code, stderr } = await flood.exit
  t.equal(code, 0)
  t.ok(stderr.length <= 4096)
  t.match(stderr, /the last complaint$/)
  checkGone(t, flood)
})

t.test('it closes standard output and stays', async t => {
  const closed = start('closes-stdout', SOON)
  await new Promise(resolve => closed.stdout.once('end', resolve))
  t.equal(closed.running, true)
  closed.finish()
  t.match(await closed.exit, { signal: 'SIGTERM' })
  checkGone(t, closed)
})

t.test('its output is read to the end before the exit is told', async t => {
  const garbage = startFfmpeg(programThat('writes-garbage'), [], LATE)
  let bytes = 0
  garbage.stdout.on('data', (chunk: Buffer) => { bytes += chunk.length })
  garbage.finish()
  await garbage.exit
  t.equal(bytes, 100_000)
})
