import t from 'tap'
import { ADMIN, startAccounts } from '../fixtures/accounts-server.ts'
import { logInAs, openPage, SIZES } from './account-pages.ts'
import { launchChromium } from './chromium.ts'

const browser = await launchChromium(t)

for (const size of SIZES) {
  t.test(`what an administrator does, with the keyboard alone, at ${size[0]} px`, async t => {
    const server = await startAccounts(t)
    for (let number = 1; number <= 21; number++) await server.logIn(`user-${number}`)
    await server.logIn('bob', 'bobs-password')
    const bob = await openPage(t, browser, server, '/login')
    await logInAs(bob, 'bob', 'bobs-password')

    const opened = await openPage(t, browser, server, '/admin/users', { size })
    const { page, focused, tabTo, fill, enter, sees, isAt } = opened
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
    await bob.enter('Profile of bob')
    await bob.sees('This account has been banned')
    await bob.enter('Log in', 'back')
    await bob.fill('Username or e-mail address', 'bob')
    await bob.fill('Password', 'bobs-password')
    await bob.page.keyboard.press('Enter')
    await bob.sees('This account has been banned.')

    await page.keyboard.press('Enter')
    await row('bob').getByText('Banned').waitFor({ state: 'hidden' })
    await bob.enter('Log in')
    await bob.page.getByRole('link', { name: 'Profile of bob' }).waitFor()
    await bob.page.goto(`${server.url}/admin/users`)
    await bob.sees('Only administrators see this page')

    await enter('Delete bob')
    await page.getByRole('dialog', { name: 'Delete bob?' }).waitFor()
    t.equal(await focused(), 'Cancel', 'the focus begins on what changes nothing')
    await enter('Delete')
    await row('bob').getByText('Deleted').waitFor()
    t.match(await focused(), /^bobDeleted/, 'what had the focus is gone: the account has it')

    await fill('Name or e-mail address', '')
    await tabTo('Role')
    await page.keyboard.type('Admin')
    await enter('Search')
    await sees(/^1 account$/)
    await row(ADMIN.username).getByText('This is you').waitFor()
    await tabTo('Role', 'back')
    await page.keyboard.type('All')
    await tabTo('Status', 'back')
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
