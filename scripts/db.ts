/**
 * Writes the whole database into a file, or fills an empty one from such a file. Which database that is, the settings
 * say, as they do for the server; the file fits both kinds: this is how one moves from the embedded one to PostgreSQL.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadConfig } from '../src/config/load.ts'
import { HeadwaterError } from '../src/errors/catalogue.ts'
import type { Log } from '../src/log.ts'
import { openDatabase } from '../src/platform/database/open.ts'
import { dump } from './db/dump.ts'
import { listFeatures } from './db/features.ts'
import { DumpRefused } from './db/format.ts'
import { restore } from './db/restore.ts'

const HELP = `Writes the whole database into a file, or fills an empty one from such a file.

  npm run db -- dump FILE
  npm run db -- restore FILE

DATABASE_URL, DATA_DIR and the other settings are those of the server, from the environment or .env. The embedded
database has to be free: stop the server first.
`

/** Only what goes wrong is of interest. */
const log: Log = { debug () {}, info () {}, warn: say, error: say }

async function main (): Promise<void> {
  const { values, positionals: [command, file, ...more] } = parseArgs({ options: { help: { type: 'boolean', default: false } }, allowPositionals: true })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if ((command !== 'dump' && command !== 'restore') || file === undefined || more.length > 0) {
    process.stderr.write(HELP)
    process.exitCode = 2
    return
  }
  if (existsSync('.env')) process.loadEnvFile('.env')
  const { platform } = loadConfig(process.env)
  // Here a statement may take as long as it does.
  const database = await openDatabase({ ...platform, databaseQueryMs: 0, slowQueryMs: 0 }, log)
  try {
    const began = performance.now()
    const { tables, rows } = command === 'dump' ? await dump(database, file) : await restore(database, file, await listFeatures())
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    process.stderr.write(`${rows} rows of ${tables} tables ${command === 'dump' ? 'written to' : 'restored from'} ${file} in ${seconds} s (${database.engine})\n`)
  } finally {
    await database.close()
  }
}

function say (_fields: object, message: string): void {
  process.stderr.write(`${message}\n`)
}

main().catch((error: unknown) => {
  const known = error instanceof DumpRefused || error instanceof HeadwaterError || (error as NodeJS.ErrnoException).code === 'ENOENT'
  console.error(known ? (error as Error).message : error)
  process.exitCode = 1
})
