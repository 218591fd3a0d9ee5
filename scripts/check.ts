/** The quick checks (`npm run check`): style and types side by side, then the unit tests. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

const ROOT = new URL('..', import.meta.url)

/** Whether it went well; what it says is kept until it ends, so that two at a time do not mix. */
async function quietly (name: string): Promise<boolean> {
  const began = performance.now()
  const child = spawn('npm', ['run', '--silent', name], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [code, output, complaints] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)])
  process.stdout.write(`${output}${complaints}== ${name}: ${code === 0 ? 'good' : 'failed'} after ${Math.round((performance.now() - began) / 1000)} s\n`)
  return code === 0
}

async function ended (child: ReturnType<typeof spawn>): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}

const areGood = await Promise.all(['lint', 'types'].map(quietly))
if (areGood.every(Boolean)) process.exitCode = await ended(spawn(process.execPath, ['--import=tsx', 'scripts/run-tests.ts', 'unit'], { cwd: ROOT, stdio: 'inherit' })) ?? 1
else process.exitCode = 1
