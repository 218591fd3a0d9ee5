import { EventEmitter, once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { startAccountsHost } from '../../fixtures/accounts-host.ts'
import { startMailServer } from '../../fixtures/smtp-server.ts'
import { expectAnswer } from './expect.ts'

const SECRET = 'another secret of the tests, of more than 32 characters'

t.test('MEET-09, MEET-07 and what is asked for in production', async t => {
  const mail = await startMailServer(t, { accepts: address => !address.startsWith('refused') })
  const lines: string[] = []
  const logged = new EventEmitter()
  const write = (line: string) => {
    lines.push(line)
    logged.emit('line')
  }
  const production = { environment: 'production', jwtSecret: SECRET } as const
  const host = await startAccountsHost(t, {
    '/test': {},
    '/mail': { ...production, smtpUrl: mail.url, mailFrom: 'Test <from@example.com>', resetUrl: 'https://example.com/app/new-password' },
    '/page': { ...production, smtpUrl: mail.url, publicBaseUrl: 'https://live.example.com/media' },
    '/token': { ...production, smtpUrl: mail.url, publicBaseUrl: '/media' },
    '/away': { ...production, smtpUrl: 'smtp://127.0.0.1:1', smtpTimeoutSeconds: 1 },
    '/without': production,
    '/generic': { ...production, loginGenericErrors: 'true' },
    '/short': { accessTokenSeconds: 60, refreshTokenSeconds: 60, resetTokenSeconds: 60, cookieDomain: 'example.com' }
  }, { trustProxy: true, logger: { level: 'trace', stream: { write } } })
  const { post, ask } = host
  const secrets: string[] = []
  const register = async (username: string, password = 'first-password') => {
    secrets.push(password)
    await post('/test/api/v1/auth/register', { username, email: `${username}@example.com`, password })
  }
  for (const name of ['anna', 'refused', 'bea', 'cleo', 'dana']) await register(name)

  await t.test('with a mail server the token goes there, and nowhere else', async t => {
    const answer = await post('/mail/api/v1/auth/forgot-password', { email: 'Anna@example.com' }, { host: 'evil.example' })
    t.equal(expectAnswer(t, answer, 200, 200, 'known'), null)
    const { to, text } = await mail.next()
    t.strictSame(to, ['anna@example.com'], 'the address of the account, not the one that was typed')
    t.match(text, /^From: Test <from@example.com>$/m)
    t.notMatch(text, /evil\.example/, 'the link does not lead to whom the request names')
    const [, token] = /https:\/\/example\.com\/app\/new-password#token=([\w-]{43})\s/.exec(text)!
    secrets.push(token!)
    t.equal(expectAnswer(t, await post('/mail/api/v1/auth/reset-password', { token, new_password: 'second-password' }), 200, 200, 'it works'), null)
    secrets.push('second-password')
    expectAnswer(t, await post('/mail/api/v1/auth/reset-password', { token, new_password: 'third-password' }), 400, 400, 'once')
    expectAnswer(t, await post('/mail/api/v1/auth/login', { username: 'anna', password: 'second-password' }), 200, 200, 'the new password')

    const unknown = await post('/mail/api/v1/auth/forgot-password', { email: 'nobody@example.com' })
    t.equal(expectAnswer(t, unknown, 200, 200, 'unknown'), null)
    t.strictSame({ ...unknown.json, timestamp: '', request_id: '' }, { ...answer.json, timestamp: '', request_id: '' }, 'the answer is the same')

    await post('/page/api/v1/auth/forgot-password', { email: 'bea@example.com' })
    t.match((await mail.next()).text, /https:\/\/live\.example\.com\/media\/reset-password#token=[\w-]{43}/, "the server's own page, below PUBLIC_BASE_URL")
    await post('/token/api/v1/auth/forgot-password', { email: 'bea@example.com' })
    const { text: alone } = await mail.next()
    t.match(alone, /Set a new one with this token:\s+[\w-]{43}/, 'where nobody knows the address of the page: the token alone')
    t.notMatch(alone, /https?:/)
  })

  await t.test('a mailbox is not filled', async t => {
    const before = mail.mails.length
    for (let count = 0; count < 6; count++) expectAnswer(t, await post('/mail/api/v1/auth/forgot-password', { email: 'cleo@example.com' }), 200, 200, 'always the same')
    await post('/mail/api/v1/auth/forgot-password', { email: 'dana@example.com' })
    let last
    do last = await mail.next()
    while (!last.to.includes('dana@example.com'))
    t.equal(mail.mails.slice(before).filter(({ to }) => to.includes('cleo@example.com')).length, 3, 'three an hour')
  })

  await t.test('a mail that cannot be sent is logged, without whom it was for', async t => {
    expectAnswer(t, await post('/mail/api/v1/auth/forgot-password', { email: 'refused@example.com' }), 200, 200, 'refused by the mail server')
    expectAnswer(t, await post('/away/api/v1/auth/forgot-password', { email: 'anna@example.com' }), 200, 200, 'there is no mail server')
    const told = () => lines.filter(line => line.includes('a mail could not be sent')).map(line => JSON.parse(line))
    while (told().length < 2) await once(logged, 'line')
    t.strictSame(told().map(({ reason }) => reason.code).sort(), ['EENVELOPE', 'ESOCKET'])
  })

  await t.test('in production without a mail server: the answer says so, for everybody', async t => {
    for (const email of ['anna@example.com', 'nobody@example.com']) {
      const answer = await post('/without/api/v1/auth/forgot-password', { email })
      expectAnswer(t, answer, 503, 503, email)
      t.match(answer.json, { data: null, detail: /sends no mail/ })
    }
  })

  await t.test('LOGIN_GENERIC_ERRORS: an unknown user is told what a wrong password is told', async t => {
    const [unknown, wrong] = [await post('/generic/api/v1/auth/login', { username: 'nobody', password: '123456' }), await post('/generic/api/v1/auth/login', { username: 'anna', password: '123456' })]
    for (const answer of [unknown, wrong]) expectAnswer(t, answer, 401, 1004, 'the same')
    t.strictSame({ ...unknown.json, timestamp: '', request_id: '' }, { ...wrong.json, timestamp: '', request_id: '' })
  })

  await t.test('the cookie: Secure under HTTPS, and its domain', async t => {
    const answer = await post('/short/api/v1/auth/login', { username: 'bea', password: 'first-password' }, { 'x-forwarded-proto': 'https' })
    const { token, refresh_token: refresh } = expectAnswer(t, answer, 200, 200, 'over HTTPS')
    secrets.push(token, refresh)
    t.strictSame(answer.headers['set-cookie'], [
      `auth_token=${token}; Max-Age=60; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `auth_refresh=${refresh}; Max-Age=60; Domain=example.com; HttpOnly; Secure; SameSite=Strict`
    ])
    t.match((await post('/short/api/v1/auth/logout', undefined, { authorization: `Bearer ${token}` })).headers['set-cookie'], [/^auth_token=; .*Domain=example.com/, /^auth_refresh=; .*Domain=example.com/])
  })

  await t.test('a token of one secret is not good for another', async t => {
    const { token } = (await post('/test/api/v1/auth/login', { username: 'bea', password: 'first-password' })).json.data
    secrets.push(token)
    const profile = async (place: string) => await ask('GET', `${place}/api/v1/users/profile`, { headers: { authorization: `Bearer ${token}` } })
    expectAnswer(t, await profile('/test'), 200, 200, 'its own')
    expectAnswer(t, await profile('/short'), 200, 200, 'the same data folder: the same generated secret')
    expectAnswer(t, await profile('/without'), 401, 401, 'another one')
  })

  await t.test('the own origin is also that of PUBLIC_BASE_URL', async t => {
    const { token } = (await post('/page/api/v1/auth/login', { username: 'bea', password: 'first-password' })).json.data
    secrets.push(token)
    const change = async (origin: string) => await ask('PUT', '/page/api/v1/users/profile', { headers: { cookie: `auth_token=${token}`, origin }, body: {} })
    expectAnswer(t, await change('https://live.example.com'), 200, 200, 'behind a proxy that says another host')
    expectAnswer(t, await change('https://live.example.org'), 403, 403, 'another one')
  })

  await t.test('1005: tokens that are over', async t => {
    const { orm } = host.app.database
    const { token, refresh_token: refresh } = (await post('/test/api/v1/auth/login', { username: 'dana', password: 'first-password' })).json.data
    const { reset_token: reset } = (await post('/test/api/v1/auth/forgot-password', { email: 'bea@example.com' })).json.data
    secrets.push(token, refresh, reset)
    await orm.execute(sql`update user_refresh_tokens set expires_at = now() - interval '1 second'`)
    await orm.execute(sql`update user_password_resets set expires_at = now() - interval '1 second'`)
    for (const count of [1, 2]) expectAnswer(t, await post('/test/api/v1/auth/refresh', { refresh_token: refresh }), 401, 1005, `a refresh token, try ${count}`)
    expectAnswer(t, await post('/test/api/v1/auth/reset-password', { token: reset, new_password: 'late-password' }), 401, 1005, 'a token for a new password')
    expectAnswer(t, await ask('GET', '/test/api/v1/users/profile', { headers: { authorization: `Bearer ${token}` } }), 200, 200, 'the session goes on')
    await orm.execute(sql`update user_sessions set expires_at = now() - interval '1 second'`)
    await post('/test/api/v1/auth/login', { username: 'dana', password: 'first-password' })
    const [{ sessions }] = (await orm.execute(sql`select count(*)::int as sessions from user_sessions where expires_at < now() and user_id = (select id from users where username = 'dana')`) as unknown as { rows: [{ sessions: number }] }).rows
    t.equal(sessions, 0, 'sessions that are over go with the next login')
  })

  await t.test('no secret is in any line of the log', async t => {
    const generated = (await readFile(join(host.dataDir, 'secrets', 'jwt-secret'), 'utf8')).trim()
    t.ok(lines.length > 30, `${lines.length} lines`)
    for (const secret of [...secrets, generated, SECRET]) t.strictSame(lines.filter(line => line.includes(secret)), [])
    t.strictSame(lines.filter(line => /argon2id\$|@example\.com/.test(line)), [], 'no hash, and no address of anybody')
  })
})

t.test('the generated secret: one for all, for its owner alone', async t => {
  const { keptSecret } = await import('../../../src/secret-file.ts')
  const dataDir = t.testdir()
  const all = await Promise.all(Array.from({ length: 20 }, async () => await keptSecret(dataDir, 'jwt-secret')))
  t.equal(new Set(all).size, 1, 'however many come at once')
  t.ok(all[0]!.length >= 64)
  const path = join(dataDir, 'secrets', 'jwt-secret')
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.equal((await stat(join(dataDir, 'secrets'))).mode & 0o777, 0o700)
  await writeFile(path, '')
  await t.rejects(keptSecret(dataDir, 'jwt-secret'), { code: 'CONFIG_INVALID', message: /jwt-secret has no secret in it/ })
  await writeFile(join(dataDir, 'file'), 'no folder')
  await t.rejects(keptSecret(join(dataDir, 'file'), 'jwt-secret'), { code: 'CONFIG_INVALID', message: /DATA_DIR/ })
})
