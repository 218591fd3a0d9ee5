import t from 'tap'
import { answerOf, loadWithSdk } from '../src/aws-sdk.ts'

t.test('a package that is not installed is told, with what needs it', async t => {
  const missing = Object.assign(new Error("Cannot find package '@aws-sdk/client-ivs-realtime' imported from /headwater/client.js"), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(loadWithSdk(async () => { throw missing }, 'MASTER_STAGE_ARN'), { code: 'CONFIG_INVALID', message: /^MASTER_STAGE_ARN is set, and needs the package @aws-sdk\/client-ivs-realtime, which is not installed/ })
  // @ts-expect-error there is none
  await t.rejects(loadWithSdk(() => import('@aws-sdk/client-that-nobody-made'), 'S3_BUCKET'), { code: 'CONFIG_INVALID', message: /@aws-sdk\/client-that-nobody-made/ })
})

t.test('anything else that goes wrong is not mistaken for it', async t => {
  const other = new Error("Cannot find module './client.js' imported from /headwater/provider.js")
  await t.rejects(loadWithSdk(async () => { throw other }, 'MASTER_STAGE_ARN'), other)
  t.equal(await loadWithSdk(async () => 'loaded', 'MASTER_STAGE_ARN'), 'loaded')
})

t.test('what errors of the SDK say', async t => {
  t.strictSame(answerOf({ name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } }), { status: 404, reason: 'NoSuchBucket' })
  t.strictSame(answerOf(Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })), { status: undefined, reason: 'ECONNRESET' })
  for (const name of ['AbortError', 'TimeoutError']) t.strictSame(answerOf(new DOMException('', name)), { status: undefined, reason: 'no answer in time' })
  t.strictSame(answerOf({}), { status: undefined, reason: 'unknown' })
})
