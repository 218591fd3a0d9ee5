import { readdir, readFile } from 'node:fs/promises'

/** What a run of tests has left behind. */
export interface Leftovers {
  /** Command lines of processes that carry the run's mark in their environment. */
  processes: string[]
  /** Entries of the run's own temporary folder. */
  files: string[]
}

/** Caches that other programs keep, one for all runs: the TypeScript loader's, tap's own build's, Node's for npm and tsc, and that of Chromium's sound library. */
const CACHES = [/^tsx-\d+$/, /^v8-compile-cache-\d+$/, /^node-compile-cache$/, /^pulse-\w+$/]

/**
 * Looks for what a run left. Processes are found through `/proc` (Linux; elsewhere none are found).
 * @param mark an environment entry, `NAME=value`, that the run and all of its children carry
 */
export async function findLeftovers (mark: string, temporaryFolder: string): Promise<Leftovers> {
  return { processes: await markedProcesses(mark), files: (await readdir(temporaryFolder)).filter(name => !CACHES.some(cache => cache.test(name))) }
}

/** Command lines, each with its process id in front, of the processes that carry this entry in their environment. */
export async function markedProcesses (mark: string): Promise<string[]> {
  const ids = await readdir('/proc').catch(() => [])
  const found = await Promise.all(ids.filter(id => /^\d+$/.test(id)).map(async id => {
    try {
      const environment = await readFile(`/proc/${id}/environ`, 'latin1')
      if (!environment.split('\0').includes(mark)) return undefined
      return `${id} ${(await readFile(`/proc/${id}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()}`
    } catch {
      // It has gone meanwhile, or belongs to somebody else.
      return undefined
    }
  }))
  return found.filter(line => line !== undefined)
}
