import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Access } from '../../../plugins/ivs/access.ts'
import { RequestLimits } from '../../../plugins/ivs/request-limits.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import { CountWindows } from '../../../src/http/count-windows.ts'
import type { RateLimits } from '../../../src/platform/state/state.ts'

const KEY = 'right'

function counts (): RateLimits & { taken: string[] } {
  const windows = new CountWindows({ lengthMs: 60_000, maxKeys: 1_000 })
  const taken: string[] = []
  const take = (key: string, max: number) => {
    taken.push(key)
    const window = windows.open(key, 0)
    window.count++
    return { left: max - window.count, endsInMs: 60_000 }
  }
  return {
    taken,
    async take (key, max) { return take(key, max) },
    async takeAll (keys, max) { return keys.map(key => take(key, max)) },
    async giveBack () {}
  }
}

async function server (t: Test, max: number): Promise<{ app: FastifyInstance, counted: ReturnType<typeof counts> }> {
  const counted = counts()
  const config = completeIvsOptions({ apiKeys: [KEY], rateLimit: max })
  const access = new Access(config)
  const limits = new RequestLimits(counted, access, config)
  const app = Fastify({ trustProxy: true })
  t.teardown(() => app.close())
  await app.register(async scope => {
    for (const hook of [limits.countNetwork, access.requireKey]) scope.addHook('onRequest', hook)
    scope.get('/general', async () => 'ok')
  })
  await app.register(async scope => {
    scope.addHook('onRequest', limits.requireKey)
    scope.addHook('preValidation', limits.countViewer)
    scope.post('/viewer', async () => 'ok')
  })
  await app.register(async scope => {
    for (const hook of [limits.requireKey, limits.countBatch]) scope.addHook('onRequest', hook)
    scope.post<{ Body: unknown[] }>('/viewers', async request => (await limits.countViewers(request, request.body)).map(error => error?.code ?? 'ok'))
  })
  return { app, counted }
}

t.test('IVS-06: general routes count by network, before the key', async t => {
  const { app } = await server(t, 3)
  const get = async (from: string, key = KEY) => await app.inject({ url: '/general', headers: { 'x-forwarded-for': from, 'x-api-key': key } })
  for (const left of ['2', '1', '0']) {
    const answer = await get('192.0.2.1', left === '1' ? 'wrong' : KEY)
    t.match(answer, { statusCode: left === '1' ? 401 : 200, headers: { 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': left, 'x-ratelimit-reset': '60' } })
  }
  for (const key of [KEY, 'wrong']) t.equal((await get('192.0.2.1', key)).statusCode, 429, 'whatever the key')
  t.equal((await get('192.0.2.2')).statusCode, 200, 'another network')
})

t.test('IVS-06: signs of life count by network and viewer', async t => {
  const { app } = await server(t, 3)
  const post = async (userId: unknown, from = '192.0.2.1') => (await app.inject({ method: 'POST', url: '/viewer', headers: { 'x-forwarded-for': from, 'x-api-key': KEY }, payload: { userId } })).statusCode
  for (let viewer = 0; viewer < 200; viewer++) t.equal(await post(`viewer-${viewer}`), 200)
  for (const status of [200, 200, 429]) t.equal(await post('viewer-0'), status)
  t.equal(await post('viewer-0', '192.0.2.2'), 200, 'the same name elsewhere')
  for (const userId of [5, null, undefined]) t.equal(await post(userId), 200, 'they are counted together')
  t.equal(await post({}), 429)
})

t.test('IVS-06: many signs of life in one request count as those that come alone; requests of that kind by themselves', async t => {
  const { app } = await server(t, 3)
  const post = async (url: string, payload: object, from = '192.0.2.1') => await app.inject({ method: 'POST', url, headers: { 'x-forwarded-for': from, 'x-api-key': KEY }, payload })
  t.equal((await post('/viewer', { userId: 'ann' })).statusCode, 200)
  const first = await post('/viewers', ['ann', 'bob', 'ann', 'ann', 'ann'].map(userId => ({ userId })))
  t.strictSame(first.json(), ['ok', 'ok', 'ok', 'RATE_LIMIT_EXCEEDED', 'RATE_LIMIT_EXCEEDED'])
  t.match(first.headers, { 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '2' })
  t.equal((await post('/viewer', { userId: 'ann' })).statusCode, 429, 'nor alone')
  t.strictSame((await post('/viewers', [{ userId: 'ann' }], '192.0.2.2')).json(), ['ok'], 'the same name elsewhere')
  t.strictSame((await post('/viewers', [5, null, {}, { userId: 'x'.repeat(128) }, { userId: 'x'.repeat(129) }])).json(), ['ok', 'ok', 'ok', 'ok', 'ok'], 'those without a name are counted together')
  t.equal((await post('/viewer', {})).statusCode, 429)
  t.equal((await post('/viewers', [])).statusCode, 200)
  t.equal((await post('/viewers', [])).statusCode, 429, 'the fourth request')
  t.equal((await app.inject({ url: '/general', headers: { 'x-forwarded-for': '192.0.2.1', 'x-api-key': KEY } })).statusCode, 200, 'general routes have a count of their own')
})

t.test('keys cannot be guessed without a limit through signs of life', async t => {
  const { app, counted } = await server(t, 3)
  const post = async (key: string, userId: string, from = '192.0.2.1') => await app.inject({ method: 'POST', url: '/viewer', headers: { 'x-forwarded-for': from, 'x-api-key': key }, payload: { userId } })
  for (let guess = 0; guess < 3; guess++) t.equal((await post(`guess-${guess}`, `viewer-${guess}`)).statusCode, 401)
  t.equal((await post('guess-4', 'viewer-4')).statusCode, 429)
  const right = await post(KEY, 'viewer-5')
  t.match(right, { statusCode: 429 }, 'nobody learns which one is right')
  const taken = counted.taken.length
  await post('guess-5', 'viewer-6')
  t.equal(counted.taken.length, taken, 'and it costs nothing')
  t.equal((await post(KEY, 'viewer-5', '192.0.2.2')).statusCode, 200, 'elsewhere all goes on')
})
