import t from 'tap'
import { signPlayback } from '../../src/index.ts'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { goOnAir } from './on-air.ts'
import { openStudio } from './studio-page.ts'
import { openWatchPage } from './watch-page.ts'

const KEY = 'a playback key of thirty-two characters or more'
const browser = await launchChromium(t)
const signed = (streamKey: string, seconds: number) => `${streamKey}?${signPlayback(streamKey, { key: KEY, expiresAt: new Date(Date.now() + seconds * 1000) })}`
const PARTS = { standalone: true, options: { playbackKeys: [KEY] } }

t.test('a signed link plays, in a frame too; without one the page says why', async t => {
  const server = await startServer(t, PARTS)
  await goOnAir(t, server.url, 'show')
  const good = signed('show', 600)
  for (const address of [good, good.replace('?', '?embed&')]) {
    const { until, advance } = await openWatchPage(t, browser, server, address)
    await until({ stream: 'live', playback: 'playing' })
    t.ok((await advance(4)).mediaSeconds >= 4, 'on beyond its first playlist')
  }
  for (const { address, why } of [{ address: 'show', why: /expires and signature are missing\. Whoever shared it/ }, { address: signed('show', -1), why: /^This link has expired\./ }]) {
    const { page, until } = await openWatchPage(t, browser, server, address)
    await until({ playback: 'refused' as never })
    await page.getByText('You cannot watch this stream').waitFor()
    await page.getByText(why).waitFor()
    t.equal(await page.locator('.pulse').count(), 0, 'nothing says that it goes on by itself')
  }
})

t.test('who watches when the link expires is told so; so is who has no Media Source Extensions', async t => {
  const server = await startServer(t, PARTS)
  await goOnAir(t, server.url, 'show')
  const { page, until } = await openWatchPage(t, browser, server, signed('show', 12))
  await until({ playback: 'playing' })
  await page.getByText(/^This link has expired\./).waitFor()
  const native = await openWatchPage(t, browser, server, 'show', {
    prepare: page => page.addInitScript('for (const name of ["MediaSource", "ManagedMediaSource", "WebKitMediaSource"]) delete window[name]')
  })
  await native.page.getByText(/are missing/).waitFor()
})

t.test('the links that the studio gives are signed', async t => {
  const server = await startServer(t, PARTS)
  const { page, goLive, end } = await openStudio(t, browser, server, { streamKey: 'show' })
  await goLive()
  const link = page.getByLabel('Link to watch')
  await page.waitForFunction(() => (globalThis as any).headwaterStudio.snapshot.playbackUrl !== undefined)
  const address = await link.inputValue()
  t.match(address, /\/watch\/show\?expires=\d+&signature=[\w-]{43}$/)
  t.match(await page.getByLabel('Code to embed').inputValue(), address.split('?')[1]!.replace('&', '&amp;'))
  const { until } = await openWatchPage(t, browser, server, address.split('/watch/')[1]!)
  await until({ stream: 'live', playback: 'playing' })
  await end()
  t.equal(await page.getByRole('link', { name: 'Watch the recording' }).getAttribute('href'), `/watch/show?${address.split('?')[1]}`)
})
