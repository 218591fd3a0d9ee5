import t from 'tap'
import { API_KEY, startIvs, type IvsServer } from '../fixtures/ivs-server.ts'
import { openPage, SIZES, type Opened } from './account-pages.ts'
import { launchChromium } from './chromium.ts'

const browser = await launchChromium(t)

const rowOf = ({ page }: Pick<Opened, 'page'>, name: string) => page.getByRole('region', { name: 'All stages' }).getByRole('listitem').filter({ hasText: name })

/** Gives the key on the page that asks for it. */
async function giveKey ({ fill, page }: Opened, key = API_KEY): Promise<void> {
  await fill('API key', key)
  await page.keyboard.press('Enter')
}

async function viewersOn (server: IvsServer, count: number): Promise<void> {
  for (let viewer = 0; viewer < count; viewer++) await server.post('/api/token/viewer', { userId: `viewer-${viewer}` })
}

for (const size of SIZES) {
  t.test(`what an operator sees and does, with the keyboard alone, at ${size[0]} px`, async t => {
    const server = await startIvs(t, { ivs: { maxStages: 3, statisticsSeconds: 0.5, maxParticipants: 5, scaleOutViewers: 3, scaleInViewers: 1, scalingSeconds: 1 } })
    const opened = await openPage(t, browser, server, '/operator/stages', { size })
    const { page, focused, enter, sees, fill, tabTo } = opened

    await enter('Show the stages')
    await sees('Enter the key first.')
    t.equal(await focused(), 'API key')
    await giveKey(opened, 'another')
    await sees('The server does not take this key.')
    t.equal(await focused(), 'API key')
    await giveKey(opened)
    await sees(/^As of .*, when it was looked up$/)
    t.equal(await focused(), 'Stages')
    await rowOf(opened, 'master-stage').getByText('0 of 4').waitFor()
    await sees('To be published here')
    t.equal(page.url(), `${server.url}/operator/stages`, 'no key in the address')

    await server.post('/api/token/publisher', { userId: 'alice' })
    await page.getByText('Live', { exact: true }).waitFor()
    await viewersOn(server, 3)
    await rowOf(opened, 'master-stage').getByText('3 of 4').waitFor()
    await rowOf(opened, 'autoscale-stage-1').getByText('0 of 5').waitFor()
    // What was decided last is spoken, whichever that is by now.
    await page.getByRole('status').filter({ hasText: /^(Create|Copy media|Open) autoscale-stage-1: / }).waitFor({ state: 'attached' })

    await fill('New stage', 'bad name')
    await page.keyboard.press('Enter')
    await sees('請求參數驗證失敗')
    t.equal(await page.getByText('請求參數驗證失敗').getAttribute('lang'), 'zh-Hant')
    await fill('New stage', 'rehearsal')
    await page.keyboard.press('Enter')
    await sees('rehearsal was made.')
    await rowOf(opened, 'rehearsal').getByText('Copy of the master').waitFor()
    t.equal(await focused(), 'New stage')

    await fill('New stage', 'one-more')
    await page.keyboard.press('Enter')
    await sees('已達到 Stage 數量上限 (3)')

    const { json: { data: { stages } } } = await server.get('/api/stage/list')
    const { stageArn } = stages.find(({ name }: { name: string }) => name === 'rehearsal')
    await server.post('/api/token/viewer', { userId: 'guest', stageArn })
    await enter('Delete rehearsal', 'back')
    await page.getByRole('dialog', { name: 'Delete rehearsal?' }).waitFor()
    t.equal(await focused(), 'Cancel', 'the focus begins on what changes nothing')
    await enter('Delete')
    await rowOf(opened, 'rehearsal').getByText('Stage 中仍有觀眾，無法刪除').waitFor()
    t.equal(await focused(), 'Delete rehearsal')
    await server.post('/api/viewer/leave', { userId: 'guest', stageArn })
    await page.keyboard.press('Enter')
    await enter('Delete')
    await page.getByRole('status').filter({ hasText: 'rehearsal: Stage 已刪除' }).waitFor({ state: 'attached' })
    await rowOf(opened, 'rehearsal').waitFor({ state: 'detached' })
    t.equal(await focused(), 'All stages', 'what had the focus is gone: the list has it')

    await page.reload()
    await rowOf(opened, 'master-stage').waitFor()
    await tabTo('Forget the key')
    await page.keyboard.press('Enter')
    await sees('API key')
    t.equal(await rowOf(opened, 'master-stage').count(), 0, 'nothing is left to see')
    await page.reload()
    await sees('API key')
    // A browser writes down answers that are no success: there was no room for another stage.
    t.strictSame(opened.complaints.filter(text => !/status of 503/.test(text)), [])
  })
}

t.test('a lost connection', async t => {
  const server = await startIvs(t, { ivs: { statisticsSeconds: 0.5 } })
  const opened = await openPage(t, browser, server, '/operator/stages', { size: SIZES[0] })
  const { page, sees } = opened
  await giveKey(opened)
  await viewersOn(server, 3)
  await rowOf(opened, 'master-stage').getByText('3 of 49').waitFor()
  await server.app.close()
  await sees('The server cannot be reached')
  await sees(/^What you see was so at .* It is tried again by itself\.$/)
  await page.getByText('Old', { exact: true }).waitFor()
  await rowOf(opened, 'master-stage').getByText('3 of 49').waitFor()
})
