import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { TestServer } from '../fixtures/server.ts'
import { visit, type Visit } from './visits.ts'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const SIZES = [[390, 844], [768, 1024], [1280, 800]] as const
const RULES = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // All else is as it was in light.
  dark: ['color-contrast']
}

/** What axe-core finds in colours like these, if it is serious or critical: `rule: element`. */
export async function faultsOf (page: Page, colorScheme: keyof typeof RULES): Promise<string[]> {
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
export async function stickingOut (page: Page): Promise<string[]> {
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

/** Looks at pages in all sizes and colours. */
export async function lookAtAll (t: Test, browser: Browser, server: Pick<TestServer, 'url'>, all: readonly Visit[], options: BrowserContextOptions = {}): Promise<void> {
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
