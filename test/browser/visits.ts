import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { ADMIN, type AccountsServer } from '../fixtures/accounts-server.ts'
import { API_KEY } from '../fixtures/ivs-server.ts'
import type { TestServer } from '../fixtures/server.ts'

/** A page in a state that is looked at: each of these is tested in every colour and size, and weighed. */
export interface Visit {
  name: string
  path: string
  /** Resolves when all is there that will be. */
  ready: (page: Page) => Promise<unknown>
}

/** What a browser has kept: cookies, and what pages remember. */
export type Kept = Awaited<ReturnType<BrowserContext['storageState']>>

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

/** The pages of accounts that are for everybody. */
export const STRANGERS_VISITS: readonly Visit[] = [
  { name: 'register', path: '/register', ready: heading('Create an account') },
  { name: 'log in', path: '/login', ready: heading('Log in') },
  { name: 'forgotten password', path: '/forgot-password', ready: heading('Forgotten password') },
  { name: 'new password', path: '/reset-password#token=a', ready: async page => await page.getByLabel('New password', { exact: true }).waitFor() },
  { name: 'new password, without a token', path: '/reset-password', ready: async page => await page.getByRole('link', { name: 'Ask for a mail' }).waitFor() }
]

/** The pages that an administrator has to log in for, and one where it shows that one is logged in. */
export const ADMINISTRATORS_VISITS: readonly Visit[] = [
  { name: 'profile', path: '/profile', ready: async page => await page.getByLabel('Password now').waitFor() },
  { name: 'users', path: '/admin/users', ready: async page => await page.getByRole('listitem').first().waitFor() },
  {
    name: 'start page, logged in',
    path: '/',
    ready: async page => {
      await heading('Go live from this browser')(page)
      await page.getByRole('link', { name: `Profile of ${ADMIN.username}` }).waitFor()
    }
  }
]

/** The page of who runs the stages: the key is asked for, and given. */
export const OPERATORS_VISITS: readonly Visit[] = [
  { name: 'stages, before the key', path: '/operator/stages', ready: async page => await page.getByLabel('API key').waitFor() },
  {
    name: 'stages',
    path: '/operator/stages',
    ready: async page => {
      await page.getByLabel('API key').fill(API_KEY)
      await page.keyboard.press('Enter')
      await page.getByRole('listitem').first().waitFor()
    }
  }
]

/** The pages of live sessions, for an administrator. @param sessionId of one of their own that has not begun */
export function sessionsVisits (sessionId: string): Visit[] {
  return [
    { name: 'live sessions', path: '/live', ready: async page => await page.getByRole('listitem').first().waitFor() },
    { name: 'new session', path: '/live/create', ready: async page => await page.getByLabel('Title').waitFor() },
    { name: 'own sessions', path: '/live/my-sessions', ready: async page => await page.getByRole('listitem').first().waitFor() },
    { name: 'recordings, none', path: '/live/recordings', ready: heading('No recordings') },
    {
      name: 'session, of its host',
      path: `/live/${sessionId}`,
      ready: async page => {
        await page.getByText('Ready.').waitFor()
        await page.getByText('(you)').waitFor()
      }
    }
  ]
}

/** What the browser of the administrator has kept who has just logged in. */
export async function keptByAdministrator (browser: Browser, server: Pick<AccountsServer, 'url'>): Promise<Kept> {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(`${server.url}/login`)
    await page.getByLabel('Username or e-mail address').fill(ADMIN.username)
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.url}/`)
    return await context.storageState()
  } finally {
    await context.close()
  }
}

export async function visit (t: Pick<Test, 'teardown'>, browser: Browser, server: Pick<TestServer, 'url'>, { path, ready }: Visit, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options)
  t.teardown(() => page.close())
  await page.goto(server.url + path)
  await ready(page)
  return page
}
