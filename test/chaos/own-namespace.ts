/**
 * Runs a row in a user and mount namespace of its own, where this process may mount although it is not root:
 * `unshare -rm node --import tsx own-namespace.ts`. Told what to do, and answers, over IPC.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Chaos, FaultResult, Form } from './fault.ts'
import { loadFault } from './faults.ts'
import { Random } from './random.ts'

const HERE = fileURLToPath(import.meta.url)
const MARK = 'HEADWATER_OWN_NAMESPACE'

interface Job { id: string, seed: number, form: Form, folder: string, runs: number }
type Told = { note: string } | { result: FaultResult } | { error: string }

/** Whether this process is one that {@link injectInNamespace} started. */
export function isInNamespace (): boolean {
  return process.env[MARK] === '1'
}

/** @throws Error when there is no such namespace to be had, or the row throws */
export async function injectInNamespace (id: string, { seed, form, folder, note }: Omit<Chaos, 'random'>, runs: number): Promise<FaultResult> {
  const child = spawn('unshare', ['--map-root-user', '--mount', process.execPath, '--import', import.meta.resolve('tsx'), HERE], {
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc']
  })
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { complaint += text })
  const result = await new Promise<FaultResult>((resolve, reject) => {
    child.once('error', reject)
    child.on('message', (told: Told) => {
      if ('note' in told) note(told.note)
      else if ('result' in told) resolve(told.result)
      else reject(new Error(told.error))
    })
    child.once('exit', code => reject(new Error(complaint.trim() === '' ? `unshare ended with ${code}` : complaint.trim())))
    child.send({ id, seed, form, folder, runs } satisfies Job, () => {})
  })
  if (child.exitCode === null) {
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.disconnect()
    await gone
  }
  return result
}

if (isInNamespace() && process.argv[1] === HERE) {
  const tell = (told: Told) => { process.send?.(told) }
  process.once('message', ({ id, seed, form, folder, runs }: Job) => {
    void (async () => {
      try {
        const fault = await loadFault(id)
        tell({ result: await fault.inject({ seed, form, random: new Random(seed).fork(id), folder, note: text => tell({ note: text }) }, runs) })
      } catch (error) {
        tell({ error: (error as Error).stack ?? String(error) })
      }
    })()
  })
  process.once('disconnect', () => process.exit(0))
}
