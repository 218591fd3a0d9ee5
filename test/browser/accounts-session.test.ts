import Fastify from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import t from 'tap'
import { headwater } from '../../src/app.ts'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { http } from '../fixtures/http.ts'
import { startServer } from '../fixtures/server.ts'
import { logInAs, newContext, openPage } from './account-pages.ts'
import { launchChromium } from './chromium.ts'

const browser = await launchChromium(t)
const PICTURE = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } }).png().toBuffer()

t.test('no script gets at the session, and it lasts all the same', async t => {
  const server = await startAccounts(t)
  const opened = await openPage(t, browser, server, '/login')
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

  const renewals: number[] = []
  context.on('response', response => { if (response.url().endsWith('/auth/refresh')) renewals.push(response.status()) })
  const other = await openPage(t, browser, server, '/profile', { context })
  await other.sees('You log in as alice.')
  await context.clearCookies({ name: 'auth_token' })
  await Promise.all([page.goto(`${server.url}/profile`), other.page.reload()])
  await Promise.all([sees('You log in as alice.'), other.sees('You log in as alice.')])
  t.strictSame(renewals, [200], 'one of the two tabs has renewed it')

  await opened.enter('Log out')
  await isAt('/')
  await other.isAt('/login')
  t.equal(await other.page.evaluate(() => (globalThis as any).localStorage.length), 0, 'nobody is remembered')
  await logInAs(other, 'alice', 'a-password', '/profile')
  await page.getByRole('link', { name: 'Profile of alice' }).waitFor()
})

t.test('who is not logged in asks the server nothing, and is led back after logging in', async t => {
  const server = await startAccounts(t)
  await server.logIn('alice', 'a-password')
  const context = await newContext(t, browser)
  const asked: string[] = []
  context.on('request', request => { if (request.url().includes('/api/v1/')) asked.push(request.url()) })
  const opened = await openPage(t, browser, server, '/watch/harbour', { context })
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
  const opened = await openPage(t, browser, server, '/login')
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
  const again = await openPage(t, browser, limited, '/forgot-password')
  for (const words of ['Look into your mail', 'That was too often. Try again in']) {
    await again.page.goto(`${limited.url}/forgot-password`)
    await again.fill('E-mail address', 'nobody@example.com')
    await again.page.keyboard.press('Enter')
    await again.sees(words)
  }
})

t.test('below a prefix of a foreign host', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-prefix-'))
  // The first start of a database takes its time on a busy machine.
  const app = Fastify({ forceCloseConnections: true, pluginTimeout: 60_000 })
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
  const opened = await openPage(t, browser, { url }, '/register')
  const { page, fill, isAt, enter, complaints } = opened
  await fill('Username', 'alice')
  await fill('E-mail address', 'alice@example.com')
  await fill('Password', 'a-password')
  await page.keyboard.press('Enter')
  await isAt('/')
  await enter('Profile of alice')
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
  const context = await newContext(t, browser)
  context.on('request', request => { asked.push(new URL(request.url()).pathname) })
  const { page, complaints } = await openPage(t, browser, server, '/', { context })
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
