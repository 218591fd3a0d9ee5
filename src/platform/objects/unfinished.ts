import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../errors/file-system.ts'
import { judgeHolder, readHolder, thisProcess, writeHolder, type LockHolder } from '../../folder-lock/holder.ts'

/** Whose process cannot be seen (another machine, another container) had so long to finish, in milliseconds. */
const GIVEN_UP_MS = 86_400_000

/**
 * Files that are not objects yet. Their names say whose they are: several servers may keep objects in one folder, and
 * whoever starts removes only what the dead left.
 */
export class Unfinished {
  readonly #folder: string
  readonly #self: LockHolder
  #count = 0

  private constructor (folder: string, self: LockHolder) {
    this.#folder = folder
    this.#self = self
  }

  static async in (folder: string): Promise<Unfinished> {
    return new Unfinished(folder, await thisProcess())
  }

  /** A path that nobody else has. */
  next (): string {
    return join(this.#folder, `${writeHolder(this.#self)}.${this.#count++}`)
  }

  /** @returns how many files are gone */
  async removeLeftovers (): Promise<number> {
    let removed = 0
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      if (!await this.#isLeft(name, path)) continue
      await rm(path, { force: true })
      removed++
    }
    return removed
  }

  async #isLeft (name: string, path: string): Promise<boolean> {
    const holder = readHolder(name.slice(0, Math.max(0, name.lastIndexOf('.'))))
    const verdict = holder === undefined ? 'unknown' : await judgeHolder(holder, this.#self)
    if (verdict !== 'unknown') return verdict === 'dead'
    try {
      return (await stat(path)).mtimeMs < Date.now() - GIVEN_UP_MS
    } catch (error) {
      // Whoever has it has finished meanwhile.
      if (isMissing(error)) return false
      throw error
    }
  }
}
