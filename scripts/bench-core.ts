/**
 * The benchmark of the core: `tsx scripts/bench-core.ts [--only id,id] [--rounds 5] [--short]`. The real server
 * and what it is compared with, as processes of their own, in turns. Prints a table; see docs/performance.md.
 */
import { parseArgs } from 'node:util'
import { bench } from '../test/bench/bench.ts'
import { table, verdictOf } from '../test/bench/table.ts'
import { loadWork, WORK_IDS } from '../test/bench/works.ts'
import { provideAll, ToolMissing } from './provide/provide.ts'

function readCommandLine (args: string[]): { only: string[], rounds: number, short: boolean } {
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
  return { only: values.only?.split(',') ?? WORK_IDS, rounds, short: values.short }
}

async function main (): Promise<void> {
  const { only, rounds, short } = readCommandLine(process.argv.slice(2))
  // A wrong name is told before anything is started.
  const works = await Promise.all(only.map(loadWork))
  const tools = await provideAll(['ffmpeg', 'nginx', 'wrk'])
  const began = performance.now()
  const rows = await bench({
    works,
    rounds,
    short,
    nginx: tools.get('nginx')!,
    note: text => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${text}`)
  })
  const goals = rows.map(verdictOf).filter(verdict => verdict !== '')
  console.log(`\n${table(rows)}\n\n${goals.filter(verdict => verdict === 'met').length} of ${goals.length} goals met`)
}

// What was started ends with this process, and leaves nothing.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

main().catch((error: Error) => {
  console.error(error instanceof ToolMissing ? error.message : error)
  // Servers that were started would keep it waiting.
  process.exit(1)
})
