import { lstat, lutimes, mkdir, readdir, readlink, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadwaterError, type ErrorCode } from '../errors/catalogue.ts'
import { isMissing } from '../errors/file-system.ts'
import type { Log } from '../log.ts'
import { judgeHolder, readHolder, thisProcess, writeHolder, type LockHolder } from './holder.ts'

/** What a folder is, for those who are told that it cannot be had. */
export interface LockedFolder {
  /** What it holds, as in `the folder of the streams`. */
  of: string
  /** The setting that names it. */
  setting: string
  /** What whoever comes second is told. */
  inUse: ErrorCode
}

export interface LockOptions {
  what: LockedFolder
  log: Log
  /** Another server has the folder now: nothing may be written there any more. */
  onLost: (error: HeadwaterError) => void
  /** Who takes it; by default this process. */
  self?: LockHolder
  timing?: LockTiming
}

export interface LockTiming {
  /** Signs of life come this often. */
  heartbeatMs: number
  /** A holder whose process cannot be seen (another machine, another container) is dead when it gave no sign of life for this long. */
  staleMs: number
}

/** A folder that this process alone writes to. */
export interface FolderLock {
  /** The last sign of life of the server that had the folder before, in milliseconds since 1970; undefined when there was none. */
  readonly formerAliveAt: number | undefined
  /** Gives the folder to whoever comes next. */
  release (): Promise<void>
}

/**
 * The lock is a symbolic link `.headwater-lock.<n>` whose target names the holder and whose time is its last
 * sign of life; the highest `n` counts. Whoever finds that holder dead, or `released`, creates the link `n + 1`,
 * which only one can. Nothing is ever replaced: there is no moment at which two may take it, or none has it.
 */
const NAME = '.headwater-lock.'
const RELEASED = 'released'
const TIMING: LockTiming = { heartbeatMs: 2_000, staleMs: 10_000 }
/** A server may have lived for so long after its last sign of life, in milliseconds. */
export const LOCK_HEARTBEAT_MS = TIMING.heartbeatMs
/** How often one looks whether a holder gives a sign of life. */
const LOOK_INTERVAL_MS = 200

interface Entry {
  generation: number
  /** What the link says; empty when it is no link. */
  text: string
  /** Milliseconds since 1970. */
  aliveAt: number
}

/**
 * Takes a folder for this process; creates it where it is missing.
 * @throws HeadwaterError `what.inUse` when another server has it, `CONFIG_INVALID` when it cannot be written to
 */
export async function takeLock (folder: string, { what, log, onLost, self, timing = TIMING }: LockOptions): Promise<FolderLock> {
  const holder = self ?? await thisProcess()
  try {
    await mkdir(folder, { recursive: true })
    for (;;) {
      const former = await newestEntry(folder)
      if (former !== undefined && former.text !== RELEASED && !await isDead(folder, former, holder, timing)) throw inUse(what, folder, former)
      const own = { generation: (former?.generation ?? 0) + 1, text: writeHolder(holder) }
      if (!await create(folder, own)) continue
      // What was looked at may have been long over: somebody else is further on.
      if ((await newestEntry(folder))?.generation !== own.generation) {
        await remove(folder, own.generation)
        continue
      }
      for (const generation of await generationsIn(folder)) if (generation < own.generation) await remove(folder, generation)
      return new HeldLock(folder, own, former?.aliveAt, { what, log, onLost, heartbeatMs: timing.heartbeatMs })
    }
  } catch (error) {
    if (error instanceof HeadwaterError) throw error
    throw new HeadwaterError('CONFIG_INVALID', { message: `The folder of ${what.of} (${what.setting}), ${folder}, cannot be used: ${(error as Error).message}. Name a folder that this server may write to`, cause: error })
  }
}

class HeldLock implements FolderLock {
  readonly formerAliveAt: number | undefined
  readonly #what: LockedFolder
  readonly #folder: string
  readonly #own: { generation: number, text: string }
  readonly #log: Log
  readonly #onLost: (error: HeadwaterError) => void
  readonly #timer: NodeJS.Timeout
  #beating: Promise<void> | undefined
  #lost = false
  #troubled = false
  #released: Promise<void> | undefined

  constructor (folder: string, own: { generation: number, text: string }, formerAliveAt: number | undefined, { what, log, onLost, heartbeatMs }: Pick<LockOptions, 'what' | 'log' | 'onLost'> & Pick<LockTiming, 'heartbeatMs'>) {
    this.#what = what
    this.#folder = folder
    this.#own = own
    this.formerAliveAt = formerAliveAt
    this.#log = log
    this.#onLost = onLost
    this.#timer = setInterval(() => { this.#beating ??= this.#beat().finally(() => { this.#beating = undefined }) }, heartbeatMs)
    this.#timer.unref()
  }

  release (): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  async #beat (): Promise<void> {
    try {
      const newest = await newestEntry(this.#folder)
      if (newest === undefined) {
        this.#log.warn({ folder: this.#folder }, `the lock of the folder of ${this.#what.of} was removed; it is put back`)
        await create(this.#folder, this.#own)
      } else if (newest.generation !== this.#own.generation || newest.text !== this.#own.text) {
        this.#lose(newest)
        return
      } else {
        const now = new Date()
        await lutimes(pathOf(this.#folder, newest.generation), now, now)
      }
      this.#troubled = false
    } catch (error) {
      if (!this.#troubled) this.#log.warn({ err: error }, `no sign of life could be left in the folder of ${this.#what.of}`)
      this.#troubled = true
    }
  }

  #lose (newest: Entry): void {
    if (this.#lost) return
    this.#lost = true
    clearInterval(this.#timer)
    this.#onLost(inUse(this.#what, this.#folder, newest))
  }

  async #release (): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    if (this.#lost) return
    try {
      // The time of release stays known; a folder that is gone needs no lock.
      await create(this.#folder, { generation: this.#own.generation + 1, text: RELEASED })
    } catch (error) {
      if (!isMissing(error)) this.#log.warn({ err: error }, `the release of the folder of ${this.#what.of} could not be noted`)
    }
    await remove(this.#folder, this.#own.generation)
  }
}

/** Whether the holder of an entry is gone; waits for a sign of life where its process cannot be seen. */
async function isDead (folder: string, entry: Entry, self: LockHolder, { staleMs }: LockTiming): Promise<boolean> {
  const holder = readHolder(entry.text)
  const verdict = holder === undefined ? 'unknown' : await judgeHolder(holder, self)
  if (verdict !== 'unknown') return verdict === 'dead'
  // Clocks of two machines differ: what counts is that the time moves, seen with our own clock.
  const began = performance.now()
  while (performance.now() - began < staleMs) {
    await delay(LOOK_INTERVAL_MS)
    const now = await newestEntry(folder)
    if (now?.generation !== entry.generation) return true
    if (now.aliveAt !== entry.aliveAt) return false
  }
  return true
}

function inUse (what: LockedFolder, folder: string, { text, aliveAt }: Entry): HeadwaterError {
  const holder = readHolder(text)
  const who = holder === undefined ? 'somebody' : `process ${holder.pid} on ${holder.host === '' ? 'an unnamed host' : holder.host}`
  return new HeadwaterError(what.inUse, {
    message: `The folder of ${what.of} (${what.setting}), ${folder}, is in use by another Headwater: ${who}, last seen at ${new Date(aliveAt).toISOString()}. Stop that server, or give this one another ${what.setting}`
  })
}

function pathOf (folder: string, generation: number): string {
  return join(folder, `${NAME}${generation}`)
}

async function generationsIn (folder: string): Promise<number[]> {
  return (await readdir(folder))
    .filter(name => name.startsWith(NAME) && /^\d{1,15}$/.test(name.slice(NAME.length)))
    .map(name => Number(name.slice(NAME.length)))
}

async function newestEntry (folder: string): Promise<Entry | undefined> {
  for (;;) {
    const generations = await generationsIn(folder)
    if (generations.length === 0) return undefined
    const generation = Math.max(...generations)
    const path = pathOf(folder, generation)
    try {
      const { mtimeMs } = await lstat(path)
      return { generation, text: await readlink(path).catch(whenNoLink), aliveAt: Math.round(mtimeMs) }
    } catch (error) {
      // The next generation is there already.
      if (!isMissing(error)) throw error
    }
  }
}

function whenNoLink (error: NodeJS.ErrnoException): string {
  if (error.code === 'EINVAL') return ''
  throw error
}

/** @returns whether it was free */
async function create (folder: string, { generation, text }: { generation: number, text: string }): Promise<boolean> {
  try {
    await symlink(text, pathOf(folder, generation))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function remove (folder: string, generation: number): Promise<void> {
  await unlink(pathOf(folder, generation)).catch((error: unknown) => { if (!isMissing(error)) throw error })
}
