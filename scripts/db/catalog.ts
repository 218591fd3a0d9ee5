import { sql } from 'drizzle-orm'
import { rowsOf, type Orm } from '../../src/platform/database/database.ts'
import { MIGRATIONS_SCHEMA } from '../../src/platform/database/migrations.ts'
import type { DumpedFeature } from './format.ts'

export interface Table {
  /** With its schema, quoted where that is needed. */
  name: string
  columns: Column[]
}

/** One that holds what was written to it; generated ones do not. */
export interface Column {
  /** Quoted where that is needed. */
  name: string
  type: string
}

export interface ForeignKey {
  table: string
  name: string
  /** As `ALTER TABLE ADD CONSTRAINT` takes it. */
  definition: string
}

/** What is neither the engine's own nor an extension's, in the catalog's terms `c` and `n`. */
const OURS = sql.raw(`n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`)

/** All tables of features, oldest first. */
export async function listTables (orm: Orm): Promise<Table[]> {
  return await rowsOf<Table>(orm, sql`
    SELECT format('%I.%I', n.nspname, c.relname) AS name, (
      SELECT coalesce(json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')
      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> ${MIGRATIONS_SCHEMA} AND ${OURS} ORDER BY c.oid`)
}

/** What was done of each feature's migrations; features in the order in which they came. */
export async function listMigrations (orm: Orm): Promise<DumpedFeature[]> {
  const tables = await rowsOf<{ feature: string }>(orm, sql`
    SELECT c.relname AS feature FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = ${MIGRATIONS_SCHEMA} ORDER BY c.oid`)
  const features: DumpedFeature[] = []
  for (const { feature } of tables) {
    const done = await rowsOf<{ hash: string }>(orm, sql`SELECT hash FROM ${sql.identifier(MIGRATIONS_SCHEMA)}.${sql.identifier(feature)} ORDER BY created_at`)
    features.push({ feature, migrations: done.map(({ hash }) => hash) })
  }
  return features
}

export async function isEmpty (orm: Orm, { name }: Table): Promise<boolean> {
  return (await rowsOf(orm, sql.raw(`SELECT FROM ${name} LIMIT 1`))).length === 0
}

/** Names of all sequences, those of identity columns too. */
export async function listSequences (orm: Orm): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(orm, sql`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname <> ${MIGRATIONS_SCHEMA} AND ${OURS} ORDER BY c.oid`)
  return rows.map(({ name }) => name)
}

export async function listForeignKeys (orm: Orm): Promise<ForeignKey[]> {
  return await rowsOf<ForeignKey>(orm, sql`
    SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND ${OURS} ORDER BY k.oid`)
}

/** Values as text look the same whatever the server's settings are; until the end of the transaction. */
export async function useNeutralForms (orm: Orm): Promise<void> {
  for (const setting of ["TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "IntervalStyle = 'postgres'", "bytea_output = 'hex'", 'extra_float_digits = 1']) await orm.execute(sql.raw(`SET LOCAL ${setting}`))
}
