import t from 'tap'
import { contractSuite } from '../contract/accounts/contract-suite.ts'
import { securitySuite } from '../contract/accounts/security-suite.ts'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { POSTGRESQL_PASSWORD, startPostgresql } from '../fixtures/postgresql-server.ts'

const SECRET = 'a secret of the tests with more than 32 characters'

const postgresql = await startPostgresql(t)

t.test('accounts, on PostgreSQL', async t => {
  const server = await startAccounts(t, { databaseUrl: await postgresql.newDatabase(), accounts: { allowedOrigins: ['https://friend.example'] } })
  await contractSuite(t, server)
})

t.test('accounts under attack, on PostgreSQL', async t => {
  const lines: string[] = []
  const server = await startAccounts(t, { databaseUrl: await postgresql.newDatabase(), log: line => lines.push(line), accounts: { jwtSecret: SECRET, argon2MemoryKib: 19_456, argon2Passes: 2 } })
  await securitySuite(t, server, SECRET)
  for (const secret of [SECRET, POSTGRESQL_PASSWORD]) t.strictSame(lines.filter(line => line.includes(secret)), [])
})

t.test('two servers on one database: a session of one is one of the other, until it ends', async t => {
  const databaseUrl = await postgresql.newDatabase()
  const [one, two] = await Promise.all([0, 1].map(async () => await startAccounts(t, { databaseUrl, accounts: { jwtSecret: SECRET } })))
  const { auth, userId } = await one!.logIn('nomad')
  const profile = async () => (await two!.ask('GET', '/api/v1/users/profile', { headers: auth })).status
  t.equal(await profile(), 200)
  const admin = await one!.logInAdmin()
  await one!.ask('POST', `/api/v1/admin/users/${userId}/ban`, { headers: admin.auth })
  t.equal(await profile(), 403, 'a ban on one counts on the other at once')
})

t.test('PostgreSQL away and back: 503 in the format of the API, and it goes on', async t => {
  const databaseUrl = await postgresql.newDatabase()
  const server = await startAccounts(t, { databaseUrl, accounts: { jwtSecret: SECRET } })
  const { auth } = await server.logIn('patient')
  await postgresql.stop()
  const ASKED: Array<[string, string, object?]> = [['GET', '/api/v1/users/profile'], ['POST', '/api/v1/auth/login', { username: 'patient', password: 'a-password' }], ['POST', '/api/v1/auth/logout']]
  for (const [method, path, body] of ASKED) {
    t.match(await server.ask(method, path, { headers: auth, ...(body === undefined ? {} : { body }) }), { status: 503, json: { code: 503, message: '服务不可用', data: null } }, `${method} ${path}`)
  }
  t.equal((await server.ask('GET', '/readyz')).status, 503)
  await postgresql.start()
  t.equal((await server.ask('GET', '/api/v1/users/profile', { headers: auth })).status, 200, 'nobody was logged out')
})
