import { createRequire } from 'node:module'
import { once } from 'node:events'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { io } from 'socket.io-client'
import t from 'tap'
import { cleanEnvironment, folderFor, makeProject, outputOf, pack, ROOT, signalGroup, startProgram } from './project.ts'

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')

/** As this repository has it. */
function versionOf (name: string): string {
  return (createRequire(import.meta.url)(join(ROOT, 'node_modules', name, 'package.json')) as { version: string }).version
}

const folder = await folderFor(t, 'package')
const tarball = await pack(folder)
const project = await makeProject(folder, [tarball, ...['fastify', 'hls.js', '@types/node'].map(name => `${name}@${versionOf(name)}`)])
const installed = join(project, 'node_modules', 'headwater')
const env = cleanEnvironment()

t.test('what is in the package', async t => {
  const files = (await outputOf('tar', ['-tzf', tarball], folder)).trim().split('\n').map(name => name.replace(/^package\//, ''))
  t.comment(`packed: ${files.length} files, ${Math.round((await stat(tarball)).size / 1000)} kB`)
  const may = [
    /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|\.env\.example)$/,
    /^docs\/.+\.(md|tsx|html|conf|service)$/,
    /^docs\/api\/openapi\.json$/,
    /^examples\/[\w-]+\.(md|ts)$/,
    /^dist\/(src|plugins)\/.+(\.js|\.d\.ts)$/,
    /^dist\/plugins\/[\w-]+\/migrations\/(\d{4}_\w+\.sql|meta\/(_journal|\d{4}_snapshot)\.json)$/,
    /^dist\/src\/platform\/database\/built\/empty-\d+\.tar\.gz$/,
    /^dist\/plugins\/web-ui\/built\/(index\.html|pages\.json|licenses\.md|assets\/[\w.-]+\.(js|css|svg)(\.br|\.gz)?)$/
  ]
  t.same(files.filter(name => !may.some(pattern => pattern.test(name))), [], 'nothing else')
  t.same(files.filter(name => /\.test\.|(^|\/)(test|scripts)\/|tsbuildinfo|\.map$/.test(name)), [], 'no tests, no scripts, no maps')
  const must = ['LICENSE', 'README.md', 'CHANGELOG.md', '.env.example', 'docs/livestream.md', 'docs/api/openapi.json', 'examples/own-login.ts', 'dist/src/server.js', 'dist/plugins/web-ui/built/index.html', 'dist/plugins/web-ui/built/licenses.md', 'dist/plugins/accounts/migrations/meta/_journal.json', 'dist/plugins/ivs/migrations/meta/_journal.json', 'dist/plugins/livekit/migrations/meta/_journal.json', 'dist/src/platform/database/built/empty-18.tar.gz']
  t.same(must.filter(name => !files.includes(name)), [])
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { exports: Record<string, string | Record<string, string>> }
  const named = Object.values(exports).flatMap(target => typeof target === 'string' ? [target] : Object.values(target)).map(path => path.slice(2))
  t.same(named.filter(name => !files.includes(name)), [], 'everything that is exported')
  const scripts = await Promise.all(files.filter(name => /^dist\/(src|plugins\/[\w-]+\/\w+)\S*\.js$/.test(name)).map(async name => await readFile(join(installed, name), 'utf8')))
  t.same(scripts.filter(text => text.includes('sourceMappingURL')), [], 'no script speaks of a map')
})

t.test('nothing that only the build needs is installed', async t => {
  for (const name of ['react', 'vite', 'typescript', 'tsx', 'tap', 'fluent-ffmpeg']) await t.rejects(stat(join(project, 'node_modules', name)), { code: 'ENOENT' }, name)
})

t.test('the live core in a server of somebody else\'s, without the pages', async t => {
  const plugins = join(installed, 'dist', 'plugins')
  await rename(plugins, `${plugins}-away`)
  t.teardown(async () => { await rename(`${plugins}-away`, plugins) })
  const said = JSON.parse(await outputOf(process.execPath, ['livestream.mjs'], project, env)) as unknown
  t.match(said, { own: 'mine', active: 200, socket: 200 })
})

t.test('the whole server, with its pages', async t => {
  t.match(JSON.parse(await outputOf(process.execPath, ['whole.mjs'], project, env)), { page: 200, type: 'text/html; charset=utf-8', script: 200, active: 200 })
})

t.test('what is for browsers has nothing of Node.js', async t => {
  const others = new Set<string>()
  const seen = new Set<string>()
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.add(path)
    for (const [, to] of (await readFile(path, 'utf8')).matchAll(/^(?:import|export)\s(?:[^'";]*\sfrom\s)?["']([^"']+)["']/gm)) {
      if (to!.startsWith('.')) await follow(join(dirname(path), to!))
      else others.add(to!)
    }
  }
  await follow(join(installed, 'dist', 'src', 'client', 'index.js'))
  t.ok(seen.size > 5, 'the files were read')
  t.same([...others], ['socket.io-client'])
})

t.test('types, for every way to find modules', async t => {
  const base = { target: 'ES2023', strict: true, exactOptionalPropertyTypes: true, noEmit: true }
  const finding = { nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' }, bundler: { module: 'ESNext', moduleResolution: 'Bundler' } }
  const node = { lib: ['ES2023'], types: ['node'] }
  const kinds = {
    live: { ...node, skipLibCheck: false },
    // Drizzle's own types are not right without the drivers of every database.
    server: { ...node, skipLibCheck: true },
    browser: { lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [], skipLibCheck: false }
  }
  for (const [way, options] of Object.entries(finding)) {
    await Promise.all(Object.entries(kinds).map(async ([kind, more]) => {
      const config = `tsconfig.${kind}.${way}.json`
      await writeFile(join(project, config), JSON.stringify({ compilerOptions: { ...base, ...options, ...more }, files: [`${kind}.ts`] }))
      t.equal(await outputOf(process.execPath, [TSC, '-p', config], project, env).catch((error: Error) => error.message), '', `${kind}, ${way}`)
    }))
  }
})

t.test('the command', async t => {
  const program = join(project, 'node_modules', '.bin', 'headwater')
  t.ok((await stat(program)).mode & 0o100, 'can be run')
  const { child, url, ended } = await startProgram(t, program, [], { cwd: project, env: { ...env, PORT: '0', STREAMS_DIR: join(folder, 'streams') } })
  t.equal((await fetch(`${url}/livestream/active`)).status, 200)
  const client = io(url, { transports: ['websocket'], reconnection: false })
  await once(client as unknown as NodeJS.EventEmitter, 'connect')
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 }, 'a client that is connected does not hold it up')
})

t.test('the command by its name, through npx', async t => {
  const { child, url, ended } = await startProgram(t, 'npx', ['--no', 'headwater'], { cwd: project, env: { ...env, PORT: '0', STREAMS_DIR: join(folder, 'streams') } })
  t.equal((await fetch(`${url}/studio`)).status, 200)
  // What Ctrl-C in a terminal does. npx itself does not pass signals on.
  signalGroup(child, 'SIGINT')
  t.match(await ended, { said: /"signal":"SIGINT","msg":"closing"/ })
  await t.rejects(fetch(url), 'it is gone')
})
