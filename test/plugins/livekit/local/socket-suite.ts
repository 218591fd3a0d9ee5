import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { Test } from 'tap'
import { livekit } from '../../../../plugins/livekit/index.ts'
import { makeToken } from '../../../../plugins/livekit/tokens.ts'
import type { LivekitConfig } from '../../../../src/config/livekit.ts'
import type { Database } from '../../../../src/platform/database/database.ts'
import type { State } from '../../../../src/platform/state/state.ts'
import { ALL_PERMISSIONS, type RoomProvider } from '../../../../src/rooms/provider.ts'
import { until } from '../../../fixtures/installation.ts'
import { openLive } from '../../../fixtures/live-client.ts'
import { joinRoom, ROOM_KEY, startRooms, type RoomsServer } from '../../../fixtures/local-rooms.ts'

const TOKEN = { room: 'meeting', identity: 'ada', permissions: ALL_PERMISSIONS, lifeSeconds: 60 }

export async function socketSuite (t: Test, open: (t: Test) => { database: Database, state: State }): Promise<void> {
  const start = async (t: Test, livekit: Partial<LivekitConfig> = {}): Promise<RoomsServer> => {
    const server = await startRooms(t, { ...open(t), livekit })
    await server.rooms.createRoom({ name: 'meeting' })
    return server
  }

  t.test('who is not let in', async t => {
    const server = await start(t, { socketJoinMs: 500 })
    const refused = async (message: object, said: object[], code: number) => {
      const client = await server.connect(t)
      client.say(message)
      for (const one of said) t.match(await client.next(), one)
      t.equal((await client.closed).code, code)
    }
    const wrong = [{ type: 'error', error: { code: 'ROOM_TOKEN_INVALID' } }, { type: 'left', reason: 'token' }]
    await Promise.all([
      refused({ type: 'join', token: 'none' }, wrong, 4401),
      refused({ type: 'join', token: await makeToken({ ...ROOM_KEY, secret: 'somebody else\'s secret, which is long' }, TOKEN) }, wrong, 4401),
      refused({ type: 'join', token: await makeToken({ ...ROOM_KEY, key: 'other' }, TOKEN) }, wrong, 4401),
      refused({ type: 'join', token: await makeToken(ROOM_KEY, { ...TOKEN, lifeSeconds: -60 }) }, wrong, 4401),
      refused({ type: 'join', token: await makeToken(ROOM_KEY, { ...TOKEN, room: 'nowhere' }) }, [{ type: 'left', reason: 'room-closed' }], 4404),
      refused({ type: 'join', token: await makeToken(ROOM_KEY, { ...TOKEN, room: (await server.rooms.findRoom('meeting'))!.sid }) }, [{ type: 'left', reason: 'room-closed' }], 4404),
      refused({ type: 'data', topic: '', payload: '' }, [{ type: 'error', error: { code: 'INVALID_REQUEST', message: 'Join first' } }, { type: 'left', reason: 'token' }], 4401),
      refused({ type: 'leave' }, [{ type: 'left', reason: 'left' }], 1000)
    ])
    const silent = await server.connect(t)
    t.same(await silent.next(), { type: 'left', reason: 'token' }, 'who says nothing in time')
    t.same(await server.rooms.participants('meeting'), [])
    t.same(server.told.entries, [], 'and nobody logs what they said')
  })

  t.test('messages that make no sense', async t => {
    const server = await start(t)
    const ada = await server.join(t, 'meeting', 'ada')
    for (const message of ['', '{', '[]', 'null', '"join"', '{}', '{"type":"toString"}', '{"type":["data"]}', '{"type":"join"}', '{"type":"join","token":""}', '{"type":"join","token":1}', '{"type":"join","token":"again"}',
      '{"type":"data"}', '{"type":"data","topic":"x"}', '{"type":"data","topic":1,"payload":"x"}', '{"type":"data","topic":"x","payload":{}}', '{"type":"data","topic":"x","payload":"x","to":"ada"}', '{"type":"data","topic":"x","payload":"x","to":[1]}', Buffer.from([1])]) {
      ada.say(message)
      t.match(await ada.next(), { type: 'error', error: { code: 'INVALID_REQUEST', message: /./ } }, String(message))
    }
    t.equal((await server.rooms.participants('meeting')).length, 1, 'the connection stays')
  })

  t.test('what is said at once is done in order, and nothing after the end', async t => {
    const server = await start(t)
    const ada = await server.join(t, 'meeting', 'ada')
    const bob = await server.connect(t)
    bob.say({ type: 'join', token: await server.token('meeting', 'bob') })
    bob.say({ type: 'data', topic: '', payload: 'first' })
    bob.say({ type: 'leave' })
    bob.say({ type: 'data', topic: '', payload: 'late' })
    t.match([await ada.next(), await ada.next(), await ada.next()], [{ type: 'participant-joined' }, { type: 'data', payload: 'first' }, { type: 'participant-left' }])
    t.match([await bob.next(), await bob.next()], [{ type: 'joined' }, { type: 'left' }])
    await bob.closed
    t.same([...ada.rest(), ...bob.rest()], [])

    const hasty = await server.connect(t)
    hasty.say({ type: 'join', token: await server.token('meeting', 'hasty') })
    hasty.socket.close()
    t.match([await ada.next(), await ada.next()], [{ type: 'participant-joined', participant: { identity: 'hasty' } }, { type: 'participant-left', identity: 'hasty' }], 'who is gone before there is a seat gives it back')
    t.equal((await server.rooms.findRoom('meeting'))?.participants, 1)
  })

  t.test('limits', async t => {
    const server = await start(t, { maxSocketMessagesPerSecond: 30, maxSocketBytes: 2_048, maxSockets: 3, maxUnsentSocketBytes: 20_000_000 })
    const [ada, bob] = [await server.join(t, 'meeting', 'ada'), await server.join(t, 'meeting', 'bob')]
    // More than two seconds' worth, however they fall.
    for (let number = 0; number < 100; number++) ada.say({ type: 'data', topic: '', payload: String(number) })
    t.match([await ada.until('error'), await ada.next()], [{ error: { code: 'RATE_LIMIT_EXCEEDED' } }, { type: 'left', reason: 'flood' }])
    t.equal((await ada.closed).code, 4429)
    bob.say({ type: 'data', topic: '', payload: 'x'.repeat(2_048) })
    t.equal((await bob.closed).code, 1009, 'too long')

    await Promise.all([1, 2, 3].map(async () => await server.connect(t)))
    await t.rejects(server.connect(t), { message: 'Unexpected server response: 503' })
    const few = await start(t, { maxSocketsPerNetwork: 1 })
    await few.connect(t)
    await t.rejects(few.connect(t), { message: 'Unexpected server response: 429' })
    const answer = await fetch(`${few.url}/ws/rooms`)
    t.equal(answer.status, 404)
    t.match(await answer.json(), { statusCode: 404, message: /WebSockets/ })
  })

  t.test('who reads too slowly is closed, and keeps nobody up', async t => {
    const server = await start(t, { maxUnsentSocketBytes: 100_000 })
    const [slow, ada] = [await server.join(t, 'meeting', 'slow'), await server.join(t, 'meeting', 'ada')]
    await slow.next()
    slow.socket.pause()
    const piece = Buffer.alloc(1_000_000, 'x')
    for (let isThere = true; isThere; isThere = (await server.rooms.findRoom('meeting'))!.participants === 2) await server.rooms.sendData('meeting', piece, { identities: ['slow'] })
    t.match(await ada.next(), { type: 'participant-left', identity: 'slow' })
    slow.socket.resume()
    t.equal((await slow.closed).code, 4429)
  })

  t.test('who does not answer is gone', async t => {
    const server = await start(t, { socketPingSeconds: 0.1 })
    const ada = await server.join(t, 'meeting', 'ada')
    const deaf = await server.connect(t)
    deaf.say({ type: 'join', token: await server.token('meeting', 'deaf') })
    t.match(await ada.next(), { type: 'participant-joined' })
    deaf.socket.pause()
    t.match(await ada.next(), { type: 'participant-left', identity: 'deaf' })
  })

  t.test('a room that nobody comes to is closed by itself', async t => {
    const server = await start(t, { sweepSeconds: 0.05, emptyTimeoutSeconds: 1 })
    await until(() => server.events.length === 2)
    t.same(server.events, ['room-started meeting', 'room-finished meeting'])
    t.same(await server.rooms.listRooms(), [])
  })

  for (const withOwn of [false, true]) {
    t.test(`in a host ${withOwn ? 'that has sockets' : 'without sockets'} of its own, below prefixes`, async t => {
      const host = Fastify({ forceCloseConnections: true })
      t.teardown(() => host.close())
      const { database, state } = open(t)
      host.decorate('database', database)
      host.decorate('state', state)
      if (withOwn) await host.register(websocket)
      const found: RoomProvider[] = []
      for (const prefix of ['/one', '/two']) {
        await host.register(async scope => {
          await scope.register(livekit, { apiSecret: ROOM_KEY.secret, environment: 'production' })
          found.push(scope.livekit)
        }, { prefix })
      }
      const url = await host.listen({ host: '127.0.0.1', port: 0 })
      t.same(found.map(({ kind, socketPath }) => [kind, socketPath]), [['local', '/one/ws/rooms'], ['local', '/two/ws/rooms']])
      await found[0]!.createRoom({ name: 'meeting' })
      const token = async (identity: string) => await found[0]!.issueToken({ ...TOKEN, identity })
      const ada = await joinRoom(t, url, '/one/ws/rooms', await token('ada'))
      const bob = await joinRoom(t, url, '/two/ws/rooms', await token('bob'))
      t.match(bob.joined.participants, [{ identity: 'ada' }], 'one installation')
      t.match(await ada.next(), { type: 'participant-joined', participant: { identity: 'bob' } })
      await t.rejects(openLive(t, url, '/ws/rooms'))
      const places = (await state.presence.places()).length
      await host.close()
      // The host's own plugin closes its sockets before anybody else hears of it.
      if (withOwn) t.match([await ada.closed, await bob.closed], [{ code: 1005 }, { code: 1005 }])
      else for (const client of [ada, bob]) t.match([await client.until('left'), await client.closed], [{ reason: 'server-closed' }, { code: 1001 }])
      t.same([places, await state.presence.places()], [1, []], 'and nobody is there any more')
    })
  }
}
