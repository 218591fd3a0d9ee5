import t from 'tap'
import { startAccountsHost } from '../../fixtures/accounts-host.ts'
import { expectAnswer } from './expect.ts'

const MINUTE = 60
const HOUR = 3_600

/** The tables of contracts/meetings.md 6, with what each is asked with. */
const LIMITS: Array<[method: string, path: string, max: number, seconds: number, body?: object]> = [
  ['POST', '/auth/register', 5, MINUTE, {}],
  ['POST', '/auth/login', 5, MINUTE, {}],
  ['POST', '/auth/refresh', 10, MINUTE],
  ['POST', '/auth/forgot-password', 3, HOUR, {}],
  ['POST', '/auth/reset-password', 5, HOUR, {}],
  ['GET', '/users/profile', 100, MINUTE],
  ['PUT', '/users/profile', 50, MINUTE, {}],
  ['POST', '/users/change-password', 10, HOUR, {}],
  ['POST', '/users/upload-avatar', 10, HOUR],
  ['GET', '/admin/users', 50, MINUTE],
  ['GET', '/admin/users/1', 100, MINUTE],
  ['PUT', '/admin/users/1', 50, MINUTE, {}],
  ['DELETE', '/admin/users/1', 20, MINUTE],
  ['POST', '/admin/users/1/ban', 20, MINUTE],
  ['POST', '/admin/users/1/unban', 20, MINUTE]
]

t.test('4: every endpoint has the limit of its table', async t => {
  const host = await startAccountsHost(t, {
    '/lax': { adminUsername: 'root', adminEmail: 'root@example.com', adminPassword: 'root-password' },
    '/strict': { rateLimitMultiplier: 1 },
    '/half': { rateLimitMultiplier: 0.5 },
    '/tiny': { rateLimitMultiplier: 0.001 }
  }, { trustProxy: true })
  const { ask, post } = host
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const logIn = async (username: string) => {
    await post('/lax/api/v1/auth/register', { username, email: `${username}@example.com`, password: 'root-password' })
    const { token } = (await post('/lax/api/v1/auth/login', { username, password: 'root-password' })).json.data
    return { authorization: `Bearer ${token}` }
  }
  const root = await logIn('root')

  for (const [method, path, max, seconds, body] of LIMITS) {
    await t.test(`${method} ${path}: ${max} in ${seconds} s`, async t => {
      const anonymous = path.startsWith('/auth')
      const headers = anonymous ? from('192.0.2.1') : root
      const one = async (more = headers) => await ask(method, `/strict/api/v1${path}`, { headers: more, ...(body === undefined ? {} : { body }) })
      for (let count = 1; count <= max; count++) {
        const answer = await one()
        if (answer.status === 429) t.fail(`request ${count} was refused`)
        if (count !== 1 && count !== max) continue
        t.match(answer.headers, { 'x-ratelimit-limit': String(max), 'x-ratelimit-remaining': String(max - count), 'x-ratelimit-reset': /^\d+$/ })
        const reset = Number(answer.headers['x-ratelimit-reset'])
        t.ok(reset > seconds - 60 && reset <= seconds + 1, `the window is ${seconds} s: ${reset}`)
      }
      const refused = await one()
      t.equal(expectAnswer(t, refused, 429, 429, 'one more'), null)
      t.match(refused.headers, { 'x-ratelimit-remaining': '0', 'retry-after': /^\d+$/ })
      t.ok(Math.abs(Number(refused.headers['retry-after']) - Number(refused.headers['x-ratelimit-reset'])) <= 1)
      t.not((await one(anonymous ? from('192.0.2.2') : from('192.0.2.3'))).status, 429, 'somebody else has a limit of their own')
    })
  }

  await t.test('the key is the account, wherever it asks from, or else the network', async t => {
    const one = await logIn('limit-one')
    const two = await logIn('limit-two')
    const change = async (headers: Record<string, string>) => (await ask('POST', '/strict/api/v1/users/change-password', { headers, body: {} })).headers['x-ratelimit-remaining']
    t.equal(await change({ ...one, ...from('198.51.100.1') }), '9')
    t.equal(await change({ ...one, ...from('198.51.100.2') }), '8', 'from elsewhere')
    t.equal(await change({ ...two, ...from('198.51.100.1') }), '9', 'another account, from the same address')
    t.equal(await change(from('198.51.100.1')), '9', 'without a token it is counted too')
    t.equal(await change({ authorization: 'Bearer nonsense', ...from('198.51.100.1') }), '8', 'and with a bad one')
    t.equal(await change(from('2001:db8:1:2::1')), '9')
    t.equal(await change(from('2001:db8:1:2:ffff::9')), '8', 'another address of the same network')
    t.equal(await change(from('2001:db8:1:3::1')), '9', 'another network')
    const logInAs = async (headers: Record<string, string>) => (await ask('POST', '/strict/api/v1/auth/login', { headers, body: {} })).headers['x-ratelimit-remaining']
    t.equal(await logInAs({ ...one, ...from('198.51.100.7') }), '4')
    t.equal(await logInAs({ ...two, ...from('198.51.100.7') }), '3', 'who needs no account is counted by network, with any token')
  })

  await t.test('DELETE /account: 1 a day, and failures do not count', async t => {
    const one = await logIn('leaver')
    const remove = async (body?: object) => await ask('DELETE', '/strict/api/v1/users/account', { headers: one, ...(body === undefined ? {} : { body }) })
    for (let count = 0; count < 4; count++) expectAnswer(t, await remove({ password: 'wrong' }), 400, 1004, 'a mistyped password')
    const done = await remove({ password: 'root-password' })
    expectAnswer(t, done, 200, 200, 'deleted')
    t.match(done.headers, { 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' })
  })

  await t.test('the multiplier', async t => {
    t.match((await post('/half/api/v1/auth/login', {}, from('192.0.2.9'))).headers, { 'x-ratelimit-limit': '2' })
    t.match((await post('/tiny/api/v1/auth/login', {}, from('192.0.2.10'))).headers, { 'x-ratelimit-limit': '1' }, 'never none')
    t.match((await post('/lax/api/v1/auth/login', {}, from('192.0.2.11'))).headers, { 'x-ratelimit-limit': '50000' })
  })

  await t.test('in a host: its own 404 stays, what is below our paths is ours', async t => {
    t.match(await ask('GET', '/strict/nothing'), { status: 404, json: { statusCode: 404, error: 'Not Found' } })
    expectAnswer(t, await ask('GET', '/strict/api/v1/auth/nothing'), 404, 404, 'below a path of ours')
    t.notOk(host.app.hasDecorator('accounts'), 'nothing of ours is on the host')
    t.notOk(host.app.hasRequestDecorator('account'))
  })
})
