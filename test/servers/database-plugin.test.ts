import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { health, healthRoutes } from '../../src/http/health.ts'
import { database, rowsOf } from '../../src/platform/database/index.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { library } from '../fixtures/library/index.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'

const PROGRAM = ownProgram(new URL('../fixtures/programs/opens-database.ts', import.meta.url))

/** Its folder goes after it has closed: what is registered last is torn down first. */
async function newApp (t: Test) {
  const dataDir = await dataFolder(t)
  const app = Fastify()
  t.teardown(() => app.close())
  return { app, dataDir }
}

t.test('one database for all that is registered later, until they have closed', async t => {
  const { app, dataDir } = await newApp(t)
  let inOnClose: unknown
  await app.register(health)
  await app.register(database, { dataDir })
  await app.register(async feature => {
    await feature.register(database, { dataDir: '/nowhere' })
    t.equal(feature.database, app.database, 'one that is there is used')
    await feature.database.migrate(library)
    feature.addHook('onClose', async () => { inOnClose = await rowsOf(feature.database.orm, sql`SELECT 1 AS one`) })
  })
  await app.register(healthRoutes)
  t.match((await app.inject('/readyz')).json(), { status: 'ready' })
  const { database: opened } = app
  await app.close()
  t.same(inOnClose, [{ one: 1 }], 'features that close can still use it')
  t.type(await opened.trouble(), 'string')
})

t.test('it is not ready while the database is not', async t => {
  const { app, dataDir } = await newApp(t)
  await app.register(health)
  await app.register(database, { dataDir })
  await app.register(healthRoutes)
  await app.database.close()
  t.match((await app.inject('/readyz')).json(), { status: 'not ready', failing: [{ check: 'database', reason: 'The database does not answer' }] })
})

t.test('a host that has something else by that name', async t => {
  const { app: host, dataDir } = await newApp(t)
  host.decorate('database', 'of the host' as never)
  await host.register(async scope => {
    await scope.register(database, { dataDir })
    t.equal(scope.database.engine, 'pglite')
  })
  t.equal(host.database as unknown, 'of the host')
})

t.test('settings that are wrong are told by their names', async t => {
  const wrong: Array<[Parameters<typeof platformSettings>[0], RegExp]> = [
    [{ databaseUrl: 'mysql://x' }, /databaseUrl must begin with postgres:/],
    [{ databasePoolSize: 0 }, /databasePoolSize/],
    [{ dataDir: fileURLToPath(import.meta.url) }, /The folder of the database \(DATA_DIR\), .*database-plugin\.test\.[jt]s\/database, cannot be used/]
  ]
  for (const [options, message] of wrong) {
    const app = Fastify()
    await t.rejects(async () => { await app.register(database, options) }, { code: 'CONFIG_INVALID', message })
    await app.close().catch(() => {})
  }
})

t.test('a process that has closed it ends by itself', async t => {
  const child = fork(PROGRAM, [JSON.stringify({ dataDir: await dataFolder(t) })], { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  t.same(await once(child, 'exit'), [0, null])
})
