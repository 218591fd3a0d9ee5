import { access, cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Made by other scripts. What they note for themselves stays there. */
const BUILT = ['plugins/web-ui/built', 'src/platform/database/built']
const NOTES = ['sources.json', 'pglite.txt']

/** Copies what the server reads when it runs, and the compiler does not know: the built pages, the empty database, the features' migrations. @param target where the compiled files are */
export async function copyAssets (target: string): Promise<void> {
  for (const folder of [...BUILT, ...await migrationFolders()]) {
    await rm(join(target, folder), { recursive: true, force: true })
    await cp(join(ROOT, folder), join(target, folder), { recursive: true, filter: source => !NOTES.some(note => source.endsWith(`/${note}`)) })
  }
}

/** Of every feature that has some. */
async function migrationFolders (): Promise<string[]> {
  const folders = (await readdir(join(ROOT, 'plugins'))).map(feature => join('plugins', feature, 'migrations'))
  const there = await Promise.all(folders.map(folder => access(join(ROOT, folder)).then(() => true, () => false)))
  return folders.filter((_folder, index) => there[index])
}
