import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { PlatformConfig } from '../../config/platform.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Log } from '../../log.ts'
import type { Database, Migrations } from './database.ts'
import { migrationConfig } from './migrations.ts'
import { SlowStatements } from './slow-statements.ts'

export type PostgresqlSettings = Pick<PlatformConfig, 'databaseUrl' | 'databasePoolSize' | 'databaseConnectMs' | 'databaseQueryMs' | 'slowQueryMs'>

/** Whoever has this advisory lock migrates; any number does, if all servers take the same. */
const MIGRATION_LOCK = 7_217_365

/**
 * A PostgreSQL server, through a pool of connections.
 * @throws HeadwaterError `DATABASE_UNAVAILABLE` when it does not answer
 */
export async function openPostgresql (settings: PostgresqlSettings, log: Log): Promise<Database> {
  const { databaseUrl, databasePoolSize, databaseConnectMs, databaseQueryMs, slowQueryMs } = settings
  const pool = new pg.Pool({ connectionString: databaseUrl, max: databasePoolSize, connectionTimeoutMillis: databaseConnectMs, statement_timeout: databaseQueryMs, application_name: 'headwater' })
  // A connection that nobody uses was cut: the next statement gets another one.
  pool.on('error', error => log.warn({ err: error }, 'a connection to the database was lost'))
  const slow = new SlowStatements(log, slowQueryMs)
  slow.watch(pool)
  pool.on('connect', client => slow.watch(client))
  const trouble = async () => {
    try {
      await pool.query('SELECT 1')
      return undefined
    } catch (error) {
      return `PostgreSQL does not answer: ${reasonOf(error)}`
    }
  }
  const atStart = await trouble()
  if (atStart !== undefined) {
    await pool.end()
    throw new HeadwaterError('DATABASE_UNAVAILABLE', { message: `The database (DATABASE_URL) cannot be used. ${atStart}. Start it, or leave DATABASE_URL empty for the embedded one` })
  }
  return {
    engine: 'postgresql',
    orm: drizzle(pool),
    trouble,
    async migrate (migrations: Migrations) {
      // A connection of its own: the lock is the connection's, and whoever waits for another server may wait longer than a statement.
      const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: databaseConnectMs, application_name: 'headwater migrations' })
      client.on('error', error => log.warn({ err: error }, 'the connection for migrations was lost'))
      try {
        await client.connect()
        await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
        await migrate(drizzle(client), migrationConfig(migrations))
      } finally {
        await client.end()
      }
    },
    async close () {
      await pool.end()
    }
  }
}

/** Without the address, which has a password in it. Where several addresses were tried, the message is empty and each has its own error. */
function reasonOf (error: unknown): string {
  const { message, errors } = error as Partial<AggregateError>
  return message !== undefined && message !== '' ? message : String((errors?.[0] as Error | undefined)?.message ?? error)
}
