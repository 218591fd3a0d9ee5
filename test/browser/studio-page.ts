import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { TestServer } from '../fixtures/server.ts'
import { complaintsOf } from './chromium.ts'

/** What `window.headwaterStudio` says of a broadcast. */
export interface StudioSnapshot {
  state: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'ending' | 'ended' | 'failed'
  isRecording: boolean
  mimeType: string
  viewers: number | undefined
  error: { code: string, message: string } | undefined
  stats: { recordedBitrate: number, lagSeconds: number, queuedBytes: number, keptBytes: number, sentBytes: number, reconnects: number }
}

/** The studio in a browser. */
export interface StudioPage {
  page: Page
  complaints: string[]
  /** What the page knows of its broadcast. */
  snapshot (): Promise<StudioSnapshot>
  /** What viewers have missed, as the page knows it. */
  gaps (): Promise<Array<{ cause: string, seconds: number }>>
  /** Resolves when the broadcast is in that state; fails after `timeoutMs`. */
  until (state: StudioSnapshot['state'], timeoutMs?: number): Promise<void>
  /** The text of what is spoken: the state in words. */
  status (): Promise<string>
  goLive (): Promise<void>
  /** Ends the stream, with the confirmation. */
  end (): Promise<void>
}

interface StudioOptions extends BrowserContextOptions {
  /** Name of the stream; by default the page's own. */
  streamKey?: string
  /** The format to record, as `?format=`. */
  format?: string
  prepare?: (page: Page) => Promise<unknown>
}

const UNTIL_MS = 20_000

export async function openStudio (t: Pick<Test, 'teardown'>, browser: Browser, server: Pick<TestServer, 'url'>, { streamKey, format, prepare, ...options }: StudioOptions = {}): Promise<StudioPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  t.teardown(() => context.close())
  const complaints = complaintsOf(page)
  await prepare?.(page)
  await page.goto(`${server.url}/studio${format === undefined ? '' : `?format=${format}`}`)
  if (streamKey !== undefined) await page.getByLabel('Name of the stream').fill(streamKey)
  const until = async (state: string, timeoutMs = UNTIL_MS) => {
    await page.waitForFunction(given => (globalThis as any).headwaterStudio?.snapshot?.state === given, state, { timeout: timeoutMs })
  }
  return {
    page,
    complaints,
    until,
    // Errors are told apart by their code; objects of a class do not come through as such.
    snapshot: async () => await page.evaluate(() => {
      const { snapshot } = (globalThis as any).headwaterStudio
      return { ...snapshot, error: snapshot.error && { code: snapshot.error.code, message: snapshot.error.message } }
    }),
    gaps: async () => await page.evaluate(() => (globalThis as any).headwaterStudio.gaps),
    status: async () => await page.locator('.studio-status').innerText(),
    async goLive () {
      await page.getByRole('button', { name: 'Go live' }).click()
      await until('live')
    },
    async end () {
      await page.getByRole('button', { name: 'End the stream' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'End the stream' }).click()
      await until('ended')
    }
  }
}
