import type { SQL } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'

export type DatabaseEngine = 'pglite' | 'postgresql'

/** Drizzle, as far as both engines are the same. */
export type Orm = PgDatabase<PgQueryResultHKT>

/** A feature's own migrations, as `drizzle-kit generate` writes them. */
export interface Migrations {
  /** The feature's name: lower-case letters, digits and `_`. Its migrations are counted under it. */
  feature: string
  /** Path of the folder that has `meta/_journal.json` and the SQL. */
  folder: string
}

/**
 * One relational database, embedded or on a server: the same SQL, the same migrations. SQL that PostgreSQL 14 does not
 * know is not used.
 */
export interface Database {
  readonly engine: DatabaseEngine
  /**
   * Statements, each a transaction of its own; `orm.transaction` for several. Keep that short: with PGlite everybody
   * else waits. A unique violation is an error whose `cause.code` is `23505` (see {@link isUniqueViolation}).
   */
  readonly orm: Orm
  /**
   * Brings a feature's tables to the newest version; does nothing where they are. Several servers may do it at once.
   * @throws the engine's error; nothing of the migration is done then
   */
  migrate (migrations: Migrations): Promise<void>
  /** Why it cannot be used at present, for whoever runs the server; undefined when it can. */
  trouble (): Promise<string | undefined>
  /** Ends its connections; the embedded one is given to whoever comes next. */
  close (): Promise<void>
}

/** Rows of a statement in SQL of one's own. Both engines have them at the same place, but no type says so. */
export async function rowsOf<Row> (orm: Orm, statement: SQL): Promise<Row[]> {
  return (await orm.execute(statement) as unknown as { rows: Row[] }).rows
}

const UNIQUE_VIOLATION = '23505'

/** Whether a statement failed because of a unique index, and of which: part of its name. */
export function isUniqueViolation (error: unknown, index: string): boolean {
  const { cause } = error as { cause?: { code?: string, constraint?: string } }
  return cause?.code === UNIQUE_VIOLATION && cause.constraint?.includes(index) === true
}
