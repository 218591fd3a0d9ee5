import { spreadOf } from './figures.ts'
import type { Line } from './work.ts'

export interface Row {
  line: Line
  /** One for each round. */
  values: number[]
}

export type Verdict = 'met' | 'missed' | ''

/** By the median; a line without a goal is there for comparison. */
export function verdictOf ({ line, values }: Row): Verdict {
  if (line.meets === undefined) return ''
  return line.meets(spreadOf(values).median) ? 'met' : 'missed'
}

/** The report as Markdown. */
export function table (rows: readonly Row[]): string {
  return [
    '| Work | Goal | Measured: median (least to most) | Verdict |',
    '|---|---|---|---|',
    ...rows.map(row => {
      const { median, least, most } = spreadOf(row.values)
      const { name, goal, format } = row.line
      return `| ${name} | ${goal ?? ''} | ${format(median)} (${format(least)} to ${format(most)}) | ${verdictOf(row)} |`
    })
  ].join('\n')
}
