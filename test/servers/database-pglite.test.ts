import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import type { PlatformConfig } from '../../src/config/platform.ts'
import { thisProcess, writeHolder } from '../../src/folder-lock/holder.ts'
import type { LockTiming } from '../../src/folder-lock/lock.ts'
import { DATA_VERSION } from '../../src/platform/database/data-version.ts'
import { rowsOf } from '../../src/platform/database/database.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { authors, library } from '../fixtures/library/index.ts'
import { startWriter } from '../fixtures/row-writer.ts'
import { Told } from '../fixtures/told.ts'
import { databaseSuite, SLOW_MS } from '../platform/database/database-suite.ts'

async function open (t: Test, dataDir: string, options: Partial<PlatformConfig> = {}, timing?: LockTiming) {
  const told = new Told()
  const database = await openPglite(platformSettings({ dataDir, slowQueryMs: SLOW_MS, ...options }), told, timing)
  t.teardown(() => database.close())
  return { database, told }
}

t.test('what each kind of database does', async t => {
  const dataDir = await dataFolder(t)
  await databaseSuite(t, { openNew: async t => await open(t, dataDir), openAgain: async t => await open(t, dataDir) })
})

t.test('a second server on the same folder is refused in one sentence, and has it when the first is gone', async t => {
  const dataDir = await dataFolder(t)
  const first = await open(t, dataDir)
  await t.rejects(open(t, dataDir), { code: 'DATA_DIR_IN_USE', message: new RegExp(`^The folder of the database \\(DATA_DIR\\), ${join(dataDir, 'database')}, is in use by another Headwater: process ${process.pid} on .*\\. Stop that server, or give this one another DATA_DIR$`) })
  t.same(await rowsOf(first.database.orm, sql`SELECT 1 AS one`), [{ one: 1 }], 'the first goes on')
  await first.database.close()
  await open(t, dataDir)
})

t.test('what is not a database of this version is told', async t => {
  const dataDir = await dataFolder(t)
  const files = join(dataDir, 'database', 'postgresql')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'PG_VERSION'), '17\n')
  await t.rejects(open(t, dataDir), { code: 'DATABASE_VERSION', message: new RegExp(`${files} was written by PostgreSQL 17, and this Headwater reads ${DATA_VERSION}\\. .*db -- dump FILE.*db -- restore FILE`) })
  t.same(await readdir(files), ['PG_VERSION'], 'nothing is touched')
  await writeFile(join(files, 'PG_VERSION'), `${DATA_VERSION}\n`)
  await t.rejects(open(t, dataDir), { code: 'DATABASE_UNAVAILABLE', message: new RegExp(`${files} cannot be opened: .*restore a dump`) })
  await writeFile(join(files, 'PG_VERSION'), '')
  await t.rejects(open(t, dataDir), { code: 'DATABASE_VERSION' })
})

t.test('a folder with something else in it is left alone', async t => {
  const dataDir = await dataFolder(t)
  const files = join(dataDir, 'database', 'postgresql')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'letter'), 'to whom it may concern')
  await t.rejects(open(t, dataDir), { code: 'CONFIG_INVALID', message: new RegExp(`There is something in ${files} that is no database\\. Move it away`) })
  t.equal(await readFile(join(files, 'letter'), 'utf8'), 'to whom it may concern')
})

t.test('this PGlite is the PostgreSQL that the folder is made for', async t => {
  const { database } = await open(t, await dataFolder(t))
  const [version] = await rowsOf<{ major: number }>(database.orm, sql`SELECT current_setting('server_version_num')::int / 10000 AS major`)
  t.equal(String(version!.major), DATA_VERSION)
})

t.test('who lost the folder to another server touches nothing any more', async t => {
  const dataDir = await dataFolder(t)
  const folder = join(dataDir, 'database')
  const { database, told } = await open(t, dataDir, {}, { heartbeatMs: 20, staleMs: 400 })
  const [lock] = (await readdir(folder)).filter(name => name.startsWith('.headwater-lock.'))
  const next = `.headwater-lock.${Number(lock!.split('.').at(-1)) + 1}`
  await symlink(writeHolder({ ...await thisProcess(), scope: 'elsewhere', host: 'other-host' }), join(folder, next))
  while (told.all('the database belongs to another server now').length === 0) await delay(5)
  t.match(await database.trouble(), /Another server/)
  await t.rejects(database.orm.execute(sql`SELECT 1`), { code: 'DATABASE_UNAVAILABLE' })
  await t.rejects(database.orm.transaction(async () => {}), { code: 'DATABASE_UNAVAILABLE' })
  await t.rejects(database.migrate(library), { code: 'DATABASE_UNAVAILABLE' })
  await database.close()
  t.ok((await readdir(folder)).includes(next), "the other's lock stays")
})

t.test('it is looked after while it is open', async t => {
  const { database } = await open(t, await dataFolder(t), { databaseUpkeepSeconds: 1, databaseWalBytes: 2 << 20, slowQueryMs: 0 })
  await database.migrate(library)
  const { orm } = database
  await orm.execute(sql`INSERT INTO authors (name, notes) SELECT 'author ' || n, to_jsonb(repeat('x', 500)) FROM generate_series(1, 2000) n`)
  const figures = async () => (await rowsOf<{ written: number, wal: number, size: number }>(orm, sql`SELECT (pg_current_wal_lsn() - '0/0')::float8 AS written, (pg_current_wal_lsn() - redo_lsn)::float8 AS wal, pg_table_size('authors')::float8 AS size FROM pg_control_checkpoint()`))[0]!
  const first = await figures()
  let most = first
  const ROUNDS = 12
  for (let round = 0; round < ROUNDS; round++) {
    await orm.execute(sql`UPDATE authors SET rating = ${round}`)
    // As long as it takes until somebody has looked after it.
    while ((await figures()).wal > 2 << 20) await delay(20)
    const now = await figures()
    most = { ...now, size: Math.max(most.size, now.size) }
  }
  t.comment(`${Math.round((most.written - first.written) / 1e6)} MB of write-ahead log written; the table grew from ${(first.size / 1e6).toFixed(1)} to ${(most.size / 1e6).toFixed(1)} MB while each row was written ${ROUNDS + 1} times`)
  t.ok(most.written - first.written > 3 * (2 << 20), 'more was written than is kept')
  t.ok(most.size < first.size * 4, 'room is used again')
})

t.test('a database whose maker was killed is made anew', async t => {
  const dataDir = await dataFolder(t)
  const folder = join(dataDir, 'database')
  const KILLS = 4
  let kills = 0
  while (kills < KILLS) {
    const { child, kill } = startWriter(t, dataDir)
    while (child.exitCode === null && !await access(join(folder, 'postgresql', 'base')).then(() => true, () => false)) await delay(2)
    await delay(kills * 150)
    await kill()
    kills++
  }
  t.comment(`killed ${kills} times; left behind: ${(await readdir(folder)).filter(name => !name.startsWith('.')).join(', ')}`)
  const { database } = await open(t, dataDir)
  await database.migrate(library)
  t.same(await database.orm.select().from(authors), [])
  t.same((await readdir(folder)).filter(name => !name.startsWith('.')), ['postgresql'])
})
