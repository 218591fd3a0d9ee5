import t from 'tap'
import { rooms } from '../../../../plugins/livekit/tables.ts'
import { openDatabase } from '../../../../src/platform/database/open.ts'
import { openMemory } from '../../../../src/platform/state/memory.ts'
import { dataFolder, platformSettings } from '../../../fixtures/database.ts'
import { startRooms } from '../../../fixtures/local-rooms.ts'
import { Told } from '../../../fixtures/told.ts'
import { settingsFor } from '../../../platform/state/settings.ts'
import { roomsSuite, type OpenServers } from './rooms-suite.ts'

const database = await openDatabase(platformSettings({ dataDir: await dataFolder(t) }), new Told())
t.teardown(() => database.close())

const openServers: OpenServers = async (t, livekit = {}) => {
  const state = openMemory(settingsFor(), new Told())
  t.teardown(() => state.close())
  const server = await startRooms(t, { database, state, livekit })
  await database.orm.delete(rooms)
  return [server, server]
}

await roomsSuite(t, openServers)
