import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { TestServer } from '../fixtures/server.ts'

const require = createRequire(import.meta.url)
const own = (name: string) => fileURLToPath(new URL(`pages/${name}`, import.meta.url))

const FILES: Record<string, { path: string, type: string }> = {
  '/': { path: own('recorder.html'), type: 'text/html' },
  '/recorder.js': { path: own('recorder.js'), type: 'text/javascript' },
  '/socket.io.js': { path: require.resolve('socket.io-client/dist/socket.io.js'), type: 'text/javascript' }
}

export interface Recording {
  streamKey: string
  /** What the recorder is asked for, for example `video/webm;codecs=vp8,opus`. */
  mimeType: string
  video?: boolean
  audio?: boolean
  /** Distance of key frames, in milliseconds; null leaves it to the browser. Default 1000. */
  keyFrameMs?: number | null
  /** How chunks are handed to Socket.IO. */
  as?: 'blob' | 'buffer'
}

/** A page that broadcasts its camera, on an origin of its own. */
export interface RecorderPage {
  page: Page
  /** What the browser really records. */
  mimeType: string
  /** What the server complained about. */
  problems (): Promise<unknown[]>
  /** Stops the recorder and starts a new one: a new header in the same stream. */
  recordAnew (): Promise<void>
}

export async function openRecorder (t: Test, browser: Browser, server: TestServer, recording: Recording): Promise<RecorderPage> {
  const { streamKey, mimeType, video = true, audio = true, keyFrameMs = 1_000, as = 'blob' } = recording
  const site = await serve(t)
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(site)
  const options = { mimeType, ...(keyFrameMs === null ? {} : { videoKeyFrameIntervalDuration: keyFrameMs }) }
  await page.evaluate(given => (globalThis as any).goLive(given), { url: server.url, streamKey, video, audio })
  const record = () => page.evaluate(given => (globalThis as any).record(given) as Promise<string>, { streamKey, as, options })
  return {
    page,
    mimeType: await record(),
    problems: () => page.evaluate(() => (globalThis as any).problems as unknown[]),
    async recordAnew () {
      await page.evaluate(() => (globalThis as any).stopRecording())
      await record()
    }
  }
}

async function serve (t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const file = FILES[request.url ?? '']
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    void readFile(file.path).then(body => response.writeHead(200, { 'content-type': file.type }).end(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  }))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
