import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/**
 * Cores that this process may use: those of the machine (or of its CPU set), bounded by the control groups
 * (version 2) that it is in.
 * @param root where `/proc` and `/sys` are
 */
export async function usableCores (root = '/'): Promise<number> {
  const groups = groupsOf(await read(join(root, 'proc/self/cgroup')))
  const limits = await Promise.all(groups.map(async group => coresOf(await read(join(root, 'sys/fs/cgroup', group, 'cpu.max')))))
  return Math.min(availableParallelism(), ...limits)
}

/** The group of version 2 in `/proc/self/cgroup`, and all above it (cgroups(7)); in a container of its own it is the topmost. */
export function groupsOf (text: string): string[] {
  const path = /^0::(\/.*)$/m.exec(text)?.[1]
  if (path === undefined) return []
  const parts = path.split('/').filter(part => part !== '')
  return Array.from({ length: parts.length + 1 }, (_, count) => `/${parts.slice(0, count).join('/')}`)
}

/** `cpu.max`: microseconds in each period, both in one line; `max`: no limit. What makes no sense limits nothing. */
export function coresOf (text: string): number {
  const [quota, period] = text.trim().split(/\s+/).map(Number)
  const cores = quota! / period!
  return cores > 0 ? cores : Infinity
}

/** Not every system has these files. */
async function read (path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
