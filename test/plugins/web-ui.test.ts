import { gunzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { webUi } from '../../plugins/web-ui/index.ts'

async function host (register: (app: FastifyInstance) => unknown = app => app.register(webUi)): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await register(app)
  return app
}

/** Addresses in a page that the browser follows by itself. */
function linksIn (page: string): string[] {
  return [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!)
}

t.test('the watch page', async t => {
  const app = await host()
  const page = await app.inject('/watch/my-stream_1.0')
  t.equal(page.statusCode, 200)
  t.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  t.equal(page.headers['cache-control'], 'no-cache')
  t.equal(page.headers['x-content-type-options'], 'nosniff')
  const policy = page.headers['content-security-policy'] as string
  t.match(policy, "default-src 'none'")
  t.match(policy, "script-src 'self';")
  t.notMatch(policy, 'unsafe')
  t.notMatch(page.body, /<script(?![^>]* src=)|<style|\son\w+=|style="/, 'nothing inline')
  t.notMatch(page.body, 'my-stream_1.0', 'the name is put in by the script, as text')
  t.notMatch(page.body, '{{')

  const links = linksIn(page.body)
  t.ok(links.length >= 6)
  for (const link of links) {
    t.match(link, /^\.\.\/assets\/[0-9a-f]{12}\//, 'relative')
    const asset = await app.inject(new URL(link, 'http://host/watch/x').pathname)
    t.equal(asset.statusCode, 200, link)
    t.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
  }
})

t.test('scripts find one another', async t => {
  const app = await host()
  const base = linksIn((await app.inject('/watch/x')).body).find(link => link.endsWith('/watch.js'))!
  const entry = new URL(base, 'http://host/watch/x')
  const imports = [...(await app.inject(entry.pathname)).body.matchAll(/from '([^']+)'/g)].map(([, name]) => name!)
  t.ok(imports.length > 0)
  for (const name of imports) {
    const answer = await app.inject(new URL(name, entry).pathname)
    t.match([answer.statusCode, answer.headers['content-type']], [200, /^text\/javascript/], name)
  }
})

t.test('assets', async t => {
  const app = await host()
  const plain = await app.inject('/assets/any/hls.min.js')
  t.equal(plain.headers['cache-control'], 'no-cache', 'of another version: used, not kept')
  t.equal(plain.headers['content-encoding'], undefined)
  const packed = await app.inject({ url: '/assets/any/hls.min.js', headers: { 'accept-encoding': 'br, gzip' } })
  t.equal(packed.headers['content-encoding'], 'gzip')
  t.equal(packed.headers.vary, 'accept-encoding')
  t.ok(gunzipSync(packed.rawPayload).equals(plain.rawPayload))
  t.ok(packed.rawPayload.length < plain.rawPayload.length / 2)
  t.equal((await app.inject({ method: 'HEAD', url: '/assets/any/page.css' })).statusCode, 200)
  for (const name of ['nothing.js', '..%2Findex.ts', '..%2f..%2f..%2fpackage.json', 'constructor', '__proto__']) {
    t.equal((await app.inject(`/assets/any/${name}`)).statusCode, 404, name)
  }
})

t.test('a name that no stream can have', async t => {
  const app = await host()
  for (const name of ['-x', '.hidden', '%3Cscript%3Ealert(1)%3C%2Fscript%3E', '..%2F..%2Fetc', encodeURIComponent('ä')]) {
    const { statusCode, headers, body } = await app.inject(`/watch/${name}`)
    t.equal(statusCode, 404, name)
    t.match(headers['content-type'], /^text\/html/)
    t.match(body, 'No stream can have this name')
    t.notMatch(body, 'alert')
  }
})

t.test('the host keeps what is its own', async t => {
  const app = await host(async app => {
    app.setNotFoundHandler(async (_request, reply) => await reply.code(404).send('of the host'))
    app.addHook('onSend', async (_request, reply) => { reply.header('x-host', 'yes') })
    await app.register(webUi, { prefix: '/one' })
    await app.register(webUi, { prefix: '/two/deep' })
  })
  t.equal((await app.inject('/one/watch/x')).statusCode, 200)
  t.equal((await app.inject('/two/deep/watch/x')).statusCode, 200)
  t.equal((await app.inject('/two/deep/assets/any/watch.js')).statusCode, 200)
  t.equal((await app.inject('/watch/x')).body, 'of the host')
  t.equal((await app.inject('/one/else')).body, 'of the host')
})

/** A browser's module: TypeScript does not look at it. */
const SITUATION = new URL('../../plugins/web-ui/pages/situation.js', import.meta.url).href

t.test('what the page says', async t => {
  const { situationOf, viewersText } = await import(SITUATION)
  const streams = ['unknown', 'not-found', 'waiting', 'live', 'reconnecting', 'ended']
  const playbacks = ['idle', 'loading', 'playing', 'paused', 'stalled', 'finished', 'unsupported']
  for (const stream of streams) {
    for (const playback of playbacks) {
      const { badge, words, veil } = situationOf(stream, playback)
      t.ok(badge || words !== '' || veil === undefined, `${stream}, ${playback}: there is a word for it`)
      if (playback === 'playing' || playback === 'paused') t.ok(veil === undefined || !['live', 'reconnecting', 'ended', 'unknown'].includes(stream), `${stream}, ${playback}: nothing covers the picture`)
    }
  }
  t.match(situationOf('live', 'playing'), { badge: true, veil: undefined })
  t.match(situationOf('live', 'stalled'), { badge: false, words: 'Reconnecting', veil: { thin: true } }, 'the last picture stays in view')
  t.match(situationOf('live', 'finished'), { badge: false, words: 'Ended', veil: { replay: true } }, 'the playlist said so')
  t.match(situationOf('reconnecting', 'playing'), { badge: true, words: 'The broadcaster is reconnecting' })
  t.match(situationOf('ended', 'playing'), { badge: false, words: 'Ended', veil: undefined })
  t.match(situationOf('ended', 'finished'), { veil: { replay: true } })
  t.match(situationOf('waiting', 'idle'), { badge: false, words: 'Waiting', veil: { busy: true } })
  t.same([0, 1, 2].map(viewersText), ['0 viewers', '1 viewer', '2 viewers'])
})
