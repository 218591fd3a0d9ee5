import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { TestServer } from '../fixtures/server.ts'

/** A page in a state that is looked at: each of these is tested in every colour and size, and weighed. */
export interface Visit {
  name: string
  path: string
  /** Resolves when all is there that will be. */
  ready: (page: Page) => Promise<unknown>
}

/** What is live on the server that is visited. */
export const ON_AIR = 'harbour'

const heading = (name: string) => async (page: Page) => await page.getByRole('heading', { name }).waitFor()

/** @param live whether `ON_AIR` is */
export function visits (live: boolean): Visit[] {
  const watched = (state: object) => async (page: Page) => await page.waitForFunction(expected => Object.entries(expected).every(([name, value]) => (globalThis as any).headwaterPlayer?.[name] === value), state)
  if (live) {
    return [
      { name: 'start page with a stream', path: '/', ready: async page => await page.getByRole('listitem').first().waitFor() },
      { name: 'watch page, playing', path: `/watch/${ON_AIR}`, ready: watched({ playback: 'playing', viewers: 1 }) }
    ]
  }
  return [
    { name: 'start page, empty', path: '/', ready: heading('Go live from this browser') },
    { name: 'studio', path: '/studio', ready: async page => await page.getByRole('switch').first().waitFor() },
    { name: 'watch page, nothing there', path: '/watch/nothing', ready: watched({ stream: 'not-found' }) },
    { name: 'not found', path: '/watch/-nothing', ready: heading('No stream can have this name') }
  ]
}

export async function visit (t: Pick<Test, 'teardown'>, browser: Browser, server: Pick<TestServer, 'url'>, { path, ready }: Visit, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options)
  t.teardown(() => page.close())
  await page.goto(server.url + path)
  await ready(page)
  return page
}
