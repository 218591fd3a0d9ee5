import { PGlite, type Transaction } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlatformConfig } from '../../config/platform.ts'
import type { HeadwaterError } from '../../errors/catalogue.ts'
import { takeLock, type LockedFolder, type LockTiming } from '../../folder-lock/lock.ts'
import type { Log } from '../../log.ts'
import { checkDataVersion } from './data-version.ts'
import type { Database } from './database.ts'
import { migrationConfig } from './migrations.ts'
import { SlowStatements } from './slow-statements.ts'
import { readTemplate } from './template.ts'

export type PgliteSettings = Pick<PlatformConfig, 'dataDir' | 'slowQueryMs'>

const LOCKED: LockedFolder = { of: 'the database', setting: 'DATA_DIR', inUse: 'DATA_DIR_IN_USE' }
/** Below DATA_DIR. */
const FOLDER = 'database'
const FILES = 'postgresql'
/** Not a database yet: whoever made it died. */
const UNFINISHED = `${FILES}.part`

/**
 * PostgreSQL in this process. Its folder is this process's alone: PGlite itself would let two write to it.
 * @throws HeadwaterError `DATA_DIR_IN_USE`, `DATABASE_VERSION`, or `CONFIG_INVALID` when the folder cannot be written to
 */
export async function openPglite ({ dataDir, slowQueryMs }: PgliteSettings, log: Log, timing?: LockTiming): Promise<Database> {
  const folder = join(dataDir, FOLDER)
  let lost: HeadwaterError | undefined
  const lock = await takeLock(folder, {
    what: LOCKED,
    log,
    onLost: error => {
      lost = error
      log.error({ err: error }, 'the database belongs to another server now')
    },
    ...(timing === undefined ? {} : { timing })
  })
  let client: PGlite
  try {
    const files = join(folder, FILES)
    if (!await checkDataVersion(files)) await create(folder, files, log)
    client = await PGlite.create({ dataDir: files })
  } catch (error) {
    await lock.release()
    throw error
  }
  watch(client, new SlowStatements(log, slowQueryMs))
  const orm = drizzle(client)
  return {
    engine: 'pglite',
    orm,
    async migrate (migrations) {
      await migrate(orm, migrationConfig(migrations))
    },
    async trouble () {
      if (lost !== undefined) return 'Another server has taken over the folder of the database'
      return client.closed ? 'The database is closed' : undefined
    },
    async close () {
      if (!client.closed) await client.close()
      await lock.release()
    }
  }
}

/** A new database, whole or not at all. */
async function create (folder: string, files: string, log: Log): Promise<void> {
  const began = performance.now()
  const unfinished = join(folder, UNFINISHED)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const template = await readTemplate()
  const client = await PGlite.create({ dataDir: unfinished, ...(template === undefined ? {} : { loadDataDir: template }) })
  await client.close()
  await rename(unfinished, files)
  log.info({ folder: files, ms: Math.round(performance.now() - began), fromTemplate: template !== undefined }, 'the embedded database was created')
}

/** Statements of transactions too. */
function watch (client: PGlite, slow: SlowStatements): void {
  slow.watch(client)
  const transaction = client.transaction.bind(client)
  client.transaction = async <T>(work: (transaction: Transaction) => Promise<T>) => await transaction(async inner => {
    slow.watch(inner)
    return await work(inner)
  })
}
