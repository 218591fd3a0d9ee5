import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Day } from '../fixtures/ivs-day/day.ts'
import { awsSettings, startStageServers } from '../fixtures/ivs-day/servers.ts'
import { API_KEY } from '../fixtures/ivs-server.ts'
import { IvsStandIn } from '../stand-ins/ivs/stand-in.ts'
import { openPage, SIZES, type Opened } from './account-pages.ts'
import { launchChromium } from './chromium.ts'

/** Small stages make a day of few viewers. */
const MAX_PARTICIPANTS = 8
const SEATS_OF_SIX = 7 + 5 * 8
const PATIENCE_MS = 100_000
const PICTURES = process.env['HEADWATER_PICTURES']
/** What a browser writes down of a server that is being started again. */
const OUTAGE = /WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/

t.test('a day at AWS, as operators see it on a phone and on a desk', async t => {
  const browser = await launchChromium(t)
  const standIn = await IvsStandIn.start(t)
  const master = standIn.createStage('master-stage')
  const servers = await startStageServers(t, 1, { ...awsSettings(standIn, master), IVS_MAX_PARTICIPANTS: String(MAX_PARTICIPANTS), IVS_SCALE_OUT_VIEWERS: '6', IVS_SCALE_IN_VIEWERS: '1' })
  const [server] = servers
  const pages = await Promise.all(SIZES.map(async size => await openPage(t, browser, server!, '/operator/stages', { size })))
  for (const { fill, page } of pages) {
    await fill('API key', API_KEY)
    await page.keyboard.press('Enter')
  }
  const day = new Day({ maxStages: 20, maxParticipants: MAX_PARTICIPANTS, servers, forgets: true, aws: { standIn, master } })
  t.teardown(async () => { await day.close() })

  const agree = async (when: string) => {
    for (const opened of pages) {
      let differs = ''
      const agreed = day.clock.standUntil('the page says what the API says', async () => {
        differs = await difference(opened, day)
        return differs === ''
      }, PATIENCE_MS)
      t.equal(await agreed.then(() => '', (error: unknown) => `${String(error)}: ${differs}`), '', `${when}, ${opened.page.viewportSize()?.width} px: the page says what the API says`)
      await picture(opened, when)
    }
  }

  await day.live(t, async () => {
    await day.clock.standUntil('somebody publishes', async () => {
      if (day.broadcaster.liveSince === undefined) await day.onAir()
      return day.said.last.isPublisherLive
    }, PATIENCE_MS)
    await day.audienceBy(9, 20)
    await day.clock.standUntil('everybody has a seat', () => day.audience.without.length === 0, PATIENCE_MS)
    await agree('1-morning')

    await day.offAir()
    await day.clock.standUntil('the page says that nobody publishes', async () => await saysNobodyPublishes(pages[0]!), PATIENCE_MS)
    await day.onAir()
    await day.audienceBy(12, 60)
    await day.clock.standUntil('all seats of six stages are taken', () => day.audience.watching >= SEATS_OF_SIX, PATIENCE_MS)
    await day.clock.standUntil('operators are told why there are no more', () => day.diary.decisions.some(({ action, reason }) => action === 'hold' && /A publisher can be copied to 5 stages/.test(reason)), PATIENCE_MS)
    await agree('2-full')

    day.killWhoScales()
    for (const { sees } of pages) await sees('The server cannot be reached')
    await Promise.all(pages.map(async opened => await picture(opened, '3-away')))
    await day.clock.standDuring(() => day.restarted())
    await day.clock.standUntil('all are back on their seats', () => day.said.last.totalViewers >= SEATS_OF_SIX, PATIENCE_MS)
    await agree('4-back')

    await day.audienceBy(17, 0)
    await day.clock.standUntil('only the master is left', async () => (await day.said.all()).every(({ stages }) => stages.length === 1), PATIENCE_MS)
    await agree('5-night')
  })
  for (const { complaints } of pages) t.strictSame(complaints.filter(text => !OUTAGE.test(text)), [])
})

/** Reasons of what was decided speak of it too, for as long as they are listed. */
async function saysNobodyPublishes ({ page }: Opened): Promise<boolean> {
  return (await page.getByRole('region', { name: 'Now' }).innerText()).includes('Nobody publishes')
}

/** What the page does not say of what the server says now; empty where it says all. */
async function difference (opened: Opened, day: Day): Promise<string> {
  const [said] = await day.said.all()
  const rows = await opened.page.getByRole('region', { name: 'All stages' }).getByRole('listitem').allInnerTexts()
  const text = await opened.page.getByRole('main').innerText()
  const wrong = said!.stages.filter(({ name, autoScaled, viewerCount }) => !rows.some(row => row.includes(name) && row.includes(`${viewerCount} of ${MAX_PARTICIPANTS - (autoScaled ? 0 : 1)}`)))
  const [newest] = day.diary.toldLast
  const lastReason = newest?.reason ?? ''
  return [
    ...(text.includes('The server cannot be reached') ? ['what is so now'] : []),
    ...(rows.length === said!.stages.length ? [] : [`${rows.length} rows for ${said!.stages.length} stages`]),
    ...wrong.map(({ name, viewerCount }) => `${name} with ${viewerCount} viewers`),
    ...(await saysNobodyPublishes(opened) === said!.isPublisherLive ? ['whether somebody publishes'] : []),
    ...(text.includes(lastReason) ? [] : [`the decision: ${lastReason}`])
  ].join('; ')
}

async function picture ({ page }: Opened, when: string): Promise<void> {
  if (PICTURES === undefined) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `day-${page.viewportSize()?.width}-${when}.png`), fullPage: true })
}
