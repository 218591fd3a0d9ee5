import t from 'tap'
import { runFault } from './chaos.ts'
import { FAULT_IDS, loadFault } from './faults.ts'
import { table, type Report } from './table.ts'

/** Failures do not come and go with the seed of the day; the long form tries others. */
const DEFAULT_SEED = 20_260
const form = 'short'
const AT_ONCE = 2
/** They keep a machine busy by themselves, or compare what took how long. */
const ALONE: ReadonlySet<string> = new Set<(typeof FAULT_IDS)[number]>(['server-killed', 'disk-full', 'slow-viewers'])

const seed = Number(process.env['CHAOS_SEED'] ?? DEFAULT_SEED)
const report: Report = { seed, form, rows: [] }

// Each has a server and a folder of its own, and mostly waits.
t.jobs = AT_ONCE
for (const [index, id] of FAULT_IDS.entries()) {
  t.test(id, { buffered: !ALONE.has(id) }, async t => {
    const row = await runFault(await loadFault(id), { form, seed, note: text => t.comment(text) })
    report.rows[index] = row
    t.strictSame(row.failures, [], `${row.goal} (seed ${seed})`)
    t.equal(row.verdict, 'passed', `${row.runs} runs: ${row.measured}`)
  })
}

t.teardown(() => { for (const line of table(report).split('\n')) t.comment(line) })
