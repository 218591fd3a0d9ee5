export interface Totals { passed: number, failed: number }

/** Reads the line that tap closes its output with: `# { total: 7, pass: 6, fail: 1 }`. Output without one counts as a failure. */
export function readTotals (output: string): Totals {
  const match = /^# \{ total: \d+(?:, pass: (?<pass>\d+))?(?:, fail: (?<fail>\d+))?.*\}$/m.exec(output)
  if (match === null) return { passed: 0, failed: 1 }
  return { passed: Number(match.groups?.['pass'] ?? 0), failed: Number(match.groups?.['fail'] ?? 0) }
}

/** What tests said with `t.comment`: the figures that they measured. */
export function readComments (output: string): string[] {
  return [...output.matchAll(/^ *# (?!Subtest: |time=|\{ total:|No coverage)(.+)$/gm)].map(([, comment]) => comment!)
}

/** Each check that failed, with what tap says about it (the indented block behind the line). */
export function readFailures (output: string): string[] {
  return [...output.matchAll(/^( *)not ok \d+ .*\n(?:\1 {2}---\n(?:\1 .*\n|\n)*?\1 {2}\.\.\.)?/gm)].map(([failure]) => failure)
}
