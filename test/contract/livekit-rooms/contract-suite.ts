import jwt from 'jsonwebtoken'
import type { Test } from 'tap'
import type { Answer } from '../../fixtures/http.ts'
import { ROOMS_KEY, ROOMS_SECRET, type RoomsHost } from '../../fixtures/rooms-host.ts'

/** What differs between providers. */
export interface Provided {
  host: RoomsHost
  /** Where people connect to. */
  address: string
  /** With the answers that have an address. */
  extra: object
  /** From now on it does not answer. */
  breakDown (): Promise<void>
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/
const ROOM_ID = /^room-\d{10}-[0-9a-z]{6}$/
const SESSION = '0f8fad5b-d9cb-469f-a165-70867728950e'

/** An error, word for word. */
function expectError (t: Test, answer: Answer, status: number, message: string | RegExp, about: string): void {
  t.equal(answer.status, status, `${about}: ${answer.text}`)
  t.strictSame(Object.keys(answer.json), ['statusCode', 'message'], about)
  t.match(answer.json, { statusCode: status, message }, about)
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'access-control-allow-origin': '*' }, about)
}

function expectAnswer (t: Test, answer: Answer, about: string): any {
  t.equal(answer.status, 200, `${about}: ${answer.text}`)
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'access-control-allow-origin': '*' }, about)
  return answer.json
}

/** docs/api/livekit-rooms.md, line by line, over the wire. */
export async function contractSuite (t: Test, { host, address, extra, breakDown }: Provided): Promise<void> {
  const { ask, get, post, app, lines, tokens } = host
  const create = async (body: object) => expectAnswer(t, await post('/api/room/create', body), JSON.stringify(body))
  /** By somebody else, at the provider. @returns its sid */
  const foreign = async (name: string, metadata = ''): Promise<string> => (await app.livekit.createRoom({ name, metadata })).sid
  const logged = (message: string) => lines.map(line => JSON.parse(line)).filter(({ level, msg }) => level === 50 && msg.startsWith(message)).length

  await t.test('3 GET /api/health', async t => {
    const health = expectAnswer(t, await get('/api/health'), 'health')
    t.strictSame(Object.keys(health), ['status', 'timestamp'])
    t.match(health, { status: 'ok', timestamp: ISO })
    t.ok(Math.abs(Date.parse(health.timestamp) - Date.now()) < 60_000)
  })

  await t.test('4.1 POST /api/room/create', async t => {
    const before = Math.floor(Date.now() / 1000)
    const made = await create({ userName: 'test-user', roomTopic: 'My Room', description: 'Test room description', maxParticipants: 5 })
    t.strictSame(Object.keys(made), ['roomId', 'roomUrl', 'roomTopic', 'description', 'maxParticipants', 'userName', 'token', 'livekitUrl', ...Object.keys(extra)])
    t.match(made, { roomId: ROOM_ID, roomUrl: `${address}/${made.roomId}`, roomTopic: 'My Room', description: 'Test room description', maxParticipants: 5, userName: 'test-user', livekitUrl: address, ...extra })
    const seconds = Number(made.roomId.split('-')[1])
    t.ok(seconds >= before && seconds <= Date.now() / 1000, 'the time it was made')
    t.match(await create({ userName: '이영희' }), { roomTopic: '새 회의', description: '', maxParticipants: 20, userName: '이영희' }, 'what is left out')
    t.match(await create({ userName: 'a', roomTopic: null, description: ' ', maxParticipants: null, other: 1 }), { roomTopic: '새 회의', description: '', maxParticipants: 20 }, 'null and blank are left out, what nobody knows is ignored')
    t.not((await create({ userName: 'a' })).roomId, (await create({ userName: 'a' })).roomId)
  })

  await t.test('6, ROOM-07: tokens', async t => {
    const { roomId, token } = await create({ userName: 'host-user' })
    const sid = (await app.livekit.findRoom(roomId))!.sid
    for (const { given, userName, about } of [
      { given: token, userName: 'host-user', about: 'of create' },
      { given: (await post('/api/room/join', { roomId, userName: '참가자' })).json.token, userName: '참가자', about: 'of join, by name' },
      { given: (await post('/api/room/join', { roomId: sid, userName: 'b' })).json.token, userName: 'b', about: 'of join, by sid' },
      { given: (await post('/api/token', { roomId: sid, userName: 'c' })).json.token, userName: 'c', about: 'of token' }
    ]) {
      t.equal(given.split('.')[0], 'eyJhbGciOiJIUzI1NiJ9', about)
      const claims = jwt.verify(given, ROOMS_SECRET, { algorithms: ['HS256'], issuer: ROOMS_KEY, subject: userName }) as jwt.JwtPayload
      t.strictSame(claims['video'], { ...claims['video'], room: roomId, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true }, about)
      for (const grant of ['roomCreate', 'roomAdmin', 'roomList', 'roomRecord']) t.notOk(claims['video'][grant], `${about}: ${grant}`)
      t.ok(Math.abs(claims.exp! - Date.now() / 1000 - 86_400) < 60, `${about}: a day`)
    }
  })

  await t.test('4.2, 5: join and token do the same', async t => {
    const { roomId } = await create({ userName: 'host-user', maxParticipants: 1 })
    const sid = await foreign('test-room')
    for (const path of ['/api/room/join', '/api/token']) {
      for (const id of [roomId, sid, 'test-room']) {
        const joined = expectAnswer(t, await post(path, { roomId: id, userName: 'participant-user' }), `${path} ${id}`)
        t.strictSame(Object.keys(joined), ['token', 'url', ...Object.keys(extra)])
        t.match(joined, { token: /^eyJhbGciOiJIUzI1NiJ9\./, url: address, ...extra }, 'ROOM-03')
      }
      for (const userName of ['a', 'b']) expectAnswer(t, await post(path, { roomId, userName }), 'ROOM-08: beyond maxParticipants too')
      for (const id of ['room-1736598234-x7k2m9', 'RM_dSbCDo6CDPQU', 'nowhere', '../rooms', '방']) expectError(t, await post(path, { roomId: id, userName: 'a' }), 404, 'Failed to join room: Room not found', `${path} ${id}`)
    }
    t.ok(logged('Failed to join room: Room not found') > 0, '8: the log says so')
  })

  await t.test('4.3, ROOM-04, ROOM-05: GET /api/room/:roomId', async t => {
    const { roomId } = await create({ userName: 'host-user', roomTopic: 'Test Room', description: 'About it' })
    const sid = (await app.livekit.findRoom(roomId))!.sid
    for (const id of [roomId, sid]) {
      const room = expectAnswer(t, await get(`/api/room/${id}`), id)
      t.strictSame(Object.keys(room), ['roomId', 'roomTopic', 'description', 'maxParticipants', 'createdBy', 'createdAt'])
      t.match(room, { roomId, roomTopic: 'Test Room', description: 'About it', maxParticipants: 20, createdBy: 'host-user', createdAt: WHOLE_SECONDS }, id)
      t.ok(Math.abs(Date.parse(room.createdAt) - Date.now()) < 60_000)
    }
    for (const [name, metadata] of [['foreign', ''], ['plain text', 'not JSON'], ['array', '[1]'], ['null', 'null'], ['typed', '{"topic":5,"description":null,"createdBy":{}}'], ['alike', '{"topic":"x","description":"y","createdBy":"z"}']] as const) {
      const sid = await foreign(name, metadata)
      for (const id of [sid, encodeURIComponent(name)]) t.match(expectAnswer(t, await get(`/api/room/${id}`), name), { roomId: sid, roomTopic: name, description: '', createdBy: '', createdAt: WHOLE_SECONDS }, `made elsewhere: ${name}`)
    }
    for (const id of ['room-1736598234-x7k2m9', 'RM_dSbCDo6CDPQU', 'create', 'join', '%F0%9F%8E%A5', '..%2Frooms']) expectError(t, await get(`/api/room/${id}`), 404, 'Failed to get room: Room not found', `ROOM-12: ${id}`)
    t.ok(logged('Failed to get room: Room not found') > 0)
  })

  await t.test('4.4, ROOM-06: GET /api/rooms', async t => {
    const { roomId } = await create({ userName: 'host-user', roomTopic: 'In the list' })
    const { rooms, total } = expectAnswer(t, await get('/api/rooms'), 'rooms')
    t.equal(total, rooms.length)
    t.strictSame(rooms.find((room: any) => room.roomId === roomId), (await get(`/api/room/${roomId}`)).json, 'as by itself')
    const times = rooms.map(({ createdAt }: any) => createdAt)
    t.strictSame(times, [...times].sort().reverse(), 'newest first')
    await app.livekit.deleteRoom(roomId)
    t.notMatch((await get('/api/rooms')).text, roomId, 'a closed one is gone')
    expectError(t, await get(`/api/room/${roomId}`), 404, 'Failed to get room: Room not found', 'a closed one')
  })

  await t.test('rooms of live sessions are not open', async t => {
    const sid = await foreign(SESSION, '{"topic":"a private lesson"}')
    for (const id of [SESSION, sid]) {
      expectError(t, await get(`/api/room/${id}`), 404, 'Failed to get room: Room not found', id)
      for (const path of ['/api/room/join', '/api/token']) expectError(t, await post(path, { roomId: id, userName: 'a' }), 404, 'Failed to join room: Room not found', id)
    }
    t.notMatch((await get('/api/rooms')).text, 'a private lesson')
  })

  await t.test('2, ROOM-02, ROOM-08, ROOM-10: what callers get wrong', async t => {
    for (const [path, failed] of [['/api/room/create', 'Failed to create room'], ['/api/room/join', 'Failed to join room'], ['/api/token', 'Failed to join room']] as const) {
      const noName = `${failed}: identity is required for join but not set`
      for (const userName of [undefined, null, '', '  \t']) expectError(t, await post(path, { roomId: 'x', userName }), 400, noName, `${path}: ${JSON.stringify(userName)}`)
      expectError(t, await ask('POST', path), 400, noName, `${path}: no body`)
      expectError(t, await ask('POST', path, { headers: { 'content-type': 'application/json' }, body: '' }), 400, noName, `${path}: an empty body`)
      for (const userName of [5, true, {}, ['x']]) expectError(t, await post(path, { roomId: 'x', userName }), 400, 'userName must be string', `${path}: ${JSON.stringify(userName)}`)
      for (const userName of ['x'.repeat(257), '가'.repeat(86)]) expectError(t, await post(path, { roomId: 'x', userName }), 400, /^userName must have at most 256/, `${path}: too long`)
      expectError(t, await ask('POST', path, { headers: { 'content-type': 'application/json' }, body: '{"userName":' }), 400, 'The body is not valid JSON', path)
      expectError(t, await ask('POST', path, { headers: { 'content-type': 'application/json' }, body: '[]' }), 400, /must be object/, path)
      expectError(t, await ask('POST', path, { headers: { 'content-type': 'application/xml' }, body: '<a/>' }), 415, /./, path)
      expectError(t, await post(path, { userName: 'x'.repeat(70_000) }), 413, /./, path)
    }
    for (const path of ['/api/room/join', '/api/token']) {
      expectError(t, await post(path, { userName: 'a' }), 400, 'Failed to join room: roomId is required', path)
      expectError(t, await post(path, { userName: 'a', roomId: 5 }), 400, 'roomId must be string', path)
    }
    for (const maxParticipants of [0, -1, 1.5, '20', 'many', {}, 2_147_483_648]) expectError(t, await post('/api/room/create', { userName: 'a', maxParticipants }), 400, /^maxParticipants must be/, JSON.stringify(maxParticipants))
    for (const field of ['roomTopic', 'description']) expectError(t, await post('/api/room/create', { userName: 'a', [field]: 5 }), 400, `${field} must be string`, field)
    t.ok(logged('Failed to create room: identity is required for join but not set') > 0)
    for (const [method, path] of [['GET', '/api/room'], ['GET', '/api/room/'], ['GET', '/api/room/a/b'], ['POST', '/api/room/x'], ['PUT', '/api/room/create'], ['GET', '/api/token'], ['POST', '/api/rooms'], ['DELETE', '/api/health']] as const) expectError(t, await ask(method, path), 404, /./, `${method} ${path}`)
  })

  await t.test('ROOM-01: open to anybody and to any page', async t => {
    for (const path of ['/api/health', '/api/room/create', '/api/room/join', '/api/rooms', '/api/token']) {
      t.match(await ask('OPTIONS', path, { headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } }), { status: 204, headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': /POST/, 'access-control-allow-headers': /Content-Type/ } }, path)
    }
    t.notOk('x-ratelimit-limit' in (await get('/api/rooms')).headers, 'no limit')
  })

  await t.test('2, 8, ROOM-11: failures are 500, and the log says which', async t => {
    const { roomId } = await create({ userName: 'a' })
    await breakDown()
    const body = { roomId, userName: 'a' }
    const errors = () => lines.filter(line => JSON.parse(line).level === 50).length
    const before = errors()
    for (const [failed, answer] of [
      ['Failed to create room: ', await post('/api/room/create', body)],
      ['Failed to join room: ', await post('/api/room/join', body)],
      ['Failed to get room: ', await get(`/api/room/${roomId}`)],
      ['Failed to list rooms: ', await get('/api/rooms')]
    ] as const) {
      expectError(t, answer, 500, /^Internal server error$/, failed)
      const [last] = lines.map(line => JSON.parse(line)).filter(({ level, msg }) => level === 50 && msg.startsWith(failed)).slice(-1)
      t.match(last, { msg: /: (The database does not answer|LiveKit does not do \w+: ECONNREFUSED)$/, err: { message: /./ } }, failed)
    }
    t.equal(errors() - before, 4, 'each once')
    expectAnswer(t, await get('/api/health'), 'health')
    t.ok(tokens.size > 0)
    t.strictSame(lines.filter(line => [...tokens, ROOMS_SECRET].some(secret => line.includes(secret))), [], 'no token and no secret is in the log')
  })
}
