import { access, chmod, constants, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files that are kept in memory (Linux). */
const IN_MEMORY = '/dev/shm'
/** More than a run has of them at a time. Containers mostly have 64 MB there. */
const ENOUGH_BYTES = 4e9

/**
 * A new folder for the files of a run: in memory where there is room. Tests make and remove thousands of small files;
 * on ext4 without a journal each new one looks for the numbers of those that were just removed.
 */
export async function makeRunFolder (): Promise<string> {
  const folder = await mkdtemp(join(await hasRoom(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'headwater-test-run-'))
  // A test runs the server as another user.
  await chmod(folder, 0o755)
  return folder
}

async function hasRoom (folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    // Elsewhere there is no such folder, or it is not ours.
    return false
  }
}
