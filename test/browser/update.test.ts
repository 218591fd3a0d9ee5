import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { newBroadcaster } from '../fixtures/client.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'

const browser = await launchChromium(t)
const SCRIPT = '**/assets/watch-page-*.js'

/** A start page with one stream, and how often a document is loaded after it. */
async function openBeforeUpdate (t: Test): Promise<{ page: Page, follow: () => Promise<void>, loads: () => number }> {
  const server = await startServer(t, { standalone: true })
  await newBroadcaster(server, 'seen')
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`${server.url}/`)
  let loads = 0
  page.on('request', request => { if (request.isNavigationRequest()) loads++ })
  return { page, loads: () => loads, follow: () => page.getByRole('link', { name: 'seen' }).click() }
}

t.test('a page that was open while the server was updated is loaded anew', async t => {
  const { page, follow, loads } = await openBeforeUpdate(t)
  await page.route(SCRIPT, route => loads() === 0 ? route.fulfill({ status: 404 }) : route.continue())
  await page.route('**/watch/seen', route => route.request().isNavigationRequest() ? route.continue() : route.fulfill({ contentType: 'text/html', body: '<script src="assets/index-of-tomorrow.js">' }))
  await follow()
  await page.getByRole('heading', { level: 1, name: 'seen' }).waitFor()
  t.equal(loads(), 1)
})

t.test('what cannot be loaded is said, with a way on', async t => {
  const { page, follow, loads } = await openBeforeUpdate(t)
  await page.route(SCRIPT, route => route.abort())
  const asked = page.waitForResponse('**/watch/seen')
  await follow()
  await page.getByRole('heading', { level: 1, name: 'This page could not be shown' }).waitFor()
  t.equal(await page.title(), 'Not shown · Headwater')
  t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.tagName), 'H1')
  await asked
  t.equal(loads(), 0, 'the server was not updated')
  await page.unroute(SCRIPT)
  await page.getByRole('button', { name: 'Load it again' }).click()
  await page.getByRole('heading', { level: 1, name: 'seen' }).waitFor()
})
