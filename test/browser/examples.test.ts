import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { build } from 'vite'
import { http } from '../fixtures/http.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { complaintsOf, launchChromium } from './chromium.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }
const REACT_PAGE = `
import { createRoot } from 'react-dom/client'
import { GoLive } from '${join(ROOT, 'docs/examples/go-live.tsx')}'

createRoot(document.body).render(<GoLive server={new URLSearchParams(location.search).get('server')!} streamKey='my-stream' userId='me' />)
`

async function ownFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-examples-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A web server with files; the first prefix that fits tells the folder. */
async function serve (t: Test, folders: Array<[prefix: string, folder: string]>): Promise<string> {
  const site = createServer((request, response) => {
    const path = normalize(new URL(request.url!, 'http://host').pathname)
    if (path === '/favicon.ico') {
      response.writeHead(204).end()
      return
    }
    const [prefix, folder] = folders.find(([prefix]) => path.startsWith(prefix))!
    readFile(join(folder, path.slice(prefix.length))).then(
      body => response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body),
      () => response.writeHead(404).end()
    )
  })
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise<void>(resolve => {
    site.close(() => resolve())
    site.closeAllConnections()
  }))
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`
}

/** Goes live with the page's button, and ends with its other one. */
async function tryPage (t: Test, server: TestServer, address: string): Promise<void> {
  const browser = await launchChromium(t)
  const page = await browser.newPage()
  const complaints = complaintsOf(page)
  await page.goto(`${address}?server=${server.url}`)
  await page.getByRole('button', { name: 'Go live' }).click()
  await page.getByRole('status').filter({ hasText: 'live' }).waitFor()
  const { status } = await http(server, '/livestream/my-stream/live.m3u8')
  t.equal(status, 200, 'a segment is published')
  t.match((await http(server, '/livestream/active')).json, { count: 1, streams: [{ streamId: 'my-stream', isActive: true }] })
  await page.getByRole('button', { name: 'End' }).click()
  await page.getByRole('status').filter({ hasText: 'ended' }).waitFor()
  t.equal((await http(server, '/livestream/active')).json.count, 0)
  t.strictSame(complaints, [])
}

t.test('the plain page, as it stands in the docs, on an origin of its own', async t => {
  const folder = await ownFolder(t)
  await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.client.json', '--outDir', join(folder, 'dist'), '--tsBuildInfoFile', join(folder, 'info')], { cwd: ROOT })
  const site = await serve(t, [
    ['/node_modules/headwater/dist/', join(folder, 'dist')],
    ['/node_modules/', join(ROOT, 'node_modules')],
    ['/', join(ROOT, 'docs/examples')]
  ])
  await tryPage(t, await startServer(t), `${site}/plain.html`)
})

t.test('the React component, as it stands in the docs', async t => {
  const folder = await ownFolder(t)
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>React</title><body><script type="module" src="./page.tsx"></script>')
  await writeFile(join(folder, 'page.tsx'), REACT_PAGE)
  await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { alias: [{ find: 'headwater/client', replacement: join(ROOT, 'src/client/index.ts') }, { find: /^(react|react-dom)($|\/)/, replacement: `${join(ROOT, 'node_modules')}/$1$2` }] },
    oxc: { jsx: { runtime: 'automatic' } },
    build: { outDir: 'out' }
  })
  await tryPage(t, await startServer(t), `${await serve(t, [['/', join(folder, 'out')]])}/index.html`)
})
