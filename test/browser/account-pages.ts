import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { AccountsServer } from '../fixtures/accounts-server.ts'
import { complaintsOf } from './chromium.ts'
import { keyboardOf, type Keyboard } from './keyboard.ts'

export const SIZES = [[390, 844], [1280, 800]] as const

export interface Opened extends Keyboard {
  page: Page
  context: BrowserContext
  /** Beside answers that are no success, which a browser writes down too. */
  complaints: string[]
  sees: (text: string | RegExp) => Promise<void>
  /** Until one has come to this path, and the focus with one. */
  isAt: (path: string) => Promise<void>
}

interface OpenOptions {
  size?: readonly [width: number, height: number]
  /** Default: one of its own. */
  context?: BrowserContext
}

/** A page of a server with accounts. */
export async function openPage (t: Test, browser: Browser, server: Pick<AccountsServer, 'url'>, path: string, { size, context }: OpenOptions = {}): Promise<Opened> {
  const own = context ?? await newContext(t, browser, size)
  const page = await own.newPage()
  const complaints = complaintsOf(page)
  await page.goto(server.url + path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return {
    page,
    context: own,
    get complaints () { return complaints.filter(text => !/Failed to load resource.*status of 4\d\d/.test(text)) },
    sees: async text => { await page.getByText(text).first().waitFor() },
    isAt: async path => {
      await page.waitForURL(server.url + path)
      await page.waitForFunction(() => (globalThis as any).document.activeElement.tagName === 'H1')
    },
    ...keyboardOf(t, page)
  }
}

export async function newContext (t: Test, browser: Browser, [width, height]: readonly [number, number] = SIZES[1]): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  t.teardown(() => context.close())
  return context
}

/** On the page to log in. @param then where that leads */
export async function logInAs ({ fill, isAt, page }: Opened, username: string, password: string, then = '/'): Promise<void> {
  await fill('Username or e-mail address', username)
  await fill('Password', password)
  await page.keyboard.press('Enter')
  await isAt(then)
}
