import { openAsBlob } from 'node:fs'
import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isMissing } from '../../errors/file-system.ts'
import { DATA_VERSION } from './data-version.ts'

/** An empty database, which takes a second to unpack and many to create. Made when Headwater is built (`scripts/database-template.ts`). */
export const TEMPLATE_PATH = fileURLToPath(new URL(`built/empty-${DATA_VERSION}.tar.gz`, import.meta.url))

/** Undefined where none was made: the database is then created from nothing. */
export async function readTemplate (): Promise<Blob | undefined> {
  try {
    await access(TEMPLATE_PATH)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  return await openAsBlob(TEMPLATE_PATH)
}
