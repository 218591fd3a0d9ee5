import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { complaintsOf, launchChromium } from './chromium.ts'

const browser = await launchChromium(t)

interface StartPage {
  page: Page
  complaints: string[]
  /** The cards, as they are spoken. */
  cards: () => Promise<string[]>
  /** As if so many seconds had passed. */
  pass: (seconds: number) => Promise<void>
}

/** The page with a clock that the test moves. */
async function openStartPage (t: Test, server: TestServer, prepare?: (page: Page) => Promise<unknown>): Promise<StartPage> {
  const page = await browser.newPage()
  t.teardown(() => page.close())
  const complaints = complaintsOf(page)
  await page.clock.install()
  await prepare?.(page)
  await page.goto(`${server.url}/`)
  return {
    page,
    complaints,
    cards: async () => (await page.getByRole('listitem').allInnerTexts()).map(text => text.replace(/\s+/g, ' ').trim()),
    pass: seconds => page.clock.runFor(seconds * 1_000)
  }
}

t.test('a server with nothing to see', async t => {
  const server = await startServer(t, { standalone: true })
  await http(server, '/livestream/soon/start', { method: 'POST', body: { action: 'start', timestamp: 0 } })
  const { page, complaints, cards } = await openStartPage(t, server)
  await page.getByRole('heading', { level: 1, name: 'Live now' }).waitFor()
  await page.getByRole('heading', { name: 'Go live from this browser' }).waitFor()
  t.strictSame(await cards(), [], 'who has only prepared a stream is not live')
  t.equal(await page.title(), 'Live now · Headwater')
  t.equal(await page.getByRole('textbox').inputValue(), `npm run fake-broadcaster -- --url ${server.url}`)
  t.match(await page.locator('code').textContent(), /start-stream[^]*stream-data/)

  await page.getByRole('main').getByRole('link', { name: 'Go live' }).click()
  await page.waitForURL(`${server.url}/studio`)
  await page.waitForFunction(() => (globalThis as any).document.title === 'Go live · Headwater')
  t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.tagName), 'H1', 'the focus goes along')
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'Live now' }).waitFor()
  t.strictSame(complaints, [])
})

t.test('a broadcast comes, is watched, and goes', async t => {
  const server = await startServer(t, { standalone: true })
  await http(server, '/livestream/harbour/start', { method: 'POST', body: { action: 'start', timestamp: 0, userId: 'alice', title: 'The <b>harbour</b>' } })
  const { page, cards, pass } = await openStartPage(t, server)
  await page.getByText('Nobody at the moment').waitFor()

  const broadcaster = await newBroadcaster(server, 'harbour')
  await sendAll(broadcaster, 'harbour', inPieces(await recording({ seconds: 6 }), 6))
  await newBroadcaster(server, 'another')
  await pass(10)
  await page.getByText('2 broadcasts').waitFor()
  t.match(await cards(), [/^live another 0 viewers · since \d/i, /^live The <b>harbour<\/b> 0 viewers · since \d/i])

  const picture = page.getByRole('listitem').filter({ hasText: 'harbour' }).getByRole('presentation')
  await picture.waitFor()
  t.equal(await picture.evaluate(element => (element as any).naturalWidth), 160, "the stream's own picture")
  await page.getByRole('link', { name: 'The <b>harbour</b>' }).click()
  await page.waitForURL(`${server.url}/watch/harbour`)
  await page.waitForFunction(() => (globalThis as any).headwaterPlayer?.viewers === 1)
  t.equal(await page.title(), 'harbour · Headwater')
  await page.getByRole('link', { name: 'Headwater' }).click()
  await page.getByText('2 broadcasts').waitFor()
  t.equal(await page.evaluate(() => (globalThis as any).headwaterPlayer), undefined, 'the player is gone with its page')

  const viewer = newClient(server)
  await viewer.ask('join-stream', { streamKey: 'harbour', userId: 'bob' })
  broadcaster.socket.disconnect()
  await viewer.heard.next('stream-reconnecting')
  await pass(10)
  await page.getByText('Reconnecting', { exact: true }).waitFor()
  await http(server, '/livestream/harbour/stop', { method: 'POST', body: { action: 'stop', timestamp: 0, userId: 'alice' } })
  await pass(10)
  await page.getByText('1 broadcast', { exact: true }).waitFor()
  t.match(await cards(), [/^live another/i])
})

t.test('a server that cannot be reached', async t => {
  const server = await startServer(t, { standalone: true })
  await newBroadcaster(server, 'steady')
  const { page, cards, pass } = await openStartPage(t, server)
  await page.getByText('1 broadcast', { exact: true }).waitFor()
  await page.route('**/livestream/active', route => route.abort())
  await pass(10)
  await page.getByText('The server cannot be reached. This page tries again by itself.').waitFor()
  t.match(await cards(), [/^live steady/i], 'what was known stays')
  await page.unroute('**/livestream/active')
  await pass(10)
  await page.getByText('1 broadcast', { exact: true }).waitFor()
})

t.test('a page that nobody looks at asks nothing', async t => {
  const server = await startServer(t, { standalone: true })
  let asked = 0
  const { page, pass } = await openStartPage(t, server, page => page.route('**/livestream/active', route => {
    asked++
    return route.continue()
  }))
  await page.getByText('Nobody at the moment').waitFor()
  const become = (state: string) => page.evaluate(state => {
    const { document, Event } = globalThis as any
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: state })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
  await become('hidden')
  await pass(60)
  t.equal(asked, 1)
  const answer = page.waitForResponse('**/livestream/active')
  await become('visible')
  await answer
  t.equal(asked, 2, 'who comes back sees what is new at once')
})

const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

t.test('a picture is there until the next one can be drawn', async t => {
  const server = await startServer(t, { standalone: true })
  await newBroadcaster(server, 'seen')
  let asked = 0
  let let2nd: () => void = () => {}
  const second = new Promise<void>(resolve => { let2nd = resolve })
  const { page, pass } = await openStartPage(t, server, async page => {
    await page.route('**/livestream/active', async route => {
      const response = await route.fetch()
      const body = await response.json()
      for (const stream of body.streams) stream.thumbnailUrl = '/livestream/seen/thumbnail.jpg'
      await route.fulfill({ response, json: body })
    })
    await page.route('**/livestream/seen/thumbnail.jpg', async route => {
      if (++asked === 2) await second
      if (asked === 3) await route.fulfill({ status: 404, json: {} })
      else await route.fulfill({ contentType: 'image/png', body: PICTURE })
    })
  })
  const picture = page.locator('li img')
  await picture.waitFor()
  const first = await picture.getAttribute('src')
  const asks = page.waitForRequest('**/thumbnail.jpg')
  await pass(10)
  await asks
  t.equal(await picture.getAttribute('src'), first)
  t.ok(await picture.evaluate(element => (element as any).naturalWidth > 0))
  let2nd()
  await page.waitForFunction(first => (globalThis as any).document.querySelector('li img').src !== first, first)
  const refused = page.waitForResponse('**/thumbnail.jpg')
  await pass(10)
  t.equal((await refused).status(), 404)
  t.equal(await picture.count(), 1, 'where there is none, the last one stays')
})
