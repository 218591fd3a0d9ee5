import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { accounts, accountsCore, perMinute, type AccountsOptions } from '../../plugins/accounts/index.ts'
import { headwater } from '../../src/app.ts'
import { database } from '../../src/platform/database/index.ts'
import { objects } from '../../src/platform/objects/index.ts'
import { state } from '../../src/platform/state/index.ts'
import { http } from '../fixtures/http.ts'
import { expectAnswer } from '../contract/accounts/expect.ts'
import { boot, listen } from './host.ts'
import { strangeHost } from './strange-host.ts'

const folder = await mkdtemp(join(tmpdir(), 'headwater-embedding-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const dataDir = join(folder, 'data')
const QUICK: AccountsOptions = { environment: 'test', dataDir, argon2MemoryKib: 64, argon2Passes: 1, rateLimitMultiplier: 1_000 }

async function platform (app: FastifyInstance): Promise<void> {
  for (const one of [database, state, objects]) await app.register(one, { dataDir })
}

t.test('accounts in a host that does everything in its own way, twice, on one database', async t => {
  const app = strangeHost()
  await platform(app)
  await app.register(accounts, { ...QUICK, prefix: '/a' })
  await app.register(accounts, { ...QUICK, prefix: '/b/c/' })
  await app.register(accountsCore, QUICK)
  await app.register(accounts, { prefix: '/core' })
  app.get('/mine', { onRequest: [app.accounts.guards.identify, app.accounts.guards.requireLogin] }, async ({ account }) => `Hello ${account!.nickname}`)
  app.get('/admins', app.accounts.endpoint('admins', perMinute(50), ['admin']), async () => 'Hello')
  const url = await listen(t, app)
  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => await http({ url }, path, { method, headers, ...(body === undefined ? {} : { body }) })

  t.match(await ask('GET', '/own'), { status: 200, text: '{"replied":{"own":true}}' }, 'the host goes on')
  t.match(await ask('GET', '/nothing'), { status: 404, text: '<h1>Lost</h1>' })
  t.match(await ask('GET', '/a/api/v1/nothing'), { status: 404, text: '<h1>Lost</h1>' })

  const { user_id: id } = expectAnswer(t, await ask('POST', '/a/api/v1/auth/register', { username: 'guest', email: 'guest@example.com', password: 'guest-password', nickname: 'Guest' }), 201, 201, 'register')
  for (const prefix of ['/a', '/b/c', '/core']) {
    const answer = await ask('POST', `${prefix}/api/v1/auth/login`, { username: 'guest', password: 'guest-password' })
    const { token } = expectAnswer(t, answer, 200, 200, prefix)
    t.match(answer.headers['set-cookie'], ['host=1', /^auth_token=/, /^auth_refresh=/], "the host's cookie is still there")
    const auth = { authorization: `Bearer ${token}` }
    t.equal(expectAnswer(t, await ask('GET', `${prefix}/api/v1/users/profile`, undefined, auth), 200, 200, prefix).user_id, id)
    expectAnswer(t, await ask('POST', `${prefix}/api/v1/auth/register`, { username: 'x' }), 400, 400, 'our validation')
    expectAnswer(t, await ask('GET', `${prefix}/api/v1/auth/nothing`), 404, 404, 'our 404')
    expectAnswer(t, await ask('GET', `${prefix}/api/v1/admin/users`, undefined, auth), 403, 403, 'a role')
    t.match(await ask('GET', '/mine', undefined, auth), { status: 200, text: 'Hello Guest' }, "a route of the host's own")
    t.match(await ask('GET', '/admins', undefined, auth), { status: 418, text: /admin/ }, "with the host's errors")
  }
  t.equal((await ask('GET', '/mine')).status, 418)
  await app.close()
})

t.test('what cannot be is said at boot', async t => {
  await t.rejects(boot(async app => await app.register(accounts, QUICK)), { message: /decorator.*database/i }, 'there is no database')
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(accounts, { dataDir })
  }), { code: 'CONFIG_INVALID', message: /jwtSecret \(JWT_SECRET\)/ }, 'it is production, unless it is said otherwise')
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(accountsCore, QUICK)
    await app.register(accounts, { accessTokenSeconds: 60 })
  }), { code: 'CONFIG_INVALID', message: /accounts already: give accessTokenSeconds to those/ })
  await t.rejects(boot(async app => {
    await platform(app)
    await app.register(accounts, { ...QUICK, accessTokenSecond: 60 } as object)
  }), { code: 'CONFIG_INVALID', message: /accessTokenSecond is not a setting/ })
})

t.test('the first administrator', async t => {
  const lines: string[] = []
  const app = Fastify({ pluginTimeout: 120_000, logger: { level: 'info', stream: { write: line => { lines.push(line) } } } })
  await platform(app)
  const administrator = (name: string) => ({ ...QUICK, adminUsername: name, adminEmail: `${name}@example.com`, adminPassword: `${name}-password` })
  const told = (message: RegExp) => lines.filter(line => message.test(line)).length
  await app.register(accounts, { ...administrator('Guest'), prefix: '/taken' })
  t.equal(told(/is that of another account/), 1, 'somebody who has the name is not promoted')
  await app.register(accounts, { ...administrator('boss'), prefix: '/one' })
  t.equal(told(/first administrator was created/), 1)
  await app.register(accounts, { ...administrator('second'), prefix: '/two' })
  t.equal(told(/first administrator was created/), 1, 'there is one already')
  const url = await listen(t, app)
  const logIn = async (username: string, password: string) => await http({ url }, '/one/api/v1/auth/login', { method: 'POST', body: { username, password } })
  t.equal(expectAnswer(t, await logIn('boss', 'boss-password'), 200, 200, 'the administrator').user.role, 'admin')
  t.equal(expectAnswer(t, await logIn('guest', 'guest-password'), 200, 200, 'the other one').user.role, 'user')
  expectAnswer(t, await logIn('second', 'second-password'), 404, 1003, 'was never made')
  await app.close()
})

t.test('the whole below a prefix: unknown paths are answered by the API that owns them; without accounts there is no trace of them', async t => {
  const app = Fastify({ pluginTimeout: 120_000, forceCloseConnections: true })
  await platform(app)
  await app.register(headwater, { prefix: '/with', livestream: { streamsDir: join(folder, 'one') }, platform: { dataDir }, accounts: QUICK })
  await app.register(headwater, { prefix: '/without', livestream: { streamsDir: join(folder, 'two') } })
  await app.register(headwater, { prefix: '/off', livestream: { streamsDir: join(folder, 'three') }, accounts: { enabled: 'off' } })
  const url = await listen(t, app)
  const get = async (path: string) => await http({ url }, path)
  expectAnswer(t, await get('/with/api/v1/meetings'), 404, 404, 'of the API of accounts')
  t.match(await get('/with/api/v1/live/sessions'), { status: 404, json: { error: String, code: 'NOT_FOUND' } })
  t.match(await get('/with/nothing'), { status: 404, json: { error: String, code: 'NOT_FOUND' } })
  for (const prefix of ['/without', '/off']) {
    for (const path of ['/api/v1/auth/login', '/api/v1/users/profile', '/nothing']) t.match(await get(`${prefix}${path}`), { status: 404, json: { code: 'NOT_FOUND' } }, `${prefix}${path}`)
  }
  t.match(await get('/nothing'), { status: 404, json: { statusCode: 404 } }, "the host's own")
  t.match(await get('/with/livestream/active'), { status: 200, json: { count: 0 } })
  await app.close()
})
