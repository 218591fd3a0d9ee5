import t from 'tap'
import { startServer } from '../fixtures/server.ts'
import { launchChromium } from './chromium.ts'
import { openStudio } from './studio-page.ts'
import { openWatchPage } from './watch-page.ts'

/** What the studio can be asked to record. Debian's Chromium has no AAC, so `mp4-h264-aac` is not among them. */
const FORMATS = ['matroska-h264', 'webm-h264', 'webm-vp8', 'mp4-h264-opus', 'webm-vp9', 'webm-av1', 'mp4-vp9', 'mp4-av1']
/** The goal is 6 s; machines that are busy with other things may take longer, and that is no fault of the code. */
const GOAL_SECONDS = 6
const MOST_SECONDS = 2 * GOAL_SECONDS
/** So often, one each half second. */
const SAMPLES = 12

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

t.test('from the studio to the watch page, in each format', async t => {
  const server = await startServer(t, { standalone: true })
  const browser = await launchChromium(t)
  for (const format of FORMATS) {
    await t.test(format, async t => {
      const studio = await openStudio(t, browser, server, { streamKey: format, format })
      await studio.page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
      await studio.goLive()
      const viewer = await openWatchPage(t, browser, server, format)
      await viewer.until({ playback: 'playing' })
      const { said, dated } = await viewer.page.evaluate(async samples => {
        const said: number[] = []
        const dated: number[] = []
        const player = (globalThis as any).headwaterPlayer
        while (said.length < samples) {
          await new Promise(resolve => setTimeout(resolve, 500))
          if (player.latencySeconds === undefined || player.pictureTime === undefined) continue
          said.push(player.latencySeconds)
          // The server's clock and the browser's are the same here.
          dated.push((Date.now() - player.pictureTime) / 1000)
        }
        return { said, dated }
      }, SAMPLES)
      const { mimeType } = await studio.snapshot()
      const behind = { said: median(said), dated: median(dated) }
      t.comment(`${format} (${mimeType}): ${behind.dated.toFixed(1)} s behind live (median of ${SAMPLES}; from ${Math.min(...dated).toFixed(1)} to ${Math.max(...dated).toFixed(1)} s), ${behind.said.toFixed(1)} s as the page says; goal ${GOAL_SECONDS} s`)
      t.ok(behind.dated <= MOST_SECONDS, `${behind.dated.toFixed(1)} s`)
      t.ok(Math.abs(behind.said - behind.dated) < 1, 'the page says the truth')
      t.strictSame((await viewer.state()).errors.filter(({ fatal }) => fatal), [])
      t.strictSame([...studio.complaints, ...viewer.complaints], [])
      await studio.end()
    })
  }
})
