/** A program (or library) that some part of the project needs and npm does not bring. */
export type Tool = 'ffmpeg' | 'ffprobe' | 'chromium' | 'libfaketime' | 'nginx' | 'wrk' | 'postgresql' | 'redis-server'

export const TOOLS: readonly Tool[] = ['ffmpeg', 'ffprobe', 'chromium', 'libfaketime', 'nginx', 'wrk', 'postgresql', 'redis-server']

export type PackageManager = 'apt-get' | 'apk' | 'brew'

/** What the decision depends on. */
export interface Machine {
  platform: NodeJS.Platform
  /** The package manager that is there, of those that can be used without a question. */
  manager: PackageManager | undefined
  /** How this process may become root: it is, `sudo -n` works, or not at all. */
  root: 'self' | 'sudo' | 'no'
  /** False with HEADWATER_NO_INSTALL=1. */
  installAllowed: boolean
}

export interface Command {
  /** Program and arguments; no shell. */
  line: string[]
  /** The next command may succeed although this one did not. */
  mayFail?: boolean
}

export type Plan =
  | { kind: 'run', commands: Command[] }
  /** For a person: what to do, and why it is not done here. */
  | { kind: 'instruct', text: string }

/** FFmpeg's package brings ffprobe everywhere. */
const PACKAGES: Record<PackageManager, Record<Tool, string[]>> = {
  'apt-get': { ffmpeg: ['ffmpeg'], ffprobe: ['ffmpeg'], chromium: ['chromium'], libfaketime: ['libfaketime'], nginx: ['nginx-light'], wrk: ['wrk'], postgresql: ['postgresql'], 'redis-server': ['redis-server'] },
  apk: { ffmpeg: ['ffmpeg'], ffprobe: ['ffmpeg'], chromium: ['chromium'], libfaketime: ['libfaketime'], nginx: ['nginx'], wrk: ['wrk'], postgresql: ['postgresql'], 'redis-server': ['redis'] },
  brew: { ffmpeg: ['ffmpeg'], ffprobe: ['ffmpeg'], chromium: ['--cask', 'google-chrome'], libfaketime: ['libfaketime'], nginx: ['nginx'], wrk: ['wrk'], postgresql: ['postgresql@17'], 'redis-server': ['redis'] }
}

/** Where Debian's package of PostgreSQL looks whether it shall make a database for the machine, and start it. It is installed before. */
const DEBIAN_CLUSTERS = { package: 'postgresql-common', file: '/etc/postgresql-common/createcluster.conf', setting: 'create_main_cluster' }

const WITHOUT_MANAGER: Record<Tool, string> = {
  ffmpeg: 'install FFmpeg (https://ffmpeg.org/download.html) so that `ffmpeg` is on PATH, or set FFMPEG_PATH to it',
  ffprobe: 'install FFmpeg (https://ffmpeg.org/download.html) so that `ffprobe` is on PATH',
  chromium: 'install Chromium or Google Chrome, or set CHROMIUM_PATH to one',
  libfaketime: 'install libfaketime (Linux) where the system keeps its libraries, or set LIBFAKETIME_PATH to libfaketimeMT.so.1',
  nginx: 'install nginx so that `nginx` is on PATH',
  wrk: 'install wrk (https://github.com/wg/wrk) so that `wrk` is on PATH',
  postgresql: 'install PostgreSQL 14 or later (https://www.postgresql.org/download) so that `postgres` and `initdb` are on PATH',
  'redis-server': 'install Redis (https://redis.io/docs/latest/operate/oss_and_stack/install/) so that `redis-server` is on PATH'
}

/** How tools that are missing come onto this machine: the commands to run, or what to tell the person. */
export function planInstall (missing: readonly Tool[], machine: Machine): Plan {
  const { manager, root, installAllowed } = machine
  if (manager === undefined) {
    const todo = [...new Set(missing.map(tool => WITHOUT_MANAGER[tool]))].join('; ')
    return { kind: 'instruct', text: `Please ${machine.platform === 'win32' ? 'use WSL, or ' : ''}${todo}.` }
  }
  const packages = packagesOf(missing, manager)
  const byHand = `Please run: ${wordsFor(packages, manager, root)}`
  if (!installAllowed) return { kind: 'instruct', text: `${byHand} (not done here because HEADWATER_NO_INSTALL is 1)` }
  if (manager === 'brew' && root === 'self') return { kind: 'instruct', text: `${byHand} (not done here: Homebrew does not run as root)` }
  if (manager !== 'brew' && root === 'no') return { kind: 'instruct', text: `${byHand} (not done here: it needs root)` }
  return { kind: 'run', commands: commandsFor(packages, manager, root) }
}

/** What to install, a word list for each; tools of one package need it once. */
function packagesOf (missing: readonly Tool[], manager: PackageManager): string[][] {
  return [...new Map(missing.map(tool => [PACKAGES[manager][tool].join(' '), PACKAGES[manager][tool]])).values()]
}

function commandsFor (packages: string[][], manager: PackageManager, root: Machine['root']): Command[] {
  const asRoot = root === 'sudo' ? ['sudo', '-n'] : []
  switch (manager) {
    case 'apt-get': {
      // sudo cleans the environment, so the variable is set behind it. Another apt may be at work: wait for it.
      const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120']
      const install = (names: string[]): Command => ({ line: [...aptGet, 'install', '-y', '--no-install-recommends', ...names] })
      const names = packages.flat()
      return [
        // One repository of several may be out of reach.
        { line: [...aptGet, 'update'], mayFail: true },
        ...(names.includes('postgresql') ? withoutCluster(install, asRoot) : []),
        install(names)
      ]
    }
    case 'apk':
      return [{ line: [...asRoot, 'apk', 'add', '--no-cache', ...packages.flat()] }]
    case 'brew':
      // A cask and a formula do not go into one command.
      return packages.map(words => ({ line: ['brew', 'install', ...words] }))
  }
}

/** Before PostgreSQL is installed: tests start their own, and the machine is to have none that runs. */
function withoutCluster (install: (names: string[]) => Command, asRoot: string[]): Command[] {
  const { package: name, file, setting } = DEBIAN_CLUSTERS
  return [install([name]), { line: [...asRoot, 'sed', '-i', '-E', `s/^#? *${setting} *=.*/${setting} = false/`, file] }]
}

/** The same for a person at a shell. */
function wordsFor (packages: string[][], manager: PackageManager, root: Machine['root']): string {
  const asRoot = root === 'self' ? '' : 'sudo '
  switch (manager) {
    case 'apt-get': return `${asRoot}apt-get update && ${asRoot}apt-get install -y ${packages.flat().join(' ')}`
    case 'apk': return `${asRoot}apk add ${packages.flat().join(' ')}`
    case 'brew': return packages.map(words => `brew install ${words.join(' ')}`).join(' && ')
  }
}
