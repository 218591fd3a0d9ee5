import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { broadcast, type BroadcastOptions } from '../../scripts/broadcaster/broadcast.ts'
import { headwater } from '../../src/app.ts'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { openWatchPage } from './watch-page.ts'

const browser = await launchChromium(t)

/** A small broadcast in real time, for as long as the test lasts. */
async function goOnAir (t: Test, url: string, streamKey: string, options: Partial<BroadcastOptions> = {}): Promise<void> {
  const stop = new AbortController()
  let over: Promise<unknown> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    over = broadcast({ url, streamKey, userId: 'sender', source: { kind: 'generated' }, width: 320, height: 180, frameRate: 15, videoKbps: 200, signal: stop.signal, onStarted: () => resolve(), ...options })
    over.catch(reject)
  })
  t.teardown(async () => {
    stop.abort()
    await over
  })
}

t.test('a stream from nothing to its end, and once more', async t => {
  const server = await startServer(t, { standalone: true })
  const streamKey = 'life'
  const { page, until, state, complaints } = await openWatchPage(t, browser, server, streamKey)
  const veil = () => page.textContent('#veil-title')
  const words = () => page.textContent('#words')

  await until({ stream: 'not-found', playback: 'idle' })
  t.equal(await veil(), 'There is no such stream')
  t.equal(await page.textContent('h1'), streamKey)
  t.equal(await page.isVisible('video[controls]'), false, 'there is nothing to control')

  await http(server, `/livestream/${streamKey}/start`, { method: 'POST', body: { action: 'start', timestamp: 0, userId: 'alice' } })
  await until({ stream: 'waiting' })
  t.equal(await veil(), 'The stream has not begun')

  const chunks = inPieces(await recording({ seconds: 8 }), 8)
  const first = await newBroadcaster(server, streamKey)
  await sendAll(first, streamKey, chunks)
  await until({ stream: 'live', playback: 'playing', viewers: 1 })
  t.equal(await page.isVisible('#badge'), true)
  t.equal(await page.isVisible('#veil'), false)
  t.equal(await page.textContent('#viewers'), '1 viewer')

  first.socket.disconnect()
  await until({ stream: 'reconnecting' })
  t.match(await words(), /reconnecting/i)
  await until({ playback: 'stalled' })
  t.equal(await veil(), 'The broadcaster is reconnecting')

  const second = await newBroadcaster(server, streamKey, { auth: { resumeToken: first.started.resumeToken } })
  await until({ stream: 'live' })
  await second.ask('end-stream', { streamKey, userId: 'alice' })
  await until({ stream: 'ended', playback: 'finished' })
  t.equal(await veil(), 'The stream has ended')
  t.equal(await page.isVisible('#badge'), false)

  await page.click('#replay')
  await until({ stream: 'ended', playback: 'playing' })
  t.ok(await page.evaluate(() => (globalThis as any).document.querySelector('video').currentTime) < 6, 'it plays from the beginning')

  const third = await newBroadcaster(server, streamKey)
  await sendAll(third, streamKey, chunks)
  await until({ stream: 'live', playback: 'playing' })
  t.strictSame((await state()).errors.filter(({ fatal }) => fatal), [])
  t.strictSame(complaints, [])
})

t.test('an ended stream offers its recording to who comes late', async t => {
  const server = await startServer(t, { standalone: true })
  const broadcaster = await newBroadcaster(server, 'late')
  await sendAll(broadcaster, 'late', inPieces(await recording({ seconds: 4 }), 4))
  await broadcaster.ask('end-stream', { streamKey: 'late', userId: 'alice' })
  const { page, until } = await openWatchPage(t, browser, server, 'late')
  await until({ stream: 'ended', playback: 'idle' })
  await page.click('#replay')
  await until({ playback: 'finished' })
  t.equal(await page.isVisible('#replay'), true, 'and once more')
})

t.test('viewers are counted', async t => {
  const server = await startServer(t, { standalone: true })
  await newBroadcaster(server, 'count')
  const one = await openWatchPage(t, browser, server, 'count')
  await one.until({ viewers: 1 })
  const two = await openWatchPage(t, browser, server, 'count')
  await Promise.all([one.until({ viewers: 2 }), two.until({ viewers: 2 })])
  t.equal(await one.page.textContent('#viewers'), '2 viewers')
  await two.page.close()
  await one.until({ viewers: 1 })
})

t.test('a fatal network error passes by itself', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'broken')
  const { page, until, state, advance } = await openWatchPage(t, browser, server, 'broken')
  await until({ playback: 'playing' })
  await page.route('**/livestream/**', route => route.abort())
  await page.waitForFunction(() => (globalThis as any).headwaterPlayer.errors.some(({ fatal }: { fatal: boolean }) => fatal))
  await until({ playback: 'stalled' })
  t.equal(await page.textContent('#veil-title'), 'Reconnecting …')
  await page.unroute('**/livestream/**')
  await until({ playback: 'playing' })
  const { mediaSeconds } = await advance(5, 10)
  t.ok(mediaSeconds >= 5, `it plays on: ${mediaSeconds.toFixed(1)} s`)
  t.equal((await state()).stream, 'live')
})

t.test('without Media Source Extensions the browser plays by itself', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'native')
  const { page, until, advance } = await openWatchPage(t, browser, server, 'native', {
    prepare: page => page.addInitScript('for (const name of ["MediaSource", "ManagedMediaSource", "WebKitMediaSource"]) delete window[name]')
  })
  await until({ playback: 'playing' })
  t.match(await page.getAttribute('video', 'src'), /\/livestream\/native\/live\.m3u8$/, 'the element has the playlist itself')
  t.ok((await advance(4, 10)).mediaSeconds >= 4)
})

t.test('below two prefixes of a foreign host', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-prefix-'))
  const app = Fastify({ forceCloseConnections: true })
  app.get('/', async () => 'the host')
  for (const name of ['one', 'two/deep']) {
    await app.register(headwater, { prefix: `/${name}`, livestream: { streamsDir: join(streamsDir, name), maxConnectionsPerMinute: 1_000 } })
  }
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await app.close()
    await rm(streamsDir, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  for (const prefix of ['/one', '/two/deep']) {
    await t.test(prefix, async t => {
      await goOnAir(t, url, 'here', { path: `${prefix}/socket.io` })
      const { until, advance, complaints } = await openWatchPage(t, browser, { url }, 'here', { prefix })
      await until({ stream: 'live', playback: 'playing', viewers: 1 })
      t.ok((await advance(2, 6)).mediaSeconds >= 2)
      t.strictSame(complaints, [])
    })
  }
})

t.test('with the keyboard, on a phone and on a desk', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'hands')
  for (const [width, height] of [[390, 844], [1280, 800]] as const) {
    const { page, until } = await openWatchPage(t, browser, server, 'hands', { viewport: { width, height } })
    await until({ playback: 'playing' })
    const box = (await page.locator('#stage').boundingBox())!
    t.ok(box.x >= 0 && box.x + box.width <= width && box.y + box.height < height, `${width} px: the picture is in the window`)
    t.equal(await page.evaluate(() => (globalThis as any).document.documentElement.scrollWidth), width, `${width} px: nothing sticks out`)
    await page.focus('#unmute')
    await page.keyboard.press('Enter')
    t.equal(await page.evaluate(() => (globalThis as any).document.querySelector('video').muted), false, `${width} px: the sound is on`)
    await page.waitForSelector('#unmute', { state: 'hidden' })
    t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.id), 'video', 'the focus stays with the picture')
    await page.close()
  }
})

t.test('a name that no stream can have', async t => {
  const server = await startServer(t, { standalone: true })
  const page = await browser.newPage()
  t.teardown(() => page.close())
  const answer = await page.goto(`${server.url}/watch/${encodeURIComponent('<img src=x onerror=alert(1)>')}`)
  t.equal(answer?.status(), 404)
  t.equal(await page.textContent('h1'), 'No stream can have this name')
  t.notMatch(await page.content(), 'onerror')
})
