import { inspect } from 'node:util'
import { eq, sql } from 'drizzle-orm'
import type { Test } from 'tap'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { isUniqueViolation, rowsOf, type Database } from '../../../src/platform/database/database.ts'
import { authors, books, library, loans } from '../../fixtures/library/index.ts'
import { migrationsFolder } from '../../fixtures/migrations-folder.ts'
import type { Told } from '../../fixtures/told.ts'

export interface Opened {
  database: Database
  told: Told
}

export interface Opening {
  /** Opens an empty database that is closed with the test. */
  openNew (t: Test): Promise<Opened>
  /** Opens the database of `openNew` once more, after it was closed. */
  openAgain (t: Test): Promise<Opened>
}

/** Milliseconds; both databases are opened with it. */
export const SLOW_MS = 60
const SECRET = 'nobody may read this'

/** What each kind of database does. */
export async function databaseSuite (t: Test, { openNew, openAgain }: Opening): Promise<void> {
  const { database, told } = await openNew(t)
  const { orm } = database

  const namesOf = async (feature: string) => (await rowsOf<{ name: string }>(orm, sql`SELECT c.relname AS name FROM pg_class c WHERE c.relname LIKE ${`${feature}%`} AND c.relkind = 'r' ORDER BY 1`)).map(({ name }) => name)
  const newAuthor = async (name: string) => (await orm.insert(authors).values({ name }).returning({ id: authors.id }))[0]!.id

  await t.test('migrations', async t => {
    await Promise.all([1, 2, 3, 4].map(async () => await database.migrate(library)))
    await database.migrate(library)
    t.same(await orm.select().from(authors), [], 'are done once, by whoever comes first')

    const twins = await Promise.all(['first_twin', 'second_twin'].map(async feature => await migrationsFolder(t, feature, [[`CREATE TABLE ${feature}_things (id int)`]])))
    for (const twin of twins) await database.migrate(twin)
    t.same([await namesOf('first_twin'), await namesOf('second_twin')], [['first_twin', 'first_twin_things'], ['second_twin', 'second_twin_things']], "each feature's are counted by themselves")

    const broken = await migrationsFolder(t, 'broken', [['CREATE TABLE broken_one (id int)'], ['CREATE TABLE broken_two (id int)', 'CREATE TABLE broken_two (id int)']])
    await t.rejects(database.migrate(broken), { cause: { code: '42P07' } })
    t.same(await namesOf('broken_'), [], 'nothing of what fails is done')
    const mended = await migrationsFolder(t, 'broken', [['CREATE TABLE broken_one (id int)'], ['CREATE TABLE broken_two (id int)']])
    await database.migrate(mended)
    t.same(await namesOf('broken_'), ['broken_one', 'broken_two'], 'it can be mended')

    for (const feature of ['', 'Library', 'a b', 'a"b', '1st']) await t.rejects(database.migrate({ ...library, feature }), /cannot be called/, `a feature called "${feature}"`)
    await t.rejects(database.migrate({ feature: 'gone', folder: '/nowhere' }), /_journal\.json/)
  })

  await t.test('what is written comes back', async t => {
    const written = {
      name: 'Ada',
      born: '1815-12-10',
      genres: ['fiction' as const, 'poetry' as const],
      aliases: ['a "quoted" one', 'one, with a comma', '{braces}', 'back\\slash', '', 'NULL'],
      notes: { deep: [1, { est: 'ça va' }, null], text: '"\\n\u{1f680}' },
      portrait: Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
      rating: 0.1 + 0.2,
      joined: new Date('2024-02-29T23:59:59.999Z')
    }
    const [author] = await orm.insert(authors).values(written).returning()
    t.match(author, { ...written, portrait: Object, id: 1n, bestKnown: null })
    t.ok(written.portrait.equals(author!.portrait!), 'bytes')
    const [book] = await orm.insert(books).values({ authorId: author!.id, title: 'Notes', genre: 'history', price: '9999999999.99', readIn: '1 day 02:03:04' }).returning()
    t.match(book, { available: true, sortedAs: 'notes', price: '9999999999.99', readIn: '1 day 02:03:04', id: /^[0-9a-f-]{36}$/ })
    const [loan] = await orm.insert(loans).values({ bookId: book!.id, minutes: [[1, Number.MAX_SAFE_INTEGER], [3, 4]] }).returning()
    t.match(loan, { id: 1, minutes: [[1, Number.MAX_SAFE_INTEGER], [3, 4]] })
    t.ok(Math.abs(loan!.lentAt.getTime() - Date.now()) < 60_000)
    const [largest] = await rowsOf<{ value: string }>(orm, sql`SELECT ${2n ** 63n - 1n}::bigint::text AS value`)
    t.equal(largest?.value, '9223372036854775807')
  })

  await t.test('a transaction is done whole or not at all', async t => {
    const count = async () => await orm.$count(authors)
    const before = await count()
    await t.rejects(orm.transaction(async orm => {
      await orm.insert(authors).values({ name: 'never there' })
      throw new HeadwaterError('FORBIDDEN')
    }), { code: 'FORBIDDEN' }, 'the error of whoever began it is passed on as it is')
    await t.rejects(orm.transaction(async orm => {
      await orm.insert(authors).values({ name: 'never there either' })
      orm.rollback()
    }), { message: 'Rollback' })
    t.equal(await count(), before)
    await orm.transaction(async orm => {
      await orm.insert(authors).values({ name: 'outer' })
      await orm.transaction(async orm => {
        await orm.insert(authors).values({ name: 'inner' })
        throw new Error('only the inner one')
      }).catch(() => {})
    })
    t.equal(await count(), before + 1, 'one within another')
    await t.rejects(orm.transaction(async orm => { await orm.insert(authors).values({ name: 'x' }) }, { accessMode: 'read only' }), { cause: { code: '25006' } })
  })

  await t.test('what is unique', async t => {
    await newAuthor('Mary')
    const error = await newAuthor('MARY').then(() => undefined, (error: unknown) => error)
    t.ok(isUniqueViolation(error, 'authors_name'))
    t.notOk(isUniqueViolation(error, 'books'), 'another index')
    const other = await orm.insert(books).values({ authorId: 0n, title: 't', genre: 'history' }).then(() => undefined, (error: unknown) => error)
    t.match(other, { cause: { code: '23503' } })
    t.notOk(isUniqueViolation(other, 'books'), 'another error')
    const within = await orm.transaction(async orm => { await orm.insert(authors).values({ name: 'mary' }) }).then(() => undefined, (error: unknown) => error)
    t.ok(isUniqueViolation(within, 'authors_name'), 'in a transaction')
  })

  await t.test('many at once', async t => {
    const id = await newAuthor('Counter')
    const TIMES = 40
    await Promise.all(Array.from({ length: TIMES }, async () => await orm.transaction(async orm => {
      const [author] = await orm.select().from(authors).where(eq(authors.id, id)).for('update')
      await orm.update(authors).set({ rating: (author!.rating ?? 0) + 1 }).where(eq(authors.id, id))
    })))
    t.equal((await orm.select().from(authors).where(eq(authors.id, id)))[0]!.rating, TIMES)
  })

  await t.test('errors have no values', async t => {
    const authorId = await newAuthor('Emily')
    await orm.insert(authors).values({ name: SECRET })
    const failing: Record<string, () => Promise<unknown>> = {
      'a value that is there already': async () => await orm.insert(authors).values({ name: SECRET }),
      'a value that is missing': async () => await orm.insert(books).values({ authorId, title: SECRET, genre: sql`NULL` }),
      'a statement that makes no sense': async () => await orm.execute(sql`SELECT nonsense FROM books WHERE title = ${SECRET}`),
      'a transaction': async () => await orm.transaction(async orm => await orm.insert(authors).values({ name: SECRET })),
      'one within another': async () => await orm.transaction(async orm => await orm.transaction(async orm => await orm.insert(authors).values({ name: SECRET })))
    }
    for (const [what, run] of Object.entries(failing)) {
      const error = await run().then(() => undefined, (error: unknown) => error)
      t.match(error, { message: /^Failed query: (insert|SELECT)/, cause: { code: /^(23|42)/ } }, what)
      t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), SECRET)
    }
  })

  await t.test('slow statements are told, without their values', async t => {
    told.entries.length = 0
    await orm.execute(sql`SELECT pg_sleep(${SLOW_MS * 2 / 1000}), ${SECRET}::text`)
    await orm.transaction(async orm => { await orm.execute(sql`SELECT 'inside', pg_sleep(${SLOW_MS * 2 / 1000})`) })
    await t.rejects(orm.execute(sql`SELECT pg_sleep(${SLOW_MS * 2 / 1000}), 1 / (random() * 0)::int`))
    const slow = told.all('slow statement') as Array<{ ms: number, statement: string }>
    t.same(slow.map(({ statement }) => statement), ['SELECT pg_sleep($1), $2::text', "SELECT 'inside', pg_sleep($1)", 'SELECT pg_sleep($1), 1 / (random() * 0)::int'])
    t.ok(slow.every(({ ms }) => ms >= SLOW_MS))
    t.notMatch(JSON.stringify(told.entries), SECRET)
  })

  await t.test('closed and opened again', async t => {
    const before = await orm.select().from(authors).orderBy(authors.id)
    t.equal(await database.trouble(), undefined)
    await Promise.all([database.close(), database.close()])
    t.type(await database.trouble(), 'string')
    await t.rejects(orm.select().from(authors), { code: 'DATABASE_UNAVAILABLE', retryAfterMs: Number })
    await t.rejects(orm.transaction(async () => {}), { code: 'DATABASE_UNAVAILABLE' })
    const again = await openAgain(t)
    await again.database.migrate(library)
    t.same(await again.database.orm.select().from(authors).orderBy(authors.id), before)
  })
}
