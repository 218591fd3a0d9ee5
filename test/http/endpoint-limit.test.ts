import Fastify from 'fastify'
import t from 'tap'
import { makeErrorHandler } from '../../src/http/error-handler.ts'
import { EndpointLimits, perDay, perHour, perMinute } from '../../src/http/endpoint-limit.ts'

t.test('what is counted, and under which name', async t => {
  const told: string[] = []
  const counts = new Map<string, number>()
  const counted = {
    async take (key: string, max: number, windowMs: number) {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      told.push(`${key} ${max} ${windowMs}`)
      return { left: max - counts.get(key)!, endsInMs: 1_500 }
    },
    async giveBack (key: string) { counts.set(key, counts.get(key)! - 1) }
  }
  const limits = new EndpointLimits({ counted, multiplier: 0.5, whoAsks: request => request.headers.who as string | undefined })
  const app = Fastify()
  app.setErrorHandler(makeErrorHandler(error => ({ code: error.code })))
  app.get('/minute', limits.of('minute', perMinute(4), 'account'), async () => 'ok')
  app.get('/hour', limits.of('hour', perHour(1), 'network'), async () => 'ok')
  app.get('/day', limits.of('day', { ...perDay(2), successesOnly: true }, 'account'), async (request, reply) => await reply.code(request.headers.fails === undefined ? 200 : 418).send('x'))
  const get = async (url: string, headers = {}) => await app.inject({ url, headers })

  t.match(await get('/minute', { who: '7' }), { statusCode: 200, headers: { 'x-ratelimit-limit': 2, 'x-ratelimit-remaining': 1, 'x-ratelimit-reset': 2 } })
  await get('/minute', { who: '7' })
  t.match(await get('/minute', { who: '7' }), { statusCode: 429, headers: { 'x-ratelimit-remaining': 0, 'retry-after': 2 }, body: '{"code":"RATE_LIMIT_EXCEEDED"}' })
  t.equal((await get('/minute')).statusCode, 200)
  t.equal((await get('/hour', { who: '7' })).statusCode, 200)
  t.equal((await get('/hour', { who: '8' })).statusCode, 429, 'by the network, whoever is logged in')
  for (let count = 0; count < 3; count++) t.equal((await get('/day', { fails: '1' })).statusCode, 418, 'a failure does not count')
  t.equal((await get('/day')).statusCode, 200)
  t.equal((await get('/day')).statusCode, 429)
  t.equal(counts.get('endpoint:day:network:127.0.0.1'), 1, 'nor does what was refused')
  t.strictSame([...new Set(told)], [
    'endpoint:minute:account:7 2 60000',
    'endpoint:minute:network:127.0.0.1 2 60000',
    'endpoint:hour:network:127.0.0.1 1 3600000',
    'endpoint:day:network:127.0.0.1 1 86400000'
  ])
})
