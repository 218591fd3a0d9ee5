import t from 'tap'
import { contractSuite, fullSuite, startLocal } from './contract-suite.ts'

t.test('stages on the local provider, with memory', async t => {
  await contractSuite(t, startLocal)
  await fullSuite(t, startLocal)
})
