import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readInput } from './input-text.ts'

const FOLDER = fileURLToPath(new URL('corpus', import.meta.url))

export interface KeptInput {
  /** What it showed, or is there to show. */
  name: string
  input: unknown
}

/** The inputs that are kept for a target: each file is one, its name says what it showed. */
export async function keptInputs (id: string): Promise<KeptInput[]> {
  const folder = join(FOLDER, id)
  const names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort()
  return await Promise.all(names.map(async name => ({ name: name.slice(0, -'.json'.length), input: readInput(await readFile(join(folder, name), 'utf8')) })))
}
