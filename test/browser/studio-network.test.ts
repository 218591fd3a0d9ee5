import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { nalsOfAnnexB, slicesOf } from '../fixtures/h264.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { checkSameBytes } from '../fixtures/published.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { sourcePackets } from '../fixtures/source-packets.ts'
import { demux } from '../fixtures/transport-stream.ts'
import { launchChromium } from './chromium.ts'
import { openStudio } from './studio-page.ts'
import { openWatchPage } from './watch-page.ts'

const CUT_SECONDS = 10
const browser = await launchChromium(t)

/** Lets a page keep what its recorders hand over, recording by recording. */
async function keepRecordings (page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { MediaRecorder: Original } = globalThis as any
    const recordings: Blob[][] = (globalThis as any).recordings = []
    ;(globalThis as any).MediaRecorder = class extends Original {
      constructor (...args: unknown[]) {
        super(...args)
        const chunks: Blob[] = []
        recordings.push(chunks)
        this.addEventListener('dataavailable', ({ data }: { data: Blob }) => chunks.push(data))
      }
    }
  })
}

async function recordingsOf (page: Page): Promise<Buffer[]> {
  const texts = await page.evaluate(async () => await Promise.all(((globalThis as any).recordings as Blob[][]).map(async chunks => {
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192))
    return btoa(text)
  })))
  return texts.map(text => Buffer.from(text, 'base64'))
}

/** Coded slices of all that was published. */
async function publishedSlices (server: TestServer, key: string): Promise<{ slices: Buffer[], discontinuities: number }> {
  const { segments } = readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
  const slices: Buffer[] = []
  for (const { name } of segments) {
    const { pes } = demux((await http(server, `/livestream/${key}/${name}`)).bytes)
    for (const { kind, data } of pes) if (kind === 'video') slices.push(...slicesOf(nalsOfAnnexB(data)))
  }
  return { slices, discontinuities: segments.filter(({ discontinuity }) => discontinuity).length }
}

async function checkNothingIsLost (t: Test, server: TestServer, key: string, page: Page): Promise<{ pictures: number, recordings: number, discontinuities: number }> {
  const recordings = await recordingsOf(page)
  const recorded = (await Promise.all(recordings.map(sourcePackets))).flatMap(({ slices }) => slices)
  const { slices, discontinuities } = await publishedSlices(server, key)
  checkSameBytes(t, slices, recorded, 'every picture that was recorded is published, once and in order')
  return { pictures: recorded.length, recordings: recordings.length, discontinuities }
}

t.test(`the network is gone for ${CUT_SECONDS} s, and the camera is switched`, async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'cut', format: 'matroska-h264', prepare: keepRecordings })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  const viewer = await openWatchPage(t, browser, server, 'cut')
  await viewer.page.evaluate(() => { (globalThis as any).sameDocument = true })
  await viewer.until({ playback: 'playing' })
  await viewer.advance(3)

  await page.context().setOffline(true)
  await studio.until('reconnecting')
  t.match(await studio.status(), /Reconnecting.*kept/s)
  await viewer.until({ stream: 'reconnecting' })
  const before = await studio.snapshot()
  // Nothing happens meanwhile that could be waited for: the length of the cut is what is tried.
  await page.waitForTimeout(CUT_SECONDS * 1_000)
  const during = await studio.snapshot()
  t.ok(during.isRecording && during.stats.keptBytes > before.stats.keptBytes, `recording goes on: ${Math.round(during.stats.keptBytes / 1000)} kB are kept`)
  await page.context().setOffline(false)
  await studio.until('live')
  await viewer.until({ stream: 'live', playback: 'playing' })

  const cameras = page.locator('select').first()
  await cameras.selectOption({ index: 1 })
  await page.waitForFunction(() => (globalThis as any).recordings.length === 2)
  const { mediaSeconds, seconds } = await viewer.advance(10)
  t.ok(mediaSeconds >= 10, `the viewer goes on: ${mediaSeconds.toFixed(1)} s in ${seconds.toFixed(1)} s`)
  t.equal(await viewer.page.evaluate(() => (globalThis as any).sameDocument), true, 'without a reload')
  await studio.end()
  const { pictures, ...counted } = await checkNothingIsLost(t, server, 'cut', page)
  t.strictSame(counted, { recordings: 2, discontinuities: 1 }, 'a discontinuity for the new recording, none for the network')
  const { stats } = await studio.snapshot()
  t.comment(`cut of ${CUT_SECONDS} s and another camera: ${pictures} of ${pictures} pictures published, ${stats.reconnects} reconnect, ${Math.round(during.stats.keptBytes / 1000)} kB kept meanwhile`)
  t.strictSame(await studio.gaps(), [])
  t.strictSame((await viewer.state()).errors.filter(({ fatal }) => fatal), [])
})

/** Stops all processes of a browser, as a laptop does that is closed. @returns what wakes them up */
async function putToSleep (t: Test, sleeper: Browser): Promise<() => void> {
  const { processInfo } = await (await sleeper.newBrowserCDPSession()).send('SystemInfo.getProcessInfo')
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => { for (const { id } of processInfo) process.kill(id, name) }
  let isAsleep = true
  const wake = () => {
    if (isAsleep) signal('SIGCONT')
    isAsleep = false
  }
  t.teardown(wake)
  signal('SIGSTOP')
  return wake
}

t.test('a laptop that sleeps', async t => {
  const server = await startServer(t, { standalone: true })
  const laptop = await launchChromium(t)
  const studio = await openStudio(t, laptop, server, { streamKey: 'sleep', format: 'matroska-h264', prepare: keepRecordings })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  const viewer = await openWatchPage(t, browser, server, 'sleep')
  await viewer.until({ playback: 'playing' })
  const wake = await putToSleep(t, laptop)
  // The server's pings are not answered any more.
  await viewer.until({ stream: 'reconnecting' }, 30_000)
  wake()
  await viewer.until({ stream: 'live' }, 30_000)
  await viewer.until({ playback: 'playing' })
  await viewer.advance(4)
  await studio.end()
  const { pictures } = await checkNothingIsLost(t, server, 'sleep', page)
  t.comment(`a laptop that slept until the server missed it: ${pictures} of ${pictures} recorded pictures published`)
  t.strictSame(await studio.gaps(), [])
})

t.test('a tab that is hidden', async t => {
  const server = await startServer(t, { standalone: true })
  const studio = await openStudio(t, browser, server, { streamKey: 'hidden', format: 'matroska-h264', prepare: keepRecordings })
  const { page } = studio
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
  await studio.goLive()
  const front = await page.context().newPage()
  await front.bringToFront()
  const viewer = await openWatchPage(t, browser, server, 'hidden')
  await viewer.until({ playback: 'playing' })
  const { mediaSeconds } = await viewer.advance(8)
  t.ok(mediaSeconds >= 8, `${mediaSeconds.toFixed(1)} s`)
  await page.bringToFront()
  await studio.end()
  await checkNothingIsLost(t, server, 'hidden', page)
})
