import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Test } from 'tap'
import { StoredStages } from '../../../plugins/ivs/stage-directory.ts'
import type { Stage, StageDirectory } from '../../../plugins/ivs/stage.ts'
import { Told } from '../../fixtures/told.ts'
import { emptyTables, type Platform } from './parts.ts'

const arnOf = (name: string) => `arn:aws:ivs:eu-west-1:123456789012:stage/${name}`

function stageNamed (name: string, more: Partial<Stage> = {}): Stage {
  const createdAt = new Date('2026-01-01T00:00:00.123Z')
  return { arn: arnOf(name), name, role: 'custom', tags: { Purpose: '測試 "quoted"' }, createdAt, phase: 'ready', phaseSince: createdAt, mediaPath: 'none', endpoints: { whip: 'https://whip.example.com' }, ...more }
}

/** Resolves with the next change that makes it so. */
export async function until (stages: StageDirectory, isSo: () => boolean): Promise<void> {
  if (isSo()) return
  await new Promise<void>(resolve => {
    const end = stages.onChange(() => {
      if (!isSo()) return
      end()
      resolve()
    })
  })
}

/** Stages in the database, known to all servers. */
export async function stageDirectorySuite (t: Test, { database, openStates }: Platform): Promise<void> {
  const { orm } = database

  /** So many servers of a new installation. */
  const begin = async (t: Test, servers = 1, refreshMs = 3_600_000) => {
    await emptyTables(database)
    const told = new Told()
    const directories: StoredStages[] = []
    for (const { channels } of await openStates(t, servers)) directories.push(await StoredStages.open({ orm, channels, refreshMs, log: told }))
    t.teardown(async () => { for (const directory of directories) await directory.close() })
    return { directories, told, stages: directories[0]! }
  }

  await t.test('the master first, then by age; what is written comes back', async t => {
    const { stages } = await begin(t)
    t.same(stages.all(), [])
    const young = stageNamed('young', { createdAt: new Date('2026-02-01') })
    const old = stageNamed('old', { createdAt: new Date('2025-01-01'), role: 'auto-scaled', phase: 'starting', endpoints: {} })
    const master = stageNamed('master', { createdAt: new Date('2026-03-01'), role: 'master', mediaPath: 'source' })
    for (const stage of [young, master, old]) await stages.add(stage)
    t.strictSame(stages.all(), [master, old, young])
    t.strictSame(stages.find(arnOf('old')), old)
    t.equal(stages.find(arnOf('nobody')), undefined)
    await stages.add({ ...old, name: 'another' })
    t.equal(stages.find(arnOf('old'))!.name, 'old', 'one that is there stays as it is')
  })

  await t.test('a change: since when a phase is so follows from the phase', async t => {
    const { stages } = await begin(t)
    const before = stageNamed('one', { phase: 'starting' })
    await stages.add(before)
    t.equal(await stages.change(before.arn, { phase: 'starting', mediaPath: 'replica' }), true)
    t.strictSame(stages.find(before.arn), { ...before, mediaPath: 'replica' }, 'the same phase goes on')
    const began = Date.now()
    t.equal(await stages.change(before.arn, { phase: 'ready', tags: { a: 'b' }, endpoints: { events: 'wss://events' } }), true)
    const after = stages.find(before.arn)!
    t.match(after, { phase: 'ready', mediaPath: 'replica', tags: { a: 'b' }, endpoints: { events: 'wss://events' } })
    t.ok(after.phaseSince.getTime() >= began && after.phaseSince.getTime() <= Date.now(), after.phaseSince.toISOString())
    t.equal(await stages.change(before.arn, {}), true, 'nothing is a change too')
    t.strictSame(stages.find(before.arn), after)
    await stages.remove(before.arn)
    await stages.remove(before.arn)
    t.equal(stages.find(before.arn), undefined)
    t.equal(await stages.change(before.arn, { phase: 'draining' }), false)
    t.same(stages.all(), [])
  })

  await t.test('who listens is told once for each change, after it, and of nothing else', async t => {
    const { stages, told } = await begin(t)
    const seen: string[][] = []
    const end = stages.onChange(() => { seen.push(stages.all().map(({ name, phase }) => `${name} ${phase}`)) })
    const stop = stages.onChange(() => { throw new Error('this listener fails') })
    await stages.add(stageNamed('one'))
    await stages.add(stageNamed('one'))
    await stages.refresh()
    await stages.change(arnOf('one'), { phase: 'draining' })
    await stages.change(arnOf('one'), { phase: 'draining' })
    await stages.remove(arnOf('one'))
    t.same(seen, [['one ready'], ['one draining'], []])
    t.equal(told.all('a listener failed').length, 3, 'one that fails keeps nobody from it')
    end()
    stop()
    await stages.add(stageNamed('two'))
    t.equal(seen.length, 3)
  })

  await t.test('other servers hear of it', async t => {
    const { directories: [one, two] } = await begin(t, 2)
    await one!.add(stageNamed('one'))
    await until(two!, () => two!.find(arnOf('one')) !== undefined)
    await two!.change(arnOf('one'), { phase: 'deleting' })
    t.equal(two!.find(arnOf('one'))!.phase, 'deleting', 'whoever changes it knows at once')
    await until(one!, () => one!.find(arnOf('one'))!.phase === 'deleting')
    await one!.remove(arnOf('one'))
    await until(two!, () => two!.all().length === 0)
    t.strictSame(two!.all(), one!.all())
  })

  await t.test('what nobody said is read after a while; one that was closed reads no more', async t => {
    const { stages } = await begin(t, 1, 20)
    const { directories: [other] } = await begin(t)
    await other!.add(stageNamed('unheard'))
    await until(stages, () => stages.find(arnOf('unheard')) !== undefined)
    await stages.close()
    await other!.remove(arnOf('unheard'))
    await delay(60)
    t.ok(stages.find(arnOf('unheard')))
  })

  await t.test('within a limit: as many as there may be, whoever comes at the same time', async t => {
    const { directories } = await begin(t, 2)
    await directories[0]!.add(stageNamed('master', { role: 'master' }))
    const outcomes = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      return await directories[index % 2]!.add(stageNamed(`stage${index}`), 5).then(() => 'added', (error: { code: string, figures: object }) => `${error.code} ${JSON.stringify(error.figures)}`)
    }))
    t.equal(outcomes.filter(outcome => outcome === 'added').length, 4, 'the master is one of them')
    t.equal(outcomes.filter(outcome => outcome === 'STAGE_LIMIT_REACHED {"limit":5}').length, 16)
    for (const directory of directories) {
      await directory.refresh()
      t.equal(directory.all().length, 5)
    }
    await directories[0]!.add(stageNamed('adopted'))
    t.equal(directories[0]!.all().length, 6, 'without a limit there is none')
  })

  await t.test('100 changes at once: each server ends up with what the database has', async t => {
    const { directories } = await begin(t, 2)
    await Promise.all(Array.from({ length: 20 }, async (_, index) => { await directories[index % 2]!.add(stageNamed(`stage${index}`)) }))
    await Promise.all(Array.from({ length: 100 }, async (_, index) => {
      await directories[index % 2]!.change(arnOf(`stage${index % 20}`), { tags: { turn: String(index) } })
    }))
    const counted = (await orm.execute(sql`SELECT count(*)::int AS count FROM ivs_stages`) as unknown as { rows: Array<{ count: number }> }).rows[0]!.count
    t.equal(counted, 20)
    await Promise.all(directories.map(async directory => { await directory.refresh() }))
    t.strictSame(directories[0]!.all(), directories[1]!.all())
  })

  await t.test('a database that fails: whoever wrote is told, and what is known stays', async t => {
    const { stages, told } = await begin(t)
    await stages.add(stageNamed('one'))
    await t.rejects(stages.change(arnOf('one'), { phase: 'wrong' as 'ready' }), { cause: { code: '23514' } })
    t.equal(stages.find(arnOf('one'))!.phase, 'ready')
    t.same(told.entries, [])
  })
}
