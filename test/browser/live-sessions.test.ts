import t from 'tap'
import { launchChromium } from './chromium.ts'
import { greetEachOther, logIn, startLiveServer, visitorOf, type Visitor } from './live-session-pages.ts'

const browser = await launchChromium(t)
const server = await startLiveServer(t, { recordings: { pollSeconds: 0.5 } })
const mentor = await server.account('jane', 'mentor')
await server.account('john')
await server.account('jack')

const plays = async ({ page }: Visitor) => await page.waitForFunction(() => {
  const video = (globalThis as any).document.querySelector('video')
  return video !== null && video.videoWidth > 0 && video.currentTime > 0.3
})

t.test('a private lesson, from its making to its recording', async t => {
  const host = await visitorOf(t, browser, `${server.url}/live/create`)
  await logIn(host.page, 'jane')
  await host.page.getByLabel('Title').waitFor()
  await host.press('Make the session')
  await host.sees('Enter a title.')
  t.equal(await host.page.evaluate(() => (globalThis as any).document.activeElement.name), 'title')
  await host.page.getByLabel('Title').fill('A private lesson')
  await host.page.getByLabel('Begins').pressSequentially('01')
  await host.press('Make the session')
  await host.sees('Enter day and time, or leave it empty.')
  await host.page.getByLabel('Begins').fill('')
  await host.page.getByLabel('Record it').check()
  await host.press('Make the session')
  await host.page.getByRole('heading', { name: 'The session is there' }).waitFor()
  const link = await host.page.getByLabel('Link of the invitation').inputValue()
  const token = new URL(link).searchParams.get('invite_token')!
  await host.page.getByRole('link', { name: 'Go to the session' }).click()
  await host.sees('Ready.')

  const guest = await visitorOf(t, browser, link, [390, 844])
  await guest.page.getByRole('heading', { name: 'Log in' }).waitFor()
  t.equal(guest.page.url(), `${server.url}/login`, 'the token stands in no address any more')
  t.notMatch(await guest.page.evaluate(() => JSON.stringify((globalThis as any).history.state)), token, 'nor in the history')
  await logIn(guest.page, 'john')
  await guest.page.getByRole('heading', { name: 'A private lesson' }).waitFor()
  t.equal(guest.page.url(), link.split('?')[0])
  await guest.sees('The session has not begun')
  await guest.sees('john (you)')
  await host.sees('john')

  await host.press('Start the session')
  await host.sees('You are on air.')
  await plays(guest)
  t.equal(await guest.page.getByText('The session has not begun').count(), 0, 'it has begun by itself')

  await greetEachOther(t, host, guest)

  await host.page.getByLabel('Role of john').selectOption('Speaker')
  await guest.sees('You are a speaker now.')
  await guest.page.getByRole('listitem').filter({ hasText: 'john (you)' }).filter({ hasText: 'Speaker' }).waitFor()
  await guest.page.reload()
  await guest.page.getByRole('listitem').filter({ hasText: 'john (you)' }).filter({ hasText: 'Speaker' }).waitFor()
  t.equal(await guest.page.getByRole('button', { name: 'Remove' }).count(), 0, 'a speaker removes nobody')

  await host.press('Remove john')
  await host.press('Remove', 'dialog')
  await guest.sees('You were removed from this session')
  await host.page.waitForFunction(() => (globalThis as any).document.activeElement.className === 'room-people')
  t.equal(await guest.page.locator('video').count(), 0)
  await guest.page.goto(link)
  await guest.sees('You were removed from this session')

  await host.press('End the session')
  await host.press('End the session', 'dialog')
  await host.sees('The session has ended')
  // Its page asks again by itself, but a test has no time.
  while ((await server.ask('GET', '/api/v1/live/recordings', undefined, mentor)).json.total_count === 0) await host.page.waitForTimeout(100)
  await host.page.getByRole('link', { name: 'Recordings of this session' }).click()
  await host.page.getByRole('heading', { name: 'A private lesson' }).waitFor()
  const ranges: number[] = []
  host.page.on('response', response => { if (response.url().endsWith('.mp4')) ranges.push(response.status()) })
  await host.press('Play A private lesson')
  await plays(host)
  await host.page.evaluate(() => {
    const video = (globalThis as any).document.querySelector('video')
    video.currentTime = video.duration / 2
  })
  await host.page.waitForFunction(() => {
    const video = (globalThis as any).document.querySelector('video')
    return !video.seeking && video.currentTime >= video.duration / 2
  })
  t.ok(ranges.length > 0 && ranges.every(status => status === 206), 'in ranges')

  // The same once more, as if there were two.
  await host.page.route('**/api/v1/live/recordings?*', async route => {
    const response = await route.fetch()
    const { recordings, ...others } = await response.json()
    await route.fulfill({ response, json: { ...others, recordings: [...recordings, { ...recordings[0], id: -1, title: 'Another lesson' }] } })
  })
  await host.page.reload()
  for (const title of ['A private lesson', 'Another lesson']) {
    await host.press(`Play ${title}`)
    await plays(host)
    t.strictSame(await host.page.locator('video').evaluateAll(all => all.map((video: any) => video.ariaLabel)), [title], 'one plays at a time')
  }

  t.strictSame([host.complaints(), guest.complaints()], [[], []])
  t.strictSame(server.lines.filter(line => line.includes(token)), [], 'an invitation is in no line of the log')
})

t.test('all who are there see whether it is recorded', async t => {
  const { json: { session_id: id } } = await server.ask('POST', '/api/v1/live/sessions', { title: 'Kept', is_public: true, is_recorded: true }, mentor)
  const link = `${server.url}/live/${id}`
  const [host, guest] = await Promise.all([visitorOf(t, browser, link), visitorOf(t, browser, link, [390, 844])])
  // A recorder that does as the test says.
  let isRecording = false
  for (const { context } of [host, guest]) {
    await context.route(`**/api/v1/live/sessions/${id}`, async route => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...await response.json(), is_recording: isRecording } })
    })
  }
  await host.context.route('**/start', async route => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...await response.json(), recording_problem: 'No recorder is free.' } })
  })
  await host.context.route('**/recording/*', async route => {
    isRecording = route.request().url().endsWith('/start')
    await route.fulfill({ json: { message: 'Done' } })
  })
  const badge = ({ page }: Visitor) => page.getByText('Recording', { exact: true })
  await Promise.all([logIn(host.page, 'jane'), logIn(guest.page, 'john')])
  await Promise.all([host.sees('john'), guest.sees('john (you)')])

  await host.press('Start the session')
  await host.page.getByRole('status').filter({ hasText: 'The session is not recorded' }).filter({ hasText: 'No recorder is free.' }).waitFor()
  await guest.page.getByText('Live', { exact: true }).waitFor()
  t.strictSame([await badge(host).count(), await badge(guest).count()], [0, 0])

  await host.press('Record')
  await Promise.all([badge(host).waitFor(), badge(guest).waitFor()])
  t.equal(await host.page.getByText('The session is not recorded').count(), 0)
  await host.page.reload()
  await badge(host).waitFor()
  t.equal(await badge(host).count(), 1)

  await host.press('Stop recording')
  await Promise.all([badge(host), badge(guest)].map(async badge => { await badge.waitFor({ state: 'detached' }) }))
  await host.page.getByRole('button', { name: 'Record', exact: true }).waitFor()
  t.strictSame([host.complaints(), guest.complaints()], [[], []])
})

t.test('who may not, is told why', async t => {
  const { json: secret } = await server.ask('POST', '/api/v1/live/sessions', { title: 'A secret' }, mentor)
  const guest = await visitorOf(t, browser, `${server.url}/live/create`)
  await logIn(guest.page, 'jack')
  await guest.sees('Only mentors and administrators make sessions')
  await guest.page.goto(`${server.url}/live/${secret.session_id}`)
  await guest.sees('This session is private')
  t.notMatch(await guest.page.locator('main').innerText(), 'A secret')
  await guest.page.goto(`${server.url}/live/00000000-0000-4000-8000-000000000000`)
  await guest.page.getByRole('alert').filter({ hasText: 'There is no such session' }).waitFor()
  await guest.page.goto(`${server.url}/live/nothing`)
  await guest.page.getByRole('heading', { name: 'There is no such session' }).waitFor()
  t.strictSame(guest.complaints(), [])
})

t.test('one finds sessions, comes and goes, and finds them again', async t => {
  const make = async (title: string, type: string) => (await server.ask('POST', '/api/v1/live/sessions', { title, session_type: type, is_public: true, max_participants: 1 }, mentor)).json.session_id as string
  const open = await make('Open house', 'workshop')
  await make('Pair programming', 'coding')
  const guest = await visitorOf(t, browser, `${server.url}/live`)
  await guest.page.getByRole('heading', { name: 'Open house' }).waitFor()
  t.equal(await guest.page.getByRole('link', { name: 'New session' }).count(), 0)
  await guest.page.getByLabel('Type').selectOption('Coding')
  await guest.page.getByRole('heading', { name: 'Open house' }).waitFor({ state: 'detached' })
  t.equal(await guest.page.getByRole('heading', { level: 2 }).innerText(), 'Pair programming')
  await guest.page.goBack()
  await guest.page.getByRole('link', { name: 'Open house' }).click()
  await logIn(guest.page, 'jack')
  await guest.sees('jack (you)')
  const details = async () => (await server.ask('GET', `/api/v1/live/sessions/${open}`)).json
  t.equal((await details()).current_viewers, 1)

  const second = await visitorOf(t, browser, `${server.url}/live/${open}`)
  await logIn(second.page, 'john')
  await second.sees('The session is full')
  const left = guest.page.waitForResponse(response => response.url().endsWith('/leave'))
  await guest.page.getByRole('link', { name: 'Leave' }).click()
  t.equal((await left).status(), 200)
  await second.press('Try again')
  await second.sees('john (you)')

  await guest.page.getByRole('link', { name: 'Yours' }).click()
  await guest.sees('None made yet')
  await guest.page.getByRole('link', { name: 'Joined' }).click()
  await guest.page.getByRole('heading', { name: 'Open house' }).waitFor()

  const host = await visitorOf(t, browser, `${server.url}/live/my-sessions?show=joined`)
  await logIn(host.page, 'jane')
  await host.page.waitForURL(`${server.url}/live/my-sessions?show=joined`)
  await host.page.getByRole('link', { name: 'Made by you' }).click()
  await host.press('Cancel Open house')
  await host.press('Cancel the session', 'dialog')
  await host.sees('Open house was cancelled.')
  await host.page.waitForFunction(() => (globalThis as any).document.activeElement.textContent.includes('Open house'))
  await second.sees('The session was cancelled')
  await host.press('Delete Open house')
  await host.press('Delete the session', 'dialog')
  await host.page.getByRole('heading', { name: 'Open house' }).waitFor({ state: 'detached' })
  t.equal(await host.page.evaluate(() => (globalThis as any).document.activeElement.className), 'picture-card-way', 'the next one has the focus')
  t.strictSame([guest.complaints(), second.complaints(), host.complaints()], [[], [], []])
})

t.test('a server that is away', async t => {
  const guest = await visitorOf(t, browser, `${server.url}/login`)
  await logIn(guest.page, 'jack')
  await guest.page.getByRole('link', { name: 'Sessions' }).click()
  await guest.page.getByRole('heading', { name: 'Pair programming' }).waitFor()
  await guest.page.route('**/api/v1/live/**', route => route.abort())
  await guest.page.getByLabel('State').selectOption('Scheduled')
  await guest.page.getByRole('alert').filter({ hasText: 'The server cannot be reached' }).waitFor()
  await guest.sees('What you see was so before.')
  await guest.page.unroute('**/api/v1/live/**')
  await guest.press('Try again')
  await guest.page.getByRole('alert').waitFor({ state: 'detached' })
  await guest.page.getByRole('heading', { name: 'Pair programming' }).waitFor()
})

t.test('a long list', async t => {
  for (let lesson = 1; lesson <= 26; lesson++) await server.ask('POST', '/api/v1/live/sessions', { title: `Interview ${lesson}`, session_type: 'interview', is_public: true }, mentor)
  const { page, sees, complaints } = await visitorOf(t, browser, `${server.url}/live?session_type=interview&status=constructor`)
  await sees('1 to 24 of 26 sessions')
  await page.getByRole('link', { name: 'Next' }).click()
  await sees('25 to 26 of 26 sessions')
  t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.textContent), '25 to 26 of 26 sessions', 'one begins at its top')
  await page.goto(`${server.url}/live?session_type=interview&page=9`)
  await page.getByRole('heading', { name: 'Nothing on page 9' }).waitFor()
  await page.getByRole('link', { name: 'Previous' }).click()
  await sees('25 to 26 of 26 sessions')
  t.strictSame(complaints(), [])
})
