import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** What a build was made of. */
interface Sources {
  /** Paths from the repository's root. */
  files: string[]
  /** Of these names and their contents. */
  digest: string
}

const NOTE = 'sources.json'
/** Where a new file changes the build though no old one does. */
const FOLDERS = ['src/ui', 'src/client', 'src/page-parts', 'plugins/web-ui/shell', 'scripts/build-pages']
/** The versions of what is built in. */
const LOCK = 'package-lock.json'

/** @param modules all modules of the build, by absolute path; those of packages stand in the lock file */
export async function sourcesIn (root: string, modules: readonly string[] = []): Promise<string[]> {
  const features = (await Promise.all(['src', 'plugins'].map(async parent => (await readdir(join(root, parent))).map(name => join(parent, name, 'pages'))))).flat()
  const folders = [...FOLDERS, ...features.filter(folder => existsSync(join(root, folder)))]
  const found = await Promise.all(folders.map(async folder => (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile()).map(entry => relative(root, join(entry.parentPath, entry.name)))))
  const built = modules.map(module => relative(root, module.split('?')[0]!)).filter(path => !path.startsWith('..') && !path.includes('\0') && !path.split(sep).includes('node_modules'))
  return [...new Set([LOCK, ...found.flat(), ...built.filter(path => existsSync(join(root, path)))])].sort()
}

export async function digestOf (root: string, files: readonly string[]): Promise<Sources> {
  const digest = createHash('sha256')
  for (const file of files) digest.update(`${file}\0`).update(await readFile(join(root, file))).update('\0')
  return { files: [...files], digest: digest.digest('hex') }
}

export async function writeSources (folder: string, sources: Sources): Promise<void> {
  await writeFile(join(folder, NOTE), JSON.stringify(sources))
}

/** Whether the build in this folder was made of just these sources, as they are now. */
export async function isCurrent (root: string, folder: string): Promise<boolean> {
  try {
    const { files, digest } = JSON.parse(await readFile(join(folder, NOTE), 'utf8')) as Sources
    const now = await sourcesIn(root, files.map(file => join(root, file)))
    return (await digestOf(root, now)).digest === digest
  } catch {
    // None, or a file of it is gone.
    return false
  }
}
