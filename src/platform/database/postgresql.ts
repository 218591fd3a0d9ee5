import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { PlatformConfig } from '../../config/platform.ts'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { reasonOf } from '../../errors/reason.ts'
import type { Log } from '../../log.ts'
import type { Database } from './database.ts'
import { migrationConfig } from './migrations.ts'
import { SlowStatements } from './slow-statements.ts'
import { hideValues, isAway, withoutValues } from './statement-errors.ts'

export type PostgresqlSettings = Pick<PlatformConfig, 'databaseUrl' | 'databasePoolSize' | 'databaseConnectMs' | 'databaseQueryMs' | 'slowQueryMs'>

/** As PostgreSQL numbers itself. */
const OLDEST_VERSION = 140_000
/** Whoever has this advisory lock migrates; any number does, if all servers take the same. */
const MIGRATION_LOCK = 7_217_365

/**
 * A PostgreSQL server, through a pool of connections.
 * @throws HeadwaterError `DATABASE_UNAVAILABLE` when it does not answer, `DATABASE_VERSION` when it is too old
 */
export async function openPostgresql (settings: PostgresqlSettings, log: Log): Promise<Database> {
  const { databaseUrl, databasePoolSize, databaseConnectMs, databaseQueryMs, slowQueryMs } = settings
  const connection = { connectionString: databaseUrl, connectionTimeoutMillis: databaseConnectMs, keepAlive: true, application_name: 'headwater' }
  const pool = new pg.Pool({
    ...connection,
    max: databasePoolSize,
    statement_timeout: databaseQueryMs,
    // A server that is gone without a word ends no statement.
    ...(databaseQueryMs > 0 ? { query_timeout: databaseQueryMs + databaseConnectMs } : {})
  })
  // A connection that nobody uses was cut: the next statement gets another one.
  pool.on('error', error => log.warn({ err: error }, 'a connection to the database was lost'))
  const slow = new SlowStatements(log, slowQueryMs)
  slow.watch(pool)
  pool.on('connect', client => {
    slow.watch(client)
    // One that is lost in the midst of a transaction says so here too, and nobody hears it: the next statement fails.
    client.on('error', () => {})
  })
  try {
    await checkServer(pool)
  } catch (error) {
    await pool.end()
    throw error
  }
  const orm = drizzle(pool)
  orm.transaction = transactionOn(pool)
  hideValues(orm)
  let closed: Promise<void> | undefined
  return {
    engine: 'postgresql',
    orm,
    async migrate (migrations) {
      await withoutValues(async () => {
        // A connection of its own: the lock is the connection's, and whoever waits for another server may wait longer than a statement.
        const client = new pg.Client({ ...connection, application_name: 'headwater migrations' })
        client.on('error', error => log.warn({ err: error }, 'the connection for migrations was lost'))
        try {
          await client.connect()
          await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
          await migrate(drizzle(client), migrationConfig(migrations))
        } finally {
          await client.end()
        }
      })
    },
    async trouble () {
      // Who asks does not wait for as long as a statement may.
      const ask: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT', query_timeout: databaseConnectMs }
      return await pool.query(ask).then(() => undefined, (error: unknown) => `PostgreSQL does not answer${codeOf(error)}`)
    },
    close () {
      closed ??= pool.end()
      return closed
    }
  }
}

/** @throws HeadwaterError */
async function checkServer (pool: pg.Pool): Promise<void> {
  let version: number
  try {
    version = (await pool.query<{ version: number }>("SELECT current_setting('server_version_num')::int AS version")).rows[0]!.version
  } catch (error) {
    throw new HeadwaterError('DATABASE_UNAVAILABLE', { message: `The database (DATABASE_URL) cannot be used: ${reasonOf(error)}. Start it, or leave DATABASE_URL empty for the embedded one`, cause: error })
  }
  if (version < OLDEST_VERSION) throw new HeadwaterError('DATABASE_VERSION', { message: `The database (DATABASE_URL) is PostgreSQL ${Math.floor(version / 10_000)}; Headwater needs ${OLDEST_VERSION / 10_000} or later` })
}

/**
 * Transactions as Drizzle has them, but for the connection: Drizzle never gives one back on which BEGIN failed, and gives
 * one back as good that has failed later.
 */
function transactionOn (pool: pg.Pool): NodePgDatabase['transaction'] {
  return async (work, config) => {
    const client = await pool.connect()
    let failed = false
    try {
      return await drizzle(client).transaction(work, config)
    } catch (error) {
      failed = isAway(error) || isAway((error as Error).cause)
      throw error
    } finally {
      client.release(failed)
    }
  }
}

/** Anybody may ask for it, so that names and addresses stay out. */
function codeOf (error: unknown): string {
  const { code } = error as { code?: string }
  return code === undefined ? '' : ` (${code})`
}
