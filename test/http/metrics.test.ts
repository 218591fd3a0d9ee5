import Fastify, { type FastifyInstance } from 'fastify'
import { Gauge, Registry } from 'prom-client'
import t from 'tap'
import { gauge, labelledGauge, metrics, Metrics, metricsRoute } from '../../src/http/metrics.ts'
import { processMetrics } from '../../src/http/process-metrics.ts'

const value = (text: string, series: string) => Number(text.split('\n').find(line => line.startsWith(`${series} `))?.split(' ').at(-1))

function host (): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

t.test('registries are given out as one, and no name comes twice', async t => {
  const collection = new Metrics()
  const one = new Registry()
  const two = new Registry()
  gauge(one, 'one', 'First', () => 1)
  labelledGauge(two, 'two', 'Second', 'of', ['a', 'b'], of => of === 'a' ? 2 : 3)
  collection.add(one)
  collection.add(two)
  t.equal(await collection.text(), '# HELP one First\n# TYPE one gauge\none 1\n\n# HELP two Second\n# TYPE two gauge\ntwo{of="a"} 2\ntwo{of="b"} 3\n')
  const again = new Registry()
  void new Gauge({ name: 'one', help: 'Another', registers: [again] })
  t.throws(() => collection.add(again), /already: one/)
})

t.test('answers are counted by class and status, with their bytes', async t => {
  const app = host()
  await app.register(metrics)
  app.get('/playlist', { config: { trafficClass: 'playlist' } }, async () => 'x'.repeat(10))
  app.get('/gone', { config: { trafficClass: 'segment' } }, async (_request, reply) => await reply.code(404).send('four'))
  app.get('/plain', async () => 'y')
  await app.register(metricsRoute)
  for (let count = 0; count < 3; count++) await app.inject('/playlist')
  await app.inject({ method: 'HEAD', url: '/playlist' })
  await app.inject('/gone')
  await app.inject('/plain')
  await app.inject('/nowhere')
  const { statusCode, headers, body } = await app.inject('/metrics')
  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': /^text\/plain; version=0\.0\.4/, 'cache-control': 'no-store' })
  t.equal(value(body, 'headwater_http_requests_total{class="playlist",status="2xx"}'), 4)
  t.equal(value(body, 'headwater_http_response_bytes_total{class="playlist",status="2xx"}'), 30, 'HEAD has no body')
  t.ok(value(body, 'headwater_http_request_seconds_total{class="playlist",status="2xx"}') > 0)
  t.equal(value(body, 'headwater_http_requests_total{class="segment",status="4xx"}'), 1)
  t.equal(value(body, 'headwater_http_response_bytes_total{class="segment",status="4xx"}'), 4)
  t.equal(value(body, 'headwater_http_requests_total{class="other",status="2xx"}'), 1)
  t.equal(value(body, 'headwater_http_requests_total{class="other",status="4xx"}'), 1, 'unknown paths of the scope')
  t.notMatch(body, 'status="5xx"')
})

t.test('a scope uses the metrics of the one around it; siblings have their own; a host may use the name', async t => {
  const app = host()
  app.decorate('headwaterMetrics', 'mine' as unknown as Metrics)
  app.get('/metrics', async () => 'mine')
  const seen: Metrics[] = []
  for (const prefix of ['/one', '/two']) {
    await app.register(async scope => {
      await scope.register(metrics)
      await scope.register(async inner => {
        await inner.register(metrics)
        t.equal(inner.headwaterMetrics, scope.headwaterMetrics)
        inner.get('/', async () => 'x')
      })
      seen.push(scope.headwaterMetrics)
      scope.headwaterMetrics.add(processMetrics())
      await scope.register(metricsRoute)
    }, { prefix })
  }
  await app.register(metricsRoute)
  t.equal(app.headwaterMetrics, 'mine' as unknown as Metrics)
  t.equal((await app.inject('/metrics')).body, 'mine')
  t.not(seen[0], seen[1])
  await app.inject('/one/')
  t.equal(value((await app.inject('/one/metrics')).body, 'headwater_http_requests_total{class="other",status="2xx"}'), 1, 'counted once')
  const { body } = await app.inject('/two/metrics')
  t.notMatch(body, 'headwater_http_requests_total{')
  for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']) t.ok(value(body, name) >= 0, name)
})
