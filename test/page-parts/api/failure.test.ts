import t from 'tap'
import { failureOf } from '../../../src/page-parts/api/failure.ts'

t.test('what an answer without success says', async t => {
  t.match(failureOf(400, { code: 1001, message: '用户名已存在', data: null }, null), { status: 400, code: 1001, fields: [], retryAfterSeconds: undefined })
  t.match(failureOf(400, { code: 400, data: { errors: [{ field: 'email', message: 'required' }, { field: 'password', message: 'short' }] } }, null), { code: 400, fields: ['email', 'password'] })
  t.match(failureOf(409, { error: 'The session is full', code: 'SESSION_FULL' }, null), { status: 409, code: 'SESSION_FULL' })
  t.match(failureOf(429, { code: 429, data: null }, '40'), { status: 429, code: 429, retryAfterSeconds: 40 })
})

t.test('what stands before the server has words of its own', async t => {
  for (const body of [undefined, null, 'Bad gateway', [], { code: '1001' }, { data: 7 }, { data: { errors: 'all' } }, { data: { errors: [null, 1, {}] } }]) {
    t.match(failureOf(502, body, null), { status: 502, code: 502, fields: [] }, JSON.stringify(body))
  }
  t.equal(failureOf(429, {}, 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSeconds, undefined)
})
