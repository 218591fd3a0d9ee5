import sharp from 'sharp'
import t from 'tap'
import { startAccounts } from '../fixtures/accounts-server.ts'
import { logInAs, openPage, SIZES } from './account-pages.ts'
import { launchChromium } from './chromium.ts'

const browser = await launchChromium(t)
const PICTURE = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } }).png().toBuffer()

for (const size of SIZES) {
  t.test(`an account from its beginning to its end, with the keyboard alone, at ${size[0]} px`, async t => {
    const lines: string[] = []
    const server = await startAccounts(t, { log: line => { lines.push(line) } })
    const opened = await openPage(t, browser, server, '/', { size })
    const { page, context, focused, fill, enter, sees, isAt } = opened
    const focusedField = () => page.evaluate(() => {
      const { document } = globalThis as any
      const field = document.activeElement
      return { name: field.name as string, isInvalid: field.getAttribute('aria-invalid') as string, words: field.getAttribute('aria-describedby').split(' ').map((id: string) => document.getElementById(id).innerText).join(' ') as string }
    })
    const secrets = ['first-password', 'second-password', 'third-password']

    await enter('Log in')
    await isAt('/login')
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
    await page.getByRole('link', { name: 'Profile of alice' }).waitFor()

    await enter('Profile of alice')
    await isAt('/profile')
    await fill('Name', 'Alice Liddell')
    await page.keyboard.press('Enter')
    await sees('Saved.')
    await page.getByRole('link', { name: 'Profile of Alice Liddell' }).waitFor()

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
    await page.waitForURL(`${server.url}/reset-password`)
    await fill('New password', 'fourth-password')
    await page.keyboard.press('Enter')
    await sees('This link is not good any more')
    await enter('Log in', 'back')
    await logInAs(opened, 'ALICE@example.com', 'third-password')

    await enter('Profile of Alice Liddell')
    await enter('Delete the account …')
    await page.getByRole('dialog', { name: 'Delete alice?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Your password').waitFor({ state: 'detached' })
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
    t.match(lines.join(''), /account registered[^]*password changed[^]*set anew[^]*account deleted/, 'the log was read')
    for (const secret of secrets) t.equal(lines.filter(line => line.includes(secret)).length, 0, 'nothing secret is in the log')
  })
}
