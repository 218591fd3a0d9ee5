import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { Random } from '../../chaos/random.ts'
import { startServerProcess } from '../../chaos/server-process.ts'
import { KeptConnections } from '../../fixtures/kept-connections.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'
import { addUsers, sharedSecrets, SessionCrowd, type CrowdUser } from '../../fixtures/session-crowd.ts'

/** Of everything that users do by chance. */
const SEED = process.env['HEADWATER_SEED'] ?? '20261'
const USERS = 200
const OPERATIONS_EACH = 25
const MAX_PARTICIPANTS = 60
const CONNECTIONS = 100
const LOOK_MS = 100
/** Level of the log. */
const WARNING = 40
/** Said on a busy machine. */
const SLOW = 'slow statement'

const folder = await mkdtemp(join(tmpdir(), 'headwater-crowd-'))
t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
const redis = await RedisServer.start(t)
const { url: databaseUrl } = await startPostgresql(t)
const secrets = sharedSecrets()
const env = {
  ACCOUNTS: 'on',
  DATABASE_URL: databaseUrl,
  REDIS_URL: redis.url,
  ...secrets,
  LIVE_RATE_LIMIT_MULTIPLIER: '1000000',
  // Nobody is seen again, and who is there is compared while they come and go.
  LIVE_PRESENCE_TIMEOUT_SECONDS: '600',
  LIVE_RECONCILE_SECONDS: '0.3'
}
const processes = []
for (const name of ['one', 'two']) {
  const server = await startServerProcess({ folder: join(folder, name, 'streams'), env: { ...env, DATA_DIR: join(folder, name, 'data') } })
  t.teardown(async () => { await server.stop() })
  processes.push(server)
}
const servers = processes.map(({ url }) => new KeptConnections({ url, connections: CONNECTIONS }))
/** Who looks does not wait for a connection of the crowd. */
const lookers = processes.map(({ url }) => new KeptConnections({ url }))
t.teardown(() => { for (const server of [...servers, ...lookers]) server.close() })
const [owner, ...everybody] = await addUsers(databaseUrl, secrets.JWT_SECRET, 1 + USERS + MAX_PARTICIPANTS + 1) as [CrowdUser, ...CrowdUser[]]
const users = everybody.slice(0, USERS)
const newcomers = everybody.slice(USERS)

const ask = async (who: CrowdUser, method: string, path: string, body?: object, index = 0) => await lookers[index % lookers.length]!.ask(method, `/api/v1/live/sessions${path}`, body, who.headers)
const make = async (maxParticipants: number): Promise<string> => {
  const { json: { session_id: id } } = await ask(owner, 'POST', '', { title: 'Crowd', is_public: true, max_participants: maxParticipants })
  await ask(owner, 'POST', `/${id}/start`)
  await ask(owner, 'POST', `/${id}/join`, {})
  return id
}
const stats = async (id: string, index = 0) => (await ask(owner, 'GET', `/${id}/stats`, undefined, index)).json
interface Person { user_id: number, role: string, is_present: boolean }

const database = new pg.Client({ connectionString: databaseUrl })
await database.connect()
t.teardown(async () => { await database.end() })
const rows = async (id: string) => (await database.query(`
  select count(*)::int as participants, count(distinct user_id)::int as users,
    (count(present_since) filter (where role <> 'host'))::int as present,
    (select peak_viewers from live_sessions where session_id = $1) as peak,
    (select count(*)::int from live_bans where session_id = $1) as bans
  from live_participants where session_id = $1`, [id])).rows[0]

await t.test('users come and go by chance, and never has the session more than it takes', async t => {
  const id = await make(MAX_PARTICIPANTS)
  const crowd = new SessionCrowd({ servers, owner, users, sessionId: id, maxParticipants: MAX_PARTICIPANTS, random: new Random(SEED) })
  const began = performance.now()
  const over = new AbortController()
  const running = crowd.run(OPERATIONS_EACH).finally(() => { over.abort() })
  let looks = 0
  while (!over.signal.aborted) {
    const { current_viewers: viewers, peak_viewers: peak, participants } = await stats(id, looks++)
    const ids = participants.map(({ user_id: userId }: Person) => userId)
    if (viewers > MAX_PARTICIPANTS || peak > MAX_PARTICIPANTS) crowd.wrong.push(`statistics: ${viewers} viewers, ${peak} at most`)
    if (new Set(ids).size !== ids.length) crowd.wrong.push('statistics: somebody is there twice')
    await Promise.race([running, new Promise(resolve => { setTimeout(resolve, LOOK_MS) })])
  }
  await running
  const seconds = (performance.now() - began) / 1_000
  const refused = crowd.answers.get('join 409') ?? 0
  t.comment(`seed ${SEED}: ${crowd.operations} operations in ${seconds.toFixed(1)} s, ${Math.round(crowd.operations / seconds)} a second; ${refused} joins found it full, ${crowd.mostInside} of ${MAX_PARTICIPANTS} seats were taken for certain; ${looks} looks at the statistics; ${[...crowd.answers].sort().map(([what, times]) => `${what}: ${times}`).join(', ')}`)
  t.strictSame(crowd.wrong, [], `seed ${SEED}`)
  t.ok(crowd.operations >= USERS * OPERATIONS_EACH)
  t.ok(refused > 0, 'it was full now and then')
  t.ok(crowd.who('kicked').length > 0, 'somebody was kicked')

  const [here, there] = [await stats(id, 0), await stats(id, 1)]
  const people: Person[] = here.participants
  const present = people.filter(({ role, is_present: isPresent }) => role !== 'host' && isPresent).map(({ user_id: userId }) => userId)
  t.strictSame({ ...there, duration: 0, participants: [] }, { ...here, duration: 0, participants: [] }, 'both servers say the same')
  t.equal(here.total_participants, 1 + crowd.joined.length, 'everybody who joined, once')
  t.strictSame(people.map(({ user_id: userId }) => userId).sort(), [owner.id, ...crowd.joined].sort())
  t.equal(here.current_viewers, present.length)
  t.strictSame(crowd.who('in').filter(one => !present.includes(one)), [], 'who is in for certain is there')
  t.strictSame([...crowd.who('out'), ...crowd.who('kicked')].filter(one => present.includes(one)), [], 'who is out is not')
  const roles = new Map(people.map(({ user_id: userId, role }) => [userId, role]))
  t.strictSame(crowd.roles.map(([userId]) => [userId, roles.get(userId)]), crowd.roles, 'roles are those that were given last')
  t.match(await rows(id), { participants: here.total_participants, users: here.total_participants, present: present.length, bans: crowd.who('kicked').length })

  // A seat that is nobody's, and somebody without one, are seen by who still gets in.
  const free = MAX_PARTICIPANTS - present.length
  const answers: number[] = []
  for (const [index, newcomer] of newcomers.slice(0, free + 1).entries()) answers.push((await ask(newcomer, 'POST', `/${id}/join`, {}, index)).status)
  t.strictSame(answers, [...Array(free).fill(200), 409], `${free} seats were free, and no more`)
  const total = here.total_participants + free
  t.match(await stats(id, 1), { current_viewers: MAX_PARTICIPANTS, peak_viewers: MAX_PARTICIPANTS, total_participants: total })
  t.match(await rows(id), { participants: total, users: total, present: MAX_PARTICIPANTS, peak: MAX_PARTICIPANTS })
})

await t.test('the most at the same time is right to the one', async t => {
  const id = await make(USERS)
  const all = async (some: CrowdUser[], what: 'join' | 'leave') => {
    const statuses = await Promise.all(some.map(async (who, index) => (await ask(who, 'POST', `/${id}/${what}`, {}, index)).status))
    t.strictSame([...new Set(statuses)], [200], what)
  }
  const expect = async (viewers: number, peak: number, ever: number) => {
    t.match(await stats(id, 1), { current_viewers: viewers, peak_viewers: peak, total_participants: ever + 1 })
    t.match(await rows(id), { participants: ever + 1, users: ever + 1, present: viewers, peak })
  }
  await all(users.slice(0, 120), 'join')
  await expect(120, 120, 120)
  await all(users.slice(50, 120), 'leave')
  await expect(50, 120, 120)
  await all(users.slice(80, 140), 'join')
  await expect(110, 120, 140)
  await all(users.slice(50, 63), 'join')
  await expect(123, 123, 140)
  await all(users.slice(0, 140), 'leave')
  await expect(0, 123, 140)
})

t.strictSame(processes.flatMap(({ lines }) => lines.filter(({ level, msg }) => level >= WARNING && msg !== SLOW)), [], 'nothing went wrong')
