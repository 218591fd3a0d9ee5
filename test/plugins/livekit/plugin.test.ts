import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { livekit } from '../../../plugins/livekit/index.ts'
import { state } from '../../../src/platform/state/index.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET, webhookEvent, webhookSignature } from '../../fixtures/livekit-webhook.ts'

const SETTINGS = { url: 'ws://127.0.0.1:9', apiKey: LIVEKIT_KEY, apiSecret: LIVEKIT_SECRET }

/** Somebody's own Fastify with a state and, since LiveKit needs none, no database. */
async function host (t: Test): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('database', {} as never)
  await app.register(state)
  return app
}

const tell = async (app: FastifyInstance, path = '/api/livekit/webhook', body = webhookEvent('room_started', { room: { name: 'hall', sid: 'RM_x' } })) =>
  await app.inject({ method: 'POST', url: path, body, headers: { 'content-type': 'application/webhook+json', authorization: webhookSignature(body) } })

t.test('one scope has rooms once; another has its own', async t => {
  const app = await host(t)
  await app.register(livekit, SETTINGS)
  const { livekit: first } = app
  await app.register(livekit, { ...SETTINGS, url: 'ws://127.0.0.1:10' })
  t.equal(app.livekit, first)
  await app.register(async scope => {
    await scope.register(livekit, { ...SETTINGS, url: 'ws://127.0.0.1:10' })
    t.equal(scope.livekit, first, 'those of the scope around it')
  })
  t.equal(first.url, 'ws://127.0.0.1:9')
  await app.ready()
  t.match(await tell(app), { statusCode: 200 })

  const twice = await host(t)
  for (const prefix of ['/one', '/two']) await twice.register(async scope => { await scope.register(livekit, SETTINGS) }, { prefix })
  await twice.ready()
  for (const prefix of ['/one', '/two']) t.match((await tell(twice, `${prefix}/api/livekit/webhook`)).json(), { outcome: 'taken' }, prefix)
  t.equal((await tell(twice)).statusCode, 404)
})

t.test('what the host has by the same name stays its own', async t => {
  const app = await host(t)
  const own = { kind: 'of the host' }
  app.decorate('livekit', own as never)
  await app.register(async scope => {
    await scope.register(livekit, SETTINGS)
    t.equal(scope.livekit.kind, 'livekit')
  }, { prefix: '/rooms' })
  await app.ready()
  t.equal(app.livekit as unknown, own)

  const clash = await host(t)
  clash.decorate('livekit', own as never)
  await t.rejects(async () => { await clash.register(livekit, SETTINGS) }, { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
})

t.test('parsers, errors, answers and validation of the host are not those of the webhook', async t => {
  const app = await host(t)
  const parsed: string[] = []
  for (const type of ['application/webhook+json', 'application/json']) {
    app.removeContentTypeParser(type)
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
      parsed.push(body.toString())
      done(null, {})
    })
  }
  app.setErrorHandler((_error, _request, reply) => { void reply.code(418).send('the host') })
  app.setReplySerializer(() => '"the host"')
  app.setValidatorCompiler(() => () => ({ error: new Error('the host allows nothing') }))
  await app.register(livekit, SETTINGS)
  await app.ready()
  t.match((await tell(app)).json(), { outcome: 'taken' })
  t.match((await app.inject({ method: 'POST', url: '/api/livekit/webhook' })).json(), { code: 'ROOM_TOKEN_INVALID' })
  t.strictSame(parsed, [])
})

t.test('what has to be there is named', async t => {
  const app = await host(t)
  await t.rejects(async () => { await app.register(livekit, {}) }, { code: 'CONFIG_INVALID', message: /LIVEKIT_API_SECRET/ }, 'it is production, unless it is said otherwise')
  const settings = await host(t)
  await t.rejects(async () => { await settings.register(livekit, { ...SETTINGS, apiSecret: 'short' }) }, { code: 'CONFIG_INVALID', message: /apiSecret must have at least 32 characters/ })
  const bare = Fastify()
  t.teardown(() => bare.close())
  await t.rejects(async () => { await bare.register(livekit, SETTINGS) }, /decorator.*(database|state)/)
})
