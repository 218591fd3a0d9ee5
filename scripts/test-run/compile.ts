import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { build, type OnResolveResult, type Plugin } from 'esbuild'

/** Folders with code. */
const CODE = ['src', 'plugins', 'test', 'scripts', 'examples']
/** What a test has no need of, or must not find; `node_modules` is linked. */
const LEFT_OUT = ['.env', '.git', '.tap', 'coverage', 'data', 'dist', 'node_modules', 'streams']
/** Packages of many small modules (one has 679), put into a file each. None of them is imported by another package. */
const BUNDLED = ['tap', 'typebox', 'typebox/value', 'jose', 'drizzle-orm', 'drizzle-orm/pg-core', 'drizzle-orm/pglite', 'drizzle-orm/pglite/migrator', 'drizzle-orm/node-postgres', 'drizzle-orm/node-postgres/migrator']
/** Where it lies, without its extension. tap takes what is in such a folder for its own, and leaves it out of stacks. */
const bundleOf = (specifier: string) => `bundled/node_modules/${specifier === 'tap' ? '@tapjs/tap' : specifier}/index`

/**
 * Copies the checkout and puts JavaScript beside every TypeScript file of the copy. Through a loader each process would
 * compile again what hundreds before it have, and loading a package takes it two to three times as long.
 * @param target a folder that does not exist yet
 */
export async function compileCheckout (root: string, target: string): Promise<void> {
  await mkdir(target)
  const entries = (await readdir(root)).filter(name => !LEFT_OUT.includes(name))
  await Promise.all(entries.map(name => cp(join(root, name), join(target, name), { recursive: true, verbatimSymlinks: true })))
  await symlink(join(root, 'node_modules'), join(target, 'node_modules'))
  const sources = await Promise.all(CODE.map(async folder => {
    const names = await readdir(join(target, folder), { recursive: true })
    return names.filter(name => /\.tsx?$/.test(name) && !name.endsWith('.d.ts')).map(name => join(folder, name))
  }))
  const made = { platform: 'node', format: 'esm', target: 'node20.19', keepNames: true, logLevel: 'warning', logLimit: 10 } as const
  await build({
    ...made,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(BUNDLED.map(specifier => [bundleOf(specifier), specifier])),
    outdir: target,
    chunkNames: bundleOf('[name]-[hash]'),
    bundle: true,
    splitting: true,
    external: ['@electric-sql/pglite', 'pg'],
    // Some of what tap needs is CommonJS.
    banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)" }
  })
  await build({
    ...made,
    absWorkingDir: target,
    entryPoints: sources.flat(),
    outdir: target,
    outbase: target,
    // Every file stays a file of its own: the plugin and `packages` leave nothing to bundle.
    bundle: true,
    plugins: [imports(target)],
    packages: 'external',
    treeShaking: false,
    sourcemap: 'linked',
    sourcesContent: false
  })
}

function external (importer: string, path: string): OnResolveResult {
  const to = relative(dirname(importer), path)
  return { path: to.startsWith('.') ? to : `./${to}`, external: true }
}

/** Has relative imports lead to the JavaScript, those by the package's own name (`paths` in tsconfig.json) as well, and packages to their bundles. */
function imports (root: string): Plugin {
  return {
    name: 'imports',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.{1,2}\// }, ({ path, kind }) => kind === 'entry-point' ? undefined : { path: path.replace(/\.tsx?$/, '.js'), external: true })
      onResolve({ filter: /^headwater(\/|$)/ }, ({ path, importer }) => external(importer, join(root, path.replace('headwater', 'src'), 'index.js')))
      onResolve({ filter: /^[a-z]/ }, ({ path, importer, kind }) => kind !== 'entry-point' && BUNDLED.includes(path) ? external(importer, join(root, `${bundleOf(path)}.js`)) : undefined)
    }
  }
}
