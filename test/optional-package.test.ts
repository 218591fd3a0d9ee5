import t from 'tap'
import { loadOptional } from '../src/optional-package.ts'

t.test('a package that is not installed is told, with what needs it', async t => {
  const missing = Object.assign(new Error("Cannot find package '@aws-sdk/client-ivs-realtime' imported from /headwater/client.js"), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(loadOptional(async () => { throw missing }, 'MASTER_STAGE_ARN'), { code: 'CONFIG_INVALID', message: /^MASTER_STAGE_ARN is set, and needs the package @aws-sdk\/client-ivs-realtime, which is not installed/ })
  // @ts-expect-error there is none
  await t.rejects(loadOptional(() => import('package-that-nobody-made'), 'LIVEKIT_URL'), { code: 'CONFIG_INVALID', message: /^LIVEKIT_URL is set, and needs the package package-that-nobody-made,/ })
})

t.test('anything else that goes wrong is not mistaken for it', async t => {
  for (const path of ['./client.js', '/headwater/client.js']) {
    const other = new Error(`Cannot find module '${path}' imported from /headwater/provider.js`)
    await t.rejects(loadOptional(async () => { throw other }, 'MASTER_STAGE_ARN'), other)
  }
  t.equal(await loadOptional(async () => 'loaded', 'MASTER_STAGE_ARN'), 'loaded')
})
