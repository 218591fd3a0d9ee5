import Fastify from 'fastify'
import t from 'tap'
import { accounts, accountsCore, headwater, type Account, type AccountsOptions } from '../../../src/index.ts'

/** Never run: it has to compile, and what is marked must not. */
export async function checkTypes (): Promise<void> {
  const app = Fastify()
  const options: AccountsOptions = { jwtSecret: 'a', environment: 'test', allowedOrigins: ['b'], avatarPixels: 64 }
  await app.register(accountsCore, options)
  await app.register(accounts, { ...options, prefix: '/a' })
  await app.register(headwater, { accounts: options, platform: { dataDir: 'c' } })
  app.get('/', { onRequest: app.accounts.guards.identify }, async ({ account }) => account?.username.toUpperCase())
  app.get('/mentors', app.accounts.endpoint('mentors', { max: 1, windowMs: 1 }, ['mentor', 'admin']), async () => '')
  const { account }: { account: Account } = await app.accounts.authenticate('token')
  account.id.toFixed()

  // @ts-expect-error settings have types
  await app.register(accounts, { accessTokenSeconds: '10' })
  // @ts-expect-error and names
  await app.register(accounts, { accessTokenSecond: 10 })
  // @ts-expect-error an environment is one of three
  await app.register(accounts, { environment: 'staging' })
  // @ts-expect-error there is no such role
  app.accounts.guards.requireRole('king')
  // @ts-expect-error nobody may be logged in
  app.get('/a', async ({ account }) => account.username)
  // @ts-expect-error nobody gives themselves a role
  account.role = 'admin'
  // @ts-expect-error where the data are is said once, for the whole
  await app.register(headwater, { accounts: { dataDir: 'c' } })
}

t.test('options and decorators are typed', async t => { t.type(checkTypes, 'function') })
