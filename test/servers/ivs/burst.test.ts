import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ServerProcess } from '../../chaos/server-process.ts'
import { API_KEY, startIvsProcess } from '../../fixtures/ivs-process.ts'
import { KeptConnections } from '../../fixtures/kept-connections.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'

/** As it is by default: one of 50 participants of the master stage publishes. */
const STAGES = 20
const MASTER_SEATS = 49
const OTHER_SEATS = 50
const ALL_SEATS = MASTER_SEATS + (STAGES - 1) * OTHER_SEATS
const MOST_ATTEMPTS = 20
/** Level of the log. */
const WARNING = 40
/** Said on a busy machine. */
const SLOW = 'slow statement'

interface Asked {
  userId: string
  status: number
  /** Of an error. */
  code?: string
  stageArn: string
  currentViewers: number
}

/** Users of an installation, each with a connection of its own to one of its servers. */
class Crowd {
  readonly #servers: readonly KeptConnections[]

  constructor (servers: readonly KeptConnections[]) {
    this.#servers = servers
  }

  /** A token for each of them, all asked for at once. */
  async askForTokens (users: readonly string[]): Promise<{ asked: Asked[], ms: number }> {
    await this.#connect(users.length)
    const began = performance.now()
    const asked = await Promise.all(users.map(async (userId, index): Promise<Asked> => {
      const { status, json: { data, error } } = await this.#serverOf(index).ask('POST', '/api/token/viewer', { userId })
      return { userId, status, code: error?.code, stageArn: data?.stageArn, currentViewers: data?.currentViewers }
    }))
    return { asked, ms: performance.now() - began }
  }

  async leave (seated: ReadonlyMap<string, string>): Promise<void> {
    const left = await Promise.all([...seated].map(async ([userId, stageArn], index) => await this.#serverOf(index).ask('POST', '/api/viewer/leave', { userId, stageArn })))
    if (left.some(({ status }) => status !== 200)) throw new Error('Somebody could not leave')
  }

  /** Stages and who is on them, as each server has them. */
  async look (): Promise<Array<{ stages: Array<{ arn: string, name: string, count: number }>, viewers: Array<[string, string]> }>> {
    return await Promise.all(this.#servers.map(async server => {
      const list = (await server.ask('GET', '/api/stage/list')).json.data.stages as Array<{ stageArn: string, name: string, viewerCount: number }>
      const viewers = await Promise.all(list.map(async ({ stageArn }) => {
        const there = (await server.ask('GET', `/api/viewer/list/${stageArn}`)).json.data.viewers as Array<{ userId: string }>
        return there.map(({ userId }): [string, string] => [userId, stageArn])
      }))
      return { stages: list.map(({ stageArn, name, viewerCount }) => ({ arn: stageArn, name, count: viewerCount })), viewers: viewers.flat() }
    }))
  }

  #serverOf (index: number): KeptConnections {
    return this.#servers[index % this.#servers.length]!
  }

  /** Beforehand: a burst of connections would be the kernel's matter. */
  async #connect (users: number): Promise<void> {
    await Promise.all(this.#servers.map(async server => await server.open(Math.ceil(users / this.#servers.length), '/api/stats/publisher')))
  }
}

const usersCalled = (name: string, count: number) => Array.from({ length: count }, (_, number) => `${name}-${number}`)
const isSeated = ({ status }: Asked) => status === 200

/** What always holds: every refusal says that all is full, no stage has more viewers than seats. */
function checkAnswers (t: Test, asked: readonly Asked[], masterArn: string): void {
  t.strictSame(asked.filter(one => !isSeated(one) && (one.status !== 503 || one.code !== 'STAGE_FULL')), [], 'who is refused is told STAGE_FULL')
  const over = asked.filter(one => isSeated(one) && one.currentViewers > (one.stageArn === masterArn ? MASTER_SEATS : OTHER_SEATS))
  t.strictSame(over, [], 'no stage is over its seats, by the answers')
}

/** The servers say the same, which is what the answers said. @param seated stages of users */
async function checkSeats (t: Test, crowd: Crowd, seated: ReadonlyMap<string, string>): Promise<void> {
  const servers = await crowd.look()
  const byStage = new Map<string, number>()
  for (const arn of seated.values()) byStage.set(arn, (byStage.get(arn) ?? 0) + 1)
  for (const { stages, viewers } of servers) {
    t.strictSame(stages, servers[0]!.stages, 'servers count the same')
    t.strictSame(stages.filter(({ name, count }) => count > (name === 'master-stage' ? MASTER_SEATS : OTHER_SEATS)), [], 'no stage is over its seats')
    t.strictSame(stages.map(({ arn, count }) => [arn, count]), stages.map(({ arn }) => [arn, byStage.get(arn) ?? 0]), 'as many are there as got a token for it')
    t.equal(new Set(viewers.map(([userId]) => userId)).size, viewers.length, 'nobody is there twice')
    t.strictSame([...viewers].sort(), [...seated].sort(), 'everybody is where its token is for')
  }
}

async function burst (t: Test, servers: readonly ServerProcess[]): Promise<void> {
  const clients = servers.map(({ url }) => new KeptConnections({ url, headers: { 'x-api-key': API_KEY } }))
  t.teardown(() => { for (const client of clients) client.close() })
  const crowd = new Crowd(clients)
  const [master, ...others] = (await crowd.look())[0]!.stages
  t.match(master, { name: 'master-stage', count: 0 })
  t.strictSame(others, [], 'there is nothing but the master stage')
  const figures = (asked: readonly Asked[], ms: number) => {
    const refused = asked.filter(one => !isSeated(one)).length
    return `${asked.length} users at once: ${Math.round(ms)} ms, ${Math.round((asked.length - refused) / ms * 1000)} tokens a second, ${refused} refused`
  }

  await t.test('a cold start: stages are made while users wait', async t => {
    const seated = new Map<string, string>()
    let waiting = usersCalled('early', ALL_SEATS + 1)
    let attempts = 0
    let first = ''
    while (seated.size < ALL_SEATS && attempts < MOST_ATTEMPTS) {
      const { asked, ms } = await crowd.askForTokens(waiting)
      if (attempts++ === 0) first = figures(asked, ms)
      checkAnswers(t, asked, master!.arn)
      for (const { userId, stageArn } of asked.filter(isSeated)) seated.set(userId, stageArn)
      waiting = asked.filter(one => !isSeated(one)).map(({ userId }) => userId)
      await checkSeats(t, crowd, seated)
    }
    t.comment(`${servers.length} servers, cold: ${first}; ${attempts} attempts until all seats are taken`)
    t.equal(seated.size, ALL_SEATS, 'who asks again gets in, until all seats are taken')
    t.equal(waiting.length, 1)
    await crowd.leave(seated)
    await checkSeats(t, crowd, new Map())
  })

  await t.test('all stages are there: seats are given to the last one, and the rest is refused', async t => {
    const users = usersCalled('late', ALL_SEATS + 101)
    const { asked, ms } = await crowd.askForTokens(users)
    t.comment(`${servers.length} servers, warm: ${figures(asked, ms)}`)
    checkAnswers(t, asked, master!.arn)
    const seated = new Map(asked.filter(isSeated).map(({ userId, stageArn }) => [userId, stageArn]))
    t.equal(seated.size, ALL_SEATS)
    await checkSeats(t, crowd, seated)

    // Turned around: with several servers many ask another one than before.
    const again = await crowd.askForTokens([...seated.keys()].reverse())
    t.strictSame(new Map(again.asked.map(({ userId, stageArn }) => [userId, stageArn])), new Map([...seated].reverse()), 'who asks again keeps the seat')
    await checkSeats(t, crowd, seated)
  })

  t.strictSame(servers.flatMap(({ lines }) => lines.filter(({ level, msg }) => level >= WARNING && msg !== SLOW)), [], 'nothing went wrong, and Redis was there all the time')
}

async function newFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-burst-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function startServer (t: Test, folder: string, env: Record<string, string>): Promise<ServerProcess> {
  // Nobody sends heartbeats, and a busy machine takes its time.
  const server = await startIvsProcess({ folder, env: { IVS_HEARTBEAT_TIMEOUT_SECONDS: '600', ...env } })
  t.teardown(() => server.stop())
  return server
}

t.test('one server, in memory', async t => {
  await burst(t, [await startServer(t, await newFolder(t), {})])
})

t.test('two servers on one Redis and one PostgreSQL', async t => {
  const folder = await newFolder(t)
  const [redis, postgresql] = [await RedisServer.start(t), await startPostgresql(t)]
  const env = { REDIS_URL: redis.url, DATABASE_URL: postgresql.url }
  const servers = [await startServer(t, join(folder, 'one'), env), await startServer(t, join(folder, 'two'), env)]
  await burst(t, servers)
})
