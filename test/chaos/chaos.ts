import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault, FaultResult, Form } from './fault.ts'
import { Random } from './random.ts'
import type { Row } from './table.ts'

/** Failures of a row that are kept; the first ones say enough. */
const MAX_FAILURES = 50

export interface RowOptions {
  form: Form
  seed: number
  /** Instead of the runs of the form. */
  runs?: number | undefined
  note: (text: string) => void
}

/** Injects one fault and judges it. Never rejects: what goes wrong is a failure of the row. */
export async function runFault (fault: Fault, { form, seed, runs, note }: RowOptions): Promise<Row> {
  const { id, name, goal } = fault
  const plannedRuns = runs ?? fault.runs[form]
  const folder = await mkdtemp(join(tmpdir(), `headwater-chaos-${id}-`))
  const removeNow = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeNow)
  const began = performance.now()
  let result: FaultResult
  try {
    result = await fault.inject({ seed, form, random: new Random(seed).fork(id), folder, note: text => note(`${id}: ${text}`) }, plannedRuns)
  } catch (error) {
    result = { runs: 0, measured: 'nothing', failures: [(error as Error).stack ?? String(error)] }
  } finally {
    process.off('exit', removeNow)
    await rm(folder, { recursive: true, force: true })
  }
  const missing = result.notRun === undefined && result.runs < plannedRuns ? [`${result.runs} of ${plannedRuns} runs were done`] : []
  const late = result.late ?? []
  if (form === 'short') for (const text of late) note(`${id}: ${text} (of no weight in the short form)`)
  const failures = [...result.failures, ...missing, ...(form === 'long' ? late : [])]
  return {
    id,
    name,
    goal,
    runs: result.runs,
    plannedRuns,
    measured: result.notRun ?? result.measured,
    verdict: failures.length > 0 ? 'FAILED' : result.notRun === undefined ? 'passed' : 'not run',
    failures: failures.length > MAX_FAILURES ? [...failures.slice(0, MAX_FAILURES), `... and ${failures.length - MAX_FAILURES} more`] : failures,
    seconds: (performance.now() - began) / 1000
  }
}
