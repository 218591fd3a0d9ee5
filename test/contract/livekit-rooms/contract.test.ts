import t from 'tap'
import { livekit as livekitPlugin } from '../../../plugins/livekit/index.ts'
import { livekitRooms } from '../../../plugins/livekit-rooms/index.ts'
import { state } from '../../../src/platform/state/index.ts'
import { strangeHost } from '../../embedding/strange-host.ts'
import { ROOMS_KEY, ROOMS_SECRET, startRoomsHost } from '../../fixtures/rooms-host.ts'
import { LivekitStandIn } from '../../stand-ins/livekit/stand-in.ts'
import { contractSuite } from './contract-suite.ts'

t.test('open rooms that this server runs', async t => {
  const host = await startRoomsHost(t, {}, { '': {}, '/proxied': { publicBaseUrl: 'https://live.example.org/media' } })
  const proxied = (await host.at('/proxied').post('/api/room/create', { userName: 'a' })).json
  t.match(proxied, { livekitUrl: 'wss://live.example.org/media', roomUrl: `wss://live.example.org/media/${proxied.roomId}` }, 'PUBLIC_BASE_URL')
  t.equal((await host.at('/proxied').post('/api/token', { roomId: proxied.roomId, userName: 'a' })).json.url, 'wss://live.example.org/media')
  await contractSuite(t, {
    host,
    address: host.url.replace('http', 'ws'),
    extra: { socketPath: '/ws/rooms' },
    breakDown: async () => { await host.app.database.close() }
  })
})

t.test('open rooms at LiveKit', async t => {
  const livekit = await LivekitStandIn.start(t, { apiKey: ROOMS_KEY, apiSecret: ROOMS_SECRET })
  const host = await startRoomsHost(t, { ...livekit.settings, attempts: 1 })
  await contractSuite(t, {
    host,
    address: livekit.url.replace('http', 'ws'),
    extra: {},
    breakDown: async () => { await livekit.stop() }
  })
})

t.test('LiveKit lets in who comes with a token, as long as there is room', async t => {
  const livekit = await LivekitStandIn.start(t, { apiKey: ROOMS_KEY, apiSecret: ROOMS_SECRET })
  const { post, get } = await startRoomsHost(t, { ...livekit.settings, publicUrl: 'https://livekit.example.com/', attempts: 1 })
  const { roomId, token, roomUrl, livekitUrl } = (await post('/api/room/create', { userName: 'host-user', maxParticipants: 2 })).json
  t.equal(livekitUrl, 'wss://livekit.example.com', 'ROOM-03: the public address')
  t.equal(roomUrl, `wss://livekit.example.com/${roomId}`)
  t.equal((await post('/api/token', { roomId, userName: 'a' })).json.url, livekitUrl)
  const host = livekit.join(token)
  t.equal(host.room.name, roomId)
  const tokenOf = async (userName: string) => (await post('/api/room/join', { roomId: host.room.sid, userName })).json.token as string
  const guest = livekit.join(await tokenOf('guest'))
  t.equal(guest.room.sid, host.room.sid, 'ROOM-07: by sid, into the same room')
  host.publish('camera')
  t.equal(guest.subscribed.length, 1)
  guest.send('chat', 'hello')
  t.equal(host.received.length, 1)
  const third = await tokenOf('third')
  t.throws(() => livekit.join(third), { name: 'JoinRefused' }, 'ROOM-08')
  livekit.join(await tokenOf('guest'))
  t.equal(guest.reason, 'DUPLICATE_IDENTITY', 'ROOM-09')
  t.match(livekit.room(roomId), { emptyTimeout: 600, maxParticipants: 2 }, 'ROOM-06')
  livekit.advance(86_401_000)
  t.throws(() => livekit.join(token), { message: /expired/ }, 'a day later')
  t.equal((await get('/api/rooms')).json.total, 1)
})

t.test('ROOM-01, ROOM-03: several in one host, each with its limit and its address', async t => {
  const livekit = await LivekitStandIn.start(t, { apiKey: ROOMS_KEY, apiSecret: ROOMS_SECRET })
  const host = await startRoomsHost(t, livekit.settings, { '/limited': { requestsPerMinute: 3, tokenSeconds: 60 }, '/open': { maxBodyBytes: 1_024 } })
  const limited = host.at('/limited')
  const { roomId, token } = (await limited.post('/api/room/create', { userName: 'a' })).json
  livekit.advance(61_000)
  t.throws(() => livekit.join(token), { message: /expired/ }, 'ROOM_TOKEN_SECONDS')
  t.match(await limited.get('/api/rooms'), { status: 200, headers: { 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '1' } })
  await limited.get(`/api/room/${roomId}`)
  const refused = await limited.get('/api/rooms')
  t.match(refused, { status: 429, headers: { 'retry-after': /^\d+$/, 'access-control-allow-origin': '*' }, json: { statusCode: 429, message: /^More than 3 requests/ } })
  t.equal((await limited.get('/api/health')).status, 200, 'health is not counted')
  t.equal((await limited.ask('OPTIONS', '/api/rooms')).status, 204)
  t.equal((await host.at('/open').get(`/api/room/${roomId}`)).status, 200, 'one provider')
  t.match(await host.at('/open').post('/api/room/create', { userName: 'x'.repeat(1_024) }), { status: 413, json: { statusCode: 413 } })
  t.match(await host.at('/limited').get('/api/room/a/b'), { status: 404, json: { statusCode: 404 } }, 'unknown paths below a prefix')
  await t.rejects(startRoomsHost(t, livekit.settings, { '/twice': {}, '/twice/': {} }), { code: 'CONFIG_INVALID' })
})

t.test('in a host that does everything in its own way', async t => {
  const livekit = await LivekitStandIn.start(t, { apiKey: ROOMS_KEY, apiSecret: ROOMS_SECRET })
  const app = strangeHost()
  t.teardown(async () => { await app.close() })
  app.decorate('database', {} as never)
  await app.register(state)
  await app.register(livekitPlugin, { environment: 'test', ...livekit.settings })
  await app.register(livekitRooms, { prefix: '/embedded' })
  const post = async (path: string, payload: object) => await app.inject({ method: 'POST', url: `/embedded${path}`, payload })
  const made = await post('/api/room/create', { userName: 'a', other: 1 })
  t.match(made.json(), { roomTopic: '새 회의', maxParticipants: 20, userName: 'a' })
  t.equal(made.headers['access-control-allow-origin'], '*')
  t.match((await post('/api/room/join', { roomId: made.json().roomId, userName: 'b' })).json(), { token: /./ })
  t.strictSame((await post('/api/room/join', { roomId: 'x', userName: 5 })).json(), { statusCode: 400, message: 'userName must be string' })
  t.strictSame((await post('/api/room/join', { roomId: 'x', userName: 'b' })).json(), { statusCode: 404, message: 'Failed to join room: Room not found' })
  t.match((await app.inject('/embedded/api/room/a/b')).json(), { statusCode: 404, message: /^There is nothing at/ })
  t.match((await app.inject('/embedded/api/elsewhere')).body, 'Lost', "what is not ours is the host's")
  t.strictSame((await app.inject('/own')).json(), { replied: { own: true } })
})
