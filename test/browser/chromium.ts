import { chromium, type Browser, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { findTool } from '../../scripts/provide/find.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required'
]

/** Chromium with a fresh profile, fake camera and microphone; gone when the test ends. */
export async function launchChromium (t: Pick<Test, 'teardown'>): Promise<Browser> {
  const found = await findTool('chromium')
  if ('problem' in found) throw new Error(`${found.problem}; npx tsx scripts/provide.ts chromium`)
  const browser = await chromium.launch({ executablePath: found.path, args: FLAGS })
  t.teardown(() => browser.close())
  return browser
}

/** Complaints of a page: exceptions, errors on its console (violations of its policy too), requests that failed. */
export function complaintsOf (page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', error => { complaints.push(error.message) })
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
  return complaints
}
