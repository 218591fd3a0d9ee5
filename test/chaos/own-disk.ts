import { execFile, execFileSync } from 'node:child_process'
import { mkdir, open, rm, statfs, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const FILLER = 'filler'
const PIECE_BYTES = 65_536
/** What a file system takes for itself besides what a file holds. */
const BLOCK_BYTES = 4_096

/** A small file system in memory, ours alone, that can be filled. Its folder `streams` can stand in for another one. */
export class OwnDisk {
  readonly #mounted: string[] = []
  readonly #root: string
  readonly #onExit = () => {
    for (const path of this.#mounted.reverse()) {
      try {
        execFileSync('umount', ['--lazy', path], { stdio: 'ignore' })
      } catch {
        // It is not mounted any more.
      }
    }
  }

  /** @param root an empty folder of ours @throws Error when this process may not mount */
  static async mount (root: string, bytes: number): Promise<OwnDisk> {
    await mkdir(root, { recursive: true })
    const disk = new OwnDisk(root)
    process.once('exit', disk.#onExit)
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'headwater-chaos', root])
      disk.#mounted.push(root)
      await mkdir(disk.streams)
    } catch (error) {
      await disk.unmount()
      throw error
    }
    return disk
  }

  private constructor (root: string) {
    this.#root = root
  }

  get streams (): string {
    return join(this.#root, 'streams')
  }

  /** From now on, what is written below `folder` lands on this disk. */
  async standInFor (folder: string): Promise<void> {
    await mkdir(folder, { recursive: true })
    await run('mount', ['--bind', this.streams, folder])
    this.#mounted.push(folder)
  }

  async freeBytes (): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root)
    return bavail * bsize
  }

  /** Takes space until so much is left; what others take or give back meanwhile is made up for. */
  async fillUpTo (leftBytes: number): Promise<void> {
    const file = await open(join(this.#root, FILLER), 'a')
    try {
      for (let excess = await this.freeBytes() - leftBytes; excess >= BLOCK_BYTES; excess = await this.freeBytes() - leftBytes) {
        await file.appendFile(Buffer.alloc(Math.min(PIECE_BYTES, excess)))
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      await file.close()
    }
  }

  /** Gives all the space back. */
  async release (): Promise<void> {
    await truncate(join(this.#root, FILLER), 0)
  }

  async unmount (): Promise<void> {
    process.off('exit', this.#onExit)
    for (const path of this.#mounted.splice(0).reverse()) await run('umount', [path])
    await rm(this.#root, { recursive: true, force: true })
  }
}

/** Why this process may not mount a file system; undefined when it may. */
export async function whyNoMount (root: string): Promise<string | undefined> {
  try {
    await (await OwnDisk.mount(root, PIECE_BYTES)).unmount()
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1)
  }
}
