import { once } from 'node:events'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { liveStatistics } from '../../../plugins/ivs/routes/live-statistics.ts'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { makeErrorHandler } from '../../../src/http/error-handler.ts'
import { openLive } from '../../fixtures/live-client.ts'
import { SCRIPTED_API, SCRIPTED_KEY, ScriptedStages, stage } from '../../fixtures/scripted-stages.ts'
import { Told } from '../../fixtures/told.ts'

const SUBSCRIBE = { action: 'subscribe', channel: 'stats' }
const UNSUBSCRIBE = { action: 'unsubscribe', channel: 'stats' }
const OPERATE = { action: 'subscribe', channel: 'operations', apiKey: SCRIPTED_KEY }
/** So often nothing else would come by itself. */
const NEVER_SECONDS = 3_600

interface Host {
  app: FastifyInstance
  ivs: ScriptedStages
  log: Told
  url: string
}

/** A bare host with `/ws` and stages that do what the test says. */
async function start (t: Test, settings: Partial<IvsConfig> = {}, options: FastifyServerOptions = {}): Promise<Host> {
  const ivs = new ScriptedStages({ statisticsSeconds: NEVER_SECONDS, ...settings })
  const log = new Told()
  const app = Fastify({ forceCloseConnections: true, ...options })
  t.teardown(() => app.close())
  app.setErrorHandler(makeErrorHandler(({ code }) => ({ code })))
  await app.register(liveStatistics, { ivs, log, ...SCRIPTED_API })
  return { app, ivs, log, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

t.test('subscribe, updates, unsubscribe', async t => {
  const { ivs, url } = await start(t, { statisticsSeconds: 0.05 })
  const client = await openLive(t, url)
  ivs.now.totalViewers = 68
  ivs.now.isPublisherLive = true
  client.say(SUBSCRIBE)
  const first = await client.next()
  t.match(first, { type: 'stats_update', data: { totalViewers: 68, activeStages: 1, isPublisherLive: true, timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ } })
  t.strictSame([Object.keys(first), Object.keys(first.data)], [['type', 'data'], ['totalViewers', 'activeStages', 'isPublisherLive', 'timestamp']], 'nothing else')
  ivs.now.totalViewers = 69
  let second = await client.next()
  while (second.data.totalViewers === 68) second = await client.next()
  t.match(second, { type: 'stats_update', data: { totalViewers: 69 } })
  client.say(UNSUBSCRIBE)
  // What comes is answered in order: after this nothing of the channel comes.
  client.say('?')
  while ((await client.next()).type !== 'error');
  const { readings } = ivs
  await openLive(t, url)
  t.equal(ivs.readings, readings)
  t.strictSame(client.rest(), [])
})

t.test('nothing comes without a subscription, and no acknowledgement', async t => {
  const { ivs, url } = await start(t)
  const client = await openLive(t, url)
  client.say(UNSUBSCRIBE)
  client.say('?')
  t.match(await client.next(), { type: 'error' })
  t.equal(ivs.readings, 0)
  client.say(SUBSCRIBE)
  t.match(await client.next(), { type: 'stats_update' }, 'at once, long before the first tick')
  t.strictSame(client.rest(), [])
})

t.test('what makes no sense is answered, and the socket stays', async t => {
  const { url } = await start(t)
  const client = await openLive(t, url)
  const bad = ['', '{', 'null', '[]', '{}', '{"action":"publish","channel":"stats"}', '{"action":"subscribe","channel":"all"}', Buffer.from([0, 1, 2])]
  for (const message of bad) {
    client.say(message)
    t.match(await client.next(), { type: 'error', error: { code: 'INVALID_REQUEST', message: String } }, JSON.stringify(message))
  }
  client.say(SUBSCRIBE)
  t.match(await client.next(), { type: 'stats_update' })
})

t.test('operations are for who has the key', async t => {
  const { ivs, url } = await start(t)
  const client = await openLive(t, url)
  for (const apiKey of [undefined, '', 'another']) {
    client.say({ ...OPERATE, apiKey })
    t.match(await client.next(), { type: 'error', error: { code: 'API_KEY_INVALID' } }, `${apiKey}`)
  }
  t.equal(ivs.readings, 0)
  client.say(OPERATE)
  t.match(await client.next(), { type: 'operations_update', data: { activeStages: 1, stages: [{ name: 'master-stage' }], decisions: [] } })
  ivs.decide({ action: 'create', stageName: 'autoscale-stage-1', reason: 'all are full' })
  t.match(await client.next(), { type: 'operations_update', data: { decisions: [{ action: 'create', reason: 'all are full' }] } }, 'a decision comes by itself')
})

t.test('a socket that floods is closed', async t => {
  const { url } = await start(t, { maxSocketMessagesPerSecond: 5 })
  const client = await openLive(t, url)
  for (let said = 0; said < 7; said++) client.say('?')
  t.strictSame(await client.closed, { code: 1008, reason: 'More than 5 messages in a second' })
  const answers = client.rest().map(({ error }) => error.code)
  t.strictSame(answers, [...Array(5).fill('INVALID_REQUEST'), 'RATE_LIMIT_EXCEEDED'], 'told once')
})

t.test('a message that is too long closes the socket', async t => {
  const { url } = await start(t, { maxSocketBytes: 128 })
  const client = await openLive(t, url)
  client.say('x'.repeat(128))
  t.match(await client.next(), { type: 'error' })
  client.say('x'.repeat(129))
  t.match(await client.closed, { code: 1009 })
})

t.test('there is room for so many, and for so many from one network', async t => {
  const { app, url } = await start(t, { maxSockets: 3, maxSocketsPerNetwork: 2 })
  const [first] = [await openLive(t, url), await openLive(t, url)]
  await t.rejects(openLive(t, url), { message: /response: 429/ })
  const elsewhere = { localAddress: '127.0.0.2' }
  await openLive(t, url, '/ws', elsewhere)
  await t.rejects(openLive(t, url, '/ws', { localAddress: '127.0.0.3' }), { message: /response: 503/ })
  first!.socket.close()
  await first!.closed
  // The server's side may be a moment behind.
  let again
  while (again === undefined) again = await openLive(t, url).catch(() => undefined)
  again.say(SUBSCRIBE)
  t.match(await again.next(), { type: 'stats_update' })
  await app.close()
})

t.test('plain HTTP is told what this is for', async t => {
  const { app } = await start(t)
  t.match(await app.inject('/ws'), { statusCode: 404 })
  t.match(await app.inject({ method: 'HEAD', url: '/ws' }), { statusCode: 404 })
})

t.test('who reads too slowly is left out, then closed; the others go on', async t => {
  const { ivs, url } = await start(t, { statisticsSeconds: 0.01, maxUnsentSocketBytes: 1_000, maxSkippedPushes: 3 })
  for (let at = 0; at < 2_000; at++) ivs.now.stages.push(stage(`autoscale-stage-${at}`))
  const slow = await openLive(t, url)
  slow.say(OPERATE)
  await slow.next()
  slow.socket.pause()
  const other = await openLive(t, url)
  other.say(SUBSCRIBE)
  const { readings } = ivs
  while (ivs.readings < readings + 60) await other.next()
  slow.socket.resume()
  t.strictSame(await slow.closed, { code: 1013, reason: 'Too slow: try again later' })
  t.ok(slow.rest().length < 60, 'most were left out')
  t.equal(other.socket.readyState, other.socket.OPEN)
})

t.test('one that is not there any more is ended', async t => {
  const { ivs, url } = await start(t, { socketPingSeconds: 0.05, maxSockets: 1 })
  const alive = await openLive(t, url)
  alive.say(SUBSCRIBE)
  await alive.next()
  await once(alive.socket, 'ping')
  await once(alive.socket, 'ping')
  t.equal(alive.socket.readyState, alive.socket.OPEN)
  t.equal(ivs.readings, 1)
  alive.socket.pause()
  // There is room for another only when the server has ended it.
  let next
  while (next === undefined) next = await openLive(t, url).catch(() => undefined)
  t.ok(next)
})

t.test('figures that fail are left out, and the socket stays', async t => {
  const { ivs, log, url } = await start(t, { statisticsSeconds: 0.02 })
  let failures = 0
  const failed = new Promise<void>(resolve => {
    ivs.before = async () => {
      if (++failures === 3) resolve()
      throw new Error('no answer')
    }
  })
  const client = await openLive(t, url)
  client.say(SUBSCRIBE)
  await failed
  ivs.before = async () => {}
  t.match(await client.next(), { type: 'stats_update' })
  t.equal(log.entries.filter(({ level }) => level === 'warn').length, 1)
})

t.test('the end: everybody is told, and nothing stays open', async t => {
  const { app, ivs, url } = await start(t, { statisticsSeconds: 0.01 })
  const clients = await Promise.all(Array.from({ length: 20 }, async () => await openLive(t, url)))
  for (const client of clients) client.say(SUBSCRIBE)
  await Promise.all(clients.map(async client => await client.next()))
  const deaf = await openLive(t, url)
  deaf.socket.pause()
  const from = performance.now()
  await app.close()
  t.ok(performance.now() - from < 3_000, 'also for one that does not answer')
  for (const { closed } of clients) t.strictSame(await closed, { code: 1001, reason: 'The server is going away' })
  t.equal(ivs.listeners, 0)
  await t.rejects(openLive(t, url), { code: 'ECONNREFUSED' })
})
