import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../errors/file-system.ts'
import { isKey } from './key.ts'
import type { ListQuery } from './list-query.ts'

/** Ends the name of every object's file. No key has it: the file of `a` and the folder of `a/b` get along. */
const FILE_END = '+'

/** Where an object is, below the folder of all. */
export function fileOfKey (key: string): string {
  return key + FILE_END
}

/** Keys of objects below a folder, in order. Files that are none of ours are passed over. */
export async function * keysInOrder (folder: string, { prefix, after }: Pick<ListQuery, 'prefix' | 'after'>): AsyncGenerator<string> {
  // Whatever begins with the prefix is below that one.
  yield * keysBelow(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1), { prefix, after })
}

async function * keysBelow (folder: string, base: string, query: Pick<ListQuery, 'prefix' | 'after'>): AsyncGenerator<string> {
  const { prefix, after } = query
  // The order is that of whole keys: a folder's stand where its name and `/` do.
  for (const path of (await pathsIn(join(folder, base))).map(name => base + name).sort()) {
    if (!path.startsWith(prefix) && !prefix.startsWith(path)) continue
    if (path.endsWith('/')) {
      if (path > after || after.startsWith(path)) yield * keysBelow(folder, path, query)
    } else if (path.startsWith(prefix) && path > after) {
      yield path
    }
  }
}

/** Last parts of keys, and folders with a `/` behind their names. */
async function pathsIn (folder: string): Promise<string[]> {
  let entries
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  return entries.flatMap(entry => {
    if (entry.isDirectory()) return isKey(entry.name) ? [`${entry.name}/`] : []
    const part = entry.name.slice(0, -FILE_END.length)
    return entry.isFile() && entry.name.endsWith(FILE_END) && isKey(part) ? [part] : []
  })
}
