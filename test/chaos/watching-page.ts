import type { Browser } from 'playwright-core'
import { launchChromium } from '../browser/chromium.ts'
import { openWatchPage, type WatchPage } from '../browser/watch-page.ts'

/** The picture moves again within so long after a server is back. */
const RECOVER_SECONDS = 30
const MOVES_SECONDS = 3
/** What a browser says on its console of requests that failed while there was no server. */
const NO_SERVER = /Failed to load resource|net::ERR_|WebSocket connection|ERR_CONNECTION/

/** A real browser on the server's own watch page, over whatever happens to the server. */
export class WatchingPage {
  readonly #cleanups: Array<() => unknown> = []
  #page: WatchPage | undefined
  #loads = 0
  #fatal = 0

  async open (url: string, streamKey: string): Promise<void> {
    const owner = { teardown: (cleanup: () => unknown) => { this.#cleanups.unshift(cleanup) } }
    const browser: Browser = await launchChromium(owner)
    this.#page = await openWatchPage(owner, browser, { url }, streamKey, {
      prepare: async page => { page.on('domcontentloaded', () => { this.#loads++ }) }
    })
    await this.#page.until({ stream: 'live', playback: 'playing' }, RECOVER_SECONDS * 1_000)
  }

  /** @returns how long it took until the picture had moved again, in seconds; undefined when it did not */
  async movesOn (): Promise<number | undefined> {
    const began = performance.now()
    const { mediaSeconds } = await this.#page!.advance(MOVES_SECONDS, RECOVER_SECONDS)
    return mediaSeconds >= MOVES_SECONDS ? (performance.now() - began) / 1_000 - MOVES_SECONDS : undefined
  }

  /** Errors of hls.js that it could not get over by itself; the page could. */
  get fatalErrors (): number { return this.#fatal }

  get reloads (): number { return this.#loads - 1 }

  /** @returns what is wrong at the end: a reload, a state from which the page does not play, complaints that have nothing to do with the missing server */
  async problems (): Promise<string[]> {
    const page = this.#page!
    const { playback, errors } = await page.state()
    this.#fatal = errors.filter(({ fatal }) => fatal).length
    return [
      ...(this.reloads === 0 ? [] : [`the watch page was loaded ${this.#loads} times`]),
      ...(playback === 'playing' || playback === 'finished' ? [] : [`the watch page is ${playback}: ${JSON.stringify(errors.slice(-3))}`]),
      ...page.complaints.filter(text => !NO_SERVER.test(text)).map(text => `the watch page complains: ${text}`)
    ]
  }

  async close (): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup()
  }
}
