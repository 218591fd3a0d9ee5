/** Makes sure of programs that npm does not bring: `tsx scripts/provide.ts ffmpeg chromium`. The function behind it: provide/provide.ts. */
import { TOOLS, type Tool } from './provide/plan.ts'
import { provideAll, ToolMissing } from './provide/provide.ts'

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !TOOLS.includes(name as Tool))
if (asked.length === 0 || unknown.length > 0) {
  process.stderr.write(`Usage: tsx scripts/provide.ts ${TOOLS.map(tool => `[${tool}]`).join(' ')}\n`)
  process.exit(2)
}
try {
  for (const [tool, path] of await provideAll(asked as Tool[])) process.stderr.write(`${tool}: ${path}\n`)
} catch (error) {
  if (!(error instanceof ToolMissing)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
