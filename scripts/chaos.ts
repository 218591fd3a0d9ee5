/**
 * The chaos suite: `tsx scripts/chaos.ts [--form short|long] [--seed N] [--only id,id] [--runs N]`. Breaks
 * things under a real server with real broadcasts and compares what was published with what was sent. The
 * same seed breaks the same things. Prints a table; the last line says how many rows passed.
 */
import { parseArgs } from 'node:util'
import { runFault } from '../test/chaos/chaos.ts'
import type { Form } from '../test/chaos/fault.ts'
import { FAULT_IDS, loadFault } from '../test/chaos/faults.ts'
import { table, totals, type Report } from '../test/chaos/table.ts'

const MAX_SEED = 2 ** 31

function readCommandLine (args: string[]): { form: Form, seed: number, only: string[], runs: number | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      form: { type: 'string', default: 'long' },
      seed: { type: 'string' },
      only: { type: 'string' },
      runs: { type: 'string' }
    }
  })
  const { form } = values
  if (form !== 'short' && form !== 'long') throw new Error('--form must be short or long')
  return {
    form,
    seed: values.seed === undefined ? Math.floor(Math.random() * MAX_SEED) : integer('--seed', values.seed),
    only: values.only?.split(',') ?? FAULT_IDS,
    runs: values.runs === undefined ? undefined : integer('--runs', values.runs)
  }
}

function integer (option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${option} must be an integer from 0`)
  return Number(text)
}

async function main (): Promise<void> {
  const { form, seed, only, runs } = readCommandLine(process.argv.slice(2))
  // A wrong name is told before anything is broken.
  const faults = await Promise.all(only.map(loadFault))
  console.log(`Seed ${seed}, ${form} form`)
  const report: Report = { seed, form, rows: [] }
  for (const fault of faults) {
    const row = await runFault(fault, { form, seed, runs, note: text => console.log(`  ${text}`) })
    console.log(`${row.verdict} ${row.id} (${Math.round(row.seconds)} s): ${row.measured}`)
    for (const failure of row.failures) console.log(`  ${failure}`)
    report.rows.push(row)
  }
  const { passed, failed } = totals(report)
  console.log(`\n${table(report)}\n\n${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

// What was started ends with this process, and leaves nothing.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

main().catch((error: Error) => {
  console.error(error.message)
  console.log('\n0 passed, 1 failed')
  process.exitCode = 1
})
