import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORT = /(?:^|[\s;])(?<what>import\s+type\b|export\s+type\b|import|export)(?:[^'"()]*?\sfrom)?\s*\(?\s*'(?<to>[^']+)'/g
const EXCEPT_ROOT = ['src/app.ts', 'src/index.ts']

interface Import {
  file: string
  to: string
  local: boolean
  /** Gone when it runs. */
  type: boolean
}

const isCode = (name: string) => /\.tsx?$/.test(name)

async function importsOf (folder: string): Promise<Import[]> {
  const files = (await readdir(join(ROOT, folder), { recursive: true })).filter(isCode).map(name => join(folder, name))
  const lists = await Promise.all(files.map(async file => {
    // Docstrings have examples.
    const text = (await readFile(join(ROOT, file), 'utf8')).replace(/\/\*\*[^]*?\*\//g, '')
    return [...text.matchAll(IMPORT)].map(({ groups }) => {
      const { what, to } = groups as { what: string, to: string }
      const local = to.startsWith('.')
      return { file, local, type: what.endsWith('type'), to: local ? normalize(join(dirname(file), to)) : to }
    })
  }))
  return lists.flat()
}

/** Imports that go against a rule, as `file -> target`. */
function against (imports: Import[], isWrong: (one: Import) => boolean): string[] {
  return imports.filter(isWrong).map(({ file, to }) => `${file} -> ${to}`)
}

const within = (path: string, ...folders: string[]) => folders.some(folder => !relative(folder, path).startsWith('..'))
const isPage = (path: string) => /^(src|plugins)\/[^/]+\/pages\//.test(path)
const isShell = (path: string) => within(path, 'plugins/web-ui/shell')
const isBrowsers = (path: string) => within(path, 'src/client', 'src/ui', 'src/page-parts') || isPage(path) || isShell(path)

t.test('imports are found', async t => {
  const imports = await importsOf('src')
  const find = (file: string, to: string) => imports.find(one => one.file === file && one.to === to)
  t.match(find('src/media/registry.ts', 'src/media/stream.ts'), { local: true, type: false })
  t.match(find('src/livestream/events.ts', 'src/livestream/envelope.ts'), { local: true, type: true })
  t.match(find('src/client/index.ts', 'src/client/emitter.ts'), { local: true, type: false })
  t.match(find('src/ui/button.tsx', 'wouter'), { local: false, type: false })
  t.match(find('src/ui/button.tsx', 'src/ui/button.css'), { local: true, type: false })
})

t.test('imports go one way', async t => {
  const src = await importsOf('src')
  const plugins = await importsOf('plugins')
  t.ok(src.length > 50 && plugins.length > 0, 'the files were read')

  t.same(against(src, ({ file, to, local }) => within(file, 'src/media') && local && !within(to, 'src/media', 'src/errors', 'src/folder-lock', 'src/log.ts', 'src/run-limit.ts', 'src/token-bucket.ts')), [], 'src/media imports errors, the folder lock, the limit of runs, the token bucket and the shape of a log only')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/folder-lock') && local && !within(to, 'src/folder-lock', 'src/errors', 'src/log.ts')), [], 'the folder lock knows nobody who uses it')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/platform') && local && !within(to, 'src/platform', 'src/errors', 'src/config', 'src/folder-lock', 'src/http', 'src/at-once.ts', 'src/listeners.ts', 'src/log.ts', 'src/recent-map.ts', 'src/under-way.ts', 'src/aws-sdk.ts', 'src/optional-package.ts')), [], 'the platform knows no feature')
  t.same(against(src, ({ file, to }) => within(file, 'src/media') && /^(fastify|@fastify\/|socket\.io)/.test(to)), [], 'src/media knows neither Fastify nor Socket.IO')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/errors', 'src/config') && local && !within(to, 'src/errors', 'src/config')), [], 'errors and configuration know nobody else')
  t.same(against(src, ({ file, to, local }) => within(file, 'src/http') && local && !within(to, 'src/http', 'src/errors', 'src/config')), [], 'src/http knows no API')
  t.same(against(src, ({ file, to, local }) => !EXCEPT_ROOT.includes(file) && local && within(to, 'plugins')), [], 'only app.ts and index.ts import plugins')
  t.same(against(plugins, ({ file, to, local }) => local && within(to, 'plugins') && to.split('/')[1] !== file.split('/')[1]), [], 'plugins never import plugins')
})

/** What pages take from the server's folders: pure, and fit for a browser. */
const PURE = ['src/media/stream-key.ts']
/** What goes over the wire, as types. */
const WIRE = ['src/livestream/events.ts', 'src/rooms/local-messages.ts', 'plugins/ivs/live-messages.ts']

t.test('what runs in browsers stands by itself', async t => {
  const all = [...await importsOf('src'), ...await importsOf('plugins')]
  const browsers = all.filter(({ file }) => isBrowsers(file))
  const client = all.filter(({ file }) => within(file, 'src/client'))
  const ui = all.filter(({ file }) => within(file, 'src/ui'))
  const parts = all.filter(({ file }) => within(file, 'src/page-parts'))
  const pages = all.filter(({ file }) => isPage(file))
  t.ok(client.length > 0 && ui.length > 10 && parts.length > 10 && pages.length > 10, 'the files were read')

  t.same(against(client, ({ to, local, type }) => local && !within(to, 'src/client') && !(type && WIRE.includes(to))), [], 'src/client imports itself, and types of what goes over the wire')
  t.same(against(client, ({ to, local, type }) => !local && to !== 'socket.io-client' && !(type && to === 'hls.js')), [], 'src/client needs socket.io-client and nothing else')
  t.same(against(ui, ({ to, local }) => local ? !within(to, 'src/ui') : !['react', 'wouter'].includes(to)), [], 'src/ui imports itself, react and wouter')
  t.same(against(parts, ({ to, local }) => local ? !within(to, 'src/page-parts', 'src/ui', 'src/client') : !['react', 'wouter'].includes(to)), [], 'src/page-parts imports itself, src/ui, src/client, react and wouter')
  t.same(against(pages, ({ file, to, local, type }) => local && !within(to, dirname(file).split('/').slice(0, 3).join('/'), 'src/ui', 'src/client', 'src/page-parts') && !PURE.includes(to) && !(type && WIRE.includes(to))), [], 'pages import their own folder, src/ui, src/client, src/page-parts and what is pure')
  t.same(against(all, ({ file, to, local }) => local && isShell(to) && !isShell(file)), [], 'nobody imports the shell')
  t.same(against(all, ({ file, to, local, type }) => local && isBrowsers(to) && !isBrowsers(file) && !type), [], 'the server runs nothing that is meant for browsers')
  t.same(against(browsers, ({ to }) => to.startsWith('node:')), [], 'browsers have no Node.js')
  for (const file of PURE) t.same((all).filter(one => one.file === file), [], `${file} imports nothing`)
})

t.test('only the process reads the environment', async t => {
  const names = (await Promise.all(['src', 'plugins'].map(async folder => (await readdir(join(ROOT, folder), { recursive: true })).map(name => join(folder, name))))).flat()
  const readers: string[] = []
  for (const name of names.filter(isCode)) {
    if ((await readFile(join(ROOT, name), 'utf8')).includes('process.env')) readers.push(name)
  }
  t.same(readers, ['src/server.ts'])
})
