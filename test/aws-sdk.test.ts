import t from 'tap'
import { answerOf } from '../src/aws-sdk.ts'

t.test('what errors of the SDK say', async t => {
  t.strictSame(answerOf({ name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } }), { status: 404, reason: 'NoSuchBucket' })
  t.strictSame(answerOf(Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })), { status: undefined, reason: 'ECONNRESET' })
  for (const name of ['AbortError', 'TimeoutError']) t.strictSame(answerOf(new DOMException('', name)), { status: undefined, reason: 'no answer in time' })
  t.strictSame(answerOf({}), { status: undefined, reason: 'unknown' })
})
