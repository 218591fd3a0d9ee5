/**
 * Runs groups of tests and closes with a line that says how many passed: `tsx scripts/run-tests.ts unit contract`.
 * A group is every folder below test/ that is not one of the others ("unit"), or the folder of its name.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Groups over real sockets with real FFmpeg, and how many of their files run at a time. */
const WIRE_GROUPS: Record<string, { jobs: number, timeoutSeconds: number }> = {
  contract: { jobs: 2, timeoutSeconds: 240 },
  output: { jobs: 2, timeoutSeconds: 300 },
  browser: { jobs: 1, timeoutSeconds: 300 }
}
const UNIT = { jobs: 2, timeoutSeconds: 60 }

interface Totals { passed: number, failed: number }

async function filesOf (group: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, 'test'), { recursive: true })).filter(name => name.endsWith('.test.ts'))
  const isWire = (name: string) => (name.split('/')[0] ?? '') in WIRE_GROUPS
  return names.filter(name => group === 'unit' ? !isWire(name) : name.startsWith(`${group}/`)).map(name => join('test', name)).sort()
}

async function runGroup (group: string, report: string): Promise<Totals> {
  const files = await filesOf(group)
  if (files.length === 0) throw new Error(`There are no tests in the group "${group}"`)
  const { jobs, timeoutSeconds } = WIRE_GROUPS[group] ?? UNIT
  const args = ['run', '--disable-coverage', '--reporter=terse', `--jobs=${jobs}`, `--timeout=${timeoutSeconds}`, `--output-file=${report}`, ...files]
  console.log(`\n== ${group}: ${files.length} files`)
  const child = spawn(join(ROOT, 'node_modules', '.bin', 'tap'), args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  const totals = countTap(await readFile(report, 'utf8'))
  // A run that dies without a word has failed.
  if (code !== 0 && totals.failed === 0) totals.failed = 1
  return totals
}

/** Test files' own totals: every "# { total: …, pass: …, fail: … }" that tap closes a run with. */
function countTap (output: string): Totals {
  const match = /^# \{ total: \d+(?:, pass: (?<pass>\d+))?(?:, fail: (?<fail>\d+))?.*\}$/m.exec(output)
  if (match === null) return { passed: 0, failed: 1 }
  return { passed: Number(match.groups?.['pass'] ?? 0), failed: Number(match.groups?.['fail'] ?? 0) }
}

const folder = await mkdtemp(join(tmpdir(), 'headwater-report-'))
const sum: Totals = { passed: 0, failed: 0 }
try {
  for (const group of process.argv.slice(2)) {
    const { passed, failed } = await runGroup(group, join(folder, `${group}.tap`))
    sum.passed += passed
    sum.failed += failed
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed`)
process.exitCode = sum.failed === 0 ? 0 : 1
