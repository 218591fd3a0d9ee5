import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { ADMIN } from '../fixtures/accounts-server.ts'
import { http, type Answer } from '../fixtures/http.ts'
import { startStandalone, type StandaloneSettings } from '../fixtures/standalone.ts'
import { complaintsOf } from './chromium.ts'

export const PASSWORD = 'a-password'

export interface LiveServer {
  url: string
  /** Every line of the log. */
  lines: string[]
  ask (method: string, path: string, body?: object, token?: string): Promise<Answer>
  /** A new account, and its token. */
  account (username: string, role?: 'user' | 'mentor'): Promise<string>
  /** A new session of the administrator. @returns its id */
  session (made: object): Promise<string>
}

/** The whole server with live sessions; its rooms are local unless the settings say otherwise. */
export async function startLiveServer (t: Test, { recordings = {}, livekit = {} }: Pick<StandaloneSettings, 'recordings' | 'livekit'> = {}): Promise<LiveServer> {
  const lines: string[] = []
  const { url } = await startStandalone(t, {
    accounts: { argon2MemoryKib: 64, argon2Passes: 1, rateLimitMultiplier: 10_000, adminUsername: ADMIN.username, adminEmail: ADMIN.email, adminPassword: ADMIN.password },
    liveSessions: { rateLimitMultiplier: 10_000 },
    livekitRooms: { enabled: 'off' },
    ivs: { enabled: 'off' },
    livekit,
    recordings
  }, line => { lines.push(line) })
  const ask: LiveServer['ask'] = async (method, path, body, token) => await http({ url }, path, { method, ...(body === undefined ? {} : { body }), ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }) })
  const logIn = async (username: string, password: string) => (await ask('POST', '/api/v1/auth/login', { username, password })).json.data
  return {
    url,
    lines,
    ask,
    async account (username, role = 'user') {
      await ask('POST', '/api/v1/auth/register', { username, email: `${username}@example.com`, password: PASSWORD })
      const { token, user } = await logIn(username, PASSWORD)
      if (role !== 'user') await ask('PUT', `/api/v1/admin/users/${user.user_id}`, { role }, (await logIn(ADMIN.username, ADMIN.password)).token)
      return token
    },
    session: async made => (await ask('POST', '/api/v1/live/sessions', made, (await logIn(ADMIN.username, ADMIN.password)).token)).json.session_id
  }
}

export interface Visitor {
  page: Page
  context: BrowserContext
  /** Beside answers that are no success, which a browser writes down too. */
  complaints: () => string[]
  sees: (text: string | RegExp) => Promise<void>
  press: (name: string, within?: string) => Promise<void>
}

/** Somebody with a browser of their own. */
export async function visitorOf (t: Test, browser: Browser, path: string, [width, height]: readonly [number, number] = [1280, 800]): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  await page.goto(path)
  return {
    page,
    context,
    complaints: () => complaints.filter(text => !/Failed to load resource.*status of 4\d\d/.test(text)),
    sees: async text => { await page.getByText(text).first().waitFor() },
    press: async (name, within) => { await (within === undefined ? page : page.getByRole(within as 'dialog')).getByRole('button', { name, exact: true }).click() }
  }
}

/** On the page to log in. */
export async function logIn (page: Page, username: string): Promise<void> {
  await page.getByLabel('Username or e-mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.keyboard.press('Enter')
}

/** The guest with Enter, the host with the button; what looks like HTML is read as it was written. */
export async function greetEachOther (t: Test, host: Visitor, guest: Visitor): Promise<void> {
  await guest.page.getByLabel('Message').fill('Hello <b>there</b>')
  await guest.page.keyboard.press('Enter')
  await host.sees('Hello <b>there</b>')
  t.equal(await host.page.locator('.room-messages b').count(), 0, 'as text, never as HTML')
  await host.page.getByLabel('Message').fill('Welcome')
  await host.press('Send')
  await guest.sees('Welcome')
}
