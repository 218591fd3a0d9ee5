import { fork } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { DATA_VERSION } from '../../src/platform/database/data-version.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { authors, library } from '../fixtures/library/index.ts'
import { Told } from '../fixtures/told.ts'
import { databaseSuite, SLOW_MS } from '../platform/database/database-suite.ts'

const WRITER = fileURLToPath(new URL('../fixtures/programs/writes-rows.ts', import.meta.url))

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

t.test('a second server on the same folder is refused in one sentence, and has it when the first is gone', async t => {
  const dataDir = await dataFolder(t)
  const first = await open(t, dataDir)
  await t.rejects(open(t, dataDir), { code: 'DATA_DIR_IN_USE', message: new RegExp(`^The folder of the database \\(DATA_DIR\\), ${join(dataDir, 'database')}, is in use by another Headwater: process ${process.pid} on .*\\. Stop that server, or give this one another DATA_DIR$`) })
  t.match((await first.database.orm.execute(sql`SELECT 1 AS one`)), { rows: [{ one: 1 }] }, 'the first goes on')
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
  const { rows } = await database.orm.execute(sql`SELECT current_setting('server_version_num')::int / 10000 AS major`) as unknown as { rows: Array<{ major: number }> }
  t.equal(String(rows[0]!.major), DATA_VERSION)
})

/** Starts a process that opens the database and writes to it; it is killed with the test. */
function startWriter (t: Test, dataDir: string) {
  const child = fork(WRITER, [dataDir], { execArgv: ['--import=tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  t.teardown(kill)
  return { child, gone, kill }
}

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

t.test('a server that is killed loses nothing that was acknowledged, and opens again by itself', async t => {
  const ROUNDS = 10
  const WRITES = 1_000
  const dataDir = await dataFolder(t)
  const acknowledged = new Set<number>()
  const opened: number[] = []
  const perRound: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { child, gone, kill } = startWriter(t, dataDir)
    // In the midst of them, each time somewhere else.
    const until = Math.ceil(WRITES * (round + Math.random()) / ROUNDS)
    let rows = 0
    const enough = new Promise<void>(resolve => {
      child.on('message', ({ openMs, row }: { openMs?: number, row?: number }) => {
        if (openMs !== undefined) opened.push(Math.round(openMs))
        if (row === undefined) return
        acknowledged.add(row)
        if (++rows >= until) resolve()
      })
    })
    await Promise.race([enough, gone.then(([code]) => { throw new Error(`it ended by itself: ${code}`) })])
    await kill()
    perRound.push(rows)
  }
  const began = performance.now()
  const { database } = await open(t, dataDir)
  opened.push(Math.round(performance.now() - began))
  const there = new Set((await database.orm.select({ id: authors.id }).from(authors)).map(({ id }) => Number(id)))
  t.same([...acknowledged].filter(id => !there.has(id)), [], 'all are there')
  t.comment(`killed ${ROUNDS} times, after ${perRound.join(', ')} acknowledged rows; ${acknowledged.size} acknowledged, ${there.size} there; opened in ${opened.join(', ')} ms`)
  await database.orm.execute(sql`REINDEX TABLE authors`)
  t.equal(await database.orm.$count(authors), there.size, 'indexes are whole')
})
