import type { Test } from 'tap'
import { localProviderSuite } from './local/provider-suite.ts'
import { openSuite } from './open-suite.ts'
import type { Platform } from './parts.ts'
import { catalogueSuite } from './stage-catalogue-suite.ts'
import { stageDirectorySuite } from './stage-directory-suite.ts'
import { tokensSuite } from './tokens-suite.ts'
import { viewersSuite } from './viewers-suite.ts'

/** What stages do on a database and a state, whichever these are. */
export async function stagesSuite (t: Test, platform: Platform): Promise<void> {
  await t.test('the directory', async t => { await stageDirectorySuite(t, platform) })
  await t.test('the local provider', async t => { await localProviderSuite(t, platform) })
  await t.test('viewers', async t => { await viewersSuite(t, platform) })
  await t.test('tokens', async t => { await tokensSuite(t, platform) })
  await t.test('the catalogue', async t => { await catalogueSuite(t, platform) })
  await t.test('all of it together', async t => { await openSuite(t, platform) })
}
