import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { isMissing } from '../../errors/file-system.ts'

/** Major version of PostgreSQL that PGlite is; its files can be read by no other. */
export const DATA_VERSION = '18'

/**
 * Makes sure that a folder of PostgreSQL's can be read by this PGlite. @returns whether there is one
 * @throws HeadwaterError `DATABASE_VERSION`
 */
export async function checkDataVersion (folder: string): Promise<boolean> {
  let version: string
  try {
    version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  if (version === DATA_VERSION) return true
  throw new HeadwaterError('DATABASE_VERSION', {
    message: `The embedded database in ${folder} was written by PostgreSQL ${version}, and this Headwater reads ${DATA_VERSION}. With the Headwater that wrote it, run \`npm run db -- dump FILE\`; move the folder away; then, with this one, \`npm run db -- restore FILE\``
  })
}
