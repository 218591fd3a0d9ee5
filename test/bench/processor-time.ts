import { readdir, readFile } from 'node:fs/promises'

/** Nanoseconds that a thread ran, from its `schedstat` (Linux). */
export function readRunNs (schedstat: string): number {
  const [ran] = /^\d+/.exec(schedstat) ?? []
  if (ran === undefined) throw new Error(`This is no schedstat: ${schedstat}`)
  return Number(ran)
}

/** The name of a process's program and its parent's process id, from a `stat` of `/proc`: the name may hold anything, also brackets. */
export function readDescent (stat: string): { program: string, parent: number } {
  const end = stat.lastIndexOf(')')
  return { program: stat.slice(stat.indexOf('(') + 1, end), parent: Number(stat.slice(end + 2).split(' ')[1]) }
}

/** Processor time of a process, all its threads, in seconds. Those that are gone do not count. */
export async function processorSeconds (pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(threads.map(async thread => readRunNs(await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0'))))
  return times.reduce((sum, time) => sum + time, 0) / 1e9
}

/** FFmpeg processes that a process has started and that are still there. */
export async function ffmpegsOf (pid: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const descents = await Promise.all(ids.map(async id => readDescent(await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '() x 0'))))
  return ids.filter((_id, index) => descents[index]!.parent === pid && descents[index]!.program === 'ffmpeg').map(Number)
}

/** The same for many, together. */
export async function processorSecondsOf (pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map(pid => processorSeconds(pid).catch(() => 0)))
  return times.reduce((sum, time) => sum + time, 0)
}

/** A process's program and arguments. */
export async function commandLine (pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
}
