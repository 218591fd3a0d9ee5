import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { rooms } from '../../../plugins/livekit/tables.ts'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { openDatabase } from '../../../src/platform/database/open.ts'
import { platformSettings } from '../../fixtures/database.ts'
import { back, gone, Installation, until } from '../../fixtures/installation.ts'
import { joinRoom, startRooms, type RoomsServer } from '../../fixtures/local-rooms.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'
import { Told } from '../../fixtures/told.ts'
import { closingSuite } from '../../plugins/livekit/local/closing-suite.ts'
import { roomsSuite } from '../../plugins/livekit/local/rooms-suite.ts'

const PROGRAM = fileURLToPath(new URL('../../fixtures/programs/serves-rooms.ts', import.meta.url))

const redis = await RedisServer.start(t)
const { url: databaseUrl } = await startPostgresql(t)
const [database, other] = [await openDatabase(platformSettings({ databaseUrl }), new Told()), await openDatabase(platformSettings({ databaseUrl }), new Told())]
t.teardown(() => Promise.all([database.close(), other.close()]))

async function openServers (t: Test, livekit: Partial<LivekitConfig> = {}, installation = new Installation(t, redis)): Promise<[RoomsServer, RoomsServer]> {
  const one = await startRooms(t, { database, state: await installation.server(), livekit })
  const two = await startRooms(t, { database: other, state: await installation.server(), livekit })
  await database.orm.delete(rooms)
  return [one, two]
}

/** A server that can be killed, and its address. */
async function startProcess (t: Test, installation: Installation, livekit: Partial<LivekitConfig>): Promise<{ child: ChildProcess, url: string }> {
  const child = fork(PROGRAM, [JSON.stringify({ platform: installation.settings({ databaseUrl }), livekit })], { execArgv: ['--import=tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const [url] = await once(child, 'message') as [string]
  return { child, url }
}

t.test('one installation of two servers', async t => {
  await roomsSuite(t, async (t, livekit) => await openServers(t, livekit))
})

t.test('rooms are closed by one of them', async t => {
  await closingSuite(t, async t => {
    const installation = new Installation(t, redis)
    const states = [await installation.server(), await installation.server()] as const
    await database.orm.delete(rooms)
    return { database, states }
  })
})

t.test('a server that is killed', async t => {
  const installation = new Installation(t, redis)
  // Long enough for a busy machine, on which a server that lives is late.
  const livekit = { socketTimeoutSeconds: 3 }
  const [one, two] = await openServers(t, livekit, installation)
  const { child, url } = await startProcess(t, installation, livekit)
  await one.rooms.createRoom({ name: 'meeting', maxParticipants: 4 })
  const here = await one.join(t, 'meeting', 'here')
  const there = await Promise.all(['ada', 'bob', 'cy'].map(async identity => await joinRoom(t, url, '/ws/rooms', await one.token('meeting', identity))))
  await until(async () => (await two.rooms.participants('meeting')).length === 4)
  child.kill('SIGKILL')
  await Promise.all(there.map(async ({ closed }) => await closed))

  t.equal(await two.rooms.setPermissions('meeting', 'ada', here.joined.you.permissions), false, 'nobody is connected')
  t.equal(await two.rooms.removeParticipant('meeting', 'ada'), true, 'at once')
  await two.rooms.left('meeting', 'bob')
  t.same((await one.rooms.participants('meeting')).map(({ identity }) => identity).sort(), ['cy', 'here'])
  const left = [await here.until('participant-left'), await here.until('participant-left'), await here.until('participant-left')]
  t.same(left.map(({ identity }) => identity), ['ada', 'bob', 'cy'], 'the last one by the time-out')
  t.same((await two.rooms.participants('meeting')).map(({ identity }) => identity), ['here'], 'whose server lives is there')
  await until(() => one.events.length + two.events.length === 5)
  t.same([...one.events, ...two.events].filter(event => event.startsWith('participant-left')).sort(), ['participant-left ada', 'participant-left bob', 'participant-left cy'], 'each once')
  await two.join(t, 'meeting', 'ada')
})

t.test('while Redis is away each server goes on, and afterwards they know of each other again', async t => {
  const own = await RedisServer.start(t)
  const installation = new Installation(t, own)
  const states = [await installation.server(), await installation.server()] as const
  const livekit = { socketTimeoutSeconds: 1.5 }
  const [one, two] = [await startRooms(t, { database, state: states[0], livekit }), await startRooms(t, { database: other, state: states[1], livekit })]
  await one.rooms.createRoom({ name: 'outage' })
  const ada = await one.join(t, 'outage', 'ada')
  await own.kill()
  await gone(...states)
  const bob = await one.join(t, 'outage', 'bob')
  t.match(await ada.next(), { type: 'participant-joined', participant: { identity: 'bob' } })
  bob.say({ type: 'data', topic: '', payload: 'still' })
  t.match(await ada.next(), { type: 'data', from: 'bob', payload: 'still' })
  const cy = await two.join(t, 'outage', 'cy')
  await own.start()
  await back(...states)
  t.match(await ada.until('participant-joined'), { participant: { identity: 'cy' } })
  t.same([(await cy.until('participant-joined')).participant.identity, (await cy.until('participant-joined')).participant.identity].sort(), ['ada', 'bob'])
  t.same((await two.rooms.participants('outage')).map(({ identity }) => identity).sort(), ['ada', 'bob', 'cy'])
  cy.say({ type: 'data', topic: '', payload: 'hello again' })
  t.match(await bob.until('data'), { from: 'cy', payload: 'hello again' })
})
