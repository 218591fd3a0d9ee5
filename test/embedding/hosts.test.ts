import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import fastifySwagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { http } from '../fixtures/http.ts'
import { tryMatrix } from './matrix.ts'

/** Names that one of ours uses, or plugins that it has. */
const NAMES = ['liveCore', 'streams', 'registry', 'thumbnails', 'io', 'config', 'swagger', 'rateLimit', 'createRateLimit', 'gateway', 'webUi']

/** Types are merged for the whole program; a host's own are not known to them. */
type Untyped = Record<'decorate' | 'decorateRequest' | 'decorateReply', (name: string, value: unknown) => void> & FastifyInstance

await tryMatrix(t, [
  { kind: 'bare host' },
  {
    kind: 'own 404 and error handler',
    before: app => {
      app.setNotFoundHandler(async (_request, reply) => await reply.code(404).type('text/html').send('<h1>Lost</h1>'))
      app.setErrorHandler(async (error: Error, _request, reply) => await reply.code(418).send({ host: error.message }))
    }
  },
  {
    kind: 'own decorators of the same names',
    before: async app => {
      await app.register(fastifyStatic, { root: fileURLToPath(new URL('../../docs', import.meta.url)), prefix: '/own/files' })
      const host = app as unknown as Untyped
      for (const name of NAMES) {
        host.decorate(name, `host's ${name}`)
        host.decorateRequest(name, `request's ${name}`)
        host.decorateReply(name, `reply's ${name}`)
      }
      app.get('/own/decorators', async function (request, reply) {
        return [this, request, reply].map(one => NAMES.map(name => Reflect.get(one, name)))
      })
      app.get('/own/ui', async (_request, reply) => await reply.sendFile('ui.md'))
    },
    ask: [['/own/decorators'], ['/own/ui'], ['/own/files/ui.md']]
  },
  { kind: 'strict Ajv', options: { ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: true } } } },
  { kind: 'lax Ajv', options: { ajv: { customOptions: { coerceTypes: 'array', removeAdditional: 'all', useDefaults: true } } } },
  {
    kind: 'own validator, serializers and format of errors',
    before: app => {
      app.setValidatorCompiler(() => value => ({ value: { host: value } }))
      app.setSerializerCompiler(() => value => JSON.stringify({ compiled: value }))
      app.setReplySerializer(value => JSON.stringify({ replied: value }))
      app.setSchemaErrorFormatter(() => new Error('host'))
    }
  },
  {
    kind: 'own serializer compiler alone',
    before: app => {
      app.setSerializerCompiler(() => value => JSON.stringify({ compiled: value }))
      app.get('/own/serialized', { schema: { response: { 200: { type: 'object' } } } }, async () => ({ a: 1 }))
    },
    ask: [['/own/serialized']]
  },
  {
    kind: 'own content-type parsers',
    before: app => {
      app.removeAllContentTypeParsers()
      app.addContentTypeParser('application/json', { parseAs: 'string' }, async () => ({ count: 7 }))
      app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => ({ count: body.length }))
    }
  },
  {
    kind: 'own hooks, CORS among them',
    before: app => {
      app.addHook('onRequest', async (request, reply) => {
        reply.header('access-control-allow-origin', 'https://host.example').header('x-host', request.url)
        if (request.method === 'OPTIONS' && request.url.startsWith('/own')) return await reply.code(204).send()
      })
      app.addHook('onSend', async (_request, reply, payload) => {
        reply.header('x-sent', '1')
        return payload
      })
    }
  },
  {
    kind: 'own @fastify/rate-limit',
    before: async app => { await app.register(fastifyRateLimit, { max: 1_000_000 }) },
    counting: ['x-ratelimit-remaining', 'x-ratelimit-reset']
  },
  {
    kind: 'own @fastify/swagger',
    before: async app => {
      await app.register(fastifySwagger, { openapi: { info: { title: 'Host', version: '1' } } })
      app.get('/own/title', async () => app.swagger().info)
    },
    ask: [['/own/title']],
    ours: async (t, _embedded, app) => { t.match(app.swagger(), { paths: { '/own/things': Object } }, "the host's document") }
  },
  { kind: 'prefix', registration: { prefix: '/live' } },
  { kind: 'prefix with a slash at its end', registration: { prefix: '/live/' }, at: '/live' },
  { kind: 'options of register', registration: { prefix: '/live', more: { logLevel: 'warn', logSerializers: { own: String } } } },
  {
    kind: 'in a child with a prefix and a 404 of its own',
    inside: { prefix: '/a' },
    registration: { prefix: '/b' },
    at: '/a/b',
    before: app => {
      app.addHook('onRegister', (child, { prefix }) => {
        if (prefix === '/a') child.setNotFoundHandler(async (_request, reply) => await reply.code(404).send('lost in a'))
      })
    },
    ours: async (t, embedded) => { t.match(await http(embedded, '/a/nothing'), { status: 404, text: 'lost in a' }) }
  },
  {
    kind: 'ignoreTrailingSlash, ignoreDuplicateSlashes, caseSensitive: false',
    options: { routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false } },
    ask: [['/OWN/'], ['//own']],
    ours: async (t, embedded) => { t.match(await http(embedded, '//LIVESTREAM//active/'), { status: 200, json: { count: Number } }) }
  },
  {
    kind: 'rewriteUrl',
    options: { rewriteUrl: ({ url }) => url!.replace(/^\/outer\//, '/') },
    ask: [['/outer/own']],
    ours: async (t, embedded) => { t.match(await http(embedded, '/outer/livestream/active'), { status: 200, json: { count: Number } }) }
  },
  { kind: 'serverFactory', options: { serverFactory: handler => createServer((request, response) => { handler(request, response) }) } }
])
