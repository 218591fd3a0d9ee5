/**
 * Runs test files, each in a process of its own, and prints their TAP: `run-files.ts JOBS TIMEOUT_SECONDS FILE...`. Node's
 * own arguments (a loader) are passed on. `tap run` would have each process, and each that those start, look out for what
 * coverage needs, which takes longer than most tests do.
 */
import t from 'tap'

/** How many of the files that took longest are told. */
const SLOWEST = 5

const [jobs, timeoutSeconds, ...files] = process.argv.slice(2)
const took: Array<{ file: string, seconds: number }> = []

t.setTimeout(0)
t.jobs = Number(jobs)
await Promise.all(files.map(async path => {
  const file = path.replace(/\.js$/, '.ts')
  // tap would put its loader in there.
  const args = [`NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''}`, process.execPath, ...process.execArgv, path]
  const run = t.spawn('env', args, { name: file, timeout: Number(timeoutSeconds) * 1000, buffered: true, stdio: 'pipe', at: null, stack: '' })
  let complaints = ''
  let began = 0
  run.subtest?.on('process', ({ stderr }) => {
    began = performance.now()
    stderr?.setEncoding('utf8').on('data', (text: string) => { complaints += text })
  })
  const results = await run
  took.push({ file, seconds: (performance.now() - began) / 1000 })
  if (results?.ok !== true && complaints !== '') t.comment(`${file} complained:\n${complaints.trimEnd()}`)
}))
const slowest = took.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)
t.comment(`slowest: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(1)} s`).join(', ')}`)
