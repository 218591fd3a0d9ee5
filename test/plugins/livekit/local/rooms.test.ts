import t, { type Test } from 'tap'
import { LIVEKIT_MIGRATIONS, rooms } from '../../../../plugins/livekit/tables.ts'
import { openDatabase } from '../../../../src/platform/database/open.ts'
import { openMemory } from '../../../../src/platform/state/memory.ts'
import type { State } from '../../../../src/platform/state/state.ts'
import { dataFolder, platformSettings } from '../../../fixtures/database.ts'
import { startRooms } from '../../../fixtures/local-rooms.ts'
import { Told } from '../../../fixtures/told.ts'
import { settingsFor } from '../../../platform/state/settings.ts'
import { closingSuite } from './closing-suite.ts'
import { roomsSuite } from './rooms-suite.ts'
import { socketSuite } from './socket-suite.ts'

const database = await openDatabase(platformSettings({ dataDir: await dataFolder(t) }), new Told())
t.teardown(() => database.close())
await database.migrate(LIVEKIT_MIGRATIONS)

function openState (t: Test): State {
  const state = openMemory(settingsFor(), new Told())
  t.teardown(() => state.close())
  return state
}

t.beforeEach(async () => { await database.orm.delete(rooms) })

t.test('rooms', async t => {
  await roomsSuite(t, async (t, livekit = {}) => {
    const server = await startRooms(t, { database, state: openState(t), livekit })
    return [server, server]
  })
})

t.test('rooms are closed', async t => {
  await closingSuite(t, async t => {
    const state = openState(t)
    return { database, states: [state, state] }
  })
})

t.test('a room that was closed while nobody could tell', async t => {
  const { presence, channels, counters, locks } = openState(t)
  const lossy = { presence, counters, locks, channels: { subscribe: channels.subscribe.bind(channels), publish: async (channel: string, message: unknown) => { if ((message as { kind?: string }).kind !== 'closed') await channels.publish(channel, message) } } }
  const server = await startRooms(t, { database, state: lossy as unknown as State, livekit: { socketTimeoutSeconds: 0.3 } })
  await server.rooms.createRoom({ name: 'meeting' })
  await server.rooms.createRoom({ name: 'other' })
  const [ada, bob] = [await server.join(t, 'meeting', 'ada'), await server.join(t, 'other', 'bob')]
  await server.rooms.deleteRoom('meeting')
  t.same(await ada.until('left'), { type: 'left', reason: 'room-closed' })
  t.same(await ada.closed, { code: 4404, reason: 'room-closed' })
  t.same((await server.rooms.participants('other')).map(({ identity }) => identity), ['bob'], 'the others stay')
  bob.socket.terminate()
})

t.test('the socket', async t => {
  await socketSuite(t, t => ({ database, state: openState(t) }))
})
