/**
 * Runs groups of tests: `tsx scripts/run-tests.ts unit contract`. A group is the folder of its name below
 * test/; "unit" is every other folder. What tests measured is printed. Afterwards nothing may be left: no
 * process, no temporary file. The last line says how many passed.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findLeftovers } from './test-run/leftovers.ts'
import { settleTapPlugins } from './test-run/tap-plugins.ts'
import { readComments, readFailures, readTotals, type Totals } from './test-run/tap-report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Groups that take longer, most of them over real sockets with real FFmpeg, and how many of their files run at a time. */
const GROUPS: Record<string, { jobs: number, timeoutSeconds: number }> = {
  ffmpeg: { jobs: 2, timeoutSeconds: 120 },
  contract: { jobs: 2, timeoutSeconds: 240 },
  embedding: { jobs: 2, timeoutSeconds: 240 },
  servers: { jobs: 2, timeoutSeconds: 600 },
  output: { jobs: 2, timeoutSeconds: 300 },
  browser: { jobs: 1, timeoutSeconds: 300 },
  fuzz: { jobs: 2, timeoutSeconds: 120 },
  chaos: { jobs: 1, timeoutSeconds: 600 },
  newcomer: { jobs: 1, timeoutSeconds: 300 },
  package: { jobs: 2, timeoutSeconds: 900 }
}
const UNIT = { jobs: 2, timeoutSeconds: 60 }
const MARK = 'HEADWATER_TEST_RUN'

async function filesOf (group: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, 'test'), { recursive: true })).filter(name => name.endsWith('.test.ts'))
  const isUnit = (name: string) => !((name.split('/')[0] ?? '') in GROUPS)
  return names.filter(name => group === 'unit' ? isUnit(name) : name.startsWith(`${group}/`)).map(name => join('test', name)).sort()
}

async function runGroup (group: string, report: string, environment: NodeJS.ProcessEnv): Promise<Totals> {
  const files = await filesOf(group)
  if (files.length === 0) throw new Error(`There are no tests in the group "${group}"`)
  const { jobs, timeoutSeconds } = GROUPS[group] ?? UNIT
  const args = ['run', '--disable-coverage', '--reporter=silent', `--jobs=${jobs}`, `--timeout=${timeoutSeconds}`, `--output-file=${report}`, ...files]
  console.log(`\n== ${group}: ${files.length} files`)
  const began = performance.now()
  const child = spawn(join(ROOT, 'node_modules', '.bin', 'tap'), args, { cwd: ROOT, env: environment, stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  const output = await readFile(report, 'utf8')
  for (const comment of readComments(output)) console.log(`  ${comment}`)
  for (const failure of readFailures(output)) console.log(`\n${failure}`)
  const totals = readTotals(output)
  console.log(`  ${totals.passed} passed, ${totals.failed} failed in ${Math.round((performance.now() - began) / 1000)} s`)
  // A run that dies without a word has failed.
  if (code !== 0 && totals.failed === 0) totals.failed = 1
  return totals
}

const folder = await mkdtemp(join(tmpdir(), 'headwater-test-run-'))
const temporary = join(folder, 'tmp')
const id = randomUUID()
const sum: Totals = { passed: 0, failed: 0 }
try {
  // A test runs the server as another user.
  await chmod(folder, 0o755)
  await mkdir(temporary)
  await settleTapPlugins(ROOT)
  for (const group of process.argv.slice(2)) {
    const { passed, failed } = await runGroup(group, join(folder, `${group}.tap`), { ...process.env, [MARK]: id, TMPDIR: temporary })
    sum.passed += passed
    sum.failed += failed
  }
  const { processes, files } = await findLeftovers(`${MARK}=${id}`, temporary)
  console.log(`\nLeft behind: ${processes.length} processes, ${files.length} temporary files`)
  for (const leftover of [...processes, ...files]) console.log(`  ${leftover}`)
  if (processes.length + files.length === 0) sum.passed++
  else sum.failed++
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed`)
process.exitCode = sum.failed === 0 ? 0 : 1
