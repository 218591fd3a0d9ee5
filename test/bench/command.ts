import { parseArgs } from 'node:util'
import { buildTemplate } from '../../scripts/database-template/build.ts'
import type { Tool } from '../../scripts/provide/plan.ts'
import { provideAll, ToolMissing } from '../../scripts/provide/provide.ts'
import { bench } from './bench.ts'
import { table, verdictOf } from './table.ts'
import { loadWork, type Works } from './works.ts'

function readCommandLine (args: string[]): { only: string[] | undefined, rounds: number, short: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      short: { type: 'boolean', default: false }
    }
  })
  const rounds = Number(values.rounds ?? (values.short ? 1 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer from 1')
  return { only: values.only?.split(','), rounds, short: values.short }
}

/** A benchmark's command line: `[--only id,id] [--rounds 5] [--short]`. Prints a table, and ends the process. @param needed programs that npm does not bring */
export function runBenchmark (all: Works, needed: readonly Tool[]): void {
  const main = async () => {
    const { only = Object.keys(all), rounds, short } = readCommandLine(process.argv.slice(2))
    // A wrong name is told before anything is started.
    const works = await Promise.all(only.map(async id => await loadWork(all, id)))
    const tools = await provideAll(needed)
    await buildTemplate()
    const began = performance.now()
    const rows = await bench({
      works,
      rounds,
      short,
      tools,
      note: text => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${text}`)
    })
    const goals = rows.map(verdictOf).filter(verdict => verdict !== '')
    console.log(`\n${table(rows)}`)
    if (goals.length > 0) console.log(`\n${goals.filter(verdict => verdict === 'met').length} of ${goals.length} goals met`)
  }
  // What was started ends with this process, and leaves nothing.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  main().catch((error: Error) => {
    console.error(error instanceof ToolMissing ? error.message : error)
    // Servers that were started would keep it waiting.
    process.exit(1)
  })
}
