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
  '--autoplay-policy=no-user-gesture-required',
  // WebRTC with a server on this machine, by addresses that it can read.
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // An origin that is not secure, as browsers see it: a name that is not localhost, on this machine all the same.
  '--host-resolver-rules=MAP headwater.test 127.0.0.1'
]

const MEDIA = {
  /** Two cameras and a microphone; nobody is asked. */
  fake: ['--use-fake-device-for-media-stream=device-count=2', '--use-fake-ui-for-media-stream', '--auto-select-desktop-capture-source=Entire screen'],
  /** There are devices, and who is asked says no. */
  refused: ['--use-fake-device-for-media-stream', '--deny-permission-prompts'],
  /** There are none; nobody is asked. */
  none: ['--use-fake-ui-for-media-stream']
}

/** Chromium with a fresh profile, by default with fake cameras and a microphone; gone when the test ends. */
export async function launchChromium (t: Pick<Test, 'teardown'>, { media = 'fake' }: { media?: keyof typeof MEDIA } = {}): Promise<Browser> {
  const found = await findTool('chromium')
  if ('problem' in found) throw new Error(`${found.problem}; npx tsx scripts/provide.ts chromium`)
  const browser = await chromium.launch({ executablePath: found.path, args: [...FLAGS, ...MEDIA[media]] })
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
