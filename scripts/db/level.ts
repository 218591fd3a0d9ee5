import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Migrations } from '../../src/platform/database/database.ts'
import { migrationConfig } from '../../src/platform/database/migrations.ts'
import { DumpRefused, type DumpedFeature } from './format.ts'

/**
 * A feature's migrations up to where a dump has them.
 * @throws DumpRefused when this Headwater cannot make the feature's tables as they were
 */
export function levelOf ({ feature, migrations: done }: DumpedFeature, known: readonly Migrations[]): { migrations: Migrations, count: number } {
  const own = known.find(one => one.feature === feature)
  if (own === undefined) throw new DumpRefused(`The dump has tables of "${feature}", which this Headwater does not have`)
  const hashes = readMigrationFiles(migrationConfig(own)).map(({ hash }) => hash)
  if (done.length > hashes.length) throw new DumpRefused(`The dump was written by a newer Headwater: "${feature}" had ${done.length} migrations there and has ${hashes.length} here. Restore it with that version or a later one`)
  if (done.some((hash, index) => hash !== hashes[index])) throw new DumpRefused(`The tables of "${feature}" in the dump were made by other migrations than this Headwater has. Restore it with the version that wrote it`)
  return { migrations: own, count: done.length }
}

interface Journal { entries: Array<{ tag: string }> }

/** The first `count` migrations of a feature, as a folder of their own below `parent`. */
export async function firstMigrations ({ feature, folder }: Migrations, count: number, parent: string): Promise<Migrations> {
  const journal = JSON.parse(await readFile(join(folder, 'meta', '_journal.json'), 'utf8')) as Journal
  const entries = journal.entries.slice(0, count)
  const copy = join(parent, feature)
  await mkdir(join(copy, 'meta'), { recursive: true })
  await writeFile(join(copy, 'meta', '_journal.json'), JSON.stringify({ ...journal, entries }))
  for (const { tag } of entries) await copyFile(join(folder, `${tag}.sql`), join(copy, `${tag}.sql`))
  return { feature, folder: copy }
}
