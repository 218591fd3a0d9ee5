import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMissing } from '../../src/errors/file-system.ts'
import { TEMPLATE_PATH } from '../../src/platform/database/template.ts'

export interface BuildResult {
  /** Whether there was anything to do. */
  built: boolean
  bytes: number
  seconds: number
}

/** Says which PGlite made the template beside it, and how. */
const NOTE = 'pglite.txt'
/** Goes up when the template is made in another way. */
const RECIPE = 2
/** What nobody needs in there takes its time to unpack: the databases that others are made from, and a log that is full of how they were made. */
const STATEMENTS = [
  'UPDATE pg_database SET datistemplate = false',
  'DROP DATABASE template0',
  'DROP DATABASE template1',
  'VACUUM FULL pg_database',
  'SET wal_recycle = off',
  'SELECT pg_switch_wal()',
  'CHECKPOINT'
]

/** Creates an empty database in memory and packs it. It is put in place when it is whole. */
export async function buildTemplate (path = TEMPLATE_PATH): Promise<BuildResult> {
  const began = performance.now()
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite')), 'utf8')) as { version: string }
  const note = join(dirname(path), NOTE)
  const madeBy = `${version}, recipe ${RECIPE}`
  if (await textOf(note) === madeBy) return { built: false, bytes: 0, seconds: 0 }
  // It takes its time to load, for nothing where there is nothing to do.
  const { PGlite } = await import('@electric-sql/pglite')
  const client = await PGlite.create()
  let packed: Buffer
  try {
    for (const statement of STATEMENTS) await client.query(statement)
    packed = Buffer.from(await (await client.dumpDataDir('gzip')).arrayBuffer())
  } finally {
    await client.close()
  }
  await mkdir(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, packed)
  await rename(unfinished, path)
  await writeFile(note, madeBy)
  return { built: true, bytes: packed.length, seconds: (performance.now() - began) / 1_000 }
}

async function textOf (path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
