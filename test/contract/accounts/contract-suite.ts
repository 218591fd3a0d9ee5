import sharp from 'sharp'
import type { Test } from 'tap'
import { ADMIN, type AccountsServer, type LoggedIn } from '../../fixtures/accounts-server.ts'
import { expectAnswer, fieldsOf, form } from './expect.ts'

const USER = {
  user_id: Number,
  username: String,
  email: String,
  nickname: String,
  avatar_url: String,
  status: 'active',
  role: 'user',
  created_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  updated_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
}

const png = async (width = 40, height = 30) => await sharp({ create: { width, height, channels: 3, background: '#a04020' } }).png().toBuffer()

/** contracts/meetings.md 2 to 6, over the wire. The limits are out of the way. */
export async function contractSuite (t: Test, server: AccountsServer): Promise<void> {
  const { ask } = server
  const post = async (path: string, body?: object | string, headers: Record<string, string> = {}) => await ask('POST', path, { headers, ...(body === undefined ? {} : { body }) })
  const admin = await server.logInAdmin()

  await t.test('6.1 register', async t => {
    const answer = await post('/api/v1/auth/register', { username: 'alice', email: 'alice@example.com', password: 'secret-1', nickname: 'Alice' })
    const user = expectAnswer(t, answer, 201, 201, 'a user')
    t.match(user, { ...USER, username: 'alice', email: 'alice@example.com', nickname: 'Alice', avatar_url: '' })
    t.notMatch(answer.text, /password|secret-1|argon/, 'nothing of the password')
    t.equal(expectAnswer(t, await post('/api/v1/auth/register', { username: 'bert', email: 'bert@example.com', password: '123456' }), 201, 201, 'no nickname').nickname, 'bert')

    for (const username of ['alice', 'ALICE', 'Alice', 'ａｌｉｃｅ']) {
      t.equal(expectAnswer(t, await post('/api/v1/auth/register', { username, email: 'other@example.com', password: '123456' }), 400, 1001, username), null)
    }
    for (const email of ['alice@example.com', 'Alice@Example.COM']) {
      t.equal(expectAnswer(t, await post('/api/v1/auth/register', { username: 'other', email, password: '123456' }), 400, 1002, email), null)
    }
    const both = await Promise.all(Array.from({ length: 8 }, async () => await post('/api/v1/auth/register', { username: 'racer', email: 'racer@example.com', password: '123456' })))
    t.strictSame(both.map(({ status }) => status).sort(), [201, ...Array(7).fill(400)], 'of several at once one is registered')
    t.ok(both.filter(({ status }) => status === 400).every(({ json }) => [1001, 1002].includes(json.code)))
  })

  await t.test('2, 6.1: what is wrong with a registration is told by field, all of it', async t => {
    const good = { username: 'carol', email: 'carol@example.com', password: '123456' }
    const CASES: Array<[about: string, body: object | string | undefined, fields: string[]]> = [
      ['nothing', undefined, ['email', 'password', 'username']],
      ['an empty body that calls itself JSON', '', ['email', 'password', 'username']],
      ['an empty object', {}, ['email', 'password', 'username']],
      ['no object', [], ['body']],
      ['null', 'null', ['body']],
      ['short name', { ...good, username: 'ab' }, ['username']],
      ['long name', { ...good, username: 'a'.repeat(51) }, ['username']],
      ['a name that is an address', { ...good, username: 'a@b.c' }, ['username']],
      ['a name with an end of line', { ...good, username: 'ca\r\nrol' }, ['username']],
      ['a name that nobody can see', { ...good, username: '\u200b\u200b\u200b' }, ['username']],
      ['a name with a space before it', { ...good, username: ' carol' }, ['username']],
      ['a number as a name', { ...good, username: 12345 }, ['username']],
      ['no address', { ...good, email: 'carol' }, ['email']],
      ['an address with a header behind it', { ...good, email: 'carol@example.com\r\nBcc: all@example.com' }, ['email']],
      ['short password', { ...good, password: '12345' }, ['password']],
      ['long password', { ...good, password: 'p'.repeat(129) }, ['password']],
      ['empty nickname', { ...good, nickname: '' }, ['nickname']],
      ['a nickname with a null in it', { ...good, nickname: 'a\u0000b' }, ['nickname']],
      ['all of it', { username: 'a', email: 'b', password: 'c', nickname: 7 }, ['email', 'nickname', 'password', 'username']]
    ]
    for (const [about, body, fields] of CASES) {
      const answer = await post('/api/v1/auth/register', body, { 'content-type': 'application/json' })
      expectAnswer(t, answer, 400, 400, about)
      t.strictSame([...new Set(fieldsOf(answer))].sort(), fields, about)
    }
    t.match((await post('/api/v1/auth/register', {})).json.data.errors.find(({ field }: { field: string }) => field === 'username'), { message: 'required' })
    for (const edge of [{ username: 'abc', password: '123456' }, { username: 'x'.repeat(50), password: 'p'.repeat(128) }, { username: '李小龙 2', password: '密码密码密码' }]) {
      expectAnswer(t, await post('/api/v1/auth/register', { ...edge, email: `${edge.password.length}-${edge.username.length}@example.com` }), 201, 201, edge.username)
    }
  })

  await t.test('6.1 login', async t => {
    for (const body of [{ username: 'alice' }, { username: 'ALICE' }, { email: 'alice@example.com' }, { username: 'Alice@example.com' }]) {
      const answer = await post('/api/v1/auth/login', { ...body, password: 'secret-1' })
      const data = expectAnswer(t, answer, 200, 200, JSON.stringify(body))
      t.match(data, { token: String, refresh_token: String, token_type: 'Bearer', expires_in: 7200, user: { ...USER, username: 'alice' } })
      t.equal(data.access_token, data.token)
      const [access, refresh] = answer.headers['set-cookie'] as string[]
      t.equal(access, `auth_token=${data.token}; Max-Age=7200; Path=/; HttpOnly; SameSite=Lax`)
      t.equal(refresh, `auth_refresh=${data.refresh_token}; Max-Age=604800; HttpOnly; SameSite=Strict`)
      const [header, claims] = data.token.split('.').map((part: string) => part.length < 20 || !part.startsWith('ey') ? part : JSON.parse(Buffer.from(part, 'base64url').toString()))
      t.match(header, { alg: 'HS256' })
      t.match(claims, { sub: String(data.user.user_id), user_id: data.user.user_id, username: 'alice', role: 'user', typ: 'access', jti: String, iat: Number, exp: Number })
      t.equal(claims.exp - claims.iat, 7_200)
    }
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'nobody-here', password: 'secret-1' }), 404, 1003, 'unknown user')
    expectAnswer(t, await post('/api/v1/auth/login', { email: 'nobody@example.com', password: 'secret-1' }), 404, 1003, 'unknown address')
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'alice', password: 'secret-2' }), 401, 1004, 'wrong password')
    for (const [body, fields] of [[{}, ['password']], [{ password: 'secret-1' }, ['username']], [{ username: 'alice' }, ['password']], [{ username: {}, password: 1 }, ['password', 'username']]] as const) {
      const answer = await post('/api/v1/auth/login', body)
      expectAnswer(t, answer, 400, 400, JSON.stringify(body))
      t.strictSame(fieldsOf(answer).sort(), fields)
    }
  })

  await t.test('3: without a token, with a bad one, and with a role that is not enough', async t => {
    const user = await server.logIn('role-user')
    const ACCOUNT: Array<[method: string, path: string]> = [
      ['GET', '/api/v1/users/profile'], ['PUT', '/api/v1/users/profile'], ['POST', '/api/v1/users/change-password'], ['POST', '/api/v1/users/upload-avatar'], ['DELETE', '/api/v1/users/account']
    ]
    const ADMINISTRATION: Array<[method: string, path: string]> = [
      ['GET', '/api/v1/admin/users'], ['GET', '/api/v1/admin/users/'], ['GET', '/api/v1/admin/users/1'], ['PUT', '/api/v1/admin/users/1'], ['DELETE', '/api/v1/admin/users/1'], ['POST', '/api/v1/admin/users/1/ban'], ['POST', '/api/v1/admin/users/1/unban']
    ]
    for (const [method, path] of [...ACCOUNT, ...ADMINISTRATION]) {
      expectAnswer(t, await ask(method, path), 401, 401, `${method} ${path}, no token`)
      for (const authorization of ['Bearer nonsense', 'Bearer', 'Basic YWxpY2U6c2VjcmV0', `Bearer ${user.refreshToken}`, user.token]) {
        expectAnswer(t, await ask(method, path, { headers: { authorization } }), 401, 401, `${method} ${path}, ${authorization.slice(0, 12)}`)
      }
    }
    for (const [method, path] of ADMINISTRATION) expectAnswer(t, await ask(method, path, { headers: user.auth }), 403, 403, `${method} ${path} by a user`)
    await ask('PUT', `/api/v1/admin/users/${user.userId}`, { headers: admin.auth, body: { role: 'mentor' } })
    for (const [method, path] of ADMINISTRATION) expectAnswer(t, await ask(method, path, { headers: user.auth }), 403, 403, `${method} ${path} by a mentor`)
    await ask('PUT', `/api/v1/admin/users/${user.userId}`, { headers: admin.auth, body: { role: 'admin' } })
    expectAnswer(t, await ask('GET', '/api/v1/admin/users', { headers: user.auth }), 200, 200, 'a role counts at once')
    await ask('PUT', `/api/v1/admin/users/${user.userId}`, { headers: admin.auth, body: { role: 'user' } })
    expectAnswer(t, await ask('GET', '/api/v1/admin/users', { headers: user.auth }), 403, 403, 'and is gone at once')
  })

  await t.test('6.2 profile', async t => {
    const { auth, userId } = await server.logIn('dora')
    t.match(expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: auth }), 200, 200, 'own profile'), { ...USER, user_id: userId, username: 'dora', nickname: 'dora' })
    const put = async (body: object) => await ask('PUT', '/api/v1/users/profile', { headers: auth, body })
    t.match(expectAnswer(t, await put({ nickname: '朵拉', email: 'Dora@example.org', avatar_url: 'https://example.com/dora.png' }), 200, 200, 'all of it'), { username: 'dora', nickname: '朵拉', email: 'Dora@example.org', avatar_url: 'https://example.com/dora.png' })
    t.match(expectAnswer(t, await put({}), 200, 200, 'nothing'), { nickname: '朵拉', email: 'Dora@example.org' })
    t.match(expectAnswer(t, await put({ avatar_url: '' }), 200, 200, 'no picture'), { avatar_url: '' })
    t.match(expectAnswer(t, await put({ email: 'DORA@example.org' }), 200, 200, 'the own address in another case'), { email: 'DORA@example.org' })
    expectAnswer(t, await put({ email: 'ALICE@example.com' }), 400, 1002, 'an address that is taken')
    for (const [body, field] of [[{ nickname: '' }, 'nickname'], [{ nickname: 'a\nb' }, 'nickname'], [{ email: 'no' }, 'email'], [{ avatar_url: 'javascript:alert(1)' }, 'avatar_url'], [{ avatar_url: '/api/v1/avatars/1-0.webp' }, 'avatar_url'], [{ avatar_url: 'https://a:b@example.com/' }, 'avatar_url'], [{ avatar_url: 7 }, 'avatar_url']] as const) {
      const answer = await put(body)
      expectAnswer(t, answer, 400, 400, JSON.stringify(body))
      t.strictSame(fieldsOf(answer), [field])
    }
  })

  await t.test('6.2 change-password: the old one is asked for, and all tokens end', async t => {
    const first = await server.logIn('emil', 'old-password')
    const second = await server.logIn('emil', 'old-password')
    const change = async (body: object) => await post('/api/v1/users/change-password', body, first.auth)
    expectAnswer(t, await change({ old_password: 'another', new_password: 'new-password' }), 400, 1004, 'wrong old password')
    const answer = await change({ old_password: 'x' })
    expectAnswer(t, answer, 400, 400, 'no new one')
    t.strictSame(fieldsOf(answer), ['new_password'])
    t.equal(expectAnswer(t, await change({ old_password: 'old-password', new_password: 'new-password' }), 200, 200, 'changed'), null)
    for (const one of [first, second]) {
      expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: one.auth }), 401, 401, 'a token of before')
      expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: one.refreshToken }), 401, 401, 'a refresh token of before')
    }
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'emil', password: 'old-password' }), 401, 1004, 'the old password')
    await server.logIn('emil', 'new-password')
  })

  await t.test('6.2 upload-avatar, MEET-10', async t => {
    const { auth, userId } = await server.logIn('frida')
    const upload = async ({ headers, body }: ReturnType<typeof form>) => await ask('POST', '/api/v1/users/upload-avatar', { headers: { ...auth, ...headers }, body })
    const addresses: string[] = []
    for (const [field, bytes] of [['avatar', await png()], ['file', await sharp(await png()).jpeg().toBuffer()], ['avatar', await sharp(await png(50, 50)).webp().toBuffer()], ['avatar', await sharp(await png(20, 60)).gif().toBuffer()]] as const) {
      const { avatar_url: address } = expectAnswer(t, await upload(form(field, bytes)), 200, 200, field)
      t.match(address, new RegExp(`^/api/v1/avatars/${userId}-[0-9a-f]{32}\\.webp$`))
      t.equal((await ask('GET', '/api/v1/users/profile', { headers: auth })).json.data.avatar_url, address)
      const picture = await ask('GET', address)
      t.match(picture, { status: 200, headers: { 'content-type': 'image/webp', 'x-content-type-options': 'nosniff', 'cache-control': 'public, max-age=31536000, immutable', 'content-security-policy': /default-src 'none'/, 'content-length': String(picture.bytes.length) } }, 'without login')
      t.match(await sharp(picture.bytes).metadata(), { format: 'webp', width: 256, height: 256 })
      addresses.push(address)
    }
    for (const old of addresses.slice(0, -1).filter(address => address !== addresses.at(-1))) t.equal((await ask('GET', old)).status, 404, 'an old one is gone')
    expectAnswer(t, await ask('PUT', '/api/v1/users/profile', { headers: auth, body: { avatar_url: addresses.at(-1)! } }), 200, 200, 'the present one may be given back')
    expectAnswer(t, await upload(form('avatar', Buffer.from('no picture'))), 400, 3001, 'no picture')
    expectAnswer(t, await upload(form('other', await png())), 400, 3001, 'another field')
    expectAnswer(t, await upload({ headers: { 'content-type': 'multipart/form-data' }, body: Buffer.from('x') }), 400, 3001, 'no boundary')
    expectAnswer(t, await upload({ headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') }), 415, 415, 'no form')
    expectAnswer(t, await upload(form('avatar', Buffer.alloc(5_242_881))), 413, 413, 'too large')
    expectAnswer(t, await upload(form('avatar', Buffer.alloc(6_000_000))), 413, 413, 'far too large')
    t.equal((await ask('GET', addresses.at(-1)!)).status, 200, 'what was there is still there')
    for (const path of ['/api/v1/avatars/1-0.webp', '/api/v1/avatars/..%2f..%2fsecrets%2fjwt-secret', `/api/v1/avatars/${userId}-${'0'.repeat(32)}.webp`]) expectAnswer(t, await ask('GET', path), 404, 404, path)
    expectAnswer(t, await ask('PUT', '/api/v1/users/profile', { headers: auth, body: { avatar_url: '' } }), 200, 200, 'taken away')
    t.equal((await ask('GET', addresses.at(-1)!)).status, 404)
  })

  await t.test('6.2 delete account, MEET-11', async t => {
    const { auth, refreshToken, userId } = await server.logIn('gustav')
    const remove = async (body?: object) => await ask('DELETE', '/api/v1/users/account', { headers: { ...auth, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body }) })
    expectAnswer(t, await remove({ password: 'wrong' }), 400, 1004, 'wrong password')
    t.equal(expectAnswer(t, await remove({ password: 'a-password' }), 200, 200, 'deleted'), null)
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: auth }), 401, 401, 'its token')
    expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: refreshToken }), 401, 401, 'its refresh token')
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'gustav', password: 'a-password' }), 404, 1003, 'login')
    expectAnswer(t, await post('/api/v1/auth/register', { username: 'Gustav', email: 'new@example.com', password: '123456' }), 400, 1001, 'the name stays taken')
    expectAnswer(t, await post('/api/v1/auth/register', { username: 'gustav2', email: 'GUSTAV@example.com', password: '123456' }), 400, 1002, 'and the address')
    t.match((await ask('GET', `/api/v1/admin/users/${userId}`, { headers: admin.auth })).json.data, { status: 'deleted' })
    const without = await server.logIn('gustav3')
    expectAnswer(t, await ask('DELETE', '/api/v1/users/account', { headers: without.auth }), 200, 200, 'without a password, without a body')
  })

  await t.test('6.1 refresh, MEET-08', async t => {
    const good = { token: String, access_token: String, refresh_token: String, token_type: 'Bearer', expires_in: 7200 }
    const one = await server.logIn('heidi')
    const renewed = expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: one.refreshToken }), 200, 200, 'in the body')
    t.match(renewed, good)
    t.notOk('user' in renewed)
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
    const again = expectAnswer(t, await post('/api/v1/auth/refresh', undefined, bearer(renewed.refresh_token)), 200, 200, 'as bearer, without a body')
    const third = expectAnswer(t, await post('/api/v1/auth/refresh', '', { ...bearer(again.token), 'content-type': 'application/json' }), 200, 200, 'with an access token, and an empty body that calls itself JSON')
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: bearer(third.token) }), 200, 200, 'the new one is good')
    expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: again.refresh_token }), 200, 200, 'the session has several, each good once')
    for (const headers of [{}, bearer('nonsense'), bearer('a.b.c')]) expectAnswer(t, await post('/api/v1/auth/refresh', undefined, headers), 401, 401, 'nothing that is good')
    const cookies = { cookie: `auth_refresh=${third.refresh_token}` }
    t.match(expectAnswer(t, await post('/api/v1/auth/refresh', undefined, cookies), 200, 200, 'by the cookie'), good)
    expectAnswer(t, await post('/api/v1/auth/refresh', undefined, { cookie: `auth_token=${third.token}` }), 200, 200, 'by the cookie of the access token')
  })

  await t.test('logout ends the session, and takes the cookies back', async t => {
    const one = await server.logIn('ida')
    const other = await server.logIn('ida')
    const answer = await post('/api/v1/auth/logout', undefined, one.auth)
    t.equal(expectAnswer(t, answer, 200, 200, 'by the access token'), null)
    t.match(answer.headers['set-cookie'], [/^auth_token=; Max-Age=0; Path=\/;/, /^auth_refresh=; Max-Age=0;/])
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: one.auth }), 401, 401, 'its access token')
    expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: one.refreshToken }), 401, 401, 'its refresh token')
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: other.auth }), 200, 200, 'another session goes on')
    expectAnswer(t, await post('/api/v1/auth/logout', { refresh_token: other.refreshToken }), 200, 200, 'by the refresh token')
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: other.auth }), 401, 401, 'it has ended too')
    expectAnswer(t, await post('/api/v1/auth/logout'), 200, 200, 'nobody is logged in')
  })

  await t.test('6.1 forgot-password and reset-password, outside production without a mail server', async t => {
    const before = await server.logIn('jule')
    const forgot = async (email: string) => expectAnswer(t, await post('/api/v1/auth/forgot-password', { email }), 200, 200, email)
    t.equal(await forgot('nobody-at-all@example.com'), null)
    const { reset_token: token } = await forgot('JULE@example.com')
    t.match(token, /^[\w-]{40,}$/)
    const { reset_token: another } = await forgot('jule@example.com')
    const reset = async (body: object) => await post('/api/v1/auth/reset-password', body)
    expectAnswer(t, await reset({ token: 'nonsense', new_password: 'next-password' }), 400, 400, 'an invalid token')
    const short = await reset({ token, new_password: 'short' })
    expectAnswer(t, short, 400, 400, 'a short password')
    t.strictSame(fieldsOf(short), ['new_password'])
    t.equal(expectAnswer(t, await reset({ token, new_password: 'next-password' }), 200, 200, 'set'), null)
    expectAnswer(t, await reset({ token, new_password: 'next-password' }), 400, 400, 'used')
    expectAnswer(t, await reset({ token: another, new_password: 'next-password' }), 400, 400, 'one of before')
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: before.auth }), 401, 401, 'tokens of before have ended')
    await server.logIn('jule', 'next-password')
  })

  await t.test('6.3 list', async t => {
    const names = ['list-kim', 'list-Lea', 'list-max', 'list-100%', 'list-a_b']
    for (const [index, username] of names.entries()) await post('/api/v1/auth/register', { username, email: `list${index}@example.net`, password: '123456', nickname: `Nick ${username.toUpperCase()}` })
    const list = async (query: string, path = '/api/v1/admin/users') => expectAnswer(t, await ask('GET', `${path}${query}`, { headers: admin.auth }), 200, 200, query)
    const found = async (keyword: string, more = '') => (await list(`?keyword=${encodeURIComponent(keyword)}${more}`)).users.map(({ username }: { username: string }) => username)
    const all = await list('')
    t.match(all, { page: 1, page_size: 20, total: Number, total_pages: Number })
    t.equal(all.users[0].username, ADMIN.username, 'the oldest first')
    t.equal(all.users.length, Math.min(20, all.total))
    t.equal(all.total_pages, Math.ceil(all.total / 20))
    t.strictSame((await list('', '/api/v1/admin/users/')).users, all.users, 'with a slash at the end')
    t.strictSame(await found('list-'), names)
    t.strictSame(await found('LIST-LEA'), ['list-Lea'], 'whatever the case')
    t.strictSame(await found('LIST2@EXAMPLE'), ['list-max'], 'by address')
    t.strictSame(await found('nick list-kim'), ['list-kim'], 'by nickname')
    t.strictSame(await found('朵'), ['dora'])
    t.strictSame(await found('list-%'), [], 'a sign of patterns is a character')
    t.strictSame(await found('100%'), ['list-100%'])
    t.strictSame(await found('list-a_b'), ['list-a_b'])
    t.strictSame(await found('list_'), [])
    t.strictSame(await found("list-' OR '1'='1"), [])
    t.strictSame(await found('\\'), [])
    const second = await list('?keyword=list-&page=2&page_size=2')
    t.match(second, { total: 5, page: 2, page_size: 2, total_pages: 3 })
    t.strictSame(second.users.map(({ username }: { username: string }) => username), names.slice(2, 4))
    t.match(await list('?page_size=1000'), { page_size: 100 }, 'larger is reduced')
    t.match(await list('?keyword=list-&page=9'), { users: [], total: 5 })
    t.ok((await list('?status=deleted')).users.every(({ status }: { status: string }) => status === 'deleted'))
    t.ok((await list('?role=admin')).users.every(({ role }: { role: string }) => role === 'admin'))
    t.strictSame(await found('list-', '&status=banned'), [])
    for (const [query, field] of [['?page=0', 'page'], ['?page=x', 'page'], ['?page_size=0', 'page_size'], ['?status=gone', 'status'], ['?role=boss', 'role'], ['?keyword=%00', 'keyword'], [`?keyword=${'k'.repeat(101)}`, 'keyword']]) {
      const answer = await ask('GET', `/api/v1/admin/users${query}`, { headers: admin.auth })
      expectAnswer(t, answer, 400, 400, query!)
      t.strictSame(fieldsOf(answer), [field])
    }
  })

  await t.test('6.3 get, update, delete', async t => {
    const { userId } = await server.logIn('nils')
    const at = (id: number | string) => `/api/v1/admin/users/${id}`
    const put = async (body: object, id: number | string = userId) => await ask('PUT', at(id), { headers: admin.auth, body })
    t.match(expectAnswer(t, await ask('GET', at(userId), { headers: admin.auth }), 200, 200, 'one'), { ...USER, username: 'nils' })
    t.match(expectAnswer(t, await put({ nickname: 'Nils H.', email: 'nils@example.org', role: 'mentor' }), 200, 200, 'changed'), { nickname: 'Nils H.', email: 'nils@example.org', role: 'mentor', username: 'nils' })
    expectAnswer(t, await put({ email: 'alice@example.com' }), 400, 1002, 'an address that is taken')
    for (const [body, field] of [[{ role: 'king' }, 'role'], [{ status: 'asleep' }, 'status'], [{ nickname: '' }, 'nickname'], [{ email: 'x' }, 'email']] as const) {
      const answer = await put(body)
      expectAnswer(t, answer, 400, 400, JSON.stringify(body))
      t.strictSame(fieldsOf(answer), [field])
    }
    for (const [method, path, body] of [['GET', at(999_999)], ['PUT', at(999_999), { nickname: 'x' }], ['DELETE', at(999_999)], ['POST', `${at(999_999)}/ban`], ['POST', `${at(999_999)}/unban`], ['GET', at('9007199254740991')]] as Array<[string, string, object?]>) {
      expectAnswer(t, await ask(method, path, { headers: admin.auth, ...(body === undefined ? {} : { body }) }), 404, 1003, `${method} ${path}`)
    }
    for (const id of ['abc', '0', '-1', '1.5', '1e99', "1'--"]) {
      const answer = await ask('GET', at(encodeURIComponent(id)), { headers: admin.auth })
      expectAnswer(t, answer, 400, 400, id)
      t.strictSame(fieldsOf(answer), ['id'])
    }
    expectAnswer(t, await ask('GET', at('x'.repeat(600)), { headers: admin.auth }), 414, 414, 'a very long id')
    t.equal(expectAnswer(t, await ask('DELETE', at(userId), { headers: admin.auth }), 200, 200, 'deleted'), null)
    expectAnswer(t, await ask('DELETE', at(userId), { headers: admin.auth }), 404, 1003, 'once')
    for (const action of ['ban', 'unban']) expectAnswer(t, await post(`${at(userId)}/${action}`, undefined, admin.auth), 404, 1003, `${action} of a deleted one`)
    t.match(expectAnswer(t, await put({ status: 'active' }), 200, 200, 'brought back'), { status: 'active', username: 'nils' })
    await server.logIn('nils')
  })

  await t.test('6.3 ban and unban: tokens end at once', async t => {
    const { auth, refreshToken, userId } = await server.logIn('otto')
    const act = async (action: string, body?: object) => await post(`/api/v1/admin/users/${userId}/${action}`, body, admin.auth)
    t.match(expectAnswer(t, await act('ban', { reason: '=cmd()\' OR 1' }), 200, 200, 'banned'), { user_id: userId, status: 'banned' })
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: auth }), 403, 403, 'its token')
    expectAnswer(t, await post('/api/v1/auth/refresh', undefined, auth), 403, 403, 'it is not renewed')
    expectAnswer(t, await post('/api/v1/auth/refresh', { refresh_token: refreshToken }), 401, 401, 'its refresh token')
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'otto', password: 'a-password' }), 403, 403, 'login')
    expectAnswer(t, await post('/api/v1/auth/login', { username: 'otto', password: 'wrong' }), 401, 1004, 'who does not know the password does not learn of the ban')
    t.equal(expectAnswer(t, await post('/api/v1/auth/forgot-password', { email: 'otto@example.com' }), 200, 200, 'no way round'), null)
    t.match(expectAnswer(t, await act('ban'), 200, 200, 'twice'), { status: 'banned' })
    t.match(expectAnswer(t, await act('unban'), 200, 200, 'lifted'), { status: 'active' })
    t.match(expectAnswer(t, await act('unban'), 200, 200, 'twice'), { status: 'active' })
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: auth }), 401, 401, 'tokens of before stay ended')
    const back = await server.logIn('otto')
    await ask('PUT', `/api/v1/admin/users/${userId}`, { headers: admin.auth, body: { status: 'banned' } })
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: back.auth }), 403, 403, 'by its status too')
    const long = await act('ban', { reason: 'r'.repeat(501) })
    expectAnswer(t, long, 400, 400, 'a long reason')
  })

  await t.test('6.3: administrators do not lock themselves out', async t => {
    const own = `/api/v1/admin/users/${admin.userId}`
    for (const [method, path, body] of [['DELETE', own], ['POST', `${own}/ban`], ['PUT', own, { role: 'user' }], ['PUT', own, { status: 'banned' }], ['PUT', own, { status: 'deleted' }]] as Array<[string, string, object?]>) {
      expectAnswer(t, await ask(method, path, { headers: admin.auth, ...(body === undefined ? {} : { body }) }), 400, 400, `${method} ${JSON.stringify(body)}`)
    }
    expectAnswer(t, await ask('PUT', own, { headers: admin.auth, body: { role: 'admin', status: 'active', nickname: 'Root' } }), 200, 200, 'what takes nothing away')
    expectAnswer(t, await post(`${own}/unban`, undefined, admin.auth), 200, 200, 'unban')
  })

  await t.test('X-02: what no route matches, or cannot be read, is answered by the API that owns the path', async t => {
    for (const path of ['/api/v1', '/api/v1/', '/api/v1/nothing', '/api/v1/auth', '/api/v1/auth/nothing', '/api/v1/users/nothing', '/api/v1/admin/users/1/nothing', '/api/v1/meetings']) {
      for (const method of ['GET', 'POST', 'DELETE', 'PUT']) expectAnswer(t, await ask(method, path), 404, 404, `${method} ${path}`)
    }
    expectAnswer(t, await ask('GET', '/api/v1/auth/login'), 404, 404, 'another method')
    for (const path of ['/api/v1/users/%zz', '/api/v1/%zz']) expectAnswer(t, await ask('GET', path), 400, 400, path)
    for (const path of ['/api/v1/live/nothing', '/api/v2/users', '/nothing', '/api/room/x/y', '/livestreams']) t.match(await ask('GET', path), { status: 404, json: { error: String, code: 'NOT_FOUND' } }, `${path} is not ours`)
    t.match(await ask('GET', '/livestream/%zz'), { status: 400, json: { error: String, code: 'INVALID_REQUEST' } })
    expectAnswer(t, await post('/api/v1/auth/login', '{"username":', { 'content-type': 'application/json' }), 400, 400, 'broken JSON')
    expectAnswer(t, await post('/api/v1/auth/login', '<a/>', { 'content-type': 'application/xml' }), 415, 415, 'XML')
    expectAnswer(t, await post('/api/v1/auth/login', 'username=a&password=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 415, 'a form')
    expectAnswer(t, await post('/api/v1/auth/login', JSON.stringify({ username: 'x'.repeat(1_048_576), password: 'y' }), { 'content-type': 'application/json' }), 413, 413, 'more than 1 MB')
  })

  await t.test('X-07: the cookie logs in, but not for pages of other sites', async t => {
    const { token, refreshToken } = await server.logIn('paul')
    const cookie = `a=b; auth_token=${token}; auth_refresh=${refreshToken}`
    const put = async (headers: Record<string, string>) => await ask('PUT', '/api/v1/users/profile', { headers: { cookie, ...headers }, body: { nickname: 'Paul' } })
    const { host } = new URL(server.url)
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: { cookie } }), 200, 200, 'reading')
    expectAnswer(t, await put({}), 200, 200, 'no origin: no browser')
    expectAnswer(t, await put({ origin: `http://${host}` }), 200, 200, 'the own origin')
    expectAnswer(t, await put({ origin: 'https://friend.example' }), 200, 200, 'an origin of ALLOWED_ORIGINS')
    expectAnswer(t, await put({ 'sec-fetch-site': 'same-origin' }), 200, 200, 'the same origin, as the browser says')
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: `http://${host}.evil.example` }, { origin: 'http://127.0.0.1:1' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }] as Array<Record<string, string>>) {
      expectAnswer(t, await put(headers), 403, 403, JSON.stringify(headers))
      for (const path of ['/api/v1/auth/refresh', '/api/v1/auth/logout']) expectAnswer(t, await post(path, undefined, { cookie, ...headers }), 403, 403, `${path} ${JSON.stringify(headers)}`)
      expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: { cookie, ...headers } }), 200, 200, 'reading changes nothing')
      expectAnswer(t, await ask('PUT', '/api/v1/users/profile', { headers: { cookie, authorization: `Bearer ${token}`, ...headers }, body: {} }), 200, 200, 'a bearer does not come by itself')
    }
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: { cookie, authorization: 'Basic eHg6eXk=' } }), 200, 200, "another scheme is a proxy's")
    expectAnswer(t, await ask('GET', '/api/v1/users/profile', { headers: { cookie, authorization: 'Bearer x' } }), 401, 401, 'a bearer decides')
  })

  await t.test('X-03: CORS for the origins that are listed, with credentials', async t => {
    for (const path of ['/api/v1/auth/login', '/api/v1/users/profile', '/api/v1/admin/users', '/api/v1/admin/users/', '/api/v1/admin/users/1/ban', '/api/v1/auth/nothing']) {
      const listed = { 'access-control-allow-origin': 'https://friend.example', 'access-control-allow-credentials': 'true', vary: 'Origin' }
      const preflight = await ask('OPTIONS', path, { headers: { origin: 'https://friend.example', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' } })
      t.match(preflight, { status: 204, headers: { ...listed, 'access-control-allow-methods': /PUT/, 'access-control-allow-headers': /Content-Type/ } }, path)
      t.match((await ask('GET', path, { headers: { origin: 'https://friend.example' } })).headers, listed, path)
      const other = await ask('GET', path, { headers: { origin: 'https://evil.example' } })
      t.equal(other.headers['access-control-allow-origin'], undefined)
      t.equal(other.headers.vary, 'Origin')
    }
  })

  await t.test('2, 4: every answer has an id of its own, tells what is left, and is kept by no cache', async t => {
    const user: LoggedIn = await server.logIn('quinn')
    const ids = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const answer = await ask('GET', '/api/v1/users/profile', { headers: user.auth })
      t.match(answer.headers, { 'x-ratelimit-limit': /^\d+$/, 'x-ratelimit-remaining': /^\d+$/, 'x-ratelimit-reset': /^\d+$/, 'cache-control': 'no-store' })
      ids.add(answer.json.request_id)
    }
    t.equal(ids.size, 20)
    const head = await ask('HEAD', '/api/v1/users/profile', { headers: user.auth })
    t.equal(head.status, 200)
    t.equal(head.bytes.length, 0)
  })
}
