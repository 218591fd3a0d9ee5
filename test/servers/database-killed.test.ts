import { sql } from 'drizzle-orm'
import t from 'tap'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { dataFolder, platformSettings } from '../fixtures/database.ts'
import { authors } from '../fixtures/library/index.ts'
import { startWriter } from '../fixtures/row-writer.ts'
import { Told } from '../fixtures/told.ts'

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
  const database = await openPglite(platformSettings({ dataDir }), new Told())
  t.teardown(() => database.close())
  opened.push(Math.round(performance.now() - began))
  const there = new Set((await database.orm.select({ id: authors.id }).from(authors)).map(({ id }) => Number(id)))
  t.same([...acknowledged].filter(id => !there.has(id)), [], 'all are there')
  t.comment(`killed ${ROUNDS} times, after ${perRound.join(', ')} acknowledged rows; ${acknowledged.size} acknowledged, ${there.size} there; opened in ${opened.join(', ')} ms`)
  await database.orm.execute(sql`REINDEX TABLE authors`)
  t.equal(await database.orm.$count(authors), there.size, 'indexes are whole')
})
