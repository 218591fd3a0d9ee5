import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Database, Migrations, Orm } from '../../src/platform/database/database.ts'
import { isEmpty, listForeignKeys, listMigrations, listTables, useNeutralForms, type Table } from './catalog.ts'
import { DumpRefused, isRow, readHeader, readSection, type Counts, type DumpedFeature } from './format.ts'
import { firstMigrations, levelOf } from './level.ts'
import { readLines } from './lines.ts'

/** So much goes to the database at a time, and at least one row. */
const BATCH_CHARACTERS = 1_000_000

/**
 * Fills a database without rows from a dump, whole or not at all. Tables are made as they were when the dump was, and
 * brought to the newest version when they are full.
 * @param known all features of this Headwater
 * @throws DumpRefused
 */
export async function restore (database: Database, path: string, known: readonly Migrations[]): Promise<Counts> {
  const lines = readLines(createReadStream(path, 'utf8'))
  try {
    const { features } = readHeader((await lines.next()).value)
    const levels = features.map(feature => levelOf(feature, known))
    await refuseUnlessEmpty(database.orm, features)
    const folder = await mkdtemp(join(tmpdir(), 'headwater-restore-'))
    try {
      // Not in the transaction below: some statements, such as those that add a value to an enum, have to be over before.
      for (const { migrations, count } of levels) await database.migrate(await firstMigrations(migrations, count, folder))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const counts = await database.orm.transaction(async orm => await fill(orm, lines))
    for (const { migrations } of levels) await database.migrate(migrations)
    return counts
  } finally {
    // The file is closed, also when not all of it was read.
    await lines.return(undefined)
  }
}

async function refuseUnlessEmpty (orm: Orm, features: readonly DumpedFeature[]): Promise<void> {
  for (const table of await listTables(orm)) {
    if (!await isEmpty(orm, table)) throw new DumpRefused(`The database is not empty: there is something in ${table.name}. Restore into a new one: another DATA_DIR, or another database of the server`)
  }
  for (const { feature, migrations } of await listMigrations(orm)) {
    const wanted = features.find(one => one.feature === feature)
    if (wanted !== undefined && migrations.length > wanted.migrations.length) throw new DumpRefused(`The tables of "${feature}" are newer than those in the dump. Restore into a new database: it is brought to this version then`)
  }
}

async function fill (orm: Orm, lines: AsyncIterable<string>): Promise<Counts> {
  await useNeutralForms(orm)
  const tables = await listTables(orm)
  // Rows come in no order that foreign keys would like, and may point at each other: they are checked in the end.
  const foreignKeys = await listForeignKeys(orm)
  for (const { table, name } of foreignKeys) await orm.execute(sql.raw(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`))
  // What migrations wrote is in the dump, as it was.
  if (tables.length > 0) await orm.execute(sql.raw(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`))
  const counts = await insertAll(orm, tables, lines)
  for (const { table, name, definition } of foreignKeys) await orm.execute(sql.raw(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`))
  return counts
}

async function insertAll (orm: Orm, tables: readonly Table[], lines: AsyncIterable<string>): Promise<Counts> {
  const counts: Counts = { tables: 0, rows: 0 }
  let table: Table | undefined
  let batch: string[] = []
  let characters = 0
  const flush = async () => {
    if (batch.length > 0) await insert(orm, table!, batch)
    batch = []
    characters = 0
  }
  for await (const line of lines) {
    if (isRow(line)) {
      if (table === undefined) throw new DumpRefused('The dump is damaged: a row stands before any table')
      counts.rows++
      batch.push(line)
      characters += line.length
      if (characters >= BATCH_CHARACTERS) await flush()
      continue
    }
    await flush()
    const section = readSection(line)
    if ('table' in section) {
      table = tableOf(section.table, section.columns, tables)
      counts.tables++
    } else if ('sequence' in section) {
      const { sequence, value, called } = section
      await orm.execute(sql`SELECT setval(${sequence}::text::regclass, ${value}::text::bigint, ${String(called)}::text::boolean)`)
    } else {
      if (section.rows !== counts.rows) throw new DumpRefused(`The dump is damaged: it should have ${section.rows} rows and has ${counts.rows}`)
      return counts
    }
  }
  throw new DumpRefused('The dump is not whole: its end is missing')
}

/** The table by that name, with its columns in the dump's order. Only names that the database has go into statements. */
function tableOf (name: string, columns: readonly string[], tables: readonly Table[]): Table {
  const found = tables.find(table => table.name === name)
  if (found === undefined) throw new DumpRefused(`The dump has a table ${name}, which no feature of this Headwater makes`)
  const ordered = columns.map(column => found.columns.find(({ name }) => name === column)).filter(column => column !== undefined)
  if (ordered.length !== columns.length || ordered.length !== found.columns.length) throw new DumpRefused(`The table ${name} has other columns in the dump than this Headwater makes`)
  return { name, columns: ordered }
}

/** @param rows JSON arrays of text */
async function insert (orm: Orm, { name, columns }: Table, rows: readonly string[]): Promise<void> {
  const names = columns.map(({ name }) => name).join(', ')
  const values = columns.map(({ type }, index) => `(row->>${index})::${type}`).join(', ')
  await orm.execute(sql`INSERT INTO ${sql.raw(`${name} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values}`)} FROM json_array_elements(${`[${rows.join(',')}]`}::text::json) AS rows(row)`)
}
