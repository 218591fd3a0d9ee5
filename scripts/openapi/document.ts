import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouteOptions } from 'fastify'
import Fastify from 'fastify'
import { headwater, type HeadwaterOptions } from '../../src/app.ts'

export interface Described {
  /** The OpenAPI document, as text: stable, for a diff. */
  text: string
  /** Every route of the app, as `GET /path`. */
  routes: string[]
}

/** With one there are webhooks; it is asked for nothing. */
const LIVEKIT = { url: 'https://livekit.example.org', apiKey: 'key', apiSecret: 'not a secret, but as long as one has to be' }

/** The whole server, described without listening. */
export async function describeApi (): Promise<Described> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-openapi-'))
  // A database is created first.
  const app = Fastify({ pluginTimeout: 120_000 })
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const one of [method].flat()) routes.push(`${one} ${url}`)
  })
  try {
    await app.register(headwater, everything(folder))
    const { statusCode, body } = await app.inject('/docs/json')
    if (statusCode !== 200) throw new Error(`GET /docs/json was answered ${statusCode}: ${body}`)
    const document = JSON.parse(body) as { paths: Record<string, unknown> }
    const paths = Object.fromEntries(Object.entries(document.paths).sort(([a], [b]) => a < b ? -1 : 1))
    return { text: `${JSON.stringify({ ...document, paths }, null, 2)}\n`, routes: [...new Set(routes)] }
  } finally {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** With every feature: one that is left out is not described, and the types say so. */
function everything (folder: string): Required<HeadwaterOptions> {
  return {
    livestream: { streamsDir: join(folder, 'streams') },
    platform: { dataDir: join(folder, 'data') },
    accounts: { environment: 'test' },
    ivs: { environment: 'test' },
    livekit: LIVEKIT,
    livekitRooms: {},
    liveSessions: {},
    recordings: {},
    trustProxy: 'off',
    apiDocs: 'on'
  }
}
