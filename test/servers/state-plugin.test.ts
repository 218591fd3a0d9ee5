import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import t from 'tap'
import { health, healthRoutes } from '../../src/http/health.ts'
import { metrics, metricsRoute } from '../../src/http/metrics.ts'
import { state } from '../../src/platform/state/index.ts'
import { RedisServer } from '../fixtures/redis-server.ts'

t.test('a server with Redis: ready while it is away, and says so; no line of the log has its password', async t => {
  const password = `secret-${randomUUID()}`
  const redis = await RedisServer.start(t, { password })
  let log = ''
  const app = Fastify({ logger: { level: 'trace', stream: { write: line => { log += line } } } })
  t.teardown(() => app.close())
  await app.register(health)
  await app.register(metrics)
  await app.register(state, { redisUrl: redis.url, redisRetryMs: 50 })
  await app.register(healthRoutes)
  await app.register(metricsRoute)
  const ready = async () => {
    const { statusCode, payload } = await app.inject('/readyz')
    return { statusCode, ...JSON.parse(payload) }
  }
  const is = (connection: string) => app.state.connection === connection
  const measured = async (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec((await app.inject('/metrics')).body)?.[1]
  t.strictSame(await ready(), { statusCode: 200, status: 'ready', failing: [], details: { state: 'connected' } })
  t.equal(await measured('headwater_state_connected'), '1')
  await redis.kill()
  while (!is('disconnected')) await delay(10)
  t.strictSame(await ready(), { statusCode: 200, status: 'ready', failing: [], details: { state: 'disconnected' } })
  await app.state.counters.add('jobs')
  t.equal(await measured('headwater_state_connected'), '0')
  t.equal(await measured('headwater_state_alone_total'), '1')
  await redis.start()
  while (!is('connected')) await delay(10)
  t.match(await ready(), { details: { state: 'connected' } })
  t.equal(await app.state.counters.get('jobs'), 1)
  const wrong = Fastify({ logger: { level: 'trace', stream: { write: line => { log += line } } } })
  t.teardown(() => wrong.close())
  await wrong.register(state, { redisUrl: redis.url.replace(password, `${password}-wrong`) })
  t.equal(wrong.state.connection, 'disconnected')
  t.match(log, /WRONGPASS/)
  t.match(log, /Redis is back/)
  t.notMatch(log, password)
})
