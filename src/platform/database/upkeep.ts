import type { PGlite } from '@electric-sql/pglite'
import type { PlatformConfig } from '../../config/platform.ts'
import type { Log } from '../../log.ts'

export type UpkeepSettings = Pick<PlatformConfig, 'databaseUpkeepSeconds' | 'databaseWalBytes'>

/** By PostgreSQL's own measure of when a table is worth it. */
const TO_VACUUM = `
  SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
  WHERE n_dead_tup > current_setting('autovacuum_vacuum_threshold')::bigint + current_setting('autovacuum_vacuum_scale_factor')::float8 * n_live_tup`
const WAL_BYTES = 'SELECT (pg_current_wal_lsn() - redo_lsn)::float8 AS bytes FROM pg_control_checkpoint()'

/**
 * Does what background processes do for a PostgreSQL, of which the embedded one has none: without it the write-ahead
 * log grows until the database is closed, and the room of rows that are gone is never used again.
 */
export class Upkeep {
  readonly #client: PGlite
  readonly #log: Log
  readonly #walBytes: number
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined

  constructor (client: PGlite, { databaseUpkeepSeconds, databaseWalBytes }: UpkeepSettings, log: Log) {
    this.#client = client
    this.#log = log
    this.#walBytes = databaseWalBytes
    this.#timer = setInterval(() => { this.#running ??= this.#run().finally(() => { this.#running = undefined }) }, databaseUpkeepSeconds * 1_000)
    this.#timer.unref()
  }

  /** Resolves when nothing of it runs any more. */
  async stop (): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  async #run (): Promise<void> {
    try {
      // A table at a time: others wait meanwhile.
      for (const { name } of (await this.#client.query<{ name: string }>(TO_VACUUM)).rows) await this.#client.query(`VACUUM (ANALYZE) ${name}`)
      const [wal] = (await this.#client.query<{ bytes: number }>(WAL_BYTES)).rows
      if (wal!.bytes >= this.#walBytes) await this.#client.query('CHECKPOINT')
    } catch (error) {
      this.#log.warn({ err: error }, 'the upkeep of the database failed')
    }
  }
}
