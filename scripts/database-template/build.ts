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

/** Says which PGlite made the template beside it. */
const NOTE = 'pglite.txt'

/** Creates an empty database in memory and packs it. It is put in place when it is whole. */
export async function buildTemplate (path = TEMPLATE_PATH): Promise<BuildResult> {
  const began = performance.now()
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite')), 'utf8')) as { version: string }
  const note = join(dirname(path), NOTE)
  if (await textOf(note) === version) return { built: false, bytes: 0, seconds: 0 }
  // It takes its time to load, for nothing where there is nothing to do.
  const { PGlite } = await import('@electric-sql/pglite')
  const client = await PGlite.create()
  let packed: Buffer
  try {
    await client.query('CHECKPOINT')
    packed = Buffer.from(await (await client.dumpDataDir('gzip')).arrayBuffer())
  } finally {
    await client.close()
  }
  await mkdir(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, packed)
  await rename(unfinished, path)
  await writeFile(note, version)
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
