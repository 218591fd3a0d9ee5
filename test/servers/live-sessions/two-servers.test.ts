import { randomUUID } from 'node:crypto'
import { io } from 'socket.io-client'
import t from 'tap'
import { startLiveSessions, type Person } from '../../fixtures/live-sessions-host.ts'
import { http } from '../../fixtures/http.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'
import { Transcript } from '../../fixtures/transcript.ts'
import { expectBody } from '../../contract/live-sessions/expect.ts'

const redis = await RedisServer.start(t)
const { url: databaseUrl } = await startPostgresql(t)
const platform = { databaseUrl, redisUrl: redis.url, redisPrefix: `${randomUUID()}:` }
const sessions = { reconcileSeconds: 0.3 }
const one = await startLiveSessions(t, { platform, sessions })
const two = await startLiveSessions(t, { platform, sessions })

const owner = await one.person('mentor')
const make = async (more: object = {}): Promise<string> => expectBody(t, await one.ask('POST', '/sessions', owner, { title: 'Two servers', is_public: true, ...more }), 201, 'made').session_id

await t.test('a session has as many places as it has, over all servers', async t => {
  const id = await make({ max_participants: 3 })
  const people = await Promise.all(Array.from({ length: 12 }, async () => await one.person()))
  const answers = await Promise.all(people.map(async (who, index) => await (index % 2 === 0 ? one : two).ask('POST', `/sessions/${id}/join`, who, {})))
  t.strictSame(answers.map(({ status }) => status).sort(), [...Array(3).fill(200), ...Array(9).fill(409)])
  t.match((await two.ask('GET', `/sessions/${id}/stats`, owner)).json, { current_viewers: 3, peak_viewers: 3, total_participants: 3 })
})

await t.test('who is at one server is seen and moderated at the other', async t => {
  const id = await make()
  const user = await two.person()
  const joined = expectBody(t, await two.ask('POST', `/sessions/${id}/join`, user, {}), 200, 'at the second')
  const visitor = await two.visit(joined)
  await one.until(`/sessions/${id}`, owner, ({ current_viewers: viewers }) => viewers === 1)
  expectBody(t, await one.ask('PATCH', `/sessions/${id}/participants/${user.id}`, owner, { role: 'speaker' }), 200, 'a speaker, at the first')
  await visitor.until(() => visitor.canPublish())
  expectBody(t, await one.ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  await visitor.until(() => visitor.received.some(({ topic }) => topic === 'session'))
  t.equal((await two.ask('GET', `/sessions/${id}`)).json.status, 'live')
  t.equal((await http(two, joined.playback_url)).status, 404, 'may watch, when there is something')
  expectBody(t, await one.ask('POST', `/sessions/${id}/participants/${user.id}/kick`, owner), 200, 'removed, at the first')
  await visitor.until(() => !visitor.isConnected())
  t.equal((await two.ask('POST', `/sessions/${id}/join`, user, {})).status, 403)
  t.equal((await http(two, joined.playback_url)).status, 403, 'and watches no more')
})

await t.test('of starts and ends at both one counts', async t => {
  const id = await make({ is_recorded: true })
  const starts = await Promise.all([one, two, one, two].map(async server => await server.ask('POST', `/sessions/${id}/start`, owner)))
  t.equal(new Set(starts.map(({ json }) => json.started_at)).size, 1)
  t.equal([...one.recordings.all, ...two.recordings.all].filter(({ of }) => of.id === id).length, 1, 'one recording')
  const ends = await Promise.all([one, two].map(async server => await server.ask('POST', `/sessions/${id}/end`, owner)))
  t.equal(new Set(ends.map(({ json }) => json.ended_at)).size, 1)
})

await t.test('the end of a session is that of its stream at the other server, though Redis is away', async t => {
  const id = await make()
  expectBody(t, await one.ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  const { stream_key: streamKey, access_token: token } = (await two.ask('POST', `/sessions/${id}/join`, owner, {})).json
  const socket = io(two.url, { transports: ['websocket'], forceNew: true, reconnection: false, auth: { token }, query: { streamKey } })
  t.teardown(() => { socket.disconnect() })
  t.match(await socket.timeout(15_000).emitWithAck('start-stream', { streamKey, userId: String(owner.id) }), { status: 'broadcasting' })
  const ended = new Transcript(socket).next('stream-ended')
  await redis.stop()
  t.teardown(async () => { await redis.start() })
  expectBody(t, await one.ask('POST', `/sessions/${id}/end`, owner), 200, 'ended, at the first')
  t.match(await ended, { streamKey })
})

await t.test('when a server closes, another one looks after those who are left', async t => {
  const id = await make()
  const [stays, goes] = [await two.person(), await two.person()]
  const answers = await Promise.all([stays, goes].map(async (who: Person) => (await two.ask('POST', `/sessions/${id}/join`, who, {})).json))
  const visitor = await two.visit(answers[0])
  await one.visit(answers[1])
  await two.until(`/sessions/${id}`, owner, ({ current_viewers: viewers }) => viewers === 2)
  await one.close()
  await two.until(`/sessions/${id}`, owner, ({ current_viewers: viewers }) => viewers === 1)
  t.equal(visitor.isConnected(), true)
})
