import t from 'tap'
import { IVS_MIGRATIONS } from '../../../plugins/ivs/tables.ts'
import { openPglite } from '../../../src/platform/database/pglite.ts'
import { openMemory } from '../../../src/platform/state/memory.ts'
import { dataFolder, platformSettings } from '../../fixtures/database.ts'
import { Told } from '../../fixtures/told.ts'
import { settingsFor } from '../../platform/state/settings.ts'
import { stagesSuite } from '../../plugins/ivs/stages-suite.ts'

t.test('stages on the embedded database and a state in memory', async t => {
  const told = new Told()
  const database = await openPglite(platformSettings({ dataDir: await dataFolder(t) }), told)
  t.teardown(() => database.close())
  await database.migrate(IVS_MIGRATIONS)
  await stagesSuite(t, {
    database,
    async openStates (t, servers) {
      const state = openMemory(settingsFor(), told)
      t.teardown(() => state.close())
      return Array.from({ length: servers }, () => state)
    }
  })
})
