import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { headwater } from '../../src/app.ts'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { goOnAir } from './on-air.ts'
import { openWatchPage } from './watch-page.ts'

const browser = await launchChromium(t)

t.test('a stream from nothing to its end, and once more', async t => {
  const server = await startServer(t, { standalone: true })
  const streamKey = 'life'
  const { page, until, state, complaints } = await openWatchPage(t, browser, server, streamKey)
  const sees = async (text: string | RegExp) => await page.getByText(text).first().waitFor()
  const seesNot = async (text: string | RegExp) => await page.getByText(text).first().waitFor({ state: 'hidden' })
  const says = async (text: string | RegExp) => await page.getByRole('status').filter({ hasText: text }).waitFor()

  await until({ stream: 'not-found', playback: 'idle' })
  await sees('There is no such stream')
  t.equal(await page.getByRole('heading', { level: 1 }).textContent(), streamKey)
  t.equal(await page.title(), `${streamKey} · Headwater`)
  t.equal(await page.isVisible('video[controls]'), false, 'there is nothing to control')

  await http(server, `/livestream/${streamKey}/start`, { method: 'POST', body: { action: 'start', timestamp: 0, userId: 'alice' } })
  await until({ stream: 'waiting' })
  await sees('The stream has not begun')

  const chunks = inPieces(await recording({ seconds: 8 }), 8)
  const first = await newBroadcaster(server, streamKey)
  await sendAll(first, streamKey, chunks)
  await until({ stream: 'live', playback: 'playing', viewers: 1 })
  await sees(/^Live$/)
  await seesNot('The stream has not begun')
  await sees(/^1 viewer$/)
  await sees(/^\d s behind$/)
  t.ok(page.workers().length > 0, 'hls.js works in a worker')

  first.socket.disconnect()
  await until({ stream: 'reconnecting' })
  await sees('The broadcaster is reconnecting')
  await until({ playback: 'stalled' })
  await sees('The broadcaster is reconnecting')
  await says(/^Reconnecting$/)
  await seesNot(/^Live$/)

  const second = await newBroadcaster(server, streamKey, { auth: { resumeToken: first.started.resumeToken } })
  await until({ stream: 'live' })
  await second.ask('end-stream', { streamKey, userId: 'alice' })
  await until({ stream: 'ended', playback: 'finished' })
  await sees('The stream has ended')
  await seesNot(/^Live$/)

  await page.getByRole('button', { name: 'Watch from the beginning' }).click()
  await until({ stream: 'ended', playback: 'playing' })
  t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.tagName), 'VIDEO', 'the focus goes to the picture')
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
  const replay = page.getByRole('button', { name: 'Watch from the beginning' })
  await replay.click()
  await until({ playback: 'finished' })
  await replay.waitFor()
  await replay.click()
  await until({ playback: 'playing' })
  t.ok(await page.locator('video').evaluate((video: any) => video.currentTime) < 3, 'and once more, from the beginning')
})

t.test('viewers are counted', async t => {
  const server = await startServer(t, { standalone: true })
  await newBroadcaster(server, 'count')
  const one = await openWatchPage(t, browser, server, 'count')
  await one.until({ viewers: 1 })
  const two = await openWatchPage(t, browser, server, 'count')
  await Promise.all([one.until({ viewers: 2 }), two.until({ viewers: 2 })])
  await one.page.getByText(/^2 viewers$/).waitFor()
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
  await page.getByText('Reconnecting …').waitFor()
  await page.unroute('**/livestream/**')
  await until({ playback: 'playing' })
  const { mediaSeconds } = await advance(5)
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
  t.ok((await advance(4)).mediaSeconds >= 4)
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
      t.ok((await advance(2)).mediaSeconds >= 2)
      t.strictSame(complaints, [])
    })
  }
})

t.test('who has paused is behind, and goes back to live', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'paused')
  const { page, until, advance, state } = await openWatchPage(t, browser, server, 'paused')
  const goLive = page.getByRole('button', { name: 'Go to live' })
  await until({ playback: 'playing' })
  await advance(1)
  t.equal(await goLive.isVisible(), false, 'nobody is behind who has just come')
  await page.evaluate(() => { (globalThis as any).document.querySelector('video').pause() })
  await until({ playback: 'paused' })
  await goLive.waitFor()
  await page.getByRole('status').filter({ hasText: /^Paused$/ }).waitFor()
  await page.waitForFunction(() => (globalThis as any).headwaterPlayer.latencySeconds > 12)
  await page.getByText(/^[12]\d s behind$/).waitFor()
  const latency = async () => await page.evaluate(() => (globalThis as any).headwaterPlayer.latencySeconds as number)
  const paused = await latency()
  await goLive.press('Enter')
  await until({ playback: 'playing' })
  await advance(1)
  const live = await latency()
  t.ok(live < paused - 2, `it is where it would be: ${live.toFixed(1)} s behind instead of ${paused.toFixed(1)} s`)
  await goLive.waitFor({ state: 'hidden' })
  t.equal(await page.evaluate(() => (globalThis as any).document.activeElement.tagName), 'VIDEO', 'the focus stays with the picture')
  t.strictSame((await state()).errors.filter(({ fatal }) => fatal), [])
})

t.test('a fault of the server is told as one', async t => {
  const server = await startServer(t, { standalone: true })
  await goOnAir(t, server.url, 'trouble')
  let tell: (frame: string) => void = () => {}
  const { page, until } = await openWatchPage(t, browser, server, 'trouble', {
    prepare: page => page.routeWebSocket(/socket\.io/, socket => {
      socket.connectToServer()
      tell = frame => socket.send(frame)
    })
  })
  const condition = (payload: object) => tell(`42${JSON.stringify(['stream-condition', { streamKey: 'trouble', ...payload }])}`)
  await until({ stream: 'live', playback: 'playing' })
  condition({ condition: 'degraded', reason: 'disk-full' })
  await page.getByText('The server has trouble; the picture may pause').waitFor()
  condition({ condition: 'good', reason: null })
  await page.getByText('The server has trouble').waitFor({ state: 'hidden' })
})

t.test('without a word from the server the picture is tried all the same', async t => {
  const server = await startServer(t, { standalone: true })
  const broadcaster = await newBroadcaster(server, 'silent')
  await sendAll(broadcaster, 'silent', inPieces(await recording({ seconds: 8 }), 8))
  const { page, until, state } = await openWatchPage(t, browser, server, 'silent', {
    prepare: async page => {
      await page.route('**/socket.io/**', route => route.abort())
      await page.routeWebSocket(/socket\.io/, socket => { void socket.close() })
    }
  })
  await until({ playback: 'playing' })
  const { stream, connected } = await state()
  t.match({ stream, connected }, { stream: 'unknown', connected: false })
  t.equal(await page.getByText(/^Live$/).isVisible(), false, 'nobody said that it is live')
  await broadcaster.ask('end-stream', { streamKey: 'silent', userId: 'alice' })
  await until({ playback: 'finished' })
  await page.getByText('The stream has ended').waitFor()
})

t.test('a name that no stream can have', async t => {
  const server = await startServer(t, { standalone: true })
  const page = await browser.newPage()
  t.teardown(() => page.close())
  const answer = await page.goto(`${server.url}/watch/${encodeURIComponent('<img src=x onerror=alert(1)>')}`)
  t.equal(answer?.status(), 404)
  await page.getByRole('heading', { level: 1, name: 'No stream can have this name' }).waitFor()
  t.equal(await page.title(), 'Not found · Headwater')
  t.notMatch(await page.content(), 'onerror')
})
