import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const run = promisify(execFile)

/** tap gives its loader to all children through the environment; what a user starts has none. */
export const PLAIN = ['-u', 'NODE_OPTIONS']

/** A folder that is gone when the test ends. */
export async function folderFor (t: Test, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `headwater-${name}-`))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  return folder
}

/** What a program says, on both channels; throws with it when the program fails. */
export async function outputOf (command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  try {
    const { stdout, stderr } = await run('env', [...PLAIN, command, ...args], { cwd, env, maxBuffer: 64 << 20 })
    return stdout + stderr
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string, stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error })
  }
}

/** npm as outside of a script of npm's: without the settings that such a script is given. */
export function cleanEnvironment (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_(registry|cache)$)|INIT_CWD$|TAP|_TAPJS)/i.test(name)))
}

/** Builds and packs the package; the path of the tarball. */
export async function pack (folder: string): Promise<string> {
  await outputOf('npm', ['pack', '--silent', '--pack-destination', folder], ROOT, cleanEnvironment())
  const [tarball] = (await readdir(folder)).filter(name => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  return join(folder, tarball)
}

/** An empty project with these packages, and the programs of `project/`. */
export async function makeProject (folder: string, packages: string[]): Promise<string> {
  const project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'somebody-elses', private: true, type: 'module' }))
  // The optional FFmpeg is one that its installation downloads.
  await outputOf('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', ...packages], project, { ...cleanEnvironment(), FFMPEG_BINARIES_URL: 'http://127.0.0.1:9' })
  await cp(new URL('project', import.meta.url), project, { recursive: true })
  return project
}

export interface RunningServer {
  child: ChildProcessByStdio<null, Readable, Readable>
  url: string
  /** Its exit code or the signal that ended it, and what it said till then. */
  ended: Promise<{ code: number | NodeJS.Signals | null, said: string }>
}

interface Surroundings {
  cwd: string
  env: NodeJS.ProcessEnv
  uid?: number
  gid?: number
}

/**
 * Starts a server and waits until it says in its log where it listens. It leads a group of processes, as what is
 * started from a terminal does; the group is ended with the test.
 */
export async function startProgram (t: Test, command: string, args: string[], surroundings: Surroundings): Promise<RunningServer> {
  const child = spawn('env', [...PLAIN, command, ...args], { ...surroundings, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as number | NodeJS.Signals | null, said }))
  t.teardown(async () => {
    signalGroup(child, 'SIGKILL')
    await ended
  })
  const url = await new Promise<string>((resolve, reject) => {
    for (const channel of [child.stdout, child.stderr]) {
      channel.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const listens = /Server listening at (?<url>http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.groups?.['url']
        if (listens !== undefined) resolve(listens)
      })
    }
    child.once('error', reject)
    child.once('close', () => { reject(new Error(`${command} ${args.join(' ')} did not listen:\n${said}`)) })
  })
  return { child, url, ended }
}

/** To all processes of the group that it leads; when they have gone, to none. */
export function signalGroup (leader: { pid?: number | undefined }, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader.pid!, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
