import { fork } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { authors, library } from '../fixtures/library/index.ts'
import { Told } from '../fixtures/told.ts'

const WRITER = fileURLToPath(new URL('../fixtures/programs/writes-rows.ts', import.meta.url))

async function open (t: Test, dataDir: string) {
  const database = await openPglite(platformSettings({ dataDir }), new Told())
  t.teardown(() => database.close())
  return database
}

/** Starts a process that opens the database and writes to it; it is killed with the test. */
function startWriter (t: Test, dataDir: string) {
  const child = fork(WRITER, [dataDir], { execArgv: ['--import=tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  t.teardown(kill)
  return { child, gone, kill }
}

t.test('a database whose maker was killed is made anew', async t => {
  const dataDir = await dataFolder(t)
  const folder = join(dataDir, 'database')
  const KILLS = 4
  let kills = 0
  while (kills < KILLS) {
    const { child, kill } = startWriter(t, dataDir)
    while (child.exitCode === null && !await access(join(folder, 'postgresql', 'base')).then(() => true, () => false)) await delay(2)
    await delay(kills * 150)
    await kill()
    kills++
  }
  t.comment(`killed ${kills} times; left behind: ${(await readdir(folder)).filter(name => !name.startsWith('.')).join(', ')}`)
  const database = await open(t, dataDir)
  await database.migrate(library)
  t.same(await database.orm.select().from(authors), [])
  t.same((await readdir(folder)).filter(name => !name.startsWith('.')), ['postgresql'])
})

t.test('a server that is killed loses nothing that was acknowledged, and opens again by itself', async t => {
  const ROUNDS = 10
  const WRITES = 1_000
  const dataDir = await dataFolder(t)
  const acknowledged = new Set<number>()
  const opened: number[] = []
  const perRound: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { child, gone, kill } = startWriter(t, dataDir)
    // In the midst of them, each time somewhere else.
    const until = Math.ceil(WRITES * (round + Math.random()) / ROUNDS)
    let rows = 0
    const enough = new Promise<void>(resolve => {
      child.on('message', ({ openMs, row }: { openMs?: number, row?: number }) => {
        if (openMs !== undefined) opened.push(Math.round(openMs))
        if (row === undefined) return
        acknowledged.add(row)
        if (++rows >= until) resolve()
      })
    })
    await Promise.race([enough, gone.then(([code]) => { throw new Error(`it ended by itself: ${code}`) })])
    await kill()
    perRound.push(rows)
  }
  const began = performance.now()
  const database = await open(t, dataDir)
  opened.push(Math.round(performance.now() - began))
  const there = new Set((await database.orm.select({ id: authors.id }).from(authors)).map(({ id }) => Number(id)))
  t.same([...acknowledged].filter(id => !there.has(id)), [], 'all are there')
  t.comment(`killed ${ROUNDS} times, after ${perRound.join(', ')} acknowledged rows; ${acknowledged.size} acknowledged, ${there.size} there; opened in ${opened.join(', ')} ms`)
  await database.orm.execute(sql`REINDEX TABLE authors`)
  t.equal(await database.orm.$count(authors), there.size, 'indexes are whole')
})
