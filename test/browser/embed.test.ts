import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { embedCode } from '../../src/livestream/pages/studio/embed-code.ts'
import { startServer } from '../fixtures/server.ts'
import { complaintsOf, launchChromium } from './chromium.ts'
import { goOnAir } from './on-air.ts'

t.test('the code that the studio gives plays on a page of another site', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'framed')
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Another site</title><body>${embedCode(`${server.url}/watch/framed`)}`)
  })
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise<void>(resolve => {
    site.close(() => resolve())
    site.closeAllConnections()
  }))
  const browser = await launchChromium(t)
  const page = await browser.newPage({ viewport: { width: 800, height: 600 } })
  t.teardown(() => page.close())
  const complaints = complaintsOf(page)
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  const frame = page.frames().find(one => one.url().includes('/watch/framed'))!
  await frame.waitForFunction(() => (globalThis as any).headwaterPlayer?.playback === 'playing')
  t.equal(await frame.locator('header').count(), 0, 'the picture alone')
  const [video, outer] = [await frame.locator('video').boundingBox(), await page.locator('iframe').boundingBox()]
  t.ok(Math.abs(video!.width - outer!.width) <= 1 && Math.abs(video!.height - outer!.height) <= 1, 'it fills the frame')
  t.equal(await frame.evaluate(() => (globalThis as any).document.documentElement.scrollHeight > (globalThis as any).innerHeight), false, 'nothing scrolls')
  t.equal(await page.frameLocator('iframe').getByRole('heading', { name: 'framed' }).count(), 1, 'who listens hears what it is')
  t.strictSame(complaints, [])
})
