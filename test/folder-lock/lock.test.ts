import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { lutimes, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { HeadwaterError } from '../../src/errors/catalogue.ts'
import { thisProcess, writeHolder } from '../../src/folder-lock/holder.ts'
import { takeLock, type FolderLock, type LockedFolder, type LockOptions } from '../../src/folder-lock/lock.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { Told } from '../fixtures/told.ts'

const PROGRAM = ownProgram(new URL('../fixtures/programs/takes-locks.ts', import.meta.url))
const STREAMS: LockedFolder = { of: 'the streams', setting: 'STREAMS_DIR', inUse: 'STREAMS_DIR_IN_USE' }
const FAST = { heartbeatMs: 20, staleMs: 400 }
/** No process has this number. */
const NO_PID = 2 ** 22 + 1

/** Gone after the locks in it are released: a lock is put back into a folder that is being emptied. */
async function ownFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-lock-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function take (t: Test, folder: string, options: Partial<LockOptions> = {}): Promise<FolderLock & { told: Told, lost: Promise<HeadwaterError> }> {
  const told = new Told()
  let onLost: (error: HeadwaterError) => void = () => {}
  const lost = new Promise<HeadwaterError>(resolve => { onLost = resolve })
  const lock = await takeLock(folder, { what: STREAMS, log: told, onLost, timing: FAST, ...options })
  t.teardown(() => lock.release())
  return { release: () => lock.release(), formerAliveAt: lock.formerAliveAt, told, lost }
}

async function locksIn (folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.startsWith('.headwater-lock.'))
}

/** A server somewhere else, of which only its signs of life can be seen. */
async function elsewhere () {
  return { ...await thisProcess(), scope: 'elsewhere', host: 'other-host' }
}

/** A timer that does keep the process alive: the lock's own must not. */
function stayAlive (t: Test): void {
  const timer = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(timer))
}

t.test('one at a time; who comes second is told who has it and what to do', async t => {
  const folder = await ownFolder(t)
  const first = await take(t, folder)
  t.equal(first.formerAliveAt, undefined, 'nobody was here before')
  await t.rejects(take(t, folder), { code: 'STREAMS_DIR_IN_USE', message: new RegExp(`${folder}.*process ${process.pid} on .*Stop that server, or give this one another STREAMS_DIR`) })
  t.equal((await locksIn(folder)).length, 1, 'who was refused leaves nothing')
  const released = Date.now()
  await first.release()
  await first.release()
  const second = await take(t, folder)
  t.ok(Math.abs(second.formerAliveAt! - released) < 500, 'the time of release is known')
  await second.release()
  t.strictSame(await Promise.all((await locksIn(folder)).map(name => readlink(join(folder, name)))), ['released'], 'one small file stays')
})

t.test('the folder is created; one that cannot be used is told', async t => {
  const folder = await ownFolder(t)
  await writeFile(join(folder, 'file'), 'a file')
  await take(t, join(folder, 'a', 'b'))
  for (const unusable of [join(folder, 'file'), join(folder, 'file', 'below'), '/proc']) {
    await t.rejects(take(t, unusable), { code: 'CONFIG_INVALID', message: new RegExp(`STREAMS_DIR\\), ${unusable}, cannot be used: E[A-Z]+.*Name a folder`) }, unusable)
  }
})

t.test('a holder that was killed is followed at once, and its last sign of life is known', async t => {
  const folder = await ownFolder(t)
  const dead = { ...await thisProcess(), pid: NO_PID }
  await symlink(writeHolder(dead), join(folder, '.headwater-lock.7'))
  const aliveAt = Date.UTC(2024, 0, 2)
  await lutimes(join(folder, '.headwater-lock.7'), aliveAt / 1000, aliveAt / 1000)
  const began = performance.now()
  const lock = await take(t, folder, { timing: { heartbeatMs: 2_000, staleMs: 60_000 } })
  t.ok(performance.now() - began < 1_000, 'without waiting')
  t.equal(lock.formerAliveAt, aliveAt)
  t.strictSame(await locksIn(folder), ['.headwater-lock.8'])
})

t.test('a holder elsewhere is alive while it gives signs of life', async t => {
  stayAlive(t)
  const folder = await ownFolder(t)
  const first = await take(t, folder, { self: await elsewhere() })
  const began = performance.now()
  await t.rejects(take(t, folder), { code: 'STREAMS_DIR_IN_USE', message: /on other-host/ })
  t.ok(performance.now() - began < FAST.staleMs, 'one sign of life is enough')
  const waiting = take(t, folder, { timing: { heartbeatMs: 20, staleMs: 60_000 }, self: { ...await elsewhere(), scope: 'third' } })
  await first.release()
  await t.resolves(waiting, 'who waits for a sign of life takes what is released meanwhile')
})

t.test('a holder elsewhere that gives no sign of life is followed when it is stale', async t => {
  const folder = await ownFolder(t)
  await symlink(writeHolder(await elsewhere()), join(folder, '.headwater-lock.1'))
  const began = performance.now()
  await take(t, folder)
  t.ok(performance.now() - began >= FAST.staleMs)
  const odd = join(folder, 'odd')
  await mkdir(odd)
  await writeFile(join(odd, '.headwater-lock.1'), 'a file, copied from somewhere')
  await writeFile(join(odd, '.headwater-lock.x'), 'no lock at all')
  await t.resolves(take(t, odd), 'as is what nobody wrote')
})

t.test('who lost its lock is told', async t => {
  stayAlive(t)
  const folder = await ownFolder(t)
  const first = await take(t, folder)
  await symlink(writeHolder(await elsewhere()), join(folder, '.headwater-lock.2'))
  t.match(await first.lost, { code: 'STREAMS_DIR_IN_USE', message: /other-host/ })
  await first.release()
  t.strictSame(await locksIn(folder), ['.headwater-lock.1', '.headwater-lock.2'], 'what is not ours is not touched')

  const replaced = join(folder, 'replaced')
  const second = await take(t, replaced)
  // In one go: what is only removed is put back.
  await symlink(writeHolder(await elsewhere()), join(replaced, 'other'))
  await rename(join(replaced, 'other'), join(replaced, '.headwater-lock.1'))
  t.match(await second.lost, { code: 'STREAMS_DIR_IN_USE' })
})

t.test('a lock that was removed is put back, and a folder that was away is no loss', async t => {
  stayAlive(t)
  const folder = join(await ownFolder(t), 'streams')
  await mkdir(folder)
  const lock = await take(t, folder)
  const [name] = await locksIn(folder)
  await rm(join(folder, name!))
  while ((await locksIn(folder)).length === 0) await delay(5)
  t.strictSame(await locksIn(folder), [name])
  await rename(folder, `${folder}-away`)
  while (lock.told.all('no sign of life could be left in the folder of the streams').length === 0) await delay(5)
  await rename(`${folder}-away`, folder)
  await t.rejects(take(t, folder), { code: 'STREAMS_DIR_IN_USE' })
  t.strictSame(lock.told.entries.map(({ message }) => message), ['the lock of the folder of the streams was removed; it is put back', 'no sign of life could be left in the folder of the streams'], 'each is told once')
  await rm(folder, { recursive: true })
  await t.resolves(lock.release(), 'a folder that is gone needs no lock')
})

t.test('of many processes that start at the same time one wins, whatever was before', async t => {
  const PROCESSES = 4
  const ROUNDS = 40
  const root = await ownFolder(t)
  const children: ChildProcess[] = []
  t.teardown(async () => {
    await Promise.all(children.map(async child => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }))
  })
  for (let index = 0; index < PROCESSES; index++) children.push(fork(PROGRAM, { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  const ask = async (child: ChildProcess, message: object): Promise<string> => {
    const answer = once(child, 'message') as Promise<[string]>
    child.send(message)
    return (await answer)[0]
  }
  await Promise.all(children.map(child => ask(child, { ready: true })))
  const dead = writeHolder({ ...await thisProcess(), pid: NO_PID })
  const before: Record<string, (folder: string) => Promise<void>> = {
    nothing: async () => {},
    'a lock whose holder died': async folder => await symlink(dead, join(folder, '.headwater-lock.3')),
    'a lock that was released': async folder => await symlink('released', join(folder, '.headwater-lock.3'))
  }
  const wrong: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [what, prepare] of Object.entries(before)) {
      const folder = join(root, `${round} ${what}`)
      await mkdir(folder)
      await prepare(folder)
      const answers = await Promise.all(children.map(child => ask(child, { take: folder })))
      const winners = children.filter((_, index) => answers[index] === 'taken')
      if (winners.length !== 1 || answers.filter(answer => answer === 'STREAMS_DIR_IN_USE').length !== PROCESSES - 1) wrong.push(`${folder}: ${answers.join(', ')}`)
      // The others try again while the winner lets go: again one at most has it, and in the end somebody does.
      const again = await Promise.all([...winners.map(child => ask(child, { release: folder })), ...children.filter(child => !winners.includes(child)).map(child => ask(child, { take: folder }))])
      if (again.filter(answer => answer === 'taken').length > 1) wrong.push(`${folder}, after the release: ${again.join(', ')}`)
      for (const child of children) await ask(child, { release: folder })
    }
  }
  t.strictSame(wrong, [])
  t.comment(`${PROCESSES} processes, ${ROUNDS * 3} folders, taken twice each`)
})

t.test('the lock of a process that was killed is free at once', async t => {
  const folder = await ownFolder(t)
  const child = fork(PROGRAM, { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answer = once(child, 'message')
  child.send({ take: folder })
  t.equal((await answer)[0], 'taken')
  await t.rejects(take(t, folder), { code: 'STREAMS_DIR_IN_USE', message: new RegExp(`process ${child.pid}`) })
  const gone = once(child, 'exit')
  const killedAt = Date.now()
  child.kill('SIGKILL')
  await gone
  const lock = await take(t, folder, { timing: { heartbeatMs: 2_000, staleMs: 60_000 } })
  t.ok(lock.formerAliveAt! <= killedAt + 1 && lock.formerAliveAt! > killedAt - 5_000, 'it is known when it was alive last')
})
