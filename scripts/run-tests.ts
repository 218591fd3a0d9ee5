/**
 * Runs groups of tests: `tsx scripts/run-tests.ts unit contract`. A group is the folder of its name below
 * test/; "unit" is every other folder. What tests measured is printed. Afterwards nothing may be left: no
 * process, no temporary file. The last line says how many passed.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { compileCheckout } from './test-run/compile.ts'
import { makeRunFolder } from './test-run/folder.ts'
import { findLeftovers } from './test-run/leftovers.ts'
import { toSources } from './test-run/positions.ts'
import { readComments, readFailures, readTotals, type Totals } from './test-run/tap-report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
interface Group {
  /** How many files run at a time. */
  jobs: number
  /** For each file. It finds what hangs: a slow machine takes twice as long as a usual one. */
  timeoutSeconds: number
  /** They build the checkout, or live in its folder: they run where it is, through a loader. All others run in a compiled copy. */
  ofSources?: boolean
}
/** Groups that take longer, most of them over real sockets with real FFmpeg. */
const GROUPS: Record<string, Group> = {
  ffmpeg: { jobs: 2, timeoutSeconds: 300 },
  contract: { jobs: 3, timeoutSeconds: 600 },
  embedding: { jobs: 3, timeoutSeconds: 600 },
  servers: { jobs: 3, timeoutSeconds: 900 },
  output: { jobs: 2, timeoutSeconds: 600 },
  browser: { jobs: 2, timeoutSeconds: 600 },
  fuzz: { jobs: 2, timeoutSeconds: 300 },
  chaos: { jobs: 1, timeoutSeconds: 900, ofSources: true },
  newcomer: { jobs: 1, timeoutSeconds: 600, ofSources: true },
  package: { jobs: 2, timeoutSeconds: 900, ofSources: true }
}
const UNIT: Group = { jobs: 2, timeoutSeconds: 120 }
const MARK = 'HEADWATER_TEST_RUN'

async function filesOf (group: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, 'test'), { recursive: true })).filter(name => name.endsWith('.test.ts'))
  const isUnit = (name: string) => !((name.split('/')[0] ?? '') in GROUPS)
  return names.filter(name => group === 'unit' ? isUnit(name) : name.startsWith(`${group}/`)).map(name => join('test', name)).sort()
}

async function runGroup (group: string, environment: NodeJS.ProcessEnv): Promise<Totals> {
  const files = await filesOf(group)
  if (files.length === 0) throw new Error(`There are no tests in the group "${group}"`)
  const { jobs, timeoutSeconds, ofSources = false } = GROUPS[group] ?? UNIT
  const toRun = (name: string) => ofSources ? name : name.replace(/\.ts$/, '.js')
  const args = [...ofSources ? ['--import=tsx'] : [], toRun('scripts/test-run/run-files.ts'), String(jobs), String(timeoutSeconds), ...files.map(toRun)]
  console.log(`${group} …`)
  const began = performance.now()
  const { output, code } = await runFiles(args, ofSources ? ROOT : compiled, { ...environment, TAP_TIMEOUT: String(timeoutSeconds) })
  const totals = readTotals(output)
  // A run that dies without a word has failed.
  if (code !== 0 && totals.failed === 0) totals.failed = 1
  const failures = await Promise.all(readFailures(output).map(async failure => await toSources(failure, compiled)))
  console.log([
    `\n== ${group}: ${files.length} files`,
    ...readComments(output).map(comment => `  ${comment}`),
    ...failures.map(failure => `\n${failure}`),
    `  ${totals.passed} passed, ${totals.failed} failed in ${Math.round((performance.now() - began) / 1000)} s`
  ].join('\n'))
  return totals
}

async function runFiles (args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<{ output: string, code: number | null }> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, code] = await Promise.all([text(child.stdout), new Promise<number | null>(resolve => child.once('close', resolve))])
  return { output, code }
}

const folder = await makeRunFolder()
const temporary = join(folder, 'tmp')
const compiled = join(folder, 'compiled')
const id = randomUUID()
const sum: Totals = { passed: 0, failed: 0 }
try {
  await mkdir(temporary)
  await compileCheckout(ROOT, compiled)
  for (const group of process.argv.slice(2)) {
    const { passed, failed } = await runGroup(group, { ...process.env, [MARK]: id, TMPDIR: temporary })
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
