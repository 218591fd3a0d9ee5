import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export interface Asset {
  /** Media type. */
  type: string
  body: Buffer
  gzipped: Buffer
}

export interface Assets {
  /** Digest of all files: part of their addresses, so that browsers may keep them for ever. */
  version: string
  /** By name. */
  files: ReadonlyMap<string, Asset>
}

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** Our own files, beside this module (in `dist/` too). */
const OWN = ['icon.svg', 'page.css', 'watch.css', 'watch.js', 'player.js', 'audience.js', 'situation.js']

/** Files of installed packages: package, path in it. */
const FROM_PACKAGES: Array<[string, string]> = [
  ['hls.js', 'dist/hls.min.js'],
  ['socket.io-client', 'dist/socket.io.min.js']
]

const compress = promisify(gzip)

/** Reads everything that the pages load. @throws Error when a file is missing: then the installation is not whole */
export async function loadAssets (): Promise<Assets> {
  const require = createRequire(import.meta.url)
  const paths = [
    ...OWN.map(name => fileURLToPath(new URL(`pages/${name}`, import.meta.url))),
    // Packages do not export every file that they ship, but both of these export their package.json.
    ...FROM_PACKAGES.map(([name, path]) => join(dirname(require.resolve(`${name}/package.json`)), path))
  ]
  const bodies = await Promise.all(paths.map(path => readFile(path)))
  const digest = createHash('sha256')
  for (const body of bodies) digest.update(body)
  const files = await Promise.all(bodies.map(async (body, index): Promise<[string, Asset]> => {
    const name = basename(paths[index]!)
    return [name, { type: TYPES[extname(name)]!, body, gzipped: await compress(body) }]
  }))
  return { version: digest.digest('hex').slice(0, 12), files: new Map(files) }
}
