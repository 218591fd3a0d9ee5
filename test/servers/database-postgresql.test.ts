import t, { type Test } from 'tap'
import { openPostgresql } from '../../src/platform/database/postgresql.ts'
import { platformSettings } from '../fixtures/database.ts'
import { startPostgresql } from '../fixtures/postgresql-server.ts'
import { Told } from '../fixtures/told.ts'
import { databaseSuite, SLOW_MS } from '../platform/database/database-suite.ts'

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
