/** The value below which so many of all lie, from 0 to 1 (nearest rank); NaN where there are none. */
export function quantile (values: readonly number[], share: number): number {
  if (values.length === 0) return NaN
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!
}

/** `p50 0.81 s, p95 1.32 s, max 1.40 s` of milliseconds. */
export function describeMs (values: readonly number[]): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
  if (values.length === 0) return 'none measured'
  return `p50 ${seconds(quantile(values, 0.5))}, p95 ${seconds(quantile(values, 0.95))}, max ${seconds(Math.max(...values))}`
}
