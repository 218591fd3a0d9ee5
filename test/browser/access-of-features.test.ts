import t from 'tap'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { startIvs } from '../fixtures/ivs-server.ts'
import { lookAtAll } from './accessible.ts'
import { launchChromium } from './chromium.ts'
import { startLiveServer } from './live-session-pages.ts'
import { ADMINISTRATORS_VISITS, keptByAdministrator, OPERATORS_VISITS, sessionsVisits, STRANGERS_VISITS } from './visits.ts'

const browser = await launchChromium(t)

t.test('accounts', async t => {
  const server = await startAccounts(t)
  // As long as a name may be.
  await server.logIn('w'.repeat(50))
  await lookAtAll(t, browser, server, STRANGERS_VISITS)
  await lookAtAll(t, browser, server, ADMINISTRATORS_VISITS, { storageState: await keptByAdministrator(browser, server) })
})

t.test('stages', async t => {
  const server = await startIvs(t, { ivs: { scaleOutViewers: 6, scalingSeconds: 0.2 } })
  // As long as a name may be.
  await server.post('/api/stage', { name: 'w'.repeat(128) })
  await server.post('/api/token/publisher', { userId: 'p' })
  for (let viewer = 0; viewer < 14; viewer++) await server.post('/api/token/viewer', { userId: `v${viewer}` })
  await lookAtAll(t, browser, server, OPERATORS_VISITS)
})

t.test('live sessions', async t => {
  const server = await startLiveServer(t)
  // As long as a title may be.
  const sessionId = await server.session({ title: 'w'.repeat(200), is_public: true, is_recorded: true })
  await lookAtAll(t, browser, server, sessionsVisits(sessionId), { storageState: await keptByAdministrator(browser, server) })
})
