import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { documentOf, rightAddress, wayToRoot } from '../../plugins/web-ui/document.ts'
import { webUi } from '../../plugins/web-ui/index.ts'
import { roomSources } from '../../plugins/web-ui/room-sources.ts'
import { http } from '../fixtures/http.ts'

async function host (register: (app: FastifyInstance) => unknown = app => app.register(webUi), options = {}): Promise<FastifyInstance> {
  const app = Fastify(options)
  t.teardown(() => app.close())
  await register(app)
  return app
}

const PAGES = ['/', '/studio', '/watch/my-stream_1.0']

/** Addresses in a document that the browser follows by itself, resolved as it does. */
function linksIn (document: string, path: string): string[] {
  const base = new URL(/<base href="([^"]+)">/.exec(document)![1]!, `http://host${path}`)
  return [...document.matchAll(/<(?:link|script|img)[^>]* (?:src|href)="([^"]+)"/g)].map(([, link]) => new URL(link!, base).pathname)
}

t.test('what is no path is no page', async t => {
  const app = await host()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const answer = await http({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }, '*')
  t.equal(answer.status, 404)
})

t.test('pages', async t => {
  const app = await host()
  for (const path of PAGES) {
    const { statusCode, headers, body } = await app.inject(path)
    t.equal(statusCode, 200, path)
    t.equal(headers['content-type'], 'text/html; charset=utf-8')
    t.equal(headers['cache-control'], 'no-cache')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'same-origin')
    const policy = headers['content-security-policy'] as string
    for (const part of ["default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "base-uri 'self'"]) t.match(policy, part)
    const framedBy = path.startsWith('/watch/') ? '*' : "'self'"
    t.ok(policy.endsWith(`; frame-ancestors ${framedBy}`), `${path} may be framed by ${framedBy}`)
    t.notMatch(policy.replace(/frame-ancestors.*$/, ''), /unsafe|https?:|\*/)
    t.notMatch(body, /<script(?![^>]* src=)|<style|\son\w+=|style="/, 'nothing inline')
    t.notMatch(body, /(?:src|href)="(?:\/|[a-z]+:)/, 'every address is relative')
    t.match(body, /<html lang="en">[^]*<title>[A-Z][a-z ]+ · Headwater<\/title>/)
    t.notMatch(body, 'my-stream_1.0', 'the name is put in by the script, as text')
  }
})

t.test('what stands in the query of a page is in no log of a host', async t => {
  const lines: string[] = []
  const app = await host(undefined, { logger: { level: 'trace', stream: { write: (line: string) => { lines.push(line) } } } })
  await app.inject('/watch/my-stream?token=secret-of-a-link')
  t.match(lines.join(''), '"/watch/:streamId"', 'the route is')
  t.notMatch(lines.join(''), /secret-of-a-link|my-stream/)
})

t.test('what a page loads is there, wherever the page is', async t => {
  const app = await host(async app => {
    await app.register(webUi)
    await app.register(webUi, { prefix: '/one' })
    await app.register(webUi, { prefix: '/two/deep' })
  })
  for (const prefix of ['', '/one', '/two/deep']) {
    for (const path of PAGES.map(path => prefix + path)) {
      const links = linksIn((await app.inject(path)).body, path)
      t.ok(links.length >= 4 && links.some(link => link.endsWith('.js')) && links.some(link => link.endsWith('.css')) && links.some(link => link.endsWith('.svg')), path)
      for (const link of links) {
        t.ok(link.startsWith(`${prefix}/assets/`), `${path} loads ${link}`)
        t.equal((await app.inject(link)).statusCode, 200, link)
      }
    }
  }
})

t.test('scripts and stylesheets find one another', async t => {
  const app = await host()
  const seen = new Set(linksIn((await app.inject('/')).body, '/'))
  for (const address of seen) {
    const { statusCode, body } = await app.inject(address)
    t.equal(statusCode, 200, address)
    if (!address.endsWith('.js')) continue
    for (const [, name] of body.matchAll(/["'`]\.\/([\w.-]+\.(?:js|css))["'`]/g)) seen.add(`/assets/${name}`)
  }
  t.ok([...seen].some(address => address.includes('/watch-page-')), 'pages that are loaded later were among them')
})

t.test('the way to the root', async t => {
  t.strictSame(['/', '/studio', '/watch/:streamId', '/a/b/c'].map(wayToRoot), ['./', './', '../', '../../'])
  t.equal(rightAddress('/', '/'), undefined)
  t.equal(rightAddress('/', '/one'), 'one/')
  t.equal(rightAddress('/', '/two/deep'), 'deep/')
  t.equal(rightAddress('/studio', '/one/studio'), undefined)
  t.equal(rightAddress('/studio', '/one/studio/'), '../studio')
  for (const [path, asked] of [['/', '/two/deep'], ['/studio', '/one/studio/'], ['/watch/:streamId', '/watch/x/']] as const) {
    const target = new URL(rightAddress(path, asked)!, `http://host${asked}`).pathname
    t.equal(rightAddress(path, target), undefined, `${asked} -> ${target}`)
  }
})

t.test('a page has one address', async t => {
  const app = await host(app => app.register(webUi, { prefix: '/one' }), { routerOptions: { ignoreTrailingSlash: true } })
  const bare = await app.inject('/one?from=link')
  t.match([bare.statusCode, bare.headers.location], [308, 'one/?from=link'])
  const slash = await app.inject('/one/watch/x/')
  t.match([slash.statusCode, slash.headers.location], [308, '../x'])
  t.equal((await app.inject('/one/')).statusCode, 200)
})

t.test('assets', async t => {
  const app = await host()
  const names = linksIn((await app.inject('/')).body, '/')
  for (const [extension, type] of [['.js', 'text/javascript; charset=utf-8'], ['.css', 'text/css; charset=utf-8'], ['.svg', 'image/svg+xml']] as const) {
    const url = names.find(name => name.endsWith(extension))!
    t.match(url, /-[\w-]{8}\.\w+$/, 'the name changes with the contents')
    const plain = await app.inject(url)
    t.match(plain.headers, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding', 'x-content-type-options': 'nosniff' })
    t.equal(plain.headers['content-encoding'], undefined)
    const forms = [
      ['gzip, deflate, br', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0', undefined, undefined],
      ['identity', undefined, undefined]
    ] as const
    for (const [accepted, coding, decode] of forms) {
      const { headers, rawPayload } = await app.inject({ url, headers: { 'accept-encoding': accepted } })
      t.equal(headers['content-encoding'], coding, `${extension}: ${accepted}`)
      t.equal(Number(headers['content-length']), rawPayload.length)
      t.ok((decode?.(rawPayload) ?? rawPayload).equals(plain.rawPayload))
      if (coding !== undefined) t.ok(rawPayload.length < plain.rawPayload.length)
    }
    const head = await app.inject({ method: 'HEAD', url, headers: { 'accept-encoding': 'br' } })
    t.match([head.statusCode, head.headers['content-encoding'], head.rawPayload.length], [200, 'br', 0])
  }
  for (const name of ['nothing.js', 'index.html', '..%2Fpages.json', '..%2f..%2findex.ts', '..%2f..%2f..%2fpackage.json', 'constructor', '__proto__', '%00']) {
    const { statusCode, headers } = await app.inject(`/assets/${name}`)
    t.equal(statusCode, 404, name)
    t.equal(headers['cache-control'], 'no-cache', 'it may be there later')
  }
})

t.test('documents are compressed too, and answer to HEAD', async t => {
  const app = await host()
  const plain = await app.inject('/studio')
  const packed = await app.inject({ url: '/studio', headers: { 'accept-encoding': 'br' } })
  t.match(packed.headers, { 'content-encoding': 'br', vary: 'accept-encoding' })
  t.ok(brotliDecompressSync(packed.rawPayload).equals(plain.rawPayload))
  const head = await app.inject({ method: 'HEAD', url: '/studio' })
  t.match([head.statusCode, head.rawPayload.length, head.headers['content-length']], [200, 0, String(plain.rawPayload.length)])
})

t.test('a name that no stream can have', async t => {
  const app = await host()
  for (const name of ['-x', '.hidden', '%3Cscript%3Ealert(1)%3C%2Fscript%3E', '..%2F..%2Fetc', encodeURIComponent('ä')]) {
    const { statusCode, headers, body } = await app.inject(`/watch/${name}`)
    t.equal(statusCode, 404, name)
    t.match(headers['content-type'], /^text\/html/)
    t.match(body, /<base href="\.\.\/">[^]*<title>Not found · Headwater<\/title>/, 'the shell says what is wrong')
    t.notMatch(body, 'watch-page', 'of the page nothing is needed')
    t.notMatch(body, 'alert')
  }
})

t.test('the host keeps what is its own', async t => {
  const app = await host(async app => {
    app.setNotFoundHandler(async (_request, reply) => await reply.code(404).send('of the host'))
    app.addHook('onSend', async (_request, reply) => { reply.header('x-host', 'yes') })
    app.get('/', async () => 'the host')
    await app.register(webUi)
    await app.register(webUi, { prefix: '/one' })
  })
  t.equal((await app.inject('/')).body, 'the host')
  t.equal((await app.inject('/watch/x')).statusCode, 200)
  t.match((await app.inject('/one/')).body, 'Live now')
  t.equal((await app.inject('/else')).body, 'of the host')
  t.equal((await app.inject('/one/else')).body, 'of the host')
})

t.test('the pages of a plugin are there where it is', async t => {
  const accounts = fp(async () => {}, { name: 'headwater-accounts', encapsulate: true })
  const app = await host(async app => {
    app.get('/with/login', async () => 'the host')
    await app.register(async scope => {
      await scope.register(accounts)
      await scope.register(webUi, { prefix: '/with' })
    })
    await app.register(webUi, { prefix: '/without' })
  })
  const linked = async (path: string) => linksIn((await app.inject(path)).body, path).filter(link => /session-part-[\w-]+\.js$/.test(link))
  for (const path of ['/register', '/forgot-password', '/reset-password', '/profile', '/admin/users']) {
    t.equal((await app.inject(`/with${path}`)).statusCode, 200, path)
    t.equal((await app.inject(`/without${path}`)).statusCode, 404, path)
  }
  t.equal((await app.inject('/with/login')).body, 'the host', 'a host that has one of its own keeps it')
  t.equal((await linked('/with/watch/x')).length, 1, 'the head of every page shows who is logged in')
  t.strictSame(await linked('/without/watch/x'), [])
  t.match((await app.inject('/with/')).body, '<meta name="features" content="headwater-accounts">')
  t.match((await app.inject('/without/')).body, '<meta name="features" content="">')
})

t.test('a page that connects to rooms may do so, and no other one', async t => {
  const feature = fp(async () => {}, { name: 'headwater-live-sessions' })
  const policyOf = async (url: string | undefined, path: string) => {
    const app = await host(async app => {
      app.decorate('livekit', { url } as any)
      await app.register(feature)
      await app.register(webUi)
    })
    return (await app.inject(path)).headers['content-security-policy'] as string
  }
  const ROOM = '/live/550e8400-e29b-41d4-a716-446655440000'
  t.match(await policyOf('wss://rooms.example.com:7880', ROOM), "; connect-src 'self' wss://rooms.example.com:7880 https://rooms.example.com:7880;")
  t.match(await policyOf('wss://rooms.example.com:7880', '/live'), "; connect-src 'self';")
  t.match(await policyOf(undefined, ROOM), "; connect-src 'self';")
  t.strictSame(roomSources('ws://127.0.0.1:7880'), ['ws://127.0.0.1:7880', 'http://127.0.0.1:7880'])
  t.strictSame(roomSources('wss://a.livekit.cloud'), ['wss://a.livekit.cloud', 'https://a.livekit.cloud', 'wss://*.livekit.cloud', 'https://*.livekit.cloud'], 'it sends clients to other servers of its own')
})

t.test('without a build it says what to do', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(webUi, { folder: t.testdir() }) }, { code: 'PAGES_NOT_BUILT', message: 'The pages have not been built: run npm run build:pages' })
})

t.test('the title of a page is text', async t => {
  const page = { path: '/', title: '<b>"&"</b> $& ', params: {}, embeddable: false, files: [] }
  const text = documentOf(page, '<base href="./"><meta name="features" content=""><title>Headwater</title>', ['one', 'two']).identity.toString()
  t.equal(text, '<base href="./"><meta name="features" content="one two"><title>&#60;b&#62;&#34;&#38;&#34;&#60;/b&#62; $&#38;  · Headwater</title>')
  t.throws(() => documentOf(page, '<title>Headwater</title>', []), /not just once/)
})
