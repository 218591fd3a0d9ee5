import { RECORDING_FORMATS } from '../../../src/client/recording-format.ts'
import { launchChromium } from '../../browser/chromium.ts'
import { openStudio } from '../../browser/studio-page.ts'
import { openWatchPage, type BehindLive } from '../../browser/watch-page.ts'
import { quantile } from '../../chaos/measure.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { atMost, type Context, type OpenWork, type Work } from '../work.ts'

/** What the studio can be asked to record. Debian's Chromium has no AAC. */
const FORMATS = RECORDING_FORMATS.map(({ id }) => id).filter(id => id !== 'mp4-h264-aac')
const GOAL_SECONDS = 6
/** Of each format, one each half second. */
const SAMPLES = 12
const SHORT_SAMPLES = 2
const PLAYING_MS = 60_000

const seconds = (value: number) => `${value.toFixed(1)} s`

/** A studio and a watch page in one Chromium, one format after the other. What a round gives is the median of its samples. */
export const latency: Work = {
  id: 'latency',
  lines: FORMATS.flatMap(format => [
    { id: format, name: `${format}: picture behind live`, goal: `<= ${GOAL_SECONDS} s`, meets: atMost(GOAL_SECONDS), format: seconds },
    { id: `${format}-said`, name: 'the same, as the watch page says', format: seconds }
  ]),
  open
}

async function open ({ folder, short }: Context): Promise<OpenWork> {
  const server = await startServerProcess({ folder })
  let round = 0
  return {
    async measure () {
      round++
      const values: Record<string, number> = {}
      for (const format of FORMATS) {
        const { dated, said } = await behindLive(server.url, format, `${format}-${round}`, short ? SHORT_SAMPLES : SAMPLES)
        values[format] = quantile(dated, 0.5)
        values[`${format}-said`] = quantile(said, 0.5)
      }
      return values
    },
    close: async () => await server.stop()
  }
}

/** Each in a Chromium of its own, so that none has the encoders of the one before. */
async function behindLive (url: string, format: string, streamKey: string, samples: number): Promise<BehindLive> {
  const cleanups: Array<() => unknown> = []
  const owner = { teardown: (cleanup: () => unknown) => { cleanups.unshift(cleanup) } }
  try {
    const browser = await launchChromium(owner)
    const studio = await openStudio(owner, browser, { url }, { streamKey, format })
    await studio.page.getByRole('status').filter({ hasText: 'Ready' }).waitFor()
    await studio.goLive()
    const viewer = await openWatchPage(owner, browser, { url }, streamKey)
    await viewer.until({ playback: 'playing' }, PLAYING_MS)
    const measured = await viewer.behindLive(samples)
    await studio.end()
    return measured
  } finally {
    for (const cleanup of cleanups) await cleanup()
  }
}
