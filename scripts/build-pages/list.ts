import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PageList } from '../../src/ui/page.ts'

/** The pages of one feature. */
export interface FoundList extends PageList {
  /** The folder of the list, from the repository's root. */
  folder: string
}

/** Reads what features list: `src/<feature>/pages/pages.ts` and `plugins/<feature>/pages/pages.ts`. */
export async function listPages (root: string): Promise<FoundList[]> {
  const features = await Promise.all(['src', 'plugins'].map(async parent => (await readdir(join(root, parent))).map(name => join(parent, name, 'pages'))))
  const folders = features.flat().filter(folder => existsSync(join(root, folder, 'pages.ts'))).sort()
  return await Promise.all(folders.map(async folder => {
    const list = await import(pathToFileURL(join(root, folder, 'pages.ts')).href) as PageList
    return { ...list, folder }
  }))
}
