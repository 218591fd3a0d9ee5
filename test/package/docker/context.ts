import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

/** As `.dockerignore` and `COPY` have them: `*` and `?` stay within a name, `**` does not. */
function expressionOf (pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/?|[*?]|[.+^${}()|[\]\\]/g, part => ({ '*': '[^/]*', '?': '[^/]' })[part] ?? (part.startsWith('**') ? '.*' : `\\${part}`))
  return new RegExp(`^${source}$`)
}

const parents = (path: string) => path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))

/** Whether Docker would send a path to the build: the last pattern that fits it, or a folder above it, decides. */
export function contextFilter (dockerignore: string): (path: string) => boolean {
  const rules = dockerignore.split('\n').map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({ keeps: line.startsWith('!'), expression: expressionOf(line.replace(/^!/, '').replace(/^\/|\/$/g, '')) }))
  return path => rules.findLast(({ expression }) => parents(path).some(part => expression.test(part)))?.keeps ?? true
}

/** Where `COPY` takes from. */
export interface Source {
  root: string
  /** Of a path in it, relative. */
  has (path: string): boolean
}

/** The context of a build: a folder, as far as its `.dockerignore` goes. */
export async function readContext (root: string): Promise<Source> {
  const isSent = contextFilter(await readFile(join(root, '.dockerignore'), 'utf8'))
  return { root, has: path => path === '' || isSent(path) }
}

/** `COPY`: files by their names, the contents of folders. @throws Error when a pattern fits nothing */
export async function copy (from: Source, patterns: string[], to: string, isFolder: boolean): Promise<void> {
  for (const pattern of patterns) {
    const expression = expressionOf(basename(pattern))
    const folder = join(from.root, pattern, '..')
    const found = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => expression.test(name) && from.has(relative(from.root, join(folder, name))))
    if (found.length === 0) throw new Error(`COPY ${pattern}: there is no such file in the context`)
    for (const entry of found) {
      const path = join(folder, entry.name)
      await mkdir(isFolder || entry.isDirectory() ? to : join(to, '..'), { recursive: true })
      await cp(path, isFolder && !entry.isDirectory() ? join(to, entry.name) : to, {
        recursive: true, verbatimSymlinks: true, filter: source => from.has(relative(from.root, source))
      })
    }
  }
}
