import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Asset, BuiltPage } from './build.ts'

/** In the shell's document, for the server to fill in. */
const BASE = '<base href="./">'
const TITLE = '<title>Headwater</title>'
const FEATURES = '<meta name="features" content="">'

/**
 * The document of a page: the shell's, with the page's title, the way from the page to the root, what the server
 * has, and links to what the page will need, so that the browser fetches all at once.
 * @param features names of the plugins that the server has
 */
export function documentOf ({ path, title, files }: BuiltPage, shell: string, features: readonly string[]): Asset {
  const links = files.map(file => file.endsWith('.css')
    ? `<link rel="stylesheet" crossorigin href="./${file}">`
    : `<link rel="modulepreload" crossorigin href="./${file}">`)
  const text = [
    [BASE, `<base href="${wayToRoot(path)}">`],
    [FEATURES, `<meta name="features" content="${escaped(features.join(' '))}">`],
    [TITLE, [`<title>${escaped(title)} · Headwater</title>`, ...links].join('\n  ')]
  ].reduce((text, [mark, by]) => replaceOnce(text, mark!, by!), shell)
  const identity = Buffer.from(text)
  return { type: 'text/html; charset=utf-8', identity, br: brotliCompressSync(identity), gzip: gzipSync(identity) }
}

/**
 * Relative, so that it holds below any prefix, and behind a proxy that takes a prefix away: `./` from `/studio`,
 * `../` from `/watch/:streamId`.
 */
export function wayToRoot (path: string): string {
  return '../'.repeat(path.split('/').length - 2) || './'
}

/**
 * Relative addresses mean the same everywhere only if a page has one address: `/one` is `/one/`, and where a host
 * lets `/studio/` mean `/studio`, it is that.
 * @param path the page's, as `BuiltPage.path`
 * @param asked the path that was asked for
 * @returns where to go instead, relative to what was asked for; undefined when it is right as it is
 */
export function rightAddress (path: string, asked: string): string | undefined {
  const [name = '', parent] = asked.split('/').reverse()
  if (path.endsWith('/')) return name === '' ? undefined : `${name}/`
  return name === '' ? `../${parent ?? ''}` : undefined
}

function replaceOnce (text: string, mark: string, by: string): string {
  if (text.split(mark).length !== 2) throw new Error(`The document of the pages has ${mark} not just once`)
  return text.replace(mark, () => by)
}

function escaped (text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
