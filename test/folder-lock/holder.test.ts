import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { judgeHolder, readHolder, thisProcess, writeHolder } from '../../src/folder-lock/holder.ts'

/** What a file system keeps of a link's target without space of its own (ext4: less than 60 bytes). */
const INLINE_BYTES = 60

t.test('a holder is written in few bytes, and read back', async t => {
  const holder = await thisProcess()
  t.match(holder, { id: /^[\w-]{6}$/, pid: process.pid, startTicks: /^\d+$/, scope: /^[\w-]{8}$/, host: /./ })
  t.strictSame(readHolder(writeHolder(holder)), holder)
  const long = { id: 'abcdef', pid: 4_194_304, startTicks: '9999999999', scope: 'abcdefgh', host: 'h'.repeat(24) }
  t.ok(Buffer.byteLength(writeHolder(long)) < INLINE_BYTES + 1, `${Buffer.byteLength(writeHolder(long))} bytes`)
  t.not((await thisProcess()).id, holder.id, 'two locks of one process have two names')
})

t.test('what is no holder is none', async t => {
  for (const text of ['', 'released', 'a:b:c:d:e', 'a:1:2:c', '../../etc/passwd', 'a:1:2:c:host:more', 'a:-1:2:c:host']) t.equal(readHolder(text), undefined, text)
  t.strictSame(readHolder('a:1:::'), { id: 'a', pid: 1, startTicks: '', scope: '', host: '' }, 'where little is known')
})

t.test('a process is alive as long as it runs, also one that sleeps', async t => {
  const self = await thisProcess()
  const child = spawn('sleep', ['60'])
  const gone = once(child, 'exit')
  await once(child, 'spawn')
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  const holder = { ...self, pid: child.pid!, startTicks }
  t.equal(await judgeHolder(holder, self), 'alive')
  t.equal(await judgeHolder({ ...holder, startTicks: String(Number(startTicks) + 1) }, self), 'dead', 'its pid was given to another one')
  child.kill('SIGSTOP')
  t.equal(await judgeHolder(holder, self), 'alive', 'stopped is not dead')
  child.kill('SIGKILL')
  await gone
  t.equal(await judgeHolder(holder, self), 'dead')
})

t.test('a process that has ended and whose parent did not notice is dead', async t => {
  const self = await thisProcess()
  // The shell starts a child, says its number, and becomes a program that never waits for children.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(parent, 'exit')
  t.teardown(async () => {
    parent.kill('SIGKILL')
    await gone
  })
  const [line] = await once(parent.stdout, 'data') as [Buffer]
  const pid = Number(line.toString().trim())
  const fieldsOf = async () => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  }
  // There are no events for what other processes do.
  while (await readFile(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await delay(5)
  process.kill(pid, 'SIGKILL')
  while ((await fieldsOf())[0] !== 'Z') await delay(5)
  t.equal(await judgeHolder({ ...self, pid, startTicks: (await fieldsOf())[19]! }, self), 'dead')
})

t.test('of a process elsewhere nothing is known', async t => {
  const self = await thisProcess()
  t.equal(await judgeHolder({ ...self, scope: 'elsewhere' }, self), 'unknown')
  t.equal(await judgeHolder({ ...self, scope: '' }, { ...self, scope: '' }), 'unknown', 'nor where there is no /proc')
})
