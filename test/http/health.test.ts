import Fastify from 'fastify'
import t from 'tap'
import { health, healthOf, healthRoutes } from '../../src/http/health.ts'

t.test('alive and ready are two questions', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(health)
  let works = true
  app.headwaterHealth.add('disk', () => works ? undefined : 'It is full')
  app.headwaterHealth.add('database', async () => {
    if (!works) throw new Error('connection refused at 10.0.0.7')
    return undefined
  })
  t.throws(() => app.headwaterHealth.add('disk', () => undefined), /already: disk/)
  await app.register(healthRoutes)

  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 200)
  t.match(ready.headers, { 'cache-control': 'no-store', 'content-type': /^application\/json/ })
  t.strictSame(ready.json(), { status: 'ready', failing: [] })

  works = false
  const notReady = await app.inject('/readyz')
  t.equal(notReady.statusCode, 503)
  t.strictSame(notReady.json(), {
    status: 'not ready',
    failing: [{ check: 'disk', reason: 'It is full' }, { check: 'database', reason: 'It could not be found out' }]
  }, 'what a check throws is not for everybody')
  const alive = await app.inject('/livez')
  t.equal(alive.statusCode, 200)
  t.match(alive.headers, { 'cache-control': 'no-store' })
  t.strictSame(alive.json(), { status: 'alive' })
})

t.test('closing: not ready before the first feature begins to close', async t => {
  const app = Fastify({ return503OnClosing: false })
  await app.register(health)
  await app.register(healthRoutes)
  let during: unknown
  await app.register(async feature => {
    feature.addHook('preClose', async () => { during = await feature.headwaterHealth.failing() })
  })
  await app.ready()
  await app.close()
  t.strictSame(during, [{ check: 'server', reason: 'The server is closing' }])
})

t.test("a host's routes and its decorator of that name stay its own; a scope uses the one around it", async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('headwaterHealth', 7 as never)
  app.get('/livez', async () => 'mine')
  await app.register(healthRoutesIn)
  await app.register(healthRoutesIn, { prefix: '/deep' })
  t.equal((await app.inject('/livez')).body, 'mine')
  t.strictSame((await app.inject('/deep/livez')).json(), { status: 'alive' })
  t.equal((await app.inject('/readyz')).statusCode, 200)
  t.equal(healthOf(app), undefined)
  t.equal(app.headwaterHealth, 7 as never)
})

const healthRoutesIn: typeof healthRoutes = async app => {
  await app.register(health)
  const first = healthOf(app)
  await app.register(health)
  t.equal(healthOf(app), first)
  await app.register(healthRoutes)
}
