import Fastify from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import t, { type Test } from 'tap'
import { headwater } from '../../src/app.ts'
import { ADMIN, startAccounts, type AccountsServer } from '../fixtures/accounts-server.ts'
import { http } from '../fixtures/http.ts'
import { startServer } from '../fixtures/server.ts'
import { complaintsOf, launchChromium } from './chromium.ts'
import { keyboardOf, type Keyboard } from './keyboard.ts'

const browser = await launchChromium(t)
const SIZES = [[390, 844], [1280, 800]] as const

const PICTURE = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } }).png().toBuffer()

interface Opened extends Keyboard {
  page: Page
  context: BrowserContext
  /** Beside answers that are no success, which a browser writes down too. */
  complaints: string[]
  sees: (text: string | RegExp) => Promise<void>
  /** The path of the page, when it is that. */
  isAt: (path: string) => Promise<void>
}

async function open (t: Test, server: Pick<AccountsServer, 'url'>, path: string, { width = 1280, height = 800, context }: { width?: number, height?: number, context?: BrowserContext } = {}): Promise<Opened> {
  const own = context ?? await newContext(t, width, height)
  const page = await own.newPage()
  const complaints = complaintsOf(page)
  await page.goto(server.url + path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return {
    page,
    context: own,
    get complaints () { return complaints.filter(text => !/Failed to load resource.*status of 4\d\d/.test(text)) },
    sees: async text => { await page.getByText(text).first().waitFor() },
    isAt: async path => { await page.waitForURL(server.url + path) },
    ...keyboardOf(t, page)
  }
}

async function newContext (t: Test, width: number, height: number): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  t.teardown(() => context.close())
  return context
}

async function logInAs ({ fill, isAt, page }: Opened, username: string, password: string, then = '/'): Promise<void> {
  await fill('Username or e-mail address', username)
  await fill('Password', password)
  await page.keyboard.press('Enter')
  await isAt(then)
}

for (const [width, height] of SIZES) {
  t.test(`an account from its beginning to its end, with the keyboard alone, at ${width} px`, async t => {
    const lines: string[] = []
    const server = await startAccounts(t, { log: line => { lines.push(line) } })
    const opened = await open(t, server, '/', { width, height })
    const { page, context, focused, fill, enter, sees, isAt } = opened
    const focusedField = () => page.evaluate(() => {
      const { document } = globalThis as any
      const field = document.activeElement
      return { name: field.name as string, isInvalid: field.getAttribute('aria-invalid') as string, words: field.getAttribute('aria-describedby').split(' ').map((id: string) => document.getElementById(id).innerText).join(' ') as string }
    })
    const secrets = ['first-password', 'second-password', 'third-password']

    await enter('Log in')
    await isAt('/login')
    // The focus goes along.
    await page.waitForFunction(() => (globalThis as any).document.activeElement.textContent === 'Log in' && (globalThis as any).document.activeElement.tagName === 'H1')
    await enter('Create an account')
    await isAt('/register')
    t.equal(await page.title(), 'Create an account · Headwater')

    await enter('Create the account')
    t.match(await focusedField(), { name: 'username', isInvalid: 'true', words: /3 to 50/ }, 'the first wrong field has the focus, and says what is wrong')
    await fill('Username', 'alice')
    await fill('E-mail address', 'alice@example.com')
    await fill('Password', 'first-password')
    await page.keyboard.press('Enter')
    await isAt('/')
    await page.getByRole('link', { name: 'alice: your profile' }).waitFor()

    await enter('alice: your profile')
    await isAt('/profile')
    await fill('Name', 'Alice Liddell')
    await page.keyboard.press('Enter')
    await sees('Saved.')
    await page.getByRole('link', { name: 'Alice Liddell: your profile' }).waitFor()

    const choose = async (name: string, buffer: Buffer) => {
      const chooser = page.waitForEvent('filechooser')
      await enter('Choose a picture …', 'back')
      await (await chooser).setFiles({ name, mimeType: 'image/png', buffer })
    }
    await choose('disguised.png', Buffer.from('<svg onload="alert(1)">'))
    await enter('Use this picture')
    await sees('The server cannot use this file as a picture.')
    await choose('red.png', PICTURE)
    const shown = page.locator('.avatar-large img')
    await page.waitForFunction(() => (globalThis as any).document.querySelector('.avatar-large img')?.naturalWidth === 64)
    t.match(await shown.getAttribute('src'), /^blob:/, 'it is looked at before it is sent')
    await enter('Use this picture')
    await page.waitForFunction(() => [...(globalThis as any).document.querySelectorAll('.avatar img')].map((image: any) => image.naturalWidth).join() === '256,256')
    t.match(await shown.getAttribute('src'), /\/api\/v1\/avatars\//, "it is the server's now, in the head of the page too")
    t.equal(await focused(), 'Choose a picture …', 'the focus stays where something is')

    await fill('Password now', 'wrong-password')
    await fill('New password', 'second-password')
    await page.keyboard.press('Enter')
    await sees('That is not your password.')
    t.match(await focusedField(), { name: 'old_password', isInvalid: 'true', words: /not your password/ })
    await fill('Password now', 'first-password')
    await enter('Change the password')
    await sees('Changed.')
    t.strictSame(await page.locator('input[type=password]').evaluateAll(fields => fields.map((field: any) => field.value)), ['', ''], 'no password stays in the page')
    await page.reload()
    await sees('You log in as alice.')

    await enter('Log out')
    await isAt('/')
    await page.getByRole('link', { name: 'Log in' }).waitFor()
    t.strictSame((await context.cookies()).map(({ name }) => name), [], 'the cookies are gone')

    await enter('Log in')
    await fill('Username or e-mail address', 'alice')
    await fill('Password', 'first-password')
    await page.keyboard.press('Enter')
    await sees('This password does not belong to this name.')
    t.match(await focusedField(), { name: 'password', isInvalid: 'true' })

    await enter('Forgotten your password?')
    await isAt('/forgot-password')
    await fill('E-mail address', 'alice@example.com')
    const answer = page.waitForResponse('**/forgot-password')
    await page.keyboard.press('Enter')
    const { data: { reset_token: token } } = await (await answer).json()
    secrets.push(token)
    await sees('This server sends no mail')
    await enter('Set a new password')
    await isAt('/reset-password')
    t.equal(page.url(), `${server.url}/reset-password`, 'the token does not stay in the address')
    await fill('New password', 'third-password')
    await page.keyboard.press('Enter')
    await sees('Your new password is set')
    await page.goto(`${server.url}/reset-password?token=${token}`)
    t.equal(page.url(), `${server.url}/reset-password`)
    await fill('New password', 'fourth-password')
    await page.keyboard.press('Enter')
    await sees('This link is not good any more')
    await enter('Log in', 'back')
    await logInAs(opened, 'ALICE@example.com', 'third-password')

    await enter('Alice Liddell: your profile')
    await enter('Delete the account …')
    await page.getByRole('dialog', { name: 'Delete alice?' }).waitFor()
    await page.keyboard.press('Escape')
    t.equal(await focused(), 'Delete the account …', 'who thinks better of it is where they were')
    await page.keyboard.press('Enter')
    await fill('Your password', 'first-password')
    await page.keyboard.press('Enter')
    await sees('That is not your password.')
    await fill('Your password', 'third-password')
    await enter('Delete it')
    await sees('Your account is deleted')
    await enter('Log in', 'back')
    await fill('Username or e-mail address', 'alice')
    await fill('Password', 'third-password')
    await page.keyboard.press('Enter')
    await sees('There is no account of this name.')

    t.strictSame(opened.complaints, [])
    t.ok(lines.length > 20, 'the log was read')
    for (const secret of secrets) t.equal(lines.filter(line => line.includes(secret)).length, 0, 'nothing secret is in the log')
  })

  t.test(`what an administrator does, with the keyboard alone, at ${width} px`, async t => {
    const server = await startAccounts(t)
    for (let number = 1; number <= 21; number++) await server.logIn(`user-${number}`)
    await server.logIn('bob', 'bobs-password')
    const bob = await open(t, server, '/login')
    await logInAs(bob, 'bob', 'bobs-password')

    const opened = await open(t, server, '/admin/users', { width, height })
    const { page, focused, fill, enter, sees, isAt } = opened
    await isAt('/login')
    await logInAs(opened, ADMIN.username, ADMIN.password, '/admin/users')
    const row = (name: string) => page.getByRole('listitem').filter({ hasText: name })
    await sees('1 to 20 of 23 accounts')
    await enter('Next')
    await sees('21 to 23 of 23 accounts')
    t.equal(new URL(page.url()).search, '?page=2')
    await page.goBack()
    await sees('1 to 20 of 23 accounts')

    await fill('Name or e-mail address', 'BOB')
    await page.keyboard.press('Enter')
    await sees(/^1 account$/)
    t.equal(await focused(), 'Name or e-mail address', 'the focus stays in the search')
    await enter('Role bob')
    await page.getByRole('dialog', { name: 'Role of bob' }).waitFor()
    t.equal(await focused(), 'Role')
    await page.keyboard.press('ArrowDown')
    await enter('Save')
    await row('bob').getByText('Mentor').waitFor()
    t.equal(await focused(), 'Role bob', 'the focus is back where it was')

    await enter('Ban bob')
    await fill('Reason', 'Noise')
    await page.keyboard.press('Enter')
    await row('bob').getByText('Banned').waitFor()
    t.equal(await focused(), 'Lift the ban bob')
    await bob.enter('bob: your profile')
    await bob.sees('This account has been banned')
    await bob.enter('Log in', 'back')
    await bob.fill('Username or e-mail address', 'bob')
    await bob.fill('Password', 'bobs-password')
    await bob.page.keyboard.press('Enter')
    await bob.sees('This account has been banned.')

    await page.keyboard.press('Enter')
    await row('bob').getByText('Banned').waitFor({ state: 'hidden' })
    await bob.enter('Log in')
    await bob.page.getByRole('link', { name: 'bob: your profile' }).waitFor()
    await bob.page.goto(`${server.url}/admin/users`)
    await bob.sees('Only administrators see this page')

    await enter('Delete bob')
    await page.getByRole('dialog', { name: 'Delete bob?' }).waitFor()
    t.equal(await focused(), 'Cancel', 'the focus begins on what changes nothing')
    await enter('Delete')
    await row('bob').getByText('Deleted').waitFor()
    t.match(await focused(), /^bob Deleted/, 'what had the focus is gone: the account has it')

    await fill('Name or e-mail address', '')
    await enter('Role', 'back')
    await page.keyboard.type('Admin')
    await enter('Search')
    await sees(/^1 account$/)
    await row(ADMIN.username).getByText('This is you').waitFor()
    await enter('Role', 'back')
    await page.keyboard.type('All')
    await enter('Status', 'back')
    await page.keyboard.type('Del')
    await enter('Search')
    await row('bob').getByText('Deleted').waitFor()
    t.equal(new URL(page.url()).search, '?status=deleted')
    await fill('Name or e-mail address', '100%_')
    await page.keyboard.press('Enter')
    await sees('No account fits.')

    t.strictSame([...opened.complaints, ...bob.complaints], [])
  })
}

t.test('no script gets at the session, and it lasts all the same', async t => {
  const server = await startAccounts(t)
  const opened = await open(t, server, '/login')
  const { page, context, sees, isAt } = opened
  await server.logIn('alice', 'a-password')
  await logInAs(opened, 'alice', 'a-password')
  const seen = await page.evaluate(() => {
    const { document, localStorage, sessionStorage } = globalThis as any
    return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])
  })
  const tokens = (await context.cookies()).map(({ value }) => value)
  t.equal(tokens.length, 2)
  t.ok((await context.cookies()).every(({ httpOnly }) => httpOnly))
  t.match(seen, '"name')
  for (const token of tokens) t.notMatch(seen, token)

  const renewals: string[] = []
  context.on('request', request => { if (request.url().endsWith('/auth/refresh')) renewals.push(request.url()) })
  const other = await open(t, server, '/profile', { context })
  await other.sees('You log in as alice.')
  await context.clearCookies({ name: 'auth_token' })
  await Promise.all([page.goto(`${server.url}/profile`), other.page.reload()])
  await Promise.all([sees('You log in as alice.'), other.sees('You log in as alice.')])
  t.equal(renewals.length, 1, 'two tabs renew it once')

  await opened.enter('Log out')
  await isAt('/')
  await other.isAt('/login')
  t.equal(await other.page.evaluate(() => (globalThis as any).localStorage.length), 0, 'nobody is remembered')
  await logInAs(other, 'alice', 'a-password', '/profile')
  await page.getByRole('link', { name: 'alice: your profile' }).waitFor()
})

t.test('who is not logged in asks the server nothing, and is led back after logging in', async t => {
  const server = await startAccounts(t)
  await server.logIn('alice', 'a-password')
  const context = await newContext(t, 1280, 800)
  const asked: string[] = []
  context.on('request', request => { if (request.url().includes('/api/v1/')) asked.push(request.url()) })
  const opened = await open(t, server, '/watch/harbour', { context })
  await opened.page.getByRole('link', { name: 'Log in' }).waitFor()
  await opened.sees('There is no such stream')
  t.strictSame(asked, [])
  await opened.enter('Log in')
  await logInAs(opened, 'alice', 'a-password', '/watch/harbour')
  t.strictSame(asked, [`${server.url}/api/v1/auth/login`])
  await opened.page.goto(`${server.url}/login`)
  await opened.isAt('/')
})

t.test('a server that is away, and one that is asked too often', async t => {
  const server = await startAccounts(t)
  const opened = await open(t, server, '/login')
  const { page, fill, sees, enter } = opened
  await page.route('**/api/v1/**', route => route.abort())
  await fill('Username or e-mail address', 'alice')
  await fill('Password', 'a-password')
  await page.keyboard.press('Enter')
  await sees('The server cannot be reached.')
  t.equal(await page.getByLabel('Password', { exact: true }).inputValue(), 'a-password', 'what was filled in stays')
  await page.goto(`${server.url}/profile`)
  await sees('The server cannot be reached')
  await page.unroute('**/api/v1/**')
  await enter('Try again')
  await opened.isAt('/login')

  const limited = await startAccounts(t, { accounts: { rateLimitMultiplier: 0.2 } })
  const again = await open(t, limited, '/forgot-password')
  for (const words of ['Look into your mail', 'That was too often. Try again in']) {
    await again.page.goto(`${limited.url}/forgot-password`)
    await again.fill('E-mail address', 'nobody@example.com')
    await again.page.keyboard.press('Enter')
    await again.sees(words)
  }
})

t.test('below a prefix of a foreign host', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-prefix-'))
  const app = Fastify({ forceCloseConnections: true })
  app.get('/', async () => 'the host')
  app.get('/login', async () => 'the login of the host')
  await app.register(headwater, {
    prefix: '/two/deep',
    livestream: { streamsDir: join(folder, 'streams') },
    platform: { dataDir: join(folder, 'data') },
    accounts: { environment: 'test', argon2MemoryKib: 64, argon2Passes: 1 }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/two/deep`
  const opened = await open(t, { url }, '/register')
  const { page, fill, isAt, enter, complaints } = opened
  await fill('Username', 'alice')
  await fill('E-mail address', 'alice@example.com')
  await fill('Password', 'a-password')
  await page.keyboard.press('Enter')
  await isAt('/')
  await enter('alice: your profile')
  await isAt('/profile')
  const chooser = page.waitForEvent('filechooser')
  await enter('Choose a picture …')
  await (await chooser).setFiles({ name: 'red.png', mimeType: 'image/png', buffer: PICTURE })
  await enter('Use this picture')
  await page.waitForFunction(() => (globalThis as any).document.querySelector('header .avatar img')?.naturalWidth === 256)
  t.strictSame(complaints, [])
})

t.test('without accounts there is no trace of them', async t => {
  const server = await startServer(t, { standalone: true })
  for (const path of ['/register', '/login', '/forgot-password', '/reset-password', '/profile', '/admin/users']) {
    t.equal((await http(server, path)).status, 404, path)
  }
  const asked: string[] = []
  const context = await newContext(t, 1280, 800)
  context.on('request', request => { asked.push(new URL(request.url()).pathname) })
  const { page, complaints } = await open(t, server, '/', { context })
  await page.getByRole('heading', { name: 'Go live from this browser' }).waitFor()
  t.equal(await page.getByRole('banner').innerText(), 'Headwater\nGo live')
  t.strictSame(asked.filter(path => /api|session|current|avatar/.test(path)), [], 'nothing of them is loaded')
  await page.evaluate(() => {
    const { history, dispatchEvent, PopStateEvent } = globalThis as any
    history.pushState(null, '', '/login')
    dispatchEvent(new PopStateEvent('popstate'))
  })
  await page.getByRole('heading', { name: 'There is no page here' }).waitFor()
  t.strictSame(complaints, [])
})
