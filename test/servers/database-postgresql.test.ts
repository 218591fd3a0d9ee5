import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import t, { type Test } from 'tap'
import { rowsOf } from '../../src/platform/database/database.ts'
import { openPostgresql } from '../../src/platform/database/postgresql.ts'
import { platformSettings } from '../fixtures/database.ts'
import { authors, library } from '../fixtures/library/index.ts'
import { migrationsFolder } from '../fixtures/migrations-folder.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { POSTGRESQL_PASSWORD, startPostgresql } from '../fixtures/postgresql-server.ts'
import { Told } from '../fixtures/told.ts'
import { databaseSuite, SLOW_MS } from '../platform/database/database-suite.ts'

const PROGRAM = ownProgram(new URL('../fixtures/programs/opens-database.ts', import.meta.url))
const server = await startPostgresql(t)

async function open (t: Test, databaseUrl: string, options: Parameters<typeof platformSettings>[0] = {}) {
  const told = new Told()
  const database = await openPostgresql(platformSettings({ databaseUrl, slowQueryMs: SLOW_MS, ...options }), told)
  t.teardown(() => database.close())
  return { database, told }
}

t.test('what each kind of database does', async t => {
  const databaseUrl = await server.newDatabase()
  await databaseSuite(t, { openNew: async t => await open(t, databaseUrl), openAgain: async t => await open(t, databaseUrl) })
})

/** Connections that the server has to the database of an address, but for the one that asks. */
async function connectionsTo (databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    return rows[0]!.count
  } finally {
    await client.end()
  }
}

t.test('servers that migrate one database at once all start', async t => {
  const TRIES = 10
  const SERVERS = 3
  const other = await migrationsFolder(t, 'other', [['CREATE TABLE others (id int)'], ['ALTER TABLE others ADD COLUMN name text']])
  for (let index = 0; index < TRIES; index++) {
    const databaseUrl = await server.newDatabase()
    const databases = await Promise.all(Array.from({ length: SERVERS }, async () => (await open(t, databaseUrl)).database))
    await Promise.all(databases.map(async database => {
      await database.migrate(library)
      await database.migrate(other)
    }))
    const done = await rowsOf(databases[0]!.orm, sql`SELECT (SELECT count(*)::int FROM headwater_migrations.library) AS library, (SELECT count(*)::int FROM headwater_migrations.other) AS other`)
    if (JSON.stringify(done) !== '[{"library":2,"other":2}]') t.fail(JSON.stringify(done))
    await Promise.all(databases.map(async database => await database.close()))
  }
  t.comment(`${TRIES} new databases, ${SERVERS} servers each`)

  const databaseUrl = await server.newDatabase()
  const children = [1, 2].map(() => fork(PROGRAM, [JSON.stringify({ databaseUrl })], { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  t.same(await Promise.all(children.map(async child => await once(child, 'exit'))), [[0, null], [0, null]], 'processes too; each ends by itself when it has closed')
  t.equal(await connectionsTo(databaseUrl), 0, 'no connection is left')
  const { database } = await open(t, databaseUrl)
  t.equal(await database.orm.$count(authors), 2)
})

t.test('a server that is lost and comes back', async t => {
  const databaseUrl = await server.newDatabase()
  const { database, told } = await open(t, databaseUrl, { databaseConnectMs: 500, databasePoolSize: 4 })
  await database.migrate(library)
  const over = new AbortController()
  let acknowledged = 0
  let slowestMs = 0
  const errors = new Map<string, number>()
  // More than there are connections, half of them in transactions.
  const writers = Array.from({ length: 8 }, async (_, index) => {
    const write = async (name: string) => {
      if (index % 2 === 0) await database.orm.insert(authors).values({ name })
      else await database.orm.transaction(async orm => { await orm.insert(authors).values({ name }) })
    }
    for (let number = 0; !over.signal.aborted; number++) {
      const began = performance.now()
      try {
        await write(`${index} ${number}`)
        acknowledged++
      } catch (error) {
        const { code } = error as { code: string }
        errors.set(code, (errors.get(code) ?? 0) + 1)
        await delay(5)
      }
      slowestMs = Math.max(slowestMs, performance.now() - began)
    }
  })
  const more = async (count: number) => {
    const from = acknowledged
    const isDone = () => acknowledged >= from + count
    while (!isDone()) await delay(5)
  }
  await more(50)
  const backAfterMs: number[] = []
  for (let times = 0; times < 3; times++) {
    await server.stop()
    while (await database.trouble() === undefined) await delay(5)
    t.match(await database.trouble(), /^PostgreSQL does not answer( \([A-Z0-9]+\))?$/, 'nothing of where it is')
    await delay(300)
    await server.start()
    const began = performance.now()
    await more(50)
    backAfterMs.push(Math.round(performance.now() - began))
    t.equal(await database.trouble(), undefined)
  }
  over.abort()
  await Promise.all(writers)
  t.same([...errors.keys()], ['DATABASE_UNAVAILABLE'])
  const there = await database.orm.$count(authors)
  t.ok(there >= acknowledged, 'nothing that was acknowledged is lost')
  t.ok(slowestMs < 3_000, 'who asks meanwhile is told at once')
  t.comment(`${acknowledged} rows acknowledged, ${there} there; ${errors.get('DATABASE_UNAVAILABLE')} statements refused, the slowest answer after ${Math.round(slowestMs)} ms; 50 rows more after ${backAfterMs.join(', ')} ms`)
  t.notMatch(JSON.stringify(told.entries), POSTGRESQL_PASSWORD, 'no password is logged')
  await database.close()
  t.equal(await connectionsTo(databaseUrl), 0)
})

t.test('a server that no longer answers is given up', async t => {
  const { database } = await open(t, await server.newDatabase(), { databaseConnectMs: 200, databaseQueryMs: 300, databasePoolSize: 2 })
  await database.migrate(library)
  await Promise.all([1, 2].map(async () => await database.orm.execute(sql`SELECT pg_sleep(0.05)`)))
  const began = performance.now()
  server.freeze()
  try {
    const statements = [database.orm.select().from(authors), database.orm.transaction(async orm => await orm.select().from(authors)), database.orm.select().from(authors)]
    for (const statement of await Promise.allSettled(statements)) t.match(statement, { status: 'rejected', reason: { code: 'DATABASE_UNAVAILABLE' } })
    t.ok(performance.now() - began < 5_000)
    t.match(await database.trouble(), /^PostgreSQL does not answer/)
  } finally {
    server.unfreeze()
  }
  for (let again = 0; again < 4; again++) await database.orm.transaction(async orm => await orm.select().from(authors))
  t.equal(await database.trouble(), undefined, 'connections that were given up do not come back')
  await t.rejects(database.orm.execute(sql`SELECT pg_sleep(10)`), { cause: { code: '57014' } }, 'a statement that takes too long is ended by the server')
})

t.test('a database that cannot be used is told in one sentence, without the password', async t => {
  const databaseUrl = await server.newDatabase()
  const addresses: Record<string, RegExp> = {
    'postgres://headwater:the-password-of-postgresql@127.0.0.1:1/x': /cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\. Start it, or leave DATABASE_URL empty/,
    'postgres://headwater:the-password-of-postgresql@localhost:1/x': /cannot be used: connect ECONNREFUSED .+:1\. Start it/,
    [databaseUrl.replace(POSTGRESQL_PASSWORD, 'wrong-the-password-of-postgresql')]: /cannot be used: password authentication failed for user "headwater"\. Start it/,
    [`${databaseUrl}_gone`]: /cannot be used: database "test_\d+_gone" does not exist\. Start it/
  }
  for (const [address, message] of Object.entries(addresses)) {
    const error = await open(t, address).then(() => undefined, (error: Error) => error)
    t.match(error, { code: 'DATABASE_UNAVAILABLE', message })
    t.notMatch(error!.message, POSTGRESQL_PASSWORD)
  }
})
