import type { BrowserContextOptions } from 'playwright-core'
import t, { type Test } from 'tap'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { startIvs } from '../fixtures/ivs-server.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { startLiveServer } from './live-session-pages.ts'
import { goOnAir } from './on-air.ts'
import { weigh, type PageWeight } from './page-weight.ts'
import { ADMINISTRATORS_VISITS, keptByAdministrator, ON_AIR, OPERATORS_VISITS, sessionsVisits, STRANGERS_VISITS, visits, type Visit } from './visits.ts'

/** What a page may load in all, in kB of gzip; hls.js is 118 of the watch page's. */
const BUDGET: Record<string, number> = {
  'start page, empty': 80,
  'start page with a stream': 80,
  studio: 150,
  'watch page, nothing there': 250,
  'watch page, playing': 250,
  register: 80,
  'log in': 80,
  'forgotten password': 80,
  'new password, without a token': 80,
  profile: 80,
  users: 80,
  'start page, logged in': 80,
  stages: 80,
  'live sessions': 80,
  'new session': 80,
  'own sessions': 80,
  'recordings, none': 80,
  // Without LiveKit's client, which has a file of its own.
  'session, of its host': 110
}
/** Nothing jumps. 0.1 is what is called good. */
const MAX_SHIFT = 0.01
/** Of a shorter text, compression saves less than a packet. */
const WORTH_BYTES = 1_400

const browser = await launchChromium(t)
const kB = (bytes: number) => (bytes / 1_000).toFixed(1)

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0)
const kindOf = (type: string) => /javascript|css|html|svg/.exec(type)?.[0] ?? type

function describe (name: string, { loaded, firstPaintMs, layoutShift }: PageWeight): string {
  const gzipOf = (kind?: string) => kB(sum(loaded.filter(({ type }) => kind === undefined || kindOf(type) === kind).map(({ gzipBytes }) => gzipBytes)))
  const kinds = [...new Set(loaded.map(({ type }) => kindOf(type)))].map(kind => `${kind} ${gzipOf(kind)}`)
  return `${name}: ${loaded.length} requests, ${gzipOf()} kB of gzip (${kinds.join(', ')}), ${kB(sum(loaded.map(({ bytes }) => bytes)))} kB over the wire; first paint after ${Math.round(firstPaintMs)} ms, layout shift ${layoutShift.toFixed(3)}`
}

async function weighAll (t: Test, server: Pick<TestServer, 'url'>, all: readonly Visit[], options: BrowserContextOptions = {}): Promise<void> {
  for (const one of all) {
    await t.test(one.name, async t => {
      const weight = await weigh(browser, server, one, options)
      const { loaded, external, firstPaintMs, layoutShift } = weight
      t.comment(describe(one.name, weight))
      t.ok(loaded.length >= 4 && loaded.every(({ bytes, gzipBytes }) => bytes > 0 && gzipBytes > 0), 'all was weighed')
      t.strictSame(external, [], 'nothing comes from elsewhere')
      const budget = BUDGET[one.name]
      if (budget !== undefined) {
        const total = sum(loaded.map(({ gzipBytes }) => gzipBytes))
        t.ok(total <= budget * 1_000, `${kB(total)} kB of ${budget}`)
      }
      t.ok(layoutShift <= MAX_SHIFT, `layout shift ${layoutShift}`)
      t.ok(firstPaintMs > 0)
      const [document, ...assets] = loaded
      t.match(document, { path: one.path.split('#')[0], type: 'text/html', headers: { 'cache-control': 'no-cache' } })
      for (const { path, status, headers, bytes } of assets) {
        t.match([status, headers['cache-control']], [200, 'public, max-age=31536000, immutable'], path)
        if (bytes > WORTH_BYTES) t.match(headers['content-encoding'], /^(br|gzip)$/, `${path} is compressed`)
      }
      t.equal(new Set(loaded.map(({ path }) => path)).size, loaded.length, 'nothing is loaded twice')
    })
  }
}

t.test('nothing is live', async t => await weighAll(t, await startServer(t, { standalone: true }), visits(false)))

t.test('something is live', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, ON_AIR)
  await weighAll(t, server, visits(true))
})

t.test('accounts', async t => {
  const server = await startAccounts(t)
  // For a page that takes something out of its address, a browser asks for the tab's icon once more.
  await weighAll(t, server, STRANGERS_VISITS.filter(({ path }) => !path.includes('#')))
  await weighAll(t, server, ADMINISTRATORS_VISITS, { storageState: await keptByAdministrator(browser, server) })
})

t.test('live sessions', async t => {
  const server = await startLiveServer(t)
  await weighAll(t, server, sessionsVisits(await server.session({ title: 'A lesson', is_public: true })), { storageState: await keptByAdministrator(browser, server) })
})

t.test('stages', async t => await weighAll(t, await startIvs(t), OPERATORS_VISITS))
