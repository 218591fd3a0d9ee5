import t from 'tap'
import { ApiFailure } from '../../../src/page-parts/api/failure.ts'
import { afterWords, failureWords } from '../../../src/page-parts/api/failure-words.ts'

t.test('what a failure is called', async t => {
  const words = (failure: ConstructorParameters<typeof ApiFailure>[0]) => failureWords(new ApiFailure(failure))
  const said = [0, 401, 403, 404, 413, 429, 400, 500, 502, 503, 507].map(status => words({ status }))
  for (const text of said) t.match(text, /^[A-Z][A-Za-z, .]+\.$/, text)
  t.match(words({ status: 0 }), /cannot be reached/)
  t.equal(words({ status: 404, code: 1003 }), 'There is no such account any more.')
  t.equal(words({ status: 429, retryAfterSeconds: 90 }), 'That was too often. Try again in 90 seconds.')
})

t.test('when a new try makes sense', async t => {
  t.strictSame([undefined, 0.2, 1, 59.5, 119, 120, 121, 3_601, 7_200, 86_400].map(afterWords), [
    'later', 'in 1 second', 'in 1 second', 'in 60 seconds', 'in 119 seconds', 'in 2 minutes', 'in 3 minutes', 'in 61 minutes', 'in 2 hours', 'in 24 hours'
  ])
})
