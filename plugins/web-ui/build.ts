import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { HeadwaterError } from '../../src/errors/catalogue.ts'

/** What the build says of itself (`pages.json`). */
export interface BuiltLists {
  pages: BuiltPage[]
  /** What stands in the head of every page. */
  mastheadParts: BuiltPart[]
}

/** Something that is there only where the server has the feature, with what the browser will need for it. */
export interface BuiltPart {
  /** Name of the plugin that has to be registered; none: it is always there. */
  needs?: string
  /** Scripts and stylesheets beside those of the shell, from the folder of the build. */
  files: string[]
}

/** A page as the build describes it. */
export interface BuiltPage extends BuiltPart {
  /** As Fastify's router takes it: `/watch/:streamId`. */
  path: string
  title: string
  /** What its parameters look like: sources of regular expressions. */
  params: Record<string, string>
  /** Pages of other sites may show it in a frame. */
  embeddable: boolean
  /** It connects to whoever runs the rooms. */
  connects?: 'rooms'
}

/** A file in all the forms in which it goes over the wire. */
export interface Asset {
  /** Media type. */
  type: string
  identity: Buffer
  br?: Buffer
  gzip?: Buffer
}

export interface Build extends BuiltLists {
  /** The document of every page, `index.html`. */
  shell: string
  /** By name; the names change with the contents. */
  assets: ReadonlyMap<string, Asset>
}

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** Reads what `scripts/build-pages.ts` wrote. @throws HeadwaterError `PAGES_NOT_BUILT` */
export async function loadBuild (folder: string): Promise<Build> {
  try {
    const [lists, shell, assets] = await Promise.all([
      readFile(join(folder, 'pages.json'), 'utf8'),
      readFile(join(folder, 'index.html'), 'utf8'),
      loadAssets(join(folder, 'assets'))
    ])
    return { ...JSON.parse(lists) as BuiltLists, shell, assets }
  } catch (cause) {
    throw new HeadwaterError('PAGES_NOT_BUILT', { message: 'The pages have not been built: run npm run build:pages', cause })
  }
}

async function loadAssets (folder: string): Promise<ReadonlyMap<string, Asset>> {
  const present = new Set(await readdir(folder))
  const read = async (name: string) => present.has(name) ? await readFile(join(folder, name)) : undefined
  const originals = [...present].filter(name => extname(name) in TYPES)
  return new Map(await Promise.all(originals.map(async (name): Promise<[string, Asset]> => {
    const [identity, br, gzip] = await Promise.all([readFile(join(folder, name)), read(`${name}.br`), read(`${name}.gz`)])
    return [name, { type: TYPES[extname(name)]!, identity, ...(br === undefined ? {} : { br }), ...(gzip === undefined ? {} : { gzip }) }]
  })))
}
