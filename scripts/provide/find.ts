import { execFile } from 'node:child_process'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { locateFfmpeg } from '../../src/media/ffmpeg/locate.ts'
import type { Machine, PackageManager, Tool } from './plan.ts'

const CHECK_TIMEOUT_MS = 20_000

/** Names on PATH first, then where the applications stand on macOS. */
const CHROMIUM_PATHS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

/** Debian and Homebrew have a folder for each version, off PATH. */
const POSTGRESQL_FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']

export type Found =
  | { path: string }
  /** `given`: a variable names one that cannot be used, and an installation would not change that. */
  | { problem: string, given: boolean }

/** Looks for a tool and runs it once: a stub that only offers an installation does not count. */
export async function findTool (tool: Tool, environment: NodeJS.ProcessEnv = process.env): Promise<Found> {
  switch (tool) {
    case 'ffmpeg': return await findFfmpeg(environment['FFMPEG_PATH'])
    case 'ffprobe': return await findFirst(['ffprobe'], '-version', undefined)
    case 'chromium': return await findFirst(CHROMIUM_PATHS, '--version', environment['CHROMIUM_PATH'])
    case 'libfaketime': return await findFaketime(environment['LIBFAKETIME_PATH'])
    // Debian keeps it where only root's PATH goes.
    case 'nginx': return await findFirst(['nginx', '/usr/sbin/nginx'], '-v', undefined)
    case 'wrk': return await findWrk()
    case 'postgresql': return await findPostgresql()
    case 'redis-server': return await findFirst(['redis-server'], '--version', undefined)
  }
}

/** The server decides which FFmpeg will do. */
async function findFfmpeg (given: string | undefined): Promise<Found> {
  try {
    return { path: (await locateFfmpeg({ path: given })).path }
  } catch (error) {
    if (error instanceof HeadwaterError) return { problem: error.message, given: given !== undefined && given !== '' }
    throw error
  }
}

async function findFirst (candidates: readonly string[], argument: string, given: string | undefined): Promise<Found> {
  const isGiven = given !== undefined && given !== ''
  for (const path of isGiven ? [given] : candidates) {
    if (await succeeds(path, [argument])) return { path: path.includes('/') ? path : await whichOf(path) }
  }
  return { problem: isGiven ? `${given} does not run` : `${candidates[0]} is not there`, given: isGiven }
}

/** It has no option that ends well but a whole run: its version comes with code 1. */
async function findWrk (): Promise<Found> {
  const { stdout } = await run('wrk', ['--version'])
  return /^wrk /.test(stdout) ? { path: await whichOf('wrk') } : { problem: 'wrk is not there', given: false }
}

/** The path of `postgres`; `initdb` stands beside it. */
async function findPostgresql (): Promise<Found> {
  const versions = await Promise.all(POSTGRESQL_FOLDERS.map(async folder => (await readdir(folder).catch(() => []))
    .filter(name => /^(postgresql@)?\d+$/.test(name))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
    .map(name => join(folder, name, 'bin', 'postgres'))))
  return await findFirst(['postgres', ...versions.flat()], '--version', undefined)
}

/** A library is there when a program that is run with it sees another year. */
async function findFaketime (given: string | undefined): Promise<Found> {
  const isGiven = given !== undefined && given !== ''
  for (const path of isGiven ? [given] : await faketimePaths()) {
    const { stdout } = await run('date', ['+%Y'], { ...process.env, LD_PRELOAD: path, FAKETIME: '2001-02-03 04:05:06' })
    if (stdout.trim() === '2001') return { path }
  }
  return { problem: isGiven ? `${given} does not change the time of a program` : 'libfaketime is not there', given: isGiven }
}

/** Debian has a folder for each architecture. */
async function faketimePaths (): Promise<string[]> {
  const folders = ['', ...(await readdir('/usr/lib').catch(() => [])).map(name => `${name}/`)]
  const paths = folders.map(folder => `/usr/lib/${folder}faketime/libfaketimeMT.so.1`)
  const there = await Promise.all(paths.map(path => access(path).then(() => true, () => false)))
  return paths.filter((_path, index) => there[index])
}

/** Some callers need the full path of what is on PATH. */
async function whichOf (name: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', name])
  return stdout.trim() === '' ? name : stdout.trim()
}

/** What an installation would have to work with here. */
export async function describeMachine (environment: NodeJS.ProcessEnv = process.env): Promise<Machine> {
  const managers: PackageManager[] = process.platform === 'darwin' ? ['brew'] : ['apt-get', 'apk', 'brew']
  let manager: PackageManager | undefined
  for (const candidate of managers) {
    if (await succeeds(candidate, ['--version'])) {
      manager = candidate
      break
    }
  }
  const isRoot = process.getuid?.() === 0
  return {
    platform: process.platform,
    manager,
    root: isRoot ? 'self' : await succeeds('sudo', ['-n', 'true']) ? 'sudo' : 'no',
    installAllowed: environment['HEADWATER_NO_INSTALL'] !== '1'
  }
}

async function succeeds (path: string, args: string[]): Promise<boolean> {
  return (await run(path, args)).ok
}

async function run (path: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<{ ok: boolean, stdout: string }> {
  return await new Promise(resolve => {
    execFile(path, args, { timeout: CHECK_TIMEOUT_MS, env }, (error, stdout) => resolve({ ok: error === null, stdout }))
  })
}
