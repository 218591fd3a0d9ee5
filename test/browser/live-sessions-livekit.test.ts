import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LivekitStandIn } from '../stand-ins/livekit/stand-in.ts'
import { launchChromium } from './chromium.ts'
import { greetEachOther, logIn, startLiveServer, visitorOf, type Visitor } from './live-session-pages.ts'

const egressDir = await mkdtemp(join(tmpdir(), 'headwater-egress-'))
t.teardown(async () => { await rm(egressDir, { recursive: true, force: true }) })
const livekit = await LivekitStandIn.start(t)
const browser = await launchChromium(t)
const server = await startLiveServer(t, { livekit: { ...livekit.settings, egressDir }, recordings: { pollSeconds: 0.5 } })
livekit.webhooks.urls.push(`${server.url}/api/livekit/webhook`)
const mentor = await server.account('jane', 'mentor')
const john = await server.account('john')

interface Made {
  session_id: string
  link: string
}

async function made (session: object): Promise<Made> {
  const { json } = await server.ask('POST', '/api/v1/live/sessions', { is_public: true, ...session }, mentor)
  return { ...json, link: `${server.url}/live/${json.session_id}` }
}

async function enter (t: Test, name: string, link: string, size?: readonly [number, number]): Promise<Visitor> {
  const visitor = await visitorOf(t, browser, link, size)
  await logIn(visitor.page, name)
  await visitor.sees(`${name} (you)`)
  return visitor
}

function toggle ({ page }: Visitor, name: 'Camera' | 'Microphone' | 'Screen') {
  return page.getByRole('switch', { name })
}

function tile ({ page }: Visitor, of: string) {
  return page.getByRole('figure', { name: of, exact: true })
}

/** New pictures of it arrive. */
async function sees (visitor: Visitor, of: string): Promise<void> {
  const video = await tile(visitor, of).locator('video').elementHandle()
  const shown = await video!.evaluate(element => (element as any).getVideoPlaybackQuality().totalVideoFrames as number)
  await visitor.page.waitForFunction(([element, shown]) => (element as any).getVideoPlaybackQuality().totalVideoFrames > shown + 5, [video, shown] as const)
}

/** Something that is not silence arrives. */
async function hears ({ page }: Visitor): Promise<void> {
  await page.locator('audio').first().waitFor({ state: 'attached' })
  await page.evaluate(async () => {
    const { AudioContext, document, setTimeout } = globalThis as any
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    context.createMediaStreamSource(document.querySelector('audio').srcObject).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    while (samples.every(sample => Math.abs(sample) < 0.01)) {
      await new Promise(resolve => setTimeout(resolve, 20))
      analyser.getFloatTimeDomainData(samples)
    }
    await context.close()
  })
}

t.test('a lesson at LiveKit: picture, sound, chat, roles', async t => {
  const { link, session_id: id } = await made({ title: 'A lesson' })
  const host = await enter(t, 'jane', link)
  await host.press('Start the session')
  await host.sees('Turn on your camera or share your screen below.')
  await toggle(host, 'Camera').click()
  await toggle(host, 'Microphone').click()
  await sees(host, 'jane')

  const guest = await enter(t, 'john', link, [390, 844])
  await sees(guest, 'jane')
  await hears(guest)
  t.equal(await toggle(guest, 'Camera').count(), 0, 'who only watches has nothing to send with')

  await greetEachOther(t, host, guest)

  await host.page.getByLabel('Role of john').selectOption('Speaker')
  await guest.sees('You are a speaker now: you can turn on camera and microphone.')
  await toggle(guest, 'Camera').click()
  await sees(host, 'john')
  await toggle(guest, 'Screen').click()
  await sees(host, 'Screen of john')
  t.equal(await host.page.getByRole('figure').first().getByText('Screen of john').count(), 1, 'screens come first')
  t.equal(await host.page.getByRole('figure').count(), 3)
  await toggle(guest, 'Screen').click()
  await tile(host, 'Screen of john').waitFor({ state: 'detached' })
  await host.page.getByLabel('Role of john').selectOption('Viewer')
  await guest.sees('You are a viewer now.')
  await toggle(guest, 'Camera').waitFor({ state: 'detached' })
  await tile(host, 'john').waitFor({ state: 'detached' })
  t.strictSame(await guest.page.getByRole('figure').allInnerTexts(), ['jane'], 'nor does one see oneself any more')

  await toggle(host, 'Camera').click()
  await guest.sees('Nobody shows a picture at the moment')
  await toggle(host, 'Camera').click()
  await sees(guest, 'jane')

  await host.press('End the session')
  await host.press('End the session', 'dialog')
  await guest.sees('The session has ended')
  await host.sees('The session has ended')
  t.equal(livekit.room(id), undefined)
  t.strictSame([host.complaints(), guest.complaints()], [[], []])
})

t.test('who is there, through losses, second pages and removal', async t => {
  const { link } = await made({ title: 'Comings and goings' })
  const host = await enter(t, 'jane', link)
  await host.press('Start the session')
  await toggle(host, 'Camera').click()
  const guest = await enter(t, 'john', link)
  await sees(guest, 'jane')

  const { json: { data: { user_id: userId } } } = await server.ask('GET', '/api/v1/users/profile', undefined, john)
  await livekit.cut(String(userId))
  await guest.sees('Reconnecting …')
  await sees(guest, 'jane')
  await guest.page.getByText('Reconnecting …').waitFor({ state: 'detached' })
  await host.page.getByLabel('Message').fill('Still there?')
  await host.press('Send')
  await guest.sees('Still there?')

  await guest.page.reload()
  await guest.sees('john (you)')
  await sees(guest, 'jane')
  t.equal(await host.page.getByRole('listitem').filter({ hasText: 'john' }).count(), 1, 'once')

  const second = await guest.context.newPage()
  await second.goto(link)
  await second.getByText('john (you)').waitFor()
  await guest.sees('You are in this session elsewhere')

  await host.press('Remove john')
  await host.press('Remove', 'dialog')
  await second.getByText('You were removed from this session').waitFor()
  t.equal(await second.locator('video').count(), 0)
  await second.goto(link)
  await second.getByText('You were removed from this session').waitFor()
  t.strictSame(host.complaints(), [])
})

t.test('a room that cannot be reached at first', async t => {
  const { link, session_id: id } = await made({ title: 'Behind a wall' })
  await server.ask('POST', `/api/v1/live/sessions/${id}/start`, undefined, mentor)
  const guest = await visitorOf(t, browser, `${server.url}/login`, [390, 844])
  await logIn(guest.page, 'john')
  await guest.page.getByRole('link', { name: 'Sessions' }).waitFor()
  livekit.isWalled = true
  await guest.page.goto(link)
  await guest.sees('The room cannot be reached')
  await guest.sees('Coming in …')
  t.equal(await guest.page.getByText('Nobody shows a picture').count(), 0)
  livekit.isWalled = false
  // A try that is under way may take until it is given up.
  await guest.page.getByText('john (you)').waitFor({ timeout: 60_000 })
  await guest.sees('Nobody shows a picture at the moment')
  t.equal(await guest.page.getByText('The room cannot be reached').count(), 0)
})

t.test('a recording', async t => {
  const { link } = await made({ title: 'Kept', is_recorded: true })
  const host = await enter(t, 'jane', link)
  await host.press('Start the session')
  await host.sees('Recording')
  livekit.advance(livekit.egress.startMs)
  livekit.advance(3_000)
  await host.press('End the session')
  await host.press('End the session', 'dialog')
  await livekit.settled()
  while ((await server.ask('GET', '/api/v1/live/recordings', undefined, mentor)).json.total_count === 0) await host.page.waitForTimeout(100)
  await host.page.getByRole('link', { name: 'Recordings of this session' }).click()
  await host.press('Play Kept')
  await host.page.waitForFunction(() => (globalThis as any).document.querySelector('video')?.currentTime > 0.3)
  t.strictSame(host.complaints(), [])
})
