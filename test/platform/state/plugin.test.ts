import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { health, healthRoutes } from '../../../src/http/health.ts'
import { metrics, metricsRoute } from '../../../src/http/metrics.ts'
import { state, type State } from '../../../src/platform/state/index.ts'

function host (t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

t.test('in memory with nothing set; health and metrics tell of it', async t => {
  const app = host(t)
  await app.register(health)
  await app.register(metrics)
  await app.register(state)
  await app.register(healthRoutes)
  await app.register(metricsRoute)
  t.match(app.state, { kind: 'memory', connection: 'connected' })
  await app.state.presence.join('stage', 'alice', { timeoutMs: 60_000 })
  await app.state.limits.take('login', 5, 60_000)
  t.strictSame((await app.inject('/readyz')).json(), { status: 'ready', failing: [], details: { state: 'connected' } })
  const { body } = await app.inject('/metrics')
  for (const line of ['headwater_state_connected 1', 'headwater_state_members 1', 'headwater_state_limit_keys 1', 'headwater_state_alone_total 0']) t.match(body, `\n${line}\n`)
  t.notMatch(body, 'alice')
})

t.test('it needs neither; siblings have one each; a scope uses the one around it', async t => {
  const app = host(t)
  const seen: State[] = []
  for (const prefix of ['/one', '/two']) {
    await app.register(async scope => {
      await scope.register(state)
      await scope.register(async inner => {
        await inner.register(state)
        t.equal(inner.state, scope.state)
      })
      seen.push(scope.state)
    }, { prefix })
  }
  await app.ready()
  t.not(seen[0], seen[1])
  t.notOk(app.hasDecorator('state'))
})

t.test('a host may have something else by that name, or a state of its own', async t => {
  const app = host(t)
  app.decorate('state', { limits: 'none' } as never)
  await app.register(async scope => {
    await scope.register(async inner => {
      await inner.register(state)
      t.equal(inner.state.kind, 'memory')
    })
    const own = { kind: 'memory', limits: { take: async () => ({ left: 0, endsInMs: 0 }) }, presence: { join: async () => true }, locks: { take: async () => undefined } } as unknown as State
    await scope.register(async inner => {
      inner.decorate('state', own)
      await inner.register(state)
      t.equal(inner.state, own)
    })
  })
  await app.ready()
  t.same(app.state, { limits: 'none' })
})

t.test('a setting that is wrong is named', async t => {
  await t.rejects(async () => await host(t).register(state, { redisUrl: 'http://127.0.0.1' }), { code: 'CONFIG_INVALID', message: /redisUrl must begin with redis:/ })
  await t.rejects(async () => await host(t).register(state, { presenceSweepMs: 1 }), { code: 'CONFIG_INVALID', message: /presenceSweepMs/ })
})

t.test('it closes after the features that use it', async t => {
  const app = Fastify()
  await app.register(state)
  let lost: AbortSignal | undefined
  const order: string[] = []
  await app.register(async feature => {
    const lease = await feature.state.locks.take('work', 1_000)
    lost = lease?.lost
    lost?.addEventListener('abort', () => order.push('state'))
    feature.addHook('onClose', async () => { order.push('feature') })
  })
  await app.ready()
  await app.close()
  t.same(order, ['feature', 'state'])
})
