import dns from 'node:dns'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { io, type Socket } from 'socket.io-client'
import type { Test } from 'tap'
import { headwater } from '../../src/app.ts'
import { livestream, type LivestreamOptions } from '../../src/livestream/index.ts'
import type { TestServer } from '../fixtures/server.ts'

/** What is embedded. */
export type What = 'livestream' | 'headwater'

/** One of ours in a host: where it answers, and where it writes. */
export interface Embedded extends Pick<TestServer, 'url' | 'connect' | 'streamsDir'> {
  what: What
  prefix: string
  ca?: string
  /** All clients go. */
  leave (): void
}

/** Few, so that a test reaches the limit. */
export const GENERAL_PER_MINUTE = 40

export async function newFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-embedding-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Registration {
  prefix?: string
  options?: LivestreamOptions
  /** Others that Fastify takes at `register`. */
  more?: object
}

/** Registers one of ours, as a host does. */
export async function embed (app: FastifyInstance, what: What, streamsDir: string, { prefix = '', options = {}, more = {} }: Registration = {}): Promise<void> {
  const settings = { streamsDir, maxConnectionsPerMinute: 10_000, generalRequestsPerMinute: GENERAL_PER_MINUTE, ...options }
  const place = { ...(prefix === '' ? {} : { prefix }), ...more }
  if (what === 'livestream') await app.register(livestream, { ...settings, ...place })
  else await app.register(headwater, { livestream: settings, ...place })
}

/** A host on a random port; it is closed with the test. */
export async function listen (t: Test, app: FastifyInstance, host = '127.0.0.1'): Promise<string> {
  t.teardown(() => app.close())
  return await app.listen({ host, port: 0 })
}

/** Starts a host that does not listen, and closes it. Rejects with what does not let it start. */
export async function boot (build: (app: FastifyInstance) => Promise<unknown>): Promise<void> {
  const app = Fastify({ pluginTimeout: 120_000 })
  try {
    await build(app)
    await app.ready()
  } finally {
    await app.close()
  }
}

/** What a client needs to know of one of ours. */
export function embeddedAt (t: Test, url: string, embedded: Pick<Embedded, 'what' | 'streamsDir'> & { prefix?: string, ca?: string }): Embedded {
  const { prefix = '', ca } = embedded
  const clients: Socket[] = []
  const leave = () => { for (const client of clients) client.disconnect() }
  t.teardown(leave)
  return {
    ...embedded,
    url,
    prefix,
    leave,
    connect: options => {
      const client = io(url, { path: `${prefix}/socket.io`, transports: ['websocket'], forceNew: true, reconnection: false, ...(ca === undefined ? {} : { ca }), ...options })
      clients.push(client)
      return client
    }
  }
}

export function newHost (options: FastifyServerOptions = {}): FastifyInstance {
  return Fastify({ routerOptions: { maxParamLength: 512, ...options.routerOptions }, ...options })
}

/** Who has the folder, as its lock says; `released` when nobody has. */
export async function holderOf (streamsDir: string): Promise<string> {
  const names = (await readdir(streamsDir)).filter(name => name.startsWith('.headwater-lock')).sort()
  return await readlink(join(streamsDir, names.at(-1)!))
}

/** Where localhost has one address, it gets a second one of the machine's own. */
export function knowTwoAddresses (t: Test): void {
  const { lookup } = dns
  t.teardown(() => { dns.lookup = lookup })
  dns.lookup = ((name: string, options: object, done: (error: Error | null, addresses: dns.LookupAddress[]) => void) => {
    if (!('all' in options)) {
      lookup(name, options, done as never)
      return
    }
    lookup(name, { ...options, all: true }, (error, found) => {
      done(error, error === null && found.length === 1 ? [...found, { address: '127.0.0.2', family: 4 }] : found)
    })
  }) as typeof dns.lookup
}
