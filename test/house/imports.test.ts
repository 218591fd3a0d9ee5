import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g
const EXCEPT_ROOT = ['src/app.ts', 'src/index.ts']

interface Import { file: string, to: string, local: boolean }

async function importsOf (folder: string): Promise<Import[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true })
  const files = names.filter(name => name.endsWith('.ts')).map(name => join(folder, name))
  const lists = await Promise.all(files.map(async file => {
    const text = await readFile(join(ROOT, file), 'utf8')
    return [...text.matchAll(IMPORT)].map(([, to]) => {
      const local = to!.startsWith('.')
      return { file, local, to: local ? normalize(join(dirname(file), to!)) : to! }
    })
  }))
  return lists.flat()
}

/** Imports that go against a rule, as `file -> target`. */
function against (imports: Import[], isWrong: (one: Import) => boolean): string[] {
  return imports.filter(isWrong).map(({ file, to }) => `${file} -> ${to}`)
}

const within = (path: string, ...folders: string[]) => folders.some(folder => !relative(folder, path).startsWith('..'))

t.test('imports go one way', async t => {
  const src = await importsOf('src')
  const plugins = await importsOf('plugins')
  t.ok(src.length > 50 && plugins.length > 0, 'the files were read')

  t.same(against(src, ({ file, to, local }) => within(file, 'src/media') && local && !within(to, 'src/media', 'src/errors')), [], 'src/media imports src/errors only')
  t.same(against(src, ({ file, to }) => within(file, 'src/media') && /^(fastify|@fastify\/|socket\.io)/.test(to)), [], 'src/media knows neither Fastify nor Socket.IO')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/errors', 'src/config') && local && !within(to, 'src/errors', 'src/config')), [], 'errors and configuration know nobody else')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/http') && local && !within(to, 'src/http', 'src/errors', 'src/config')), [], 'src/http knows no API')
  t.same(against(src, ({ file, to, local }) => !EXCEPT_ROOT.includes(file) && local && within(to, 'plugins')), [], 'only app.ts and index.ts import plugins')
  t.same(against(plugins, ({ file, to, local }) => local && within(to, 'plugins') && to.split('/')[1] !== file.split('/')[1]), [], 'plugins never import plugins')
})

t.test('only the process reads the environment', async t => {
  const names = (await Promise.all(['src', 'plugins'].map(async folder => (await readdir(join(ROOT, folder), { recursive: true })).map(name => join(folder, name))))).flat()
  const readers: string[] = []
  for (const name of names.filter(name => name.endsWith('.ts'))) {
    if ((await readFile(join(ROOT, name), 'utf8')).includes('process.env')) readers.push(name)
  }
  t.same(readers, ['src/server.ts'])
})
