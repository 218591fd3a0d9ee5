import type { Browser, BrowserContextOptions } from 'playwright-core'
import type { TestServer } from '../fixtures/server.ts'
import { http } from '../fixtures/http.ts'
import type { Visit } from './visits.ts'

/** One thing that a page loaded. */
export interface Loaded {
  /** Below the server; a full address when it is elsewhere. */
  path: string
  /** Media type. */
  type: string
  status: number
  headers: Record<string, string>
  /** Over the wire, with headers. */
  bytes: number
  /** The same for a browser that takes gzip at most. */
  gzipBytes: number
}

export interface PageWeight {
  /** The document and what it needs; neither media nor what an API answers. */
  loaded: Loaded[]
  /** Whatever was asked for elsewhere. */
  external: string[]
  firstPaintMs: number
  /** Cumulative layout shift, without those that a hand caused. */
  layoutShift: number
}

/** What a page moves, as it is shown for the first time in a fresh browser. */
export async function weigh (browser: Browser, server: Pick<TestServer, 'url'>, { path, ready }: Pick<Visit, 'path' | 'ready'>, options: BrowserContextOptions = {}): Promise<PageWeight> {
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    await page.addInitScript(watchShifts)
    const debug = await context.newCDPSession(page)
    const responses = new Map<string, { url: string, status: number, mimeType: string, headers: Record<string, string>, fromDiskCache?: boolean }>()
    const bytes = new Map<string, number>()
    const cached = new Set<string>()
    const external: string[] = []
    debug.on('Network.requestWillBeSent', ({ request: { url } }) => { if (!url.startsWith(`${server.url}/`) && !/^(blob|data):/.test(url)) external.push(url) })
    debug.on('Network.responseReceived', ({ requestId, response }) => responses.set(requestId, response))
    // Asked for again, the tab's icon for example, but not moved again.
    debug.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId))
    debug.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => bytes.set(requestId, encodedDataLength))
    await debug.send('Network.enable')
    await page.goto(server.url + path)
    await ready(page)
    // It is written down some moments after it was seen.
    await page.waitForFunction(() => (globalThis as any).performance.getEntriesByName('first-contentful-paint').length > 0)
    const { firstPaintMs, layoutShift } = await page.evaluate(() => {
      const page = globalThis as any
      return { firstPaintMs: page.performance.getEntriesByName('first-contentful-paint')[0]?.startTime as number, layoutShift: page.layoutShift as number }
    })
    const own = [...responses].filter(([id, { url, fromDiskCache }]) => !cached.has(id) && fromDiskCache !== true && url.startsWith(`${server.url}/`) && !/^\/(livestream|socket\.io|api)\//.test(new URL(url).pathname))
    const loaded = await Promise.all(own.map(async ([id, { url, status, mimeType, headers }]): Promise<Loaded> => {
      const { pathname } = new URL(url)
      const gzipped = await http(server, pathname, { headers: { 'accept-encoding': 'gzip' } })
      return { path: pathname, type: mimeType, status, headers, bytes: bytes.get(id) ?? 0, gzipBytes: gzipped.bytes.length }
    }))
    return { loaded, external, firstPaintMs, layoutShift }
  } finally {
    await context.close()
  }
}

/** Runs in the page, before anything of it. */
function watchShifts (): void {
  const page = globalThis as any
  page.layoutShift = 0
  new page.PerformanceObserver((list: any) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) page.layoutShift += value
  }).observe({ type: 'layout-shift', buffered: true })
}
