import type { Form } from './fault.ts'

export type Verdict = 'passed' | 'FAILED' | 'not run'

export interface Row {
  id: string
  name: string
  goal: string
  /** Runs that were done, and that were asked for. */
  runs: number
  plannedRuns: number
  measured: string
  verdict: Verdict
  failures: string[]
  /** How long it took, in seconds. */
  seconds: number
}

export interface Report {
  seed: number
  form: Form
  rows: Row[]
}

/** The report as Markdown, with what anybody needs to do it again. */
export function table ({ seed, form, rows }: Report): string {
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0)
  return [
    `Seed ${seed}, ${form} form, ${Math.round(seconds)} s`,
    '',
    '| Fault | Runs | Goal | Measured | Result |',
    '|---|---|---|---|---|',
    ...rows.map(({ name, runs, plannedRuns, goal, measured, verdict }) =>
      `| ${[name, runs === plannedRuns ? `${runs}` : `${runs} of ${plannedRuns}`, goal, measured, verdict].map(cell).join(' | ')} |`)
  ].join('\n')
}

function cell (text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Rows that passed, and the others: what could not be run has not passed. */
export function totals ({ rows }: Report): { passed: number, failed: number } {
  const passed = rows.filter(({ verdict }) => verdict === 'passed').length
  return { passed, failed: rows.length - passed }
}
