import { readFileSync } from 'node:fs'

/** From the sources, and from what was built of them. */
const PLACES = ['../package.json', '../../package.json']

/** The version of this package; `unknown` where somebody bundled it without its package.json. */
export function packageVersion (): string {
  for (const place of PLACES) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { name?: string, version?: string }
      if (name === 'headwater' && version !== undefined) return version
    } catch {
      // Not there.
    }
  }
  return 'unknown'
}
