import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Migrations } from '../../src/platform/database/database.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** All features that keep something: they have their migrations in `<folder>/migrations`, and `_` in their names for `-`. */
export async function listFeatures (root = ROOT): Promise<Migrations[]> {
  const folders = (await Promise.all(['src', 'plugins'].map(async parent => (await readdir(join(root, parent))).map(name => ({ name, folder: join(root, parent, name, 'migrations') }))))).flat()
  return folders.filter(({ folder }) => existsSync(join(folder, 'meta', '_journal.json'))).map(({ name, folder }) => ({ feature: name.replaceAll('-', '_'), folder }))
}
