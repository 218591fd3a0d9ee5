import { DrizzleQueryError } from 'drizzle-orm'
import { HeadwaterError } from '../../errors/catalogue.ts'
import type { Orm } from './database.ts'

type Session = Orm['_']['session']
type Run = (...values: unknown[]) => Promise<unknown>

/** By then a server that was started anew may be there. */
const RETRY_AFTER_MS = 1_000
/** Codes of Node.js and of PostgreSQL by which nobody is there to talk to, or will not be in a moment. */
const AWAY_CODE = /^(ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08|57P0|53300)/
/** What pg, its pool and PGlite say without a code. */
const AWAY_MESSAGE = /^(Connection terminated|timeout (expired|exceeded)|Query read timeout|Client .* not queryable|Cannot use a pool|PGlite is clos)/
/** What errors of both engines have of the values that were written. */
const VALUES = ['params', 'detail', 'where']

/** Whether the connection has failed, rather than the statement. */
export function isAway (error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown, message?: unknown }
  return AWAY_CODE.test(String(code)) || (code === undefined && AWAY_MESSAGE.test(String(message)))
}

/**
 * Passes a result on. Errors are logged by whoever gets them, so none has the values of its statement: those may be
 * anybody's, hashes of passwords too. A database that is away becomes `DATABASE_UNAVAILABLE`.
 */
export async function withoutValues<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw cleaned(error)
  }
}

function cleaned (error: unknown): unknown {
  if (error instanceof DrizzleQueryError) {
    const { query, cause } = error
    if (cause instanceof HeadwaterError) return cause
    if (isAway(cause)) return unavailable(cause)
    for (const name of VALUES) Reflect.deleteProperty(cause ?? {}, name)
    return new DrizzleQueryError(query, [], cause)
  }
  return isAway(error) ? unavailable(error) : error
}

function unavailable (cause: unknown): HeadwaterError {
  return new HeadwaterError('DATABASE_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause })
}

/** From now on no error of a statement has values, nor one of a transaction. */
export function hideValues (orm: Orm): void {
  hideValuesOf(orm._.session)
  const transaction = orm.transaction.bind(orm)
  orm.transaction = async (work, config) => await withoutValues(async () => await transaction(async inner => {
    hideValuesOf(inner._.session)
    return await work(inner)
  }, config))
}

function hideValuesOf (session: Session): void {
  const prepare = session.prepareQuery.bind(session)
  session.prepareQuery = (...query) => {
    const prepared = prepare(...query)
    // All that a session runs goes through one of these.
    for (const name of ['execute', 'all']) {
      const run = (Reflect.get(prepared, name) as Run).bind(prepared)
      Reflect.set(prepared, name, async (...values: unknown[]) => await withoutValues(async () => await run(...values)))
    }
    return prepared
  }
}
