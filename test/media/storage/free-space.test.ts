import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { freeBytes } from '../../../src/media/storage/free-space.ts'

/** Other programs write meanwhile. */
const TOLERANCE = 0.05

t.test('free bytes are those that df shows', async t => {
  const folder = t.testdir()
  const free = await freeBytes(folder)
  const shown = Number(execFileSync('df', ['--output=avail', '-B1', folder], { encoding: 'utf8' }).trim().split('\n')[1])
  t.ok(Math.abs(free - shown) <= shown * TOLERANCE, `${free} of ${shown}`)
  await t.rejects(freeBytes(join(folder, 'gone')), { code: 'ENOENT' })
})
