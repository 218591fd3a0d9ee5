import t from 'tap'
import { resetPath, resetTokenIn } from '../../../../../plugins/accounts/pages/reset/reset-token.ts'

t.test('the token of an address', async t => {
  const tokenIn = (address: string) => resetTokenIn(new URL(address, 'https://example.org/'))
  t.equal(tokenIn('reset-password#token=a-b_1'), 'a-b_1')
  t.equal(tokenIn('reset-password?token=a'), 'a', 'some mail programs know no fragments')
  t.equal(tokenIn('reset-password?token=query#token=fragment'), 'fragment')
  for (const address of ['reset-password', 'reset-password#', 'reset-password#token=', 'reset-password#other=1', 'reset-password?token=']) t.equal(tokenIn(address), undefined, address)
  t.equal(tokenIn(resetPath('a+b/c=&#')), 'a+b/c=&#', 'whatever is in it')
})
