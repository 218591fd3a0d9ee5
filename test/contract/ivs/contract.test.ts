import t from 'tap'
import { startIvs } from '../../fixtures/ivs-server.ts'
import { contractSuite, fullSuite } from './contract-suite.ts'

t.test('stages on the local provider, with memory', async t => {
  await contractSuite(t, startIvs)
  await fullSuite(t, startIvs)
})
