import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { startIvs } from '../fixtures/ivs-server.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { startLiveServer } from './live-session-pages.ts'
import { goOnAir } from './on-air.ts'
import { openStudio } from './studio-page.ts'
import { ADMINISTRATORS_VISITS, keptByAdministrator, ON_AIR, OPERATORS_VISITS, sessionsVisits, STRANGERS_VISITS, visit, visits, type Visit } from './visits.ts'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SIZES = [[390, 844], [768, 1024], [1280, 800]] as const
const RULES = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // All else is as it was in light.
  dark: ['color-contrast']
}

const browser = await launchChromium(t)

/** What axe-core finds in colours like these, if it is serious or critical: `rule: element`. */
async function faultsOf (page: Page, colorScheme: keyof typeof RULES): Promise<string[]> {
  // A colour on its way to another one is neither.
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  // The pages' policy lets no script in; the debugger needs no leave.
  const debug = await page.context().newCDPSession(page)
  await debug.send('Runtime.evaluate', { expression: AXE })
  await debug.detach()
  return await page.evaluate(async rules => {
    const { violations } = await (globalThis as any).axe.run({ runOnly: rules, resultTypes: ['violations'] })
    return violations
      .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }: { id: string, nodes: Array<{ html: string, failureSummary: string }> }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`))
  }, RULES[colorScheme])
}

/** Elements that stick out of the window at a side, apart from those that nobody sees. */
async function stickingOut (page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const { document, innerWidth } = globalThis as any
    const root = document.documentElement
    const wide = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} px wide`] : []
    return [...wide, ...[...document.body.querySelectorAll('*')].filter((element: any) => {
      const { left, right, width, height } = element.getBoundingClientRect()
      return width > 1 && height > 1 && (left < -0.5 || right > innerWidth + 0.5)
    }).map((element: any) => element.outerHTML.slice(0, 120))]
  })
}

async function lookAtAll (t: Test, server: Pick<TestServer, 'url'>, all: readonly Visit[], options: BrowserContextOptions = {}): Promise<void> {
  for (const one of all) {
    await t.test(one.name, async t => {
      const page = await visit(t, browser, server, one, options)
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height })
        t.strictSame(await stickingOut(page), [], `${width} px: nothing sticks out`)
        // All of it at once: what keeps its place while one scrolls covers nothing for good.
        await page.setViewportSize({ width, height: Math.max(height, await page.evaluate(() => (globalThis as any).document.documentElement.scrollHeight)) })
        for (const colorScheme of ['light', 'dark'] as const) {
          t.strictSame(await faultsOf(page, colorScheme), [], `${width} px, ${colorScheme}: accessible`)
        }
        t.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${width} px: one heading`)
      }
      await page.close()
    })
  }
}

t.test('nothing is live', async t => await lookAtAll(t, await startServer(t, { standalone: true }), visits(false)))

t.test('something is live', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, ON_AIR)
  await lookAtAll(t, server, visits(true))
})

t.test('accounts', async t => {
  const server = await startAccounts(t)
  // As long as a name may be.
  await server.logIn('w'.repeat(50))
  await lookAtAll(t, server, STRANGERS_VISITS)
  await lookAtAll(t, server, ADMINISTRATORS_VISITS, { storageState: await keptByAdministrator(browser, server) })
})

t.test('stages', async t => {
  const server = await startIvs(t, { ivs: { scaleOutViewers: 6, scalingSeconds: 0.2 } })
  // As long as a name may be.
  await server.post('/api/stage', { name: 'w'.repeat(128) })
  await server.post('/api/token/publisher', { userId: 'p' })
  for (let viewer = 0; viewer < 14; viewer++) await server.post('/api/token/viewer', { userId: `v${viewer}` })
  await lookAtAll(t, server, OPERATORS_VISITS)
})

t.test('live sessions', async t => {
  const server = await startLiveServer(t)
  // As long as a title may be.
  const sessionId = await server.session({ title: 'w'.repeat(200), is_public: true, is_recorded: true })
  await lookAtAll(t, server, sessionsVisits(sessionId), { storageState: await keptByAdministrator(browser, server) })
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
