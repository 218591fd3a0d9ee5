/**
 * headwater-database: one relational database for all features that keep something.
 *
 * Adds the decorator `database`; a host, or a scope around this one, may bring one of its own. Registering it opens it:
 * without it nothing of a database is loaded. Settings: `PlatformConfig`. Each feature brings its tables and migrations.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { completePlatformOptions } from '../../config/load.ts'
import type { PlatformConfig } from '../../config/platform.ts'
import { healthOf } from '../../http/health.ts'
import type { Database } from './database.ts'
import { openDatabase } from './open.ts'

export { isUniqueViolation, rowsOf, type Database, type DatabaseEngine, type Migrations, type Orm } from './database.ts'

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

const plugin: FastifyPluginAsync<Partial<PlatformConfig>> = async (app, { ...options }) => {
  if (hasDatabase(app)) return
  const settings = completePlatformOptions(options)
  const log = app.log.child({ platform: 'database' })
  const database = await openDatabase(settings, log)
  log.info({ engine: database.engine }, 'database opened')
  app.decorate('database', database)
  // After the features that were registered later, and use it.
  app.addHook('onClose', async () => { await database.close() })
  healthOf(app)?.add('database', async () => await database.trouble())
}

/** A host may have something else by that name. */
function hasDatabase (app: FastifyInstance): boolean {
  return app.hasDecorator('database') && typeof (app.database as Partial<Database>).migrate === 'function'
}

export const database = fp(plugin, { name: 'headwater-database', fastify: '5.x' })
