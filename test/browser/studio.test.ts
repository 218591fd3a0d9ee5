import t, { type Test } from 'tap'
import { newBroadcaster } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { openStudio } from './studio-page.ts'
import { openWatchPage } from './watch-page.ts'

const browser = await launchChromium(t)

async function playlistOf (server: TestServer, key: string) {
  const { segments, ended } = readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
  return { ended, segments, discontinuities: segments.filter(({ discontinuity }) => discontinuity).length, seconds: segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000 }
}

type Playlist = Awaited<ReturnType<typeof playlistOf>>

/** Resolves when what the server lists is like that. */
async function untilListed (t: Test, server: TestServer, streamKey: string, isSo: (playlist: Playlist) => boolean): Promise<void> {
  const socket = server.connect()
  t.teardown(() => socket.disconnect())
  const listed = new Promise<void>((resolve, reject) => {
    socket.on('stream-segments-updated', () => { playlistOf(server, streamKey).then(playlist => { if (isSo(playlist)) resolve() }, reject) })
  })
  await socket.emitWithAck('join-stream', { streamKey, userId: 'test' })
  await listed
}

async function segmentsOf (t: Test, server: TestServer, streamKey: string, count: number): Promise<void> {
  await untilListed(t, server, streamKey, ({ segments }) => segments.length >= count)
}

t.test('a first-time visitor is live with two clicks', async t => {
  const server = await startServer(t, { standalone: true })
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(server.url)
  await page.getByRole('link', { name: 'Go live' }).first().click()
  await page.getByRole('button', { name: 'Go live' }).click()
  await page.getByRole('status').filter({ hasText: 'You are live' }).waitFor()
  const { json } = await http(server, '/livestream/active')
  t.match(json, { count: 1, streams: [{ isActive: true, status: 'broadcasting' }] })
})

t.test('from the camera to the end', async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'camera' })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  t.ok(await page.getByLabel('Preview').evaluate((video: any) => video.srcObject.active), 'the picture is there before anybody else sees it')
  t.ok((await page.getByLabel('Camera', { exact: true }).nth(0).count()) > 0)
  await studio.goLive()
  t.equal((await studio.snapshot()).isRecording, true)
  t.equal(await page.getByText('Not connected').count(), 0)
  t.equal(await page.title(), 'Live: camera · Headwater')

  const viewer = await openWatchPage(t, browser, server, 'camera')
  await viewer.until({ playback: 'playing' })
  await page.getByText('1 viewer').first().waitFor()
  const meter = page.getByRole('meter', { name: 'Sound level' })
  await page.waitForFunction(() => Number((globalThis as any).document.querySelector('[role=meter]').ariaValueNow ?? 0) > 0)
  t.equal(await meter.count(), 1, 'the fake microphone is heard')
  const { stats, mimeType } = await studio.snapshot()
  t.match(mimeType, /^video\/x-matroska;codecs=avc1/, 'the best that this browser has')
  t.ok(stats.recordedBitrate > 50_000 && stats.keptBytes > 0, `${Math.round(stats.recordedBitrate / 1000)} kbit/s`)

  await page.getByRole('button', { name: 'End the stream' }).click()
  const dialog = page.getByRole('dialog')
  t.match(await dialog.innerText(), /One viewer watches/)
  await dialog.getByRole('button', { name: 'Stay live' }).click()
  t.equal((await studio.snapshot()).state, 'live')
  await studio.end()
  t.match(await studio.status(), /The stream has ended/)
  t.ok((await playlistOf(server, 'camera')).ended)
  await page.getByRole('link', { name: 'Watch the recording' }).click()
  await page.waitForURL('**/watch/camera')
  t.strictSame(studio.complaints, [])
})

t.test('another camera and another source in mid-stream', async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'switch' })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  const viewer = await openWatchPage(t, browser, server, 'switch')
  await viewer.until({ playback: 'playing' })
  const cameras = page.locator('select').first()
  const values = await cameras.locator('option').evaluateAll(options => options.map((option: any) => option.value as string))
  await segmentsOf(t, server, 'switch', 3)
  const shown = await page.getByLabel('Preview').evaluate((video: any) => video.srcObject.id as string)
  await cameras.selectOption(values.at(-1)!)
  await page.waitForFunction(shown => (globalThis as any).document.querySelector('video').srcObject.id !== shown, shown)
  await page.getByRole('switch', { name: 'Sound' }).uncheck({ force: true })
  await page.getByRole('radio', { name: 'Test picture' }).check({ force: true })
  await page.waitForFunction(() => (globalThis as any).document.querySelector('video').srcObject.getVideoTracks()[0].constructor.name.includes('Canvas'))
  t.equal(await page.getByLabel('Preview').evaluate((video: any) => video.srcObject.getAudioTracks()[0].enabled), false, 'what is off stays off')
  t.equal(await page.getByRole('switch', { name: 'Sound' }).isChecked(), false)
  const { mediaSeconds, seconds } = await viewer.advance(8)
  t.ok(mediaSeconds >= 8, `${mediaSeconds.toFixed(1)} s played in ${seconds.toFixed(1)} s`)
  await studio.end()
  t.ok((await playlistOf(server, 'switch')).discontinuities >= 1)
  t.strictSame((await viewer.state()).errors.filter(({ fatal }) => fatal), [])
  t.strictSame([...studio.complaints, ...viewer.complaints], [])
})

t.test('a screen, with sound and picture on and off', async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'screen' })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await page.getByRole('radio', { name: 'Screen' }).check({ force: true })
  await page.waitForFunction(() => (globalThis as any).document.querySelector('video').srcObject.getVideoTracks()[0].getSettings().displaySurface !== undefined)
  t.equal(await page.getByLabel('Preview').evaluate((video: any) => video.srcObject.getAudioTracks().length), 1, 'a voice goes with it')
  await studio.goLive()
  const tracks = (kind: string) => page.getByLabel('Preview').evaluate((video: any, kind) => video.srcObject.getTracks().filter((track: any) => track.kind === kind).map(({ enabled }: any) => enabled), kind)
  await page.getByRole('switch', { name: 'Sound' }).uncheck({ force: true })
  t.strictSame([await tracks('audio'), await tracks('video')], [[false], [true]])
  await page.waitForFunction(() => (globalThis as any).document.querySelector('[role=meter]').getAttribute('aria-valuenow') === '0')
  await page.getByRole('switch', { name: 'Sound' }).check({ force: true })
  await page.getByRole('switch', { name: 'Picture' }).uncheck({ force: true })
  t.strictSame([await tracks('audio'), await tracks('video')], [[true], [false]])
  await segmentsOf(t, server, 'screen', 3)
  t.equal((await studio.snapshot()).isRecording, true, 'one recording all the time')
  await studio.end()
  t.equal((await playlistOf(server, 'screen')).discontinuities, 0)
  t.strictSame(studio.complaints, [])
})

t.test('a screen that is not shown any more, and one that is refused', async t => {
  const server = await startServer(t, { standalone: true })
  const { page, complaints } = await openStudio(t, browser, server, { streamKey: 'gone' })
  const status = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()
  await status('Ready')
  await page.evaluate(() => {
    // As when the browser's own button stops them: scripts that do are not told.
    for (const track of (globalThis as any).document.querySelector('video').srcObject.getTracks()) {
      track.stop()
      track.dispatchEvent(new Event('ended'))
    }
  })
  await page.getByText('No picture').waitFor()
  t.equal(await page.getByRole('button', { name: 'Go live' }).isDisabled(), true)
  await page.getByRole('radio', { name: 'Test picture' }).check({ force: true })
  await status('Ready')
  await page.evaluate(() => {
    const { mediaDevices } = (globalThis as any).navigator
    const { getDisplayMedia } = mediaDevices
    mediaDevices.getDisplayMedia = async () => {
      mediaDevices.getDisplayMedia = getDisplayMedia
      throw new DOMException('no', 'NotAllowedError')
    }
  })
  await page.getByRole('radio', { name: 'Screen' }).click({ force: true })
  await page.getByText('That cannot be shown').waitFor()
  t.equal(await page.getByRole('radio', { name: 'Test picture' }).isChecked(), true, 'what was there stays')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.waitForFunction(() => (globalThis as any).document.querySelector('video').srcObject.getVideoTracks()[0].getSettings().displaySurface !== undefined)
  t.equal(await page.getByRole('radio', { name: 'Screen' }).isChecked(), true, 'the screen was tried again')
  t.strictSame(complaints, [])
})

t.test('a page that is loaded anew goes on with its stream', async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'reload' })
  await studio.page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  await segmentsOf(t, server, 'reload', 2)
  studio.page.on('dialog', dialog => { void dialog.accept() })
  await studio.page.reload()
  t.equal(await studio.page.getByLabel('Name of the stream').inputValue(), 'reload', 'under its name')
  await studio.page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  const { json } = await http(server, '/livestream/active')
  t.equal(json.count, 1)
  // How much of the first recording is listed before that is up to the machine.
  await untilListed(t, server, 'reload', ({ discontinuities }) => discontinuities > 0)
  await studio.end()
  const { discontinuities, ended } = await playlistOf(server, 'reload')
  t.ok(ended)
  t.equal(discontinuities, 1, 'the same stream, another recording')
})

t.test('what does not work is told in words that help', async t => {
  const server = await startServer(t, { standalone: true })
  const alert = (studio: Awaited<ReturnType<typeof openStudio>>, text: RegExp) => studio.page.locator('[role=alert], .notice').filter({ hasText: text }).first().waitFor()

  await t.test('the name is taken', async t => {
    await newBroadcaster(server, 'taken')
    const studio = await openStudio(t, browser, server, { streamKey: 'taken' })
    await studio.page.getByRole('button', { name: 'Go live' }).click()
    await alert(studio, /of this name is live already. Choose another name/)
    await studio.page.getByLabel('Name of the stream').fill('free')
    await studio.goLive()
  })

  await t.test('no name at all', async t => {
    const studio = await openStudio(t, browser, server, { streamKey: 'not a name' })
    t.equal(await studio.page.getByRole('button', { name: 'Go live' }).isDisabled(), true)
    await alert(studio, /letters, digits, dots/)
  })

  await t.test('permission refused', async t => {
    const strict = await launchChromium(t, { media: 'refused' })
    const studio = await openStudio(t, strict, server)
    await alert(studio, /was not allowed to use the camera.*try again/i)
    t.equal(await studio.page.getByRole('button', { name: 'Go live' }).isDisabled(), true)
    await studio.page.getByRole('button', { name: 'Use the test picture' }).click()
    await studio.goLive()
    t.equal(await studio.page.getByRole('alert').filter({ hasText: /allowed/ }).count(), 0)
  })

  await t.test('no camera', async t => {
    const bare = await launchChromium(t, { media: 'none' })
    const studio = await openStudio(t, bare, server)
    await alert(studio, /No camera or microphone was found/)
  })

  await t.test('an address that is not secure', async t => {
    const studio = await openStudio(t, browser, { url: server.url.replace('127.0.0.1', 'headwater.test') })
    await alert(studio, /only to pages that come over HTTPS/)
    await studio.page.getByRole('button', { name: 'Use the test picture' }).click()
    await studio.goLive()
  })

  await t.test('the recorder fails', async t => {
    const studio = await openStudio(t, browser, server, {
      streamKey: 'recorder',
      prepare: page => page.addInitScript(() => {
        const { MediaRecorder: Original } = globalThis as any
        ;(globalThis as any).recorders = []
        ;(globalThis as any).MediaRecorder = class extends Original {
          constructor (...args: unknown[]) {
            super(...args)
            ;(globalThis as any).recorders.push(this)
          }
        }
      })
    })
    await studio.page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
    await studio.goLive()
    await segmentsOf(t, server, 'recorder', 1)
    await studio.page.evaluate(() => {
      const event: any = new Event('error')
      event.error = new DOMException('The encoder has gone', 'EncodingError')
      ;(globalThis as any).recorders.at(-1).dispatchEvent(event)
    })
    await alert(studio, /could not record any more: The encoder has gone/)
    await studio.page.waitForFunction(() => (globalThis as any).recorders.length === 2)
    t.strictSame(await studio.page.evaluate(() => (globalThis as any).recorders.map(({ state }: MediaRecorder) => state)), ['inactive', 'recording'])
    t.equal((await studio.snapshot()).isRecording, true, 'and goes on')
    await untilListed(t, server, 'recorder', ({ discontinuities }) => discontinuities === 1)
    // It is shown for a while only.
    const trouble = await studio.page.evaluate(() => (globalThis as any).headwaterStudio.trouble?.code as string | undefined)
    t.ok(trouble === undefined || trouble === 'RECORDER_FAILED', `the server takes the new recording: ${trouble}`)
  })

  await t.test('a format that this browser lacks', async t => {
    const studio = await openStudio(t, browser, server, { format: 'mp4-h264-aac' })
    await studio.page.getByRole('button', { name: 'Go live' }).click()
    await alert(studio, /cannot record in that format/)
  })

  await t.test('a publish key is needed', async t => {
    const closed = await startServer(t, { standalone: true, options: { publishAuth: 'key', publishKeys: ['a-key-of-16-characters-or-more'] } })
    const studio = await openStudio(t, browser, closed)
    await studio.page.getByRole('button', { name: 'Go live' }).click()
    await alert(studio, /publish key/)
    await studio.page.getByLabel('Publish key').fill('a-key-of-16-characters-or-more')
    await studio.goLive()
  })
})

t.test('with the keyboard alone', async t => {
  const server = await startServer(t, { standalone: true })
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(server.url)
  const focused = () => page.evaluate(() => (globalThis as any).document.activeElement?.textContent as string)
  const tabTo = async (text: RegExp) => {
    for (let tries = 0; tries < 40; tries++) {
      await page.keyboard.press('Tab')
      if (text.test(await focused())) return
    }
    throw new Error(`The keyboard does not reach ${text}`)
  }
  await tabTo(/^Go live$/)
  await page.keyboard.press('Enter')
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  t.equal(await focused(), 'Go live', 'the heading of the new page has the focus')
  await tabTo(/^Go live$/)
  await page.keyboard.press('Enter')
  await page.getByRole('status').filter({ hasText: 'You are live' }).waitFor()
  await tabTo(/^End the stream$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  t.equal(await focused(), 'Stay live', 'nothing happens by accident')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  t.equal(await focused(), 'End the stream', 'the focus is back')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'End the stream')
  await page.keyboard.press('Enter')
  await page.getByRole('status').filter({ hasText: 'The stream has ended' }).waitFor()
})
