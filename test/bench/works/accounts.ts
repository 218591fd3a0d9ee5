import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildServer } from '../../chaos/build.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import type { DatabaseEngine } from '../../../src/platform/database/index.ts'
import { wrk } from '../load/wrk.ts'
import { PeerProcess } from '../peers/peer-process.ts'
import { residentMemory } from '../resident-memory.ts'
import { megabytes, milliseconds, type Context, type OpenWork, type Work } from '../work.ts'

const RUN_SECONDS = 5
const SHORT_SECONDS = 1
const CONNECTIONS = 16
/** Who log in at the same time; as many passwords are hashed at once as `PASSWORD_HASHES` says. */
const PEOPLE = 4
const PERSON = { username: 'alice', email: 'alice@example.com', password: 'the-password-of-alice' }

const perSecond = (value: number) => `${value.toFixed(0)}/s`

/** Accounts in the embedded database. */
export const embedded: Work = workOn('pglite', 'embedded')
/** Accounts in a PostgreSQL server on the same machine. */
export const postgresql: Work = workOn('postgresql', 'postgresql')

function workOn (engine: DatabaseEngine, id: string): Work {
  return {
    id,
    lines: [
      { id: 'logins', name: `${engine}: logins`, format: perSecond },
      { id: 'checks', name: `${engine}: token checks`, format: perSecond },
      { id: 'profiles', name: `${engine}: profile reads`, format: perSecond },
      { id: 'first', name: `${engine}: first start, until it listens`, format: milliseconds },
      { id: 'later', name: `${engine}: later start`, format: milliseconds },
      { id: 'without', name: `${engine}: start without accounts`, format: milliseconds },
      { id: 'memory', name: `${engine}: memory of the server`, format: megabytes },
      { id: 'memory-without', name: `${engine}: memory of the server without accounts`, format: megabytes }
    ],
    open: async context => await open(engine, context)
  }
}

async function open (engine: DatabaseEngine, { folder, short }: Context): Promise<OpenWork> {
  const ends: Array<() => unknown> = []
  const server = engine === 'postgresql' ? await startPostgresql({ teardown: (...handlers) => { ends.push(...handlers) } }) : undefined
  const newDatabase = async () => await server?.newDatabase() ?? ''
  const seconds = short ? SHORT_SECONDS : RUN_SECONDS
  // Otherwise the first start would wait for the compiler.
  await buildServer()
  return {
    async measure () {
      const own = await mkdtemp(join(folder, 'round-'))
      const values = { ...await starts(join(own, 'standalone'), await newDatabase()), ...await work(join(own, 'host'), await newDatabase(), seconds) }
      await rm(own, { recursive: true })
      return values
    },
    async close () {
      for (const end of ends) await end()
    }
  }
}

/** The standalone server, the first time and again, and without accounts. */
async function starts (folder: string, databaseUrl: string): Promise<Record<string, number>> {
  const env = { ACCOUNTS: 'on', DATA_DIR: join(folder, 'data'), DATABASE_URL: databaseUrl }
  const first = await timed(() => startServerProcess({ folder: join(folder, 'streams'), env }))
  const server = first.result
  await server.stop()
  const later = await timed(() => server.start())
  const { privateBytes: memory } = await residentMemory(server.pid)
  await server.stop()
  const without = await timed(() => server.start({ ACCOUNTS: 'off' }))
  const { privateBytes: memoryWithout } = await residentMemory(server.pid)
  await server.stop()
  return { first: first.ms, later: later.ms, without: without.ms, memory, 'memory-without': memoryWithout }
}

async function timed<T> (work: () => Promise<T>): Promise<{ result: T, ms: number }> {
  const began = performance.now()
  const result = await work()
  return { result, ms: performance.now() - began }
}

async function work (folder: string, databaseUrl: string, seconds: number): Promise<Record<string, number>> {
  const host = await PeerProcess.start('accounts-host', folder, databaseUrl)
  try {
    await post(`${host.url}/api/v1/auth/register`, PERSON)
    const login = async () => await post(`${host.url}/api/v1/auth/login`, PERSON) as { data: { token: string } }
    const { data: { token } } = await login()
    const headers = { authorization: `Bearer ${token}` }
    const rate = async (path: string) => await wrk({ url: `${host.url}${path}`, connections: CONNECTIONS, seconds, processor: undefined, headers }) / seconds
    // Compilers warm up.
    await rate('/checked')
    return { logins: await ratePerSecond(login, seconds), checks: await rate('/checked'), profiles: await rate('/api/v1/users/profile') }
  } finally {
    await host.stop()
  }
}

/** How often so many people do it in a second, each again and again. */
async function ratePerSecond (action: () => Promise<unknown>, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000
  const counts = await Promise.all(Array.from({ length: PEOPLE }, async () => {
    let count = 0
    for (; performance.now() < until; count++) await action()
    return count
  }))
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

/** @throws Error when the answer is not a success */
async function post (url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return await response.json()
}
