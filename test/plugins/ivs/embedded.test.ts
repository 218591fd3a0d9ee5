import t from 'tap'
import { IVS_MIGRATIONS } from '../../../plugins/ivs/tables.ts'
import { openPglite } from '../../../src/platform/database/pglite.ts'
import { openMemory } from '../../../src/platform/state/memory.ts'
import { dataFolder, platformSettings } from '../../fixtures/database.ts'
import { Told } from '../../fixtures/told.ts'
import { settingsFor } from '../../platform/state/settings.ts'
import { localProviderSuite } from './local/provider-suite.ts'
import type { Platform } from './parts.ts'
import { catalogueSuite } from './stage-catalogue-suite.ts'
import { stageDirectorySuite } from './stage-directory-suite.ts'
import { tokensSuite } from './tokens-suite.ts'
import { viewersSuite } from './viewers-suite.ts'

t.test('stages on the embedded database and a state in memory', async t => {
  const told = new Told()
  const database = await openPglite(platformSettings({ dataDir: await dataFolder(t) }), told)
  t.teardown(() => database.close())
  await database.migrate(IVS_MIGRATIONS)
  const platform: Platform = {
    orm: database.orm,
    async openStates (t, servers) {
      const state = openMemory(settingsFor(), told)
      t.teardown(() => state.close())
      return Array.from({ length: servers }, () => state)
    }
  }
  await t.test('the directory', async t => { await stageDirectorySuite(t, platform) })
  await t.test('the local provider', async t => { await localProviderSuite(t, platform) })
  await t.test('viewers', async t => { await viewersSuite(t, platform) })
  await t.test('tokens', async t => { await tokensSuite(t, platform) })
  await t.test('the catalogue', async t => { await catalogueSuite(t, platform) })
})
