import type { Browser } from 'playwright-core'
import { launchChromium } from '../browser/chromium.ts'
import { openWatchPage, type WatchPage } from '../browser/watch-page.ts'

const OPEN_MS = 30_000

export interface PagePlayer {
  stream: string
  playback: string
  /** How often the picture stood still after it had begun to move. */
  stalls: number
  errors: Array<{ details: string, fatal: boolean }>
  latencySeconds: number | undefined
  complaints: string[]
}

/** Real players: the server's own watch page with hls.js, all in one browser. */
export class PlayerPages {
  readonly #cleanups: Array<() => unknown> = []
  readonly #pages = new Map<string, WatchPage>()

  async open (url: string, streamKeys: string[]): Promise<void> {
    if (streamKeys.length === 0) return
    const owner = { teardown: (cleanup: () => unknown) => { this.#cleanups.unshift(cleanup) } }
    const browser: Browser = await launchChromium(owner)
    for (const streamKey of streamKeys) {
      const page = await openWatchPage(owner, browser, { url }, streamKey, { prepare: async page => await page.addInitScript(countStalls) })
      await page.until({ stream: 'live', playback: 'playing' }, OPEN_MS)
      this.#pages.set(streamKey, page)
    }
  }

  async players (): Promise<PagePlayer[]> {
    return await Promise.all([...this.#pages].map(async ([stream, { page, complaints, state }]) => {
      const { playback, errors } = await state()
      const { stalls, latencySeconds } = await page.evaluate(() => {
        const { soakStalls, headwaterPlayer } = globalThis as any
        return { stalls: soakStalls as number, latencySeconds: headwaterPlayer.latencySeconds as number | undefined }
      })
      return { stream, playback, stalls, errors, latencySeconds, complaints }
    }))
  }

  async close (): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0)) await cleanup()
  }
}

/** Runs in the page, before anything of it: media elements tell when they have nothing to show. */
function countStalls (): void {
  const page = globalThis as any
  let began = false
  page.soakStalls = 0
  page.addEventListener('playing', () => { began = true }, true)
  page.addEventListener('waiting', () => { if (began) page.soakStalls++ }, true)
}
