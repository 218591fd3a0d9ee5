import { fork } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { dataFolder } from '../fixtures/database.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { startPostgresql } from '../fixtures/postgresql-server.ts'

const PROGRAM = ownProgram(new URL('../fixtures/programs/loads-core.ts', import.meta.url))
/** Databases, shared state, objects, and what only accounts need. */
const OF_THE_PLATFORM = /^(@electric-sql\/|pg$|pg-|drizzle-|ioredis|redis|@aws-sdk\/|@smithy\/|@node-rs\/|nodemailer|sharp|@img\/)/

interface Loaded { packages: string[], rss: number }

async function load (t: Test, options: object): Promise<[Loaded, Loaded]> {
  const child = fork(PROGRAM, [await dataFolder(t), JSON.stringify(options)], { execArgv: [...LOADER], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const told: Loaded[] = []
  child.on('message', (loaded: Loaded) => { told.push(loaded) })
  t.same(await once(child, 'exit'), [0, null], 'it ends by itself')
  return told as [Loaded, Loaded]
}

const ofThePlatform = ({ packages }: Loaded) => packages.filter(name => OF_THE_PLATFORM.test(name)).sort()
const megabytes = ({ rss }: Loaded) => Math.round(rss / 1e6)

t.test('the live core alone loads no database', async t => {
  const dataDir = await dataFolder(t)
  const [alone, embedded] = await load(t, { dataDir })
  t.ok(alone.packages.includes('fastify') && alone.packages.includes('socket.io'), 'packages are seen')
  t.same(ofThePlatform(alone), [])
  t.same(ofThePlatform(embedded), ['@electric-sql/pglite', 'drizzle-orm'], 'the embedded one needs no driver')

  const [, later] = await load(t, { dataDir })
  const { url } = await startPostgresql(t)
  const [again, onServer] = await load(t, { databaseUrl: url })
  t.same(ofThePlatform(again), [])
  t.notOk(ofThePlatform(onServer).includes('@electric-sql/pglite'), 'nor a server the embedded one')
  t.ok(ofThePlatform(onServer).includes('pg'))
  t.comment(`memory: ${megabytes(alone)} MB with the live core alone, then with the embedded database as well ${megabytes(embedded)} MB at its first start, ${megabytes(later)} MB at a later one; ${megabytes(again)} MB and ${megabytes(onServer)} MB with PostgreSQL`)
})
