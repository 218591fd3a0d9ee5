import t from 'tap'
import { startLiveSessions } from '../../fixtures/live-sessions-host.ts'
import { presenceSuite } from './presence-suite.ts'
import { rolesSuite } from './roles-suite.ts'
import { sessionsSuite } from './sessions-suite.ts'

const host = await startLiveSessions(t, { rooms: 'livekit' })
await t.test('sessions', async t => { await sessionsSuite(t, host) })
await t.test('roles', async t => { await rolesSuite(t, host) })
await t.test('presence and recordings', async t => { await presenceSuite(t, host) })
