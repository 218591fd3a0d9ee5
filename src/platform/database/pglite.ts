import { PGlite, type Transaction } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { access, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlatformConfig } from '../../config/platform.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { isMissing } from '../../errors/file-system.ts'
import { takeLock, type LockedFolder, type LockTiming } from '../../folder-lock/lock.ts'
import type { Log } from '../../log.ts'
import { checkDataVersion } from './data-version.ts'
import type { Database } from './database.ts'
import { migrationConfig } from './migrations.ts'
import { SlowStatements } from './slow-statements.ts'
import { hideValues, withoutValues } from './statement-errors.ts'
import { readTemplate } from './template.ts'
import { Upkeep, type UpkeepSettings } from './upkeep.ts'

export type PgliteSettings = UpkeepSettings & Pick<PlatformConfig, 'dataDir' | 'databaseCacheBytes' | 'slowQueryMs'>

const LOCKED: LockedFolder = { of: 'the database', setting: 'DATA_DIR', inUse: 'DATA_DIR_IN_USE' }
/** Below DATA_DIR. */
const FOLDER = 'database'
const FILES = 'postgresql'
/** Stands beside the files while they are made: where it is found, whoever made them died. */
const MARK = `${FILES}.unfinished`

/**
 * PostgreSQL in this process. Its folder is this process's alone: PGlite itself would let two write to it.
 * @throws HeadwaterError `DATA_DIR_IN_USE`, `DATABASE_VERSION`, `CONFIG_INVALID` when the folder cannot be written to, or
 * `DATABASE_UNAVAILABLE` when what is in it cannot be read
 */
export async function openPglite (settings: PgliteSettings, log: Log, timing?: LockTiming): Promise<Database> {
  const folder = join(settings.dataDir, FOLDER)
  let whenLost = (): void => {}
  const lock = await takeLock(folder, { what: LOCKED, log, onLost: () => whenLost(), ...(timing === undefined ? {} : { timing }) })
  let client: PGlite
  try {
    const files = join(folder, FILES)
    const mark = join(folder, MARK)
    if (await isThere(mark)) await rm(files, { recursive: true, force: true })
    client = await checkDataVersion(files) ? await open(files, settings) : await create(files, mark, settings, log)
  } catch (error) {
    await lock.release()
    throw error
  }
  let lost = false
  const upkeep = new Upkeep(client, settings, log)
  const slow = new SlowStatements(log, settings.slowQueryMs)
  watch(client, slow)
  const orm = drizzle(client)
  hideValues(orm)
  whenLost = () => {
    lost = true
    log.error({ folder }, 'the database belongs to another server now')
    abandon(client)
  }
  let migrated: Promise<void> = Promise.resolve()
  let closed: Promise<void> | undefined
  return {
    engine: 'pglite',
    orm,
    async migrate (migrations) {
      // One after the other: Drizzle looks what was done before it begins.
      const own = migrated.then(async () => {
        await slow.quietly(async () => await withoutValues(async () => await migrate(orm, migrationConfig(migrations))))
        // How arrays are read is found out when it is opened, and again for new types.
        await client.refreshArrayTypes()
      })
      migrated = own.catch(() => {})
      await own
    },
    async trouble () {
      if (lost) return 'Another server has taken over the folder of the database'
      return await client.query('SELECT').then(() => undefined, () => 'The database does not answer')
    },
    close () {
      closed ??= (async () => {
        await upkeep.stop()
        if (!lost) await client.close()
        await lock.release()
      })()
      return closed
    }
  }
}

/** A new database, whole or not at all. */
async function create (files: string, mark: string, settings: PgliteSettings, log: Log): Promise<PGlite> {
  const began = performance.now()
  if (await isThere(files) && (await readdir(files)).length > 0) throw new HeadwaterError('CONFIG_INVALID', { message: `There is something in ${files} that is no database. Move it away` })
  await writeFile(mark, '')
  const template = await readTemplate()
  const client = await open(files, settings, template)
  await rm(mark)
  log.info({ folder: files, ms: Math.round(performance.now() - began), fromTemplate: template !== undefined }, 'the embedded database was created')
  return client
}

async function open (files: string, { databaseCacheBytes }: PgliteSettings, template?: Blob): Promise<PGlite> {
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${Math.round(databaseCacheBytes / 1024)}kB`]
  try {
    return await PGlite.create({ dataDir: files, startParams, ...(template === undefined ? {} : { loadDataDir: template }) })
  } catch (error) {
    throw new HeadwaterError('DATABASE_UNAVAILABLE', { message: `The embedded database in ${files} cannot be opened: ${(error as Error).message}. If it is damaged, move it away and restore a dump (\`npm run db -- restore FILE\`)`, cause: error })
  }
}

async function isThere (path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
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

/** Nothing more is read or written, unlike at a close: another process does. */
function abandon (client: PGlite): void {
  const refuse = async () => { throw new HeadwaterError('DATABASE_UNAVAILABLE', { message: 'The database belongs to another server now' }) }
  Object.assign(client, { query: refuse, exec: refuse, transaction: refuse })
  try {
    // Its timers would go on for as long as the process does.
    client.Module._emscripten_force_exit(1)
  } catch {
    // This is how it ends.
  }
}
