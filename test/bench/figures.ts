import { quantile } from '../chaos/measure.ts'

/** What several rounds measured. */
export interface Spread {
  median: number
  least: number
  most: number
}

export function spreadOf (values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('Nothing was measured')
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) }
}
