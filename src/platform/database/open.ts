import type { PlatformConfig } from '../../config/platform.ts'
import type { Log } from '../../log.ts'
import type { Database } from './database.ts'

/**
 * The database that the settings name: PostgreSQL, or without DATABASE_URL the embedded one. Whichever is not used is
 * not loaded.
 * @throws HeadwaterError when it cannot be opened
 */
export async function openDatabase (settings: PlatformConfig, log: Log): Promise<Database> {
  if (settings.databaseUrl === '') return await (await import('./pglite.ts')).openPglite(settings, log)
  return await (await import('./postgresql.ts')).openPostgresql(settings, log)
}
