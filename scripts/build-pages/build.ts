import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compressTexts } from './compress.ts'
import { describePages } from './describe.ts'
import { listPages } from './list.ts'
import { digestOf, isCurrent, sourcesIn, writeSources } from './sources.ts'

export interface BuildResult {
  /** Whether there was anything to do. */
  built: boolean
  /** How many pages. */
  pages: number
  seconds: number
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SHELL = join(ROOT, 'plugins/web-ui/shell')
const BUILT = join(ROOT, 'plugins/web-ui/built')
/**
 * The one build of hls.js that carries the code of its worker along: as a module, it would take another file for
 * that, a third of its size, or work in the page's own thread.
 */
const HLS_WITH_WORKER = 'hls.js/dist/hls.light.min.js'

/** What several pages share of the parts of pages, in one file. */
const PARTS = { name: 'parts', test: /src[\\/](?:ui|client[\\/](?:stateful|emitter)\.ts)/, minShareCount: 2 }

/**
 * Builds all pages with Vite: files with hashed names, each text compressed beside itself, `pages.json` for the
 * server. It is put in place when it is whole, so a server that starts meanwhile finds the old or the new one.
 */
export async function buildPages (): Promise<BuildResult> {
  const began = performance.now()
  const lists = await listPages(ROOT)
  const pages = lists.reduce((sum, list) => sum + list.pages.length, 0)
  const done = (built: boolean) => ({ built, pages, seconds: (performance.now() - began) / 1_000 })
  if (await isCurrent(ROOT, BUILT)) return done(false)

  // It takes its time to load, for nothing where there is nothing to do.
  const { build } = await import('vite')
  const folder = `${BUILT}-${process.pid}`
  await mkdir(folder)
  try {
    const modules = new Set<string>()
    await build({
      configFile: false,
      root: SHELL,
      base: './',
      publicDir: false,
      logLevel: 'warn',
      // Whatever runs this, a test for example, may have another one.
      define: { 'process.env.NODE_ENV': '"production"' },
      resolve: { alias: { 'hls.js/light': HLS_WITH_WORKER } },
      oxc: { jsx: { runtime: 'automatic' } },
      build: {
        outDir: folder,
        emptyOutDir: true,
        manifest: 'manifest.json',
        // Of what is built in: the package goes out with it.
        license: { fileName: 'licenses.md' },
        modulePreload: { polyfill: false },
        // The pages' policy lets nothing in that is written as data:.
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        // livekit-client is large, and loaded by who needs it.
        chunkSizeWarningLimit: 700,
        // By itself each set of pages has a file of what just these share: a dozen small ones a page.
        rolldownOptions: { output: { codeSplitting: { groups: [PARTS], includeDependenciesRecursively: false } } }
      },
      plugins: [{
        name: 'sources',
        buildEnd () { for (const id of this.getModuleIds()) modules.add(id) }
      }]
    })
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
    await writeFile(join(folder, 'pages.json'), JSON.stringify(describePages(lists, manifest), null, 2))
    await rm(join(folder, 'manifest.json'))
    await compressTexts(join(folder, 'assets'))
    await writeSources(folder, await digestOf(ROOT, await sourcesIn(ROOT, [...modules])))
    await rm(BUILT, { recursive: true, force: true })
    await rename(folder, BUILT)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return done(true)
}
