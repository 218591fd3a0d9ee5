import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * As it is installed tap compiles tests with TypeScript, which takes seconds a file, and its first run still does, whatever
 * `.taprc` says: it is told of that before. Where it has been told already nothing happens.
 * @param root of the checkout
 */
export async function settleTapPlugins (root: string): Promise<void> {
  const loaders = await readFile(join(root, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js'), 'utf8')
  if (!loaders.includes('"@tapjs/typescript/import"')) return
  const build = spawn(join(root, 'node_modules', '.bin', 'tap'), ['build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(build, 'close') as [number | null]
  if (code !== 0) throw new Error(`tap could not be built without its TypeScript plugin (exit code ${code})`)
}
