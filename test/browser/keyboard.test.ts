import type { Page } from 'playwright-core'
import t from 'tap'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { goOnAir } from './on-air.ts'

const browser = await launchChromium(t)

/** What has the focus, by what it says. */
const focused = (page: Page) => page.evaluate(() => {
  const { activeElement: element } = (globalThis as any).document
  return (element.getAttribute('aria-label') ?? element.innerText ?? '').split('\n')[0].trim() as string
})

/** Whether one sees where the focus is. */
const outlined = (page: Page) => page.evaluate(() => {
  const { document, getComputedStyle } = globalThis as any
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
})

t.test('from the start page to a picture with sound, with the keyboard alone', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'hands')
  for (const [width, height] of [[390, 844], [1280, 800]] as const) {
    await t.test(`${width} px`, async t => {
      const page = await browser.newPage({ viewport: { width, height } })
      t.teardown(() => page.close())
      const tabTo = async (name: string) => {
        await page.keyboard.press('Tab')
        t.equal(await focused(page), name)
        t.ok(await outlined(page), `one sees that ${name} has the focus`)
      }
      await page.goto(`${server.url}/`)
      await page.getByRole('listitem').first().waitFor()
      await tabTo('Headwater')
      await tabTo('Go live')
      await tabTo('LIVE')
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => (globalThis as any).headwaterPlayer?.playback === 'playing')
      t.equal(await focused(page), 'hands', 'the focus goes to the heading')
      await page.getByRole('button', { name: 'Turn sound on' }).waitFor()

      // The browser's own controls are several steps; they stand between the heading and this button.
      const reached: string[] = []
      while (reached.length < 12 && reached.at(-1) !== 'Turn sound on') {
        await page.keyboard.press('Tab')
        reached.push(await focused(page))
      }
      t.equal(reached.at(-1), 'Turn sound on', `on the way: ${reached.join(', ')}`)
      t.ok(await outlined(page))
      const box = (await page.locator('video').boundingBox())!
      t.ok(box.x >= 0 && box.x + box.width <= width && box.y + box.height < height, 'the picture is in the window')
      await page.keyboard.press('Enter')
      t.equal(await page.evaluate(() => (globalThis as any).document.querySelector('video').muted), false, 'the sound is on')
      await page.getByRole('button', { name: 'Turn sound on' }).waitFor({ state: 'hidden' })
      t.equal(await focused(page), 'Live video', 'the focus stays with the picture')
    })
  }
})

t.test('a link is copied, and one hears so', async t => {
  const server = await startServer(t, { standalone: true })
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${server.url}/watch/shared`)
  await page.getByRole('button', { name: 'Copy link' }).press('Enter')
  await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
  t.equal(await page.evaluate(() => (globalThis as any).navigator.clipboard.readText()), `${server.url}/watch/shared`)
  t.equal(await focused(page), 'Copied', 'the focus stays where it was')
  await page.getByRole('button', { name: 'Copy link' }).waitFor()
})
