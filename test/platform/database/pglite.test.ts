import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { DATA_VERSION } from '../../../src/platform/database/data-version.ts'
import { openPglite } from '../../../src/platform/database/pglite.ts'
import { dataFolder, platformSettings } from '../../fixtures/database.ts'
import { Told } from '../../fixtures/told.ts'
import { databaseSuite, SLOW_MS } from './database-suite.ts'

async function open (t: Test, dataDir: string) {
  const told = new Told()
  const database = await openPglite(platformSettings({ dataDir, slowQueryMs: SLOW_MS }), told)
  t.teardown(() => database.close())
  return { database, told }
}

t.test('what each kind of database does', async t => {
  const dataDir = await dataFolder(t)
  await databaseSuite(t, { openNew: async t => await open(t, dataDir), openAgain: async t => await open(t, dataDir) })
})
