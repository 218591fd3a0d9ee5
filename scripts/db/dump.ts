import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sql } from 'drizzle-orm'
import { rowsOf, type Database, type Orm } from '../../src/platform/database/database.ts'
import { packageVersion } from '../../src/version.ts'
import { listMigrations, listSequences, listTables, useNeutralForms, type Table } from './catalog.ts'
import { FORMAT, type Counts, type Header, type Section } from './format.ts'

/** So much is asked for at a time, by the length of the rows before; at least one row. */
const BATCH_BYTES = 1_000_000
const BATCH_ROWS = { first: 10, most: 500 }
/** For whoever runs the server alone: hashes of passwords are in it. */
const MODE = 0o600

/** Writes all of the database into a file, as it is at one moment; others may write meanwhile. The file is there when it is whole. */
export async function dump (database: Database, path: string): Promise<Counts> {
  const unfinished = `${path}.part`
  const counts: Counts = { tables: 0, rows: 0 }
  try {
    await database.orm.transaction(async orm => {
      await pipeline(Readable.from(linesOf(orm, database.engine, counts)), createWriteStream(unfinished, { mode: MODE, flush: true }))
    }, { isolationLevel: 'repeatable read', accessMode: 'read only' })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  return counts
}

async function * linesOf (orm: Orm, engine: string, counts: Counts): AsyncGenerator<string> {
  await useNeutralForms(orm)
  const tables = await listTables(orm)
  const header: Header = { headwater: packageVersion(), format: FORMAT, engine, features: await listMigrations(orm) }
  yield `${JSON.stringify(header)}\n`
  for (const table of tables) {
    yield lineOf({ table: table.name, columns: table.columns.map(({ name }) => name) })
    counts.tables++
    for await (const rows of batchesOf(orm, table)) {
      counts.rows += rows.length
      yield `${rows.join('\n')}\n`
    }
  }
  // After the rows: a sequence belongs to no transaction, and may not be behind them.
  for (const sequence of await listSequences(orm)) {
    const [state] = await rowsOf<{ value: string, called: boolean }>(orm, sql.raw(`SELECT last_value::text AS value, is_called AS called FROM ${sequence}`))
    yield lineOf({ sequence, ...state! })
  }
  yield lineOf({ end: true, rows: counts.rows })
}

async function * batchesOf (orm: Orm, { name, columns }: Table): AsyncGenerator<string[]> {
  const values = columns.map(column => `${column.name}::text`).join(', ')
  await orm.execute(sql.raw(`DECLARE dumped NO SCROLL CURSOR FOR SELECT array_to_json(ARRAY[${values}]::text[])::text AS row FROM ${name}`))
  let size = BATCH_ROWS.first
  for (;;) {
    const rows = (await rowsOf<{ row: string }>(orm, sql.raw(`FETCH ${size} FROM dumped`))).map(({ row }) => row)
    if (rows.length === 0) break
    yield rows
    const averageBytes = rows.reduce((sum, row) => sum + row.length, 0) / rows.length
    size = Math.max(1, Math.min(BATCH_ROWS.most, Math.floor(BATCH_BYTES / averageBytes)))
  }
  await orm.execute(sql.raw('CLOSE dumped'))
}

function lineOf (section: Section): string {
  return `${JSON.stringify(section)}\n`
}
