import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HeadwaterError } from './errors/catalogue.ts'
import { isMissing } from './errors/file-system.ts'

/** Below the data folder. */
export const SECRETS_FOLDER = 'secrets'

const MIN_CHARACTERS = 32

/**
 * A secret that is made once and kept in a file that only its owner may read. Several servers may come for it at the
 * same time: they get the same one.
 * @throws HeadwaterError `CONFIG_INVALID` when the file has something else in it, or cannot be written
 */
export async function keptSecret (dataDir: string, name: string): Promise<string> {
  const folder = join(dataDir, SECRETS_FOLDER)
  const path = join(folder, name)
  const known = await readSecret(path)
  if (known !== undefined) return known
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeOnce(path, `${randomBytes(48).toString('base64url')}\n`)
  } catch (cause) {
    throw new HeadwaterError('CONFIG_INVALID', { message: `A secret cannot be kept in ${path} (DATA_DIR): ${(cause as Error).message}`, cause })
  }
  return (await readSecret(path))!
}

/** Writes a file, unless there is one. Nobody ever sees a part of it. */
async function writeOnce (path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`
  await writeFile(unfinished, text, { mode: 0o600, flag: 'wx' })
  try {
    await link(unfinished, path)
  } catch (error) {
    // Somebody was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function readSecret (path: string): Promise<string | undefined> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new HeadwaterError('CONFIG_INVALID', { message: `The secret in ${path} cannot be read: ${(error as Error).message}`, cause: error })
  }
  if (text.length < MIN_CHARACTERS) throw new HeadwaterError('CONFIG_INVALID', { message: `${path} has no secret in it: remove it, and a new one is made (what was signed or opened with the old one has ended then)` })
  return text
}
