import t from 'tap'
import { linesWithSecrets, startAccounts } from '../../fixtures/accounts-server.ts'
import { contractSuite } from './contract-suite.ts'

t.test('accounts, on the embedded database', async t => {
  const lines: string[] = []
  const server = await startAccounts(t, { accounts: { allowedOrigins: ['https://friend.example'] }, log: line => lines.push(line) })
  await contractSuite(t, server)
  server.app.log.info({ password: 'a-password', body: { new_password: 'a-password', refresh_token: [...server.secrets].at(-1) }, headers: { 'set-cookie': 'auth_token=a-password' } }, 'whoever logs these')
  t.ok(server.secrets.size > 50, `${server.secrets.size} passwords and tokens`)
  t.ok(lines.length > 40, `${lines.length} lines`)
  t.strictSame(linesWithSecrets(lines, server), [], 'none of them in any line of the log')
})
