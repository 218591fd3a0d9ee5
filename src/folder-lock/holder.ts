import { createHash, randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isMissing } from '../errors/file-system.ts'

/** Who holds a folder, as it stands in the lock. */
export interface LockHolder {
  /** Random: tells two locks of one process apart. */
  id: string
  pid: number
  /** When the process began, in clock ticks since the machine did; empty where that is not known. */
  startTicks: string
  /** The machine's boot and the pid namespace (a digest): within it a pid names one process. Empty where that is not known. */
  scope: string
  /** For people. */
  host: string
}

/** `unknown`: its process cannot be seen from here. */
export type HolderVerdict = 'alive' | 'dead' | 'unknown'

/**
 * A holder is written in fewer than 60 characters: common file systems then keep a symbolic link's target
 * in the inode, and a lock can be taken on a full disk.
 */
const HOST_CHARACTERS = 24
const SCOPE_BYTES = 6
const ID_BYTES = 4
const HOLDER = /^([\w-]+):(\d+):(\d*):([\w-]*):([\w.-]*)$/
/** States of a process that has ended and that its parent has not taken note of yet. */
const ENDED_STATES = ['Z', 'X', 'x']

export function writeHolder ({ id, pid, startTicks, scope, host }: LockHolder): string {
  return [id, pid, startTicks, scope, host].join(':')
}

/** @returns undefined when it is not what {@link writeHolder} writes */
export function readHolder (text: string): LockHolder | undefined {
  const match = HOLDER.exec(text)
  if (match === null) return undefined
  const [, id = '', pid = '', startTicks = '', scope = '', host = ''] = match
  return { id, pid: Number(pid), startTicks, scope, host }
}

/** This process as a holder, with a new id. */
export async function thisProcess (): Promise<LockHolder> {
  const found = await lookUp(process.pid)
  return {
    id: randomBytes(ID_BYTES).toString('base64url'),
    pid: process.pid,
    startTicks: typeof found === 'object' ? found.startTicks : '',
    scope: await scopeHere(),
    host: hostname().replace(/[^\w.-]/g, '').slice(0, HOST_CHARACTERS)
  }
}

/** Whether a holder's process is there, as far as this process can see. */
export async function judgeHolder (holder: LockHolder, self: LockHolder): Promise<HolderVerdict> {
  if (self.scope === '' || holder.scope !== self.scope) return 'unknown'
  const found = await lookUp(holder.pid)
  if (found === 'hidden') return 'unknown'
  // The pid may have been given to another process since.
  return found !== 'gone' && found.startTicks === holder.startTicks ? 'alive' : 'dead'
}

/** `hidden`: it may be there, but nothing more is told. */
async function lookUp (pid: number): Promise<{ startTicks: string } | 'gone' | 'hidden'> {
  let stat: string
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return exists(pid) ? 'hidden' : 'gone'
  }
  // The name stands in brackets and may hold anything; behind it come the state (field 3) and, 19 further on, the start (field 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', startTicks = ''] = [fields[0], fields[19]]
  return ENDED_STATES.includes(state) ? 'gone' : { startTicks }
}

function exists (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Empty where there is no `/proc` as Linux has it. */
async function scopeHere (): Promise<string> {
  try {
    const [boot, namespace] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')])
    return createHash('sha256').update(`${boot.trim()} ${namespace}`).digest().subarray(0, SCOPE_BYTES).toString('base64url')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}
