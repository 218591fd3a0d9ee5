import t from 'tap'
import { startIvs, API_KEY } from '../../fixtures/ivs-server.ts'
import { ERROR, expectError, expectSuccess } from './expect.ts'

const MAX = 100

t.test('5, IVS-06: 100 requests a minute from one network, in all', async t => {
  const server = await startIvs(t, { ivs: { rateLimit: MAX }, server: { trustProxy: '1' } })
  const { get, post, ask } = server
  const from = (address: string, key = API_KEY) => ({ 'x-forwarded-for': address, 'x-api-key': key })
  const { stage: { arn: stageArn } } = expectSuccess(t, await get('/api/stage/master/info', from('198.51.100.99')), 'the master')

  await t.test('routes share it; the key does not matter', async t => {
    const here = from('192.0.2.1')
    const requests = [
      async () => await get('/api/stage/list', here),
      async () => await get('/api/stats/publisher', from('192.0.2.1', 'wrong')),
      async () => await get(`/api/viewer/list/${stageArn}`, here),
      async () => await post('/api/token/viewer', {}, here),
      async () => await ask('DELETE', '/api/stage/nothing', { headers: here })
    ]
    for (let count = 1; count <= MAX; count++) {
      const answer = await requests[count % requests.length]!()
      if (answer.status === 429) t.fail(`request ${count} was refused`)
      if (count === 1 || count === MAX) t.match(answer.headers, { 'x-ratelimit-limit': String(MAX), 'x-ratelimit-remaining': String(MAX - count), 'x-ratelimit-reset': /^\d+$/ })
    }
    for (const request of requests) {
      const refused = await request()
      t.equal(expectError(t, refused, ERROR.tooMany, 'one more'), undefined)
      const after = Number(refused.headers['retry-after'])
      t.ok(after >= 1 && after <= 60, `Retry-After ${after}`)
    }
    expectSuccess(t, await get('/api/stage/list', from('192.0.2.2')), 'another network')
    expectSuccess(t, await get('/health', { 'x-forwarded-for': '192.0.2.1' }), 'health is not counted')
    expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'a', stageArn }, here), 'neither are heartbeats', { message: '心跳更新成功' })
  })

  await t.test('heartbeats and leaves: each viewer has a limit of its own, so that an audience can come from one address', async t => {
    const here = from('192.0.2.10')
    for (let viewer = 0; viewer < 40; viewer++) {
      for (let beat = 0; beat < 5; beat++) if ((await post('/api/viewer/heartbeat', { userId: `viewer-${viewer}`, stageArn }, here)).status !== 200) t.fail(`viewer ${viewer}, ${beat}`)
    }
    for (let count = 6; count <= MAX; count++) {
      const answer = await post(`/api/viewer/${count % 2 === 0 ? 'leave' : 'heartbeat'}`, { userId: 'viewer-0', stageArn }, here)
      if (answer.status !== 200) t.fail(`request ${count}: ${answer.text}`)
    }
    for (const path of ['/api/viewer/heartbeat', '/api/viewer/leave']) t.match((expectError(t, await post(path, { userId: 'viewer-0', stageArn }, here), ERROR.tooMany, path), await post(path, { userId: 'viewer-0', stageArn }, here)).headers, { 'retry-after': /^\d+$/ })
    expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'viewer-1', stageArn }, here), 'another viewer', { message: '心跳更新成功' })
    expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'viewer-0', stageArn }, from('192.0.2.11')), 'the same name elsewhere', { message: '心跳更新成功' })
    expectSuccess(t, await get('/api/stats', here), 'general routes have their own count')
  })

  await t.test('heartbeats in one request: counted as if each had come alone; such requests have a limit of their own', async t => {
    const here = from('192.0.2.30')
    const beats = async (userIds: string[]) => await post('/api/viewer/heartbeats', { heartbeats: userIds.map(userId => ({ userId, stageArn })) }, here)
    const first = await beats(Array.from({ length: 2 * MAX }, (_, index) => index % 2 === 0 ? 'viewer-0' : 'viewer-1'))
    t.equal(expectSuccess(t, first, 'so often each').updated, 2 * MAX)
    t.match(first.headers, { 'x-ratelimit-limit': String(MAX), 'x-ratelimit-remaining': String(MAX - 1), 'x-ratelimit-reset': /^\d+$/ })
    const { updated, results: [refused] } = expectSuccess(t, await beats(['viewer-0', 'viewer-2']), 'one more')
    t.equal(updated, 1)
    t.strictSame(refused, { success: false, error: { code: ERROR.tooMany[1], message: ERROR.tooMany[2] }, retryAfter: refused.retryAfter })
    t.ok(Number.isInteger(refused.retryAfter) && refused.retryAfter >= 1 && refused.retryAfter <= 60, `${refused.retryAfter}`)
    expectError(t, await post('/api/viewer/heartbeat', { userId: 'viewer-0', stageArn }, here), ERROR.tooMany, 'nor alone')
    for (let count = 3; count <= MAX; count++) if ((await beats([])).status !== 200) t.fail(`request ${count}`)
    const tooMany = await beats([])
    expectError(t, tooMany, ERROR.tooMany, 'one request more')
    t.match(tooMany.headers, { 'retry-after': /^\d+$/ })
    expectSuccess(t, await get('/api/stats', here), 'general routes have their own count')
    expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'viewer-2', stageArn }, here), 'and so have single ones', { message: '心跳更新成功' })
  })

  await t.test('keys cannot be guessed through heartbeats', async t => {
    const guess = async (key: string, count: number) => count % 2 === 0
      ? await post('/api/viewer/heartbeat', { userId: `guess-${count}`, stageArn }, from('192.0.2.20', key))
      : await post('/api/viewer/heartbeats', { heartbeats: [{ userId: `guess-${count}`, stageArn }] }, from('192.0.2.20', key))
    for (let count = 1; count <= MAX; count++) {
      const { status } = await guess(`guess-${count}`, count)
      if (status !== 401) t.fail(`guess ${count}: ${status}`)
    }
    for (const key of ['another guess', API_KEY]) expectError(t, await guess(key, 1_000), ERROR.tooMany, 'whatever the key is')
  })
})

t.test('limit and window are settings', async t => {
  const server = await startIvs(t, { ivs: { rateLimit: 2, rateLimitWindowSeconds: 1 } })
  const get = async () => await server.get('/api/stats/publisher')
  for (let count = 0; count < 2; count++) expectSuccess(t, await get(), 'within')
  const refused = await get()
  expectError(t, refused, ERROR.tooMany, 'beyond')
  t.equal(refused.headers['retry-after'], '1')
})
