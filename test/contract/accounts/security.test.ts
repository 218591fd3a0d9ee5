import t from 'tap'
import { linesWithSecrets, startAccounts } from '../../fixtures/accounts-server.ts'
import { securitySuite } from './security-suite.ts'

const SECRET = 'a secret of the tests with more than 32 characters'

t.test('accounts under attack', async t => {
  const lines: string[] = []
  // Passwords cost what they cost by default.
  const server = await startAccounts(t, { log: line => lines.push(line), accounts: { jwtSecret: SECRET, argon2MemoryKib: 19_456, argon2Passes: 2 } })
  await securitySuite(t, server, SECRET)
  t.strictSame(lines.map(line => JSON.parse(line)).filter(({ level }) => level >= 50), [], 'nothing of it was a failure of the server')
  t.strictSame(linesWithSecrets(lines, server), [], 'no secret in any line of the log')
})
