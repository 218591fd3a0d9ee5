import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findLeftovers } from '../../scripts/test-run/leftovers.ts'

t.test('files of a run are told, caches of other programs are not', async t => {
  const folder = t.testdir()
  for (const cache of ['tsx-0', 'v8-compile-cache-0', 'pulse-PKdhtXMmr18n']) await mkdir(join(folder, cache))
  t.strictSame((await findLeftovers('NOBODY=has-this', folder)).files, [])
  await mkdir(join(folder, 'headwater-test-abc'))
  await writeFile(join(folder, 'pulse-and-more.ts'), '')
  t.strictSame((await findLeftovers('NOBODY=has-this', folder)).files.sort(), ['headwater-test-abc', 'pulse-and-more.ts'])
})

t.test('a process of a run is told until it has gone', { skip: process.platform === 'linux' ? false : 'processes are found through /proc' }, async t => {
  const mark = `HEADWATER_LEFTOVERS_TEST=${process.pid}`
  const [name, value] = mark.split('=') as [string, string]
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], { env: { ...process.env, [name]: value }, stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'close')
  await once(child.stdout, 'data')
  const { processes } = await findLeftovers(mark, t.testdir())
  t.equal(processes.length, 1)
  t.match(processes[0], new RegExp(`^${child.pid} `))
  child.stdin.end()
  await gone
  t.strictSame((await findLeftovers(mark, t.testdir())).processes, [])
})
