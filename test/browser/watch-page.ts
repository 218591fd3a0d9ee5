import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { TestServer } from '../fixtures/server.ts'
import { complaintsOf } from './chromium.ts'

/** What `window.headwaterPlayer` says. */
export interface PlayerState {
  stream: string
  playback: string
  connected: boolean
  viewers: number | undefined
  errors: Array<{ type: string, details: string, fatal: boolean }>
}

/** How far the picture is behind live, in seconds, sample by sample. */
export interface BehindLive {
  /** By the time that the picture carries, and this machine's clock: the server's and the browser's are the same. */
  dated: number[]
  /** As the page says. */
  said: number[]
}

export interface Advance {
  /** How far the playhead moved, in seconds. */
  mediaSeconds: number
  /** How long that took. */
  seconds: number
}

/** The watch page in a browser. */
export interface WatchPage {
  page: Page
  complaints: string[]
  state (): Promise<PlayerState>
  /** Resolves when the page says so; fails after `timeoutMs`. */
  until (expected: Partial<Pick<PlayerState, 'stream' | 'playback' | 'viewers' | 'connected'>>, timeoutMs?: number): Promise<void>
  /** Plays until the playhead has moved so far, or the time is over: by default long enough for a busy machine, which encodes some formats slower than they are recorded. */
  advance (mediaSeconds: number, withinSeconds?: number): Promise<Advance>
  /** So many samples, one each half second. */
  behindLive (samples: number): Promise<BehindLive>
}

const UNTIL_MS = 20_000
const PATIENCE_SECONDS = 60
const PLAYHEAD = fileURLToPath(new URL('pages/playhead.js', import.meta.url))

export async function openWatchPage (t: Pick<Test, 'teardown'>, browser: Browser, server: Pick<TestServer, 'url'>, streamKey: string, { prefix = '', prepare, ...options }: BrowserContextOptions & { prefix?: string, prepare?: (page: Page) => Promise<unknown> } = {}): Promise<WatchPage> {
  const page = await browser.newPage(options)
  t.teardown(() => page.close())
  const complaints = complaintsOf(page)
  await page.addInitScript({ path: PLAYHEAD })
  await prepare?.(page)
  await page.goto(`${server.url}${prefix}/watch/${streamKey}`)
  return {
    page,
    complaints,
    state: () => page.evaluate(() => {
      const { stream, playback, connected, viewers, errors } = (globalThis as any).headwaterPlayer
      return { stream, playback, connected, viewers, errors }
    }),
    async until (expected, timeoutMs = UNTIL_MS) {
      await page.waitForFunction(given => Object.entries(given).every(([name, value]) => (globalThis as any).headwaterPlayer?.[name] === value), expected, { timeout: timeoutMs })
    },
    advance: (mediaSeconds, withinSeconds = PATIENCE_SECONDS) => page.evaluate(
      ([target, limit]) => (globalThis as any).advance(target, limit) as Promise<Advance>, [mediaSeconds, withinSeconds] as const
    ),
    behindLive: samples => page.evaluate(async samples => {
      const dated: number[] = []
      const said: number[] = []
      const player = (globalThis as any).headwaterPlayer
      while (said.length < samples) {
        await new Promise(resolve => setTimeout(resolve, 500))
        if (player.latencySeconds === undefined || player.pictureTime === undefined) continue
        said.push(player.latencySeconds)
        dated.push((Date.now() - player.pictureTime) / 1000)
      }
      return { dated, said }
    }, samples)
  }
}
