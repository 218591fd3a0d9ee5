import type { Page } from 'playwright-core'
import t from 'tap'
import { startServer } from '../fixtures/server.ts'
import { faultsOf, lookAtAll, SIZES, stickingOut } from './accessible.ts'
import { launchChromium } from './chromium.ts'
import { goOnAir } from './on-air.ts'
import { openStudio } from './studio-page.ts'
import { ON_AIR, visit, visits } from './visits.ts'

const browser = await launchChromium(t)

t.test('nothing is live', async t => await lookAtAll(t, browser, await startServer(t, { standalone: true }), visits(false)))

t.test('something is live', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, ON_AIR)
  await lookAtAll(t, browser, server, visits(true))
})

t.test('the studio, as it goes on', async t => {
  const server = await startServer(t, { standalone: true })
  const strict = await launchChromium(t, { media: 'refused' })
  const look = async (page: Page, state: string) => {
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height: Math.max(height, 1_400) })
      t.strictSame(await stickingOut(page), [], `${state}, ${width} px: nothing sticks out`)
      for (const colorScheme of ['light', 'dark'] as const) {
        t.strictSame(await faultsOf(page, colorScheme), [], `${state}, ${width} px, ${colorScheme}: accessible`)
      }
    }
  }
  const { page, goLive, end } = await openStudio(t, browser, server, { streamKey: 'width' })
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await goLive()
  await look(page, 'live')
  await page.getByRole('button', { name: 'End the stream' }).click()
  await look(page, 'asked')
  await page.keyboard.press('Escape')
  await end()
  await look(page, 'over')
  const refused = await openStudio(t, strict, server)
  await refused.page.getByRole('alert').filter({ hasText: 'was not allowed' }).waitFor()
  await look(refused.page, 'refused')
})

t.test('these looks find what is wrong', async t => {
  const server = await startServer(t, { standalone: true })
  const page = await visit(t, browser, server, visits(false)[0]!, { viewport: { width: 390, height: 844 } })
  await page.evaluate(() => {
    const { document } = globalThis as any
    const main = document.querySelector('main')
    const text = main.appendChild(document.createElement('p'))
    text.textContent = 'hardly to be read'
    text.style.color = '#bbb'
    main.appendChild(document.createElement('button'))
    const wide = main.appendChild(document.createElement('div'))
    wide.style.cssText = 'width: 500px; height: 2px'
  })
  const faults = (await faultsOf(page, 'light')).join('\n')
  t.match(faults, /color-contrast: <p[^]*button-name: <button|button-name: <button[^]*color-contrast: <p/)
  await page.evaluate(() => { (globalThis as any).document.querySelector('main > p:last-of-type').style.color = '#444' })
  t.match((await faultsOf(page, 'dark')).join('\n'), /color-contrast: <p/)
  t.match(await stickingOut(page), [/the page is \d+ px wide/, /<div style/])
})

t.test('a document has what belongs in one', async t => {
  const server = await startServer(t, { standalone: true })
  for (const one of visits(false)) {
    const page = await visit(t, browser, server, one)
    const found = await page.evaluate(() => {
      const { document } = globalThis as any
      const [viewport, description] = ['viewport', 'description'].map(name => document.querySelector(`meta[name="${name}"]`)?.content)
      return { language: document.documentElement.lang, title: document.title, viewport, description, landmarks: document.querySelectorAll('main').length }
    })
    t.match(found, { language: 'en', title: / · Headwater$/, viewport: /width=device-width/, description: /\w{4}/, landmarks: 1 }, one.name)
    await page.close()
  }
})
