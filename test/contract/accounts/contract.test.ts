import t from 'tap'
import { startAccounts } from '../../fixtures/accounts-server.ts'
import { contractSuite } from './contract-suite.ts'

t.test('accounts, on the embedded database', async t => {
  await contractSuite(t, await startAccounts(t, { accounts: { allowedOrigins: ['https://friend.example'] } }))
})
