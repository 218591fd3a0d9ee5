import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { headwater } from '../../src/app.ts'
import { openApi } from '../../src/http/openapi.ts'
import { useOwnAnswers } from '../../src/http/json.ts'
import { useOwnValidation } from '../../src/http/validation.ts'
import { livestream } from '../../src/livestream/index.ts'

const ABOUT = { title: 'Test', description: 'Text', version: '1.2.3', tags: [{ name: 'things', description: 'Things' }], credentials: { publisher: { type: 'http', scheme: 'bearer' } }, credentialsOf: { things: [{}, { publisher: [] }] } }

function host (t: Test): FastifyInstance {
  const app = Fastify({ routerOptions: { maxParamLength: 512 } })
  t.teardown(() => app.close())
  return app
}

const thing = { tags: ['things'], operationId: 'getThing', summary: 'A thing', headers: { type: 'object', properties: { authorization: { type: 'string' } } }, response: { 200: { description: 'It', type: 'object', properties: { name: { type: 'string' } } } } }

const file = { tags: ['things'], operationId: 'getFile', summary: 'A file', params: { type: 'object', properties: { kind: { type: 'string' }, '*': { type: 'string', 'x-rest-of-path': 'at' } } } }

async function api (scope: FastifyInstance): Promise<void> {
  useOwnValidation(scope)
  useOwnAnswers(scope)
  await scope.register(openApi, ABOUT)
  scope.get('/things/:id', { schema: thing }, async () => ({ name: 'One', undescribed: true }))
  scope.get('/files/:kind/*', { schema: file }, async ({ params }) => params)
}

t.test('each scope has a document of its own, relative to where it stands; the host has its own', async t => {
  const app = host(t)
  await app.register(swagger, { openapi: { info: { title: 'Host', version: '9' } } })
  app.get('/mine', { schema: { summary: 'Mine' } }, async () => 'mine')
  for (const prefix of ['/one', '/two/deep']) await app.register(async scope => await api(scope), { prefix })
  await app.ready()
  for (const prefix of ['/one', '/two/deep']) {
    const document = (await app.inject(`${prefix}/docs/json`)).json()
    t.match(document, { openapi: '3.1.0', info: { title: 'Test', version: '1.2.3' }, servers: [{ url: '..' }] })
    t.strictSame(Object.keys(document.paths), ['/things/{id}', '/files/{kind}/{at}'])
    t.match(document.paths['/files/{kind}/{at}'].get.parameters, [{ name: 'kind', in: 'path', required: true }, { name: 'at', in: 'path', required: true }], 'the rest of a path has a name')
    t.strictSame(document.paths['/things/{id}'].get.security, [{}, { publisher: [] }], 'the credential is a security scheme')
    t.notOk(document.paths['/things/{id}'].get.parameters.some(({ in: place }: { in: string }) => place === 'header'))
    t.strictSame((await app.inject(`${prefix}/things/7`)).json(), { name: 'One', undescribed: true }, 'a schema takes nothing away')
  }
  const hosts = app.swagger() as any
  t.equal(hosts.info.title, 'Host')
  t.ok(['/mine', '/one/things/{id}', '/two/deep/things/{id}'].every(path => path in hosts.paths))
  t.notOk(app.hasDecorator('swaggerCSP'), 'nothing of ours is on the host')
})

t.test('the page asks nobody but this server, wherever it stands', async t => {
  const app = host(t)
  await app.register(async scope => await api(scope), { prefix: '/deep' })
  const short = await app.inject('/deep/docs?a=b')
  t.match(short, { statusCode: 308, headers: { location: './docs/?a=b' } }, 'relative, past any prefix of a proxy')
  const page = await app.inject('/deep/docs/')
  t.equal(page.statusCode, 200)
  t.notMatch(page.body, /(?:src|href)="(?:\/|https?:)/)
  t.notMatch(page.body, /<script(?![^>]* src=)|<style|style="/, 'nothing inline')
  t.match(page.headers['content-security-policy'], /^default-src 'none'; script-src 'self';.*connect-src 'self'/)
  for (const [, link] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) t.equal((await app.inject(new URL(link!, 'http://host/deep/docs/').pathname)).statusCode, 200, link!)
})

t.test('API_DOCS=off, and the plugin alone in a host that documents', async t => {
  const dir = t.testdir({ one: {}, two: {} })
  const app = host(t)
  await app.register(swagger, { openapi: { info: { title: 'Host', version: '9' } } })
  await app.register(headwater, { prefix: '/silent', apiDocs: 'off', livestream: { streamsDir: `${dir}/one` } })
  await app.register(livestream, { prefix: '/alone', streamsDir: `${dir}/two` })
  await app.ready()
  for (const path of ['/silent/docs', '/silent/docs/json', '/alone/docs']) t.equal((await app.inject(path)).statusCode, 404, path)
  const { paths } = app.swagger() as any
  t.match(paths['/alone/livestream/{streamId}/status'].get, { operationId: 'getStreamStatus', responses: { 200: {}, 429: {} } })
  t.equal(Object.keys(paths).some(path => path.includes('*')), false)
})
