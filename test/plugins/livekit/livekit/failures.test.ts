import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { LivekitOptions } from '../../../../plugins/livekit/index.ts'
import { LivekitClient } from '../../../../plugins/livekit/livekit/client.ts'
import { errorOf, LivekitFailure, type FailureKind, type Operation } from '../../../../plugins/livekit/livekit/failure.ts'
import type { HeadwaterError } from '../../../../src/errors/catalogue.ts'
import type { RoomProvider } from '../../../../src/rooms/provider.ts'
import { startLivekitHost, type LivekitHost } from '../../../fixtures/livekit-host.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET } from '../../../fixtures/livekit-webhook.ts'
import { Told } from '../../../fixtures/told.ts'
import type { Fault } from '../../../stand-ins/faults.ts'
import { LivekitStandIn } from '../../../stand-ins/livekit/stand-in.ts'

const REPEATED: Fault[] = [{ kind: 'throttle' }, { kind: 'status', status: 500 }, { kind: 'status', status: 503 }, { kind: 'drop' }]

interface Opened {
  livekit: LivekitStandIn
  host: LivekitHost
  rooms: RoomProvider
}

async function opened (t: Test, settings: LivekitOptions = {}): Promise<Opened> {
  const livekit = await LivekitStandIn.start(t)
  const host = await startLivekitHost(t, { '': { ...livekit.settings, egressDir: '/recordings', retryMs: 1, ...settings } })
  return { livekit, host, rooms: host.at('').rooms }
}

/** Everything that LiveKit is asked for, on a room and a recording that are there or not. */
const REQUESTS: Array<[Operation, (rooms: RoomProvider) => Promise<unknown>]> = [
  ['CreateRoom', rooms => rooms.createRoom({ name: 'hall' })],
  ['ListRooms', rooms => rooms.findRoom('hall')],
  ['ListRooms', rooms => rooms.listRooms()],
  ['DeleteRoom', rooms => rooms.deleteRoom('yard')],
  ['ListParticipants', rooms => rooms.participants('hall')],
  ['UpdateParticipant', rooms => rooms.setPermissions('hall', 'ada', { canPublish: false, sources: [], canSubscribe: true, canPublishData: true })],
  ['RemoveParticipant', rooms => rooms.removeParticipant('hall', 'ada')],
  ['StopEgress', rooms => rooms.stopRecording('EG_nobodyHasIt1').catch(unlessMissing)],
  ['ListEgress', rooms => rooms.findRecording('EG_nobodyHasIt1')]
]

function unlessMissing (error: HeadwaterError): void {
  if (error.code !== 'RECORDING_NOT_FOUND') throw error
}

t.test('what was throttled, or failed on the way, is tried again', async t => {
  const { livekit, host, rooms } = await opened(t, { attempts: 3 })
  await rooms.createRoom({ name: 'hall' })
  for (const [operation, request] of REQUESTS) {
    for (const fault of REPEATED) {
      const before = livekit.asked(operation)
      livekit.faults.add(operation, fault, 2)
      await t.resolves(request(rooms), `${operation} ${JSON.stringify(fault)}`)
      t.equal(livekit.asked(operation) - before, 3)
    }
    livekit.faults.add(operation, { kind: 'status', status: 503 })
    const before = livekit.asked(operation)
    await t.rejects(request(rooms), { code: 'ROOMS_UNAVAILABLE', statusCode: 503, message: `LiveKit does not do ${operation}: unavailable` })
    t.equal(livekit.asked(operation) - before, 3, 'three times, and no more')
    t.strictSame(host.at('').details(), { livekit: 'disconnected' })
    livekit.faults.clear()
    await request(rooms)
    t.strictSame(host.at('').details(), { livekit: 'connected' }, 'as it was the last time')
  }
  livekit.faults.add('CreateRoom', { kind: 'lose-answer' }, 2)
  t.match(await rooms.createRoom({ name: 'hall' }), { sid: livekit.room('hall')!.sid }, 'what was done twice was done once')
  livekit.faults.add('*', { kind: 'throttle' })
  await t.rejects(rooms.listRooms(), { code: 'ROOMS_UNAVAILABLE', retryAfterMs: 1_000 }, 'when to come again')
  const text = await host.at('').metrics.text()
  for (const outcome of ['done', 'throttled', 'broken']) t.match(text, new RegExp(`headwater_livekit_requests_total\\{operation="ListRooms",outcome="${outcome}"\\} [1-9]`))
})

t.test('what must not be done twice is not tried again', async t => {
  const { livekit, rooms } = await opened(t, { attempts: 3 })
  await rooms.createRoom({ name: 'hall' })
  for (const fault of [{ kind: 'lose-answer' }, { kind: 'drop' }, { kind: 'status', status: 500 }] as Fault[]) {
    const before = livekit.asked('SendData')
    livekit.faults.add('SendData', fault, 1)
    await t.rejects(rooms.sendData('hall', Buffer.from('once')), { code: 'ROOMS_UNAVAILABLE' })
    t.equal(livekit.asked('SendData') - before, 1, JSON.stringify(fault))
  }
  livekit.faults.add('SendData', { kind: 'throttle' }, 2)
  await t.resolves(rooms.sendData('hall', Buffer.from('once')), 'what was throttled was surely not done')

  livekit.egress.plan('never-starts')
  livekit.faults.add('StartRoomCompositeEgress', { kind: 'lose-answer' }, 1)
  t.match(await rooms.startRecording('hall', 'rec/1.mp4'), { id: /^EG_/, room: 'hall', state: 'starting' }, 'a recording whose answer was lost is found')
  t.equal(livekit.asked('StartRoomCompositeEgress'), 1)
  livekit.faults.add('StartRoomCompositeEgress', { kind: 'drop' }, 1)
  await t.rejects(rooms.startRecording('hall', 'rec/2.mp4'), { code: 'ROOMS_UNAVAILABLE' }, 'another one is not taken for it')
  livekit.faults.add('StartRoomCompositeEgress', { kind: 'drop' }, 1)
  livekit.faults.add('ListEgress', { kind: 'status', status: 500 })
  await t.rejects(rooms.startRecording('hall', 'rec/3.mp4'), { code: 'ROOMS_UNAVAILABLE', message: /StartRoomCompositeEgress/ })
  t.equal(livekit.asked('StartRoomCompositeEgress'), 3)
})

t.test('what makes no sense to try again is not', async t => {
  const { livekit, rooms } = await opened(t, { attempts: 3 })
  for (const [fault, code, message] of [
    [{ kind: 'status', status: 400 }, 'INTERNAL_ERROR', /ListRooms/],
    [{ kind: 'status', status: 401 }, 'ROOMS_UNAVAILABLE', /LIVEKIT_API_SECRET/],
    [{ kind: 'status', status: 403 }, 'ROOMS_UNAVAILABLE', /LIVEKIT_API_SECRET/],
    [{ kind: 'garbage' }, 'ROOMS_UNAVAILABLE', /LIVEKIT_URL/]
  ] as Array<[Fault, string, RegExp]>) {
    const before = livekit.asked('ListRooms')
    livekit.faults.add('ListRooms', fault, 1)
    await t.rejects(rooms.listRooms(), { code, message }, JSON.stringify(fault))
    t.equal(livekit.asked('ListRooms') - before, 1)
  }
  for (const [operation, request] of [['CreateRoom', () => rooms.createRoom({ name: 'hall' })], ['StartRoomCompositeEgress', () => rooms.startRecording('hall', 'rec/1.mp4')]] as Array<[Operation, () => Promise<unknown>]>) {
    livekit.faults.add(operation, { kind: 'empty' }, 1)
    await t.rejects(request(), { code: 'ROOMS_UNAVAILABLE', message: /without a/ }, 'an answer with nothing in it')
  }
  livekit.egress.hasRedis = false
  await rooms.createRoom({ name: 'hall' })
  await t.rejects(rooms.startRecording('hall', 'rec/1.mp4'), { code: 'RECORDING_NOT_POSSIBLE', message: /egress service/ })
})

t.test('a key that LiveKit does not take is our problem, and in no message', async t => {
  const { rooms } = await opened(t, { apiSecret: LIVEKIT_SECRET })
  for (const [, request] of REQUESTS) {
    const error = await request(rooms).then(() => undefined, (error: HeadwaterError) => error)
    t.match(error, { code: 'ROOMS_UNAVAILABLE', statusCode: 503 })
    for (const text of [error!.message, String((error!.cause as Error).message)]) for (const secret of [LIVEKIT_SECRET, 'eyJ']) t.notMatch(text, secret)
  }
})

t.test('an answer that does not come is waited for so long, and no longer', async t => {
  const { livekit, host, rooms } = await opened(t, { requestMs: 100, attempts: 2 })
  livekit.faults.add('ListRooms', { kind: 'hang' })
  await t.rejects(rooms.listRooms(), { code: 'ROOMS_UNAVAILABLE', message: /no answer in time/ })
  t.match(await host.at('').metrics.text(), 'headwater_livekit_requests_total{operation="ListRooms",outcome="broken"} 2')
})

t.test('who closes waits for no answer', async t => {
  const { livekit, host, rooms } = await opened(t, { requestMs: 60_000, attempts: 100, retryMs: 60_000 })
  const arrival = async () => { while (livekit.asked('ListRooms') === 0 || livekit.asked('CreateRoom') === 0) await new Promise(setImmediate) }
  livekit.faults.add('ListRooms', { kind: 'hang' })
  const hanging = t.rejects(rooms.listRooms(), { code: 'ROOMS_UNAVAILABLE', message: /this server closes/ }, 'under way')
  livekit.faults.add('CreateRoom', { kind: 'status', status: 503 })
  const waiting = t.rejects(rooms.createRoom({ name: 'hall' }), { code: 'ROOMS_UNAVAILABLE', message: /CreateRoom/ }, 'before its next try')
  await arrival()
  const closing = host.app.close()
  await Promise.all([hanging, waiting])
  // Then the connection is cut: nobody waits for the time-out.
  await livekit.stop()
  await closing
  await t.rejects(rooms.findRoom('hall'), { code: 'ROOMS_UNAVAILABLE', message: /this server closes/ }, 'afterwards')
})

t.test('no request outlives the close', async t => {
  const client = new LivekitClient({ settings: { url: 'http://127.0.0.1:9', requestMs: 1_000, attempts: 1, retryMs: 1 }, signingKey: { key: LIVEKIT_KEY, secret: LIVEKIT_SECRET }, log: new Told(), onOutcome: () => {} })
  let end!: () => void
  const asking = t.rejects(client.ask('ListRooms', () => new Promise<void>(resolve => { end = resolve })), { name: 'LivekitFailure', message: 'ListRooms: this server closes' })
  let isClosed = false
  const closing = client.close().then(() => { isClosed = true })
  await asking
  await new Promise(setImmediate)
  t.notOk(isClosed, 'who asked has heard, and the request is still there')
  end()
  await closing
})

t.test('a place where there is no LiveKit', async t => {
  const elsewhere = createServer((_request, response) => { response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Nothing here</h1>') })
  const url = await listening(t, elsewhere)
  const nowhere = createServer()
  const closed = await listening(t, nowhere)
  await new Promise(resolve => nowhere.close(resolve))
  const host = await startLivekitHost(t, { '/elsewhere': { url }, '/nowhere': { url: closed, attempts: 1 } })
  for (const [, request] of REQUESTS) {
    await t.rejects(request(host.at('/elsewhere').rooms), { code: 'ROOMS_UNAVAILABLE', message: /status 404 \(look at LIVEKIT_URL\)/ }, 'its 404 says nothing of rooms')
    await t.rejects(request(host.at('/nowhere').rooms), { code: 'ROOMS_UNAVAILABLE', message: /ECONNREFUSED/ })
  }
})

async function listening (t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('what answers are', async t => {
  const kindOf = (operation: Operation, error: object) => new LivekitFailure(operation, error).kind
  const twirp = (status: number, code: string, message = '') => ({ status, code, message })
  for (const [kind, errors] of Object.entries({
    throttled: [twirp(429, 'resource_exhausted'), { status: 429 }, twirp(403, 'resource_exhausted')],
    refused: [twirp(401, 'unauthenticated'), twirp(403, 'permission_denied'), { status: 401, message: 'invalid API key' }],
    missing: [twirp(404, 'not_found')],
    conflict: [twirp(412, 'failed_precondition'), twirp(409, 'already_exists')],
    invalid: [twirp(400, 'invalid_argument'), twirp(400, 'malformed')],
    broken: [twirp(503, 'unavailable'), twirp(500, 'internal'), twirp(408, 'deadline_exceeded'), { status: 502 }, new TypeError('fetch failed'), new DOMException('', 'TimeoutError')],
    'not-understood': [twirp(404, 'bad_route'), { status: 404 }, { status: 302 }, twirp(501, 'unimplemented'), new SyntaxError('Unexpected token'), new Error('cannot decode message')]
  } satisfies Partial<Record<FailureKind, object[]>>)) for (const error of errors) t.equal(kindOf('ListRooms', error), kind, JSON.stringify(error))
  const withoutRedis = twirp(500, 'internal', 'egress not connected (redis required)')
  t.equal(kindOf('StartRoomCompositeEgress', withoutRedis), 'no-recorder')
  t.equal(kindOf('ListRooms', withoutRedis), 'broken')
  for (const [operation, code] of [['SendData', 'ROOM_NOT_FOUND'], ['UpdateParticipant', 'PARTICIPANT_NOT_FOUND'], ['StopEgress', 'RECORDING_NOT_FOUND']] as Array<[Operation, string]>) t.equal(errorOf(new LivekitFailure(operation, twirp(404, 'not_found'))).code, code)
  const long = new LivekitFailure('CreateRoom', twirp(500, 'internal', 'x'.repeat(10_000)))
  t.ok(long.message.length < 400, 'as much of it as fits a line')
})
