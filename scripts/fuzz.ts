/**
 * Feeds everything that takes input from outside with inputs that nobody would send by mistake:
 * `tsx scripts/fuzz.ts`. What ever failed is kept in test/fuzz/corpus and comes first. The last line says
 * how many targets held.
 */
import { parseArgs } from 'node:util'
import { inputOfCase, MAX_GROWTH_BYTES, runTarget, type Outcome } from '../test/fuzz/run-target.ts'
import { TARGETS } from '../test/fuzz/targets.ts'
import { Watchdog } from '../test/fuzz/watchdog.ts'

const HELP = `tsx scripts/fuzz.ts [options]

  --cases N      cases of each target (100000); of those that start processes or write files, some hundreds
  --seed N       the same seed gives the same inputs (by default another one each time)
  --only ID,ID   only these targets: ${TARGETS.map(({ id }) => id).join(', ')}
  --input N      does not run anything: prints the input of case N of the target that --only names
  --help         this text
`

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' }, only: { type: 'string' }, input: { type: 'string' }, help: { type: 'boolean', default: false } }
})

function integer (name: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`--${name} must be an integer`)
  return Number(text)
}

function chosen (only: string | undefined) {
  const ids = only?.split(',') ?? TARGETS.map(({ id }) => id)
  return ids.map(id => TARGETS.find(target => target.id === id) ?? fail(`There is no target "${id}"`))
}

function fail (message: string): never {
  throw new Error(message)
}

function row ({ id, cases, ms, crashes, growthBytes, seed }: Outcome): string {
  return `| ${id.padEnd(16)} | ${String(cases).padStart(7)} | ${(ms / 1000).toFixed(1).padStart(7)} | ${String(crashes.length).padStart(7)} | ${(growthBytes / 1e6).toFixed(1).padStart(14)} | ${seed} |`
}

if (values.help) {
  console.log(HELP)
} else {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : integer('seed', values.seed)
  const targets = chosen(values.only)
  if (values.input !== undefined) {
    for (const target of targets) console.log(await inputOfCase(target, seed, integer('input', values.input)))
  } else {
    await run(targets, integer('cases', values.cases), seed)
  }
}

async function run (targets: typeof TARGETS, cases: number, seed: number): Promise<void> {
  const watchdog = new Watchdog()
  let failed = 0
  console.log(`Memory may grow by ${MAX_GROWTH_BYTES / 1e6} MB.\n\n| target           |   cases | seconds | crashes | growth (MB)    | seed |\n|---|---:|---:|---:|---:|---:|`)
  for (const target of targets) {
    watchdog.begin(target.id, seed)
    const outcome = await runTarget(target, { cases, seed, onCase: () => watchdog.step() })
    watchdog.rest()
    console.log(row(outcome))
    for (const { kept, seed: batchSeed, error, input } of outcome.crashes) console.log(`\n${target.id}, ${kept ?? `seed ${batchSeed}`}: ${error}\n${input}\n`)
    if (outcome.crashes.length > 0) failed++
  }
  await watchdog.close()
  console.log(`\n${targets.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
