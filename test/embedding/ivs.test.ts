import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { ivs, type IvsOptions } from '../../plugins/ivs/index.ts'
import { headwater } from '../../src/app.ts'
import { database } from '../../src/platform/database/index.ts'
import { state } from '../../src/platform/state/index.ts'
import { ERROR, expectError, expectInvalid, expectMissing, expectSuccess } from '../contract/ivs/expect.ts'
import { API_KEY, ivsClient } from '../fixtures/ivs-server.ts'
import { boot, listen } from './host.ts'
import { strangeHost } from './strange-host.ts'

const folder = await mkdtemp(join(tmpdir(), 'headwater-embedding-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const dataDir = join(folder, 'data')
const OPTIONS: IvsOptions = { environment: 'test', dataDir, apiKeys: [API_KEY], rateLimit: 100_000 }

async function platform (app: FastifyInstance): Promise<void> {
  for (const one of [database, state]) await app.register(one, { dataDir })
}

t.test('stages in a host that does everything in its own way, twice, on one database', async t => {
  const app = strangeHost()
  await platform(app)
  await app.register(ivs, { ...OPTIONS, prefix: '/a' })
  await app.register(ivs, { ...OPTIONS, prefix: '/b/c/' })
  app.get('/health', async () => ({ host: 'well' }))
  await app.register(ivs, OPTIONS)
  app.post('/api/token', async () => ({ rooms: true }))
  app.get('/api/health', async () => ({ rooms: 'well' }))
  const url = await listen(t, app)
  const at = (prefix: string) => ivsClient(`${url}${prefix}`)

  t.match(await at('').get('/own'), { status: 200, text: '{"replied":{"own":true}}' }, 'the host goes on')
  for (const path of ['/nothing', '/api/nothing', '/api', '/a/api/nothing', '/b/c/api/token']) t.match(await at('').get(path), { status: 404, text: '<h1>Lost</h1>' }, path)
  // Not by our client: what the host answers there is not what our document says.
  t.strictSame(await (await fetch(`${url}/api/token`, { method: 'POST' })).json(), { replied: { rooms: true } }, "another feature's path below ours")
  t.strictSame(await (await fetch(`${url}/api/health`)).json(), { replied: { rooms: 'well' } })
  t.strictSame(await (await fetch(`${url}/health`)).json(), { replied: { host: 'well' } }, 'its own health stays')
  for (const prefix of ['/a', '/b/c']) expectSuccess(t, await at(prefix).get('/health', {}), `${prefix}: ours`)

  const { stage } = expectSuccess(t, await at('/a').post('/api/stage', { name: 'one' }), 'a stage', { status: 201 })
  for (const prefix of ['/a', '/b/c', '']) {
    const { ask, get, post } = at(prefix)
    const answer = await post('/api/token/viewer', { userId: `viewer-${prefix}`, stageArn: stage.arn })
    expectSuccess(t, answer, `${prefix}: a token`)
    t.match(answer.headers['set-cookie'], ['host=1'], "the host's hooks run")
    for (const arn of [stage.arn, encodeURIComponent(stage.arn)]) expectSuccess(t, await get(`/api/viewer/list/${arn}`), `${prefix}: ${arn}`)
    expectMissing(t, await post('/api/viewer/heartbeat', {}), ['userId', 'stageArn'], 'our validation')
    expectInvalid(t, await post('/api/viewer/heartbeat', { userId: 5, stageArn: 'x' }), ['userId'], 'and nothing is made to fit')
    expectError(t, await ask('GET', '/api/stats', { headers: {} }), ERROR.unauthorized, 'our guard')
    for (const path of ['/api/stage', '/api/stage/nothing', '/api/viewer/nothing', '/api/stats/nothing', '/api/token/nothing']) expectError(t, await get(path), ERROR.notFound, `${prefix}${path}: our 404`)
  }
  t.equal(expectSuccess(t, await at('').get('/api/stats/viewers'), 'the same viewers').totalViewers, 3)
  await app.close()
})

t.test('what cannot be is said at boot', async t => {
  await t.rejects(boot(async app => await app.register(ivs, OPTIONS)), { message: /decorator.*database/i }, 'there is no database')
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(ivs, { dataDir })
  }), { code: 'CONFIG_INVALID', message: /apiKeys \(API_SECRET_KEY\)/ }, 'it is production, unless it is said otherwise')
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(ivs, { ...OPTIONS, maxStage: 3 } as object)
  }), { code: 'CONFIG_INVALID', message: /maxStage is not a setting/ })
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(ivs, OPTIONS)
    await app.register(ivs, OPTIONS)
  }), { code: 'CONFIG_INVALID', message: /a prefix of its own/ }, 'twice at one place')
})

t.test('the whole below a prefix: unknown paths are answered by the API that owns them; without stages there is no trace of them', async t => {
  const app = Fastify({ pluginTimeout: 120_000, forceCloseConnections: true })
  await platform(app)
  await app.register(headwater, { prefix: '/with', livestream: { streamsDir: join(folder, 'one') }, platform: { dataDir }, ivs: OPTIONS })
  await app.register(headwater, { prefix: '/without', livestream: { streamsDir: join(folder, 'two') } })
  await app.register(headwater, { prefix: '/off', livestream: { streamsDir: join(folder, 'three') }, ivs: { enabled: 'off' } })
  const url = await listen(t, app)
  const { get } = ivsClient(url)
  expectSuccess(t, await get('/with/health'), 'health')
  expectSuccess(t, await get('/with/api/stats'), 'statistics')
  for (const path of ['/api', '/api/nothing', '/api/token/nothing', '/api/stage/nothing']) expectError(t, await get(`/with${path}`), ERROR.notFound, path)
  for (const path of ['/api/v1/users/nothing', '/api/rooms', '/nothing']) t.match(await get(`/with${path}`), { status: 404, json: { error: String, code: 'NOT_FOUND' } }, path)
  for (const prefix of ['/without', '/off']) {
    for (const path of ['/health', '/api/stats', '/api/stage/list', '/nothing']) t.match(await get(`${prefix}${path}`), { status: 404, json: { code: 'NOT_FOUND' } }, `${prefix}${path}`)
  }
  t.match(await get('/nothing'), { status: 404, json: { statusCode: 404 } }, "the host's own")
  await app.close()
})
