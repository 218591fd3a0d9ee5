import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Access } from '../../../plugins/ivs/access.ts'
import { RequestLimits } from '../../../plugins/ivs/request-limits.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import { CountWindows } from '../../../src/http/count-windows.ts'
import type { CountedRequests } from '../../../src/http/endpoint-limit.ts'

const KEY = 'right'

function counts (): CountedRequests & { taken: string[] } {
  const windows = new CountWindows({ lengthMs: 60_000, maxKeys: 1_000 })
  const taken: string[] = []
  return {
    taken,
    async take (key, max) {
      taken.push(key)
      const window = windows.open(key, 0)
      window.count++
      return { left: max - window.count, endsInMs: 60_000 }
    },
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
