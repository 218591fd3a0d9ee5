import { execFile } from 'node:child_process'
import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { listTables } from '../../scripts/db/catalog.ts'
import { dump } from '../../scripts/db/dump.ts'
import { listFeatures } from '../../scripts/db/features.ts'
import { firstMigrations } from '../../scripts/db/level.ts'
import { restore } from '../../scripts/db/restore.ts'
import { rowsOf, type Database } from '../../src/platform/database/database.ts'
import { openDatabase } from '../../src/platform/database/open.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { authors, books, library, loans } from '../fixtures/library/index.ts'
import { migrationsFolder } from '../fixtures/migrations-folder.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { startPostgresql } from '../fixtures/postgresql-server.ts'
import { Told } from '../fixtures/told.ts'
import { bytesInUse } from '../fuzz/memory.ts'

const SCRIPT = ownProgram(new URL('../../scripts/db.ts', import.meta.url))
const server = await startPostgresql(t)

async function open (t: Test, options: Parameters<typeof platformSettings>[0]): Promise<Database> {
  const database = await openDatabase(platformSettings(options), new Told())
  t.teardown(() => database.close())
  return database
}

const newPglite = async (t: Test) => await open(t, { dataDir: await dataFolder(t) })
const newPostgresql = async (t: Test) => await open(t, { databaseUrl: await server.newDatabase() })
const newPath = async (t: Test) => join(await dataFolder(t), 'dump')

async function fill ({ orm }: Database): Promise<void> {
  const added = await orm.insert(authors).values([
    { name: 'Nobody', joined: new Date(0) },
    { name: 'Ada "A." \\ \n\t Löve\u{1f680} \u2028', born: '0044-03-15 BC', genres: ['poetry', 'history'], aliases: ['a,b', '{}', '', 'NULL', '"', '\\'], notes: { a: [1.50, null, '\\"\n'], b: {} }, portrait: Buffer.from(Array.from({ length: 256 }, (_, index) => index)), rating: 0.1 + 0.2, joined: sql`'2024-02-29 23:59:59.123456+05:30'` },
    { name: 'infinite', rating: Infinity, joined: sql`'infinity'`, aliases: [] },
    { name: 'removed' }
  ]).returning({ id: authors.id })
  await orm.delete(authors).where(eq(authors.id, added[3]!.id))
  const ids = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
  // The first is the sequel of the second, which is written later.
  await orm.transaction(async orm => {
    await orm.insert(books).values({ id: ids[1]!, authorId: added[0]!.id, title: 'Second', genre: 'poetry', price: '9999999999.99', pages: -1, readIn: '-1 mons +2 days -00:00:01.5', available: false })
    await orm.insert(books).values({ id: ids[0]!, authorId: added[0]!.id, title: 'First', genre: 'fiction', sequelTo: ids[1]! })
    await orm.update(books).set({ sequelTo: ids[0]! }).where(eq(books.id, ids[1]!))
    await orm.update(authors).set({ bestKnown: ids[0]! }).where(eq(authors.id, added[0]!.id))
  })
  await orm.insert(loans).values([{ bookId: ids[0]!, minutes: [[1, Number.MAX_SAFE_INTEGER]] }, { bookId: ids[1]!, minutes: null }])
}

/** All but the first line, which says where it comes from. */
async function bodyOf (path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  return text.slice(text.indexOf('\n'))
}

t.test('from the embedded database to PostgreSQL and back, everything is the same', async t => {
  const first = await newPglite(t)
  await first.migrate(library)
  await fill(first)
  const path = await newPath(t)
  t.same(await dump(first, path), { tables: 3, rows: 7 })
  t.equal((await stat(path)).mode & 0o777, 0o600, 'nobody else may read it')
  t.same(await readdir(dirname(path)), ['dump'])
  const lines = (await readFile(path, 'utf8')).trim().split('\n').map(line => JSON.parse(line) as unknown)
  t.match(lines[0], { headwater: /^\d/, format: 1, engine: 'pglite', features: [{ feature: 'library', migrations: [/^[0-9a-f]{64}$/, /^[0-9a-f]{64}$/] }] })
  t.same(lines.at(-1), { end: true, rows: 7 })

  const second = await newPostgresql(t)
  t.same(await restore(second, path, [library]), { tables: 3, rows: 7 })
  const onServer = await newPath(t)
  await dump(second, onServer)
  t.equal(await bodyOf(onServer), await bodyOf(path))

  const third = await newPglite(t)
  await restore(third, onServer, [library])
  const back = await newPath(t)
  await dump(third, back)
  t.equal(await bodyOf(back), await bodyOf(path))

  for (const [engine, database] of Object.entries({ first, second, third })) {
    await database.migrate(library)
    const [author] = await database.orm.insert(authors).values({ name: 'next' }).returning({ id: authors.id })
    t.equal(author!.id, 5n, `numbers go on, ${engine}`)
    await t.rejects(database.orm.insert(books).values({ authorId: 99n, title: 't', genre: 'history' }), { cause: { code: '23503' } }, 'foreign keys are there again')
    await database.orm.delete(loans)
    await database.orm.update(authors).set({ bestKnown: null })
    await database.orm.update(books).set({ sequelTo: null })
    await database.orm.delete(authors)
    t.equal(await database.orm.$count(books), 0, 'with what they do on deletion')
  }
})

t.test('a dump of older tables is brought to the newest version', async t => {
  const old = await newPostgresql(t)
  await old.migrate(await firstMigrations(library, 1, await dataFolder(t)))
  await old.orm.execute(sql`INSERT INTO authors (name) VALUES ('Old')`)
  await old.orm.execute(sql`INSERT INTO books (author_id, title, genre) VALUES (1, 'Old BOOK', 'history')`)
  const path = await newPath(t)
  await dump(old, path)
  for (const database of [await newPglite(t), await newPostgresql(t)]) {
    t.same(await restore(database, path, [library]), { tables: 2, rows: 2 })
    t.match(await database.orm.select().from(books), [{ title: 'Old BOOK', available: true, sortedAs: 'old book' }], database.engine)
    await database.migrate(library)
  }
})

t.test('what migrations wrote is not there twice', async t => {
  const seeded = await migrationsFolder(t, 'seeded', [['CREATE TABLE seeds (id int PRIMARY KEY)', 'INSERT INTO seeds VALUES (1), (2)']])
  const first = await newPostgresql(t)
  await first.migrate(seeded)
  await first.orm.execute(sql`DELETE FROM seeds WHERE id = 2`)
  const path = await newPath(t)
  await dump(first, path)
  const second = await newPostgresql(t)
  t.same(await restore(second, path, [seeded]), { tables: 1, rows: 1 })
  t.same(await rowsOf(second.orm, sql`SELECT id FROM seeds`), [{ id: 1 }])
})

t.test('what cannot be restored is refused, and leaves nothing', async t => {
  const source = await newPostgresql(t)
  await source.migrate(library)
  await fill(source)
  const path = await newPath(t)
  await dump(source, path)
  const text = await readFile(path, 'utf8')
  const lines = text.trimEnd().split('\n')
  const target = await newPostgresql(t)
  const refused = async (text: string, expected: RegExp, known = [library]) => {
    const changed = await newPath(t)
    await writeFile(changed, text)
    await t.rejects(restore(target, changed, known), { message: expected }, String(expected))
  }
  await refused('', /no dump of Headwater/)
  await refused('PK\u0003\u0004', /no dump of Headwater/)
  await refused('{"name":"x"}', /no dump of Headwater/)
  await refused(text.replace('"format":1', '"format":2'), /written by Headwater \d.* in a format \(2\) that this Headwater does not know/)
  await refused(text, /has tables of "library", which this Headwater does not have/, [])
  await refused(text, /written by a newer Headwater: "library" had 2 migrations there and has 1 here/, [await firstMigrations(library, 1, await dataFolder(t))])
  await refused(text, /made by other migrations/, [{ ...await migrationsFolder(t, 'library', [['SELECT 1'], ['SELECT 2']]) }])
  t.equal((await listTables(target.orm)).length, 0, 'till here nothing was touched')

  await refused(lines.slice(0, -1).join('\n'), /not whole: its end is missing/)
  await refused(text.slice(0, text.length / 2), /damaged|not whole|Failed query/)
  await refused(lines.filter(line => !line.includes('Nobody')).join('\n'), /damaged: it should have 7 rows and has 6/)
  await refused(lines.filter(line => !line.includes('Nobody')).join('\n').replace('"rows":7', '"rows":6'), /Failed query: ALTER TABLE .* FOREIGN KEY/)
  await refused(text.replace('"table":"public.authors"', '"table":"public.authors;DROP TABLE authors"'), /has a table public\.authors;DROP TABLE authors, which no feature/)
  await refused(text.replace('"rating"', '"rated"'), /other columns in the dump/)
  await refused([lines[0], '["1"]'].join('\n'), /a row stands before any table/)
  await refused([lines[0], 'nonsense'].join('\n'), /damaged: nonsense/)
  t.equal(await target.orm.$count(authors), 0, 'nothing of it stays')
  await restore(target, path, [library])
  t.equal(await target.orm.$count(authors), 3, 'the same database takes a good one then')
  await t.rejects(restore(target, path, [library]), { name: 'DumpRefused', message: /not empty: there is something in public\.authors/ })

  const newer = await newPostgresql(t)
  await newer.migrate(library)
  const old = await newPostgresql(t)
  await old.migrate(await firstMigrations(library, 1, await dataFolder(t)))
  await dump(old, path)
  await t.rejects(restore(newer, path, [library]), { name: 'DumpRefused', message: /"library" are newer than those in the dump/ })
})

t.test('a dump is of one moment, and a failed one leaves no file', async t => {
  const database = await newPostgresql(t)
  await database.migrate(library)
  await database.orm.execute(sql`INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, 20000) n`)
  const path = await newPath(t)
  const over = new AbortController()
  const write = async () => {
    let written = 0
    while (!over.signal.aborted) {
      await database.orm.transaction(async orm => {
        const [author] = await orm.insert(authors).values({ name: `late ${written++}` }).returning({ id: authors.id })
        await orm.insert(books).values({ authorId: author!.id, title: 'late', genre: 'history' })
      })
    }
    return written
  }
  const written = write()
  const { rows } = await dump(database, path)
  over.abort()
  t.comment(`${await written} pairs of rows were written during the dump, ${(rows - 20_000) / 2} of them before it`)
  t.equal(rows % 2, 0, 'both of a pair, or none')
  await restore(await newPostgresql(t), path, [library])

  const nowhere = join(dirname(path), 'no', 'folder')
  await t.rejects(dump(database, nowhere), { code: 'ENOENT' })
  await t.rejects(restore(database, nowhere, [library]), { code: 'ENOENT' })
})

t.test('memory does not grow with what is dumped', async t => {
  const MEGABYTES = 60
  // As the script opens it: to collect garbage takes its time, too.
  const openPatient = async () => await open(t, { databaseUrl: await server.newDatabase(), databaseQueryMs: 600_000 })
  const source = await openPatient()
  await source.migrate(library)
  await source.orm.execute(sql.raw(`INSERT INTO authors (name, portrait) SELECT 'author ' || n, decode(repeat(md5(n::text), 156), 'hex') FROM generate_series(1, ${MEGABYTES * 200}) n`))
  await source.orm.execute(sql.raw("INSERT INTO authors (name, portrait) SELECT 'large ' || n, decode(repeat(md5(n::text), 31250), 'hex') FROM generate_series(1, 5) n"))
  const target = await openPatient()
  const path = await newPath(t)
  for (const [what, run] of Object.entries({ dump: async () => await dump(source, path), restore: async () => await restore(target, path, [library]) })) {
    const before = bytesInUse()
    let most = 0
    const timer = setInterval(() => { most = Math.max(most, bytesInUse() - before) }, 500)
    const began = performance.now()
    const { rows } = await run()
    clearInterval(timer)
    const { size } = await stat(path)
    t.comment(`${what}: ${rows} rows, ${Math.round(size / 1e6)} MB in ${((performance.now() - began) / 1_000).toFixed(1)} s, at most ${Math.round(most / 1e6)} MB more memory`)
    t.equal(rows, MEGABYTES * 200 + 5)
    t.ok(size > MEGABYTES * 1e6 && most < size / 3, what)
  }
})

async function runScript (args: string[], environment: Record<string, string>): Promise<{ code: number, stderr: string }> {
  return await new Promise(resolve => {
    execFile(process.execPath, [...LOADER, SCRIPT, ...args], { env: { ...process.env, ...environment } }, (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr })
    })
  })
}

t.test('the script', async t => {
  const DATABASE_URL = await server.newDatabase()
  const path = await newPath(t)
  t.match(await runScript(['dump', path], { DATABASE_URL }), { code: 0, stderr: /^0 rows of 0 tables written to .*dump in \d\.\d s \(postgresql\)\n$/ })
  const DATA_DIR = await dataFolder(t)
  t.match(await runScript(['restore', path], { DATA_DIR }), { code: 0, stderr: /^0 rows of 0 tables restored from .*dump in \d\.\d s \(pglite\)\n$/ })
  await open(t, { dataDir: DATA_DIR })
  t.match(await runScript(['dump', path], { DATA_DIR }), { code: 1, stderr: /^The folder of the database \(DATA_DIR\), .*, is in use by another Headwater: process \d+ .*\n$/ }, 'a server has it')
  await appendFile(path, 'x')
  t.match(await runScript(['restore', '/nowhere/dump'], { DATABASE_URL }), { code: 1, stderr: /^ENOENT.*\n$/ })
  t.match(await runScript(['restore', path], { DATABASE_URL: DATABASE_URL.replace(/test_\d+$/, 'not_there') }), { code: 1, stderr: /^The database \(DATABASE_URL\) cannot be used: database "not_there" does not exist\. Start it/ })
  for (const args of [[], ['dump'], ['drop', 'x'], ['dump', 'x', 'y']]) t.match(await runScript(args, {}), { code: 2, stderr: /npm run db -- dump FILE/ })
})

t.test('features are found by their migrations', async t => {
  const migrations = { meta: { '_journal.json': '{}' } }
  const root = t.testdir({ src: { livestream: {}, 'a.ts': '' }, plugins: { 'live-sessions': { migrations }, 'web-ui': { migrations: {} } } })
  t.same(await listFeatures(root), [{ feature: 'live_sessions', folder: join(root, 'plugins/live-sessions/migrations') }])
})
