import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { text } from 'node:stream/consumers'
import jwt from 'jsonwebtoken'
import {
  AccessToken, DataPacket_Kind as DataKind, EgressClient, EgressStatus, EncodedFileOutput, EncodedFileType, ParticipantInfo_State as State, RoomServiceClient,
  StartEgressRequest, TrackSource, WebhookReceiver, type VideoGrant, type WebhookEvent
} from 'livekit-server-sdk'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { ffprobe } from '../../fixtures/generate.ts'
import { JoinRefused, LivekitStandIn, type Client, type StandInSettings } from './stand-in.ts'

interface Opened {
  livekit: LivekitStandIn
  rooms: RoomServiceClient
  egress: EgressClient
  token (identity: string, grant?: VideoGrant, more?: { name?: string, attributes?: Record<string, string>, ttl?: number }): Promise<string>
  join (identity: string, grant?: VideoGrant): Promise<Client>
}

async function opened (t: Test, settings: StandInSettings = {}): Promise<Opened> {
  const livekit = await LivekitStandIn.start(t, settings)
  const { url, apiKey, apiSecret } = livekit.settings
  const token: Opened['token'] = async (identity, grant = {}, more = {}) => {
    const token = new AccessToken(apiKey, apiSecret, { identity, ...more })
    token.addGrant({ roomJoin: true, room: 'hall', ...grant })
    return await token.toJwt()
  }
  return {
    livekit,
    rooms: new RoomServiceClient(url, apiKey, apiSecret),
    egress: new EgressClient(url, apiKey, apiSecret),
    token,
    join: async (identity, grant) => livekit.join(await token(identity, grant))
  }
}

const refusal = (code: string, status: number, message?: string | RegExp) => ({ code, status, ...(message === undefined ? {} : { message }) })

/** Somebody who is told of what happens; the first tries fail with a status. */
async function listener (t: Test, { apiKey, apiSecret }: { apiKey: string, apiSecret: string }, failures: number[] = []): Promise<{ url: string, events: WebhookEvent[], names: () => string[] }> {
  const receiver = new WebhookReceiver(apiKey, apiSecret)
  const events: WebhookEvent[] = []
  const server = createServer((request, response) => {
    void text(request).then(async body => {
      const failure = failures.shift()
      if (request.headers['content-type'] !== 'application/webhook+json') throw new Error('Not the type of a webhook')
      const event = await receiver.receive(body, request.headers.authorization)
      if (failure === undefined) events.push(event)
      response.writeHead(failure ?? 200).end()
    }).catch((error: Error) => response.writeHead(500).end(error.message))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`, events, names: () => events.map(({ event }) => event) }
}

t.test('who may ask for what', async t => {
  const { livekit, rooms, token } = await opened(t)
  const { url, apiKey, apiSecret } = livekit.settings
  const ask = async (method: string, authorization: string | undefined, body = '{}', type = 'application/json') => {
    const response = await fetch(`${url}/twirp/livekit.${method}`, { method: 'POST', headers: { 'content-type': type, ...(authorization === undefined ? {} : { authorization }) }, body })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  const bearer = (video: object, secret = apiSecret, options: jwt.SignOptions = {}) => `Bearer ${jwt.sign({ video }, secret, { issuer: apiKey, expiresIn: 60, ...options })}`

  t.match(await ask('RoomService/ListRooms', 'Basic x'), { status: 401, type: /^text\/plain/, text: 'invalid authorization header. Must start with Bearer ' })
  t.match(await ask('RoomService/ListRooms', 'Bearer nonsense'), { status: 401, type: /^text\/plain/, text: 'invalid authorization token' })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true }, apiSecret, { issuer: 'APIother' })), { status: 401, text: 'invalid API key: APIother' })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true }, 'another secret that is long enough')), { status: 401, text: /^invalid token: .*signature/ })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true }, apiSecret, { expiresIn: -10 })), { status: 401, text: /expired/ })
  t.match(await ask('RoomService/ListRooms', undefined), { status: 401, type: 'application/json', text: '{"code":"unauthenticated","msg":"permissions denied"}' })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true })), { status: 200, type: 'application/json', text: '{"rooms":[]}' })

  for (const [method, grant, body] of [['RoomService/CreateRoom', 'roomCreate', { name: 'a' }], ['RoomService/DeleteRoom', 'roomCreate', { room: 'a' }], ['RoomService/ListRooms', 'roomList', {}], ['Egress/ListEgress', 'roomRecord', {}]] as const) {
    const others = Object.fromEntries(['roomCreate', 'roomList', 'roomRecord', 'roomAdmin', 'roomJoin'].filter(name => name !== grant).map(name => [name, true]))
    t.match(await ask(method, bearer(others), JSON.stringify(body)), { status: 401 }, method)
    t.match(await ask(method, bearer({ [grant]: true }), JSON.stringify(body)), { status: 200 }, method)
  }
  t.match(JSON.parse((await ask('RoomService/CreateRoom', bearer({ roomCreate: true }), '{"name":"b"}')).text), { name: 'b', empty_timeout: 300, metadata: '', creation_time: /^\d+$/ }, 'written as Go does it')
  t.match(await ask('RoomService/ListParticipants', bearer({ roomAdmin: true, room: 'a' }), '{"room":"b"}'), { status: 401 }, 'of another room')
  t.match(await ask('RoomService/ListParticipants', bearer({ roomAdmin: true, room: 'b' }), '{"room":"b"}'), { status: 200 })
  t.match(await ask('RoomService/Nonsense', bearer({})), { status: 404, text: /bad_route/ })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true }), '{}', 'text/plain'), { status: 404, text: /bad_route/ })
  t.match(await ask('RoomService/ListRooms', bearer({ roomList: true }), '{'), { status: 400, text: /malformed/ })
  await t.rejects(new RoomServiceClient(url, apiKey, 'wrong').listRooms(), { status: 401, code: undefined, message: /^invalid token/ })

  const validate = async (query: string) => {
    const response = await fetch(`${url}/rtc/v1/validate?${query}`)
    return `${response.status} ${await response.text()}`
  }
  t.equal(await validate(`access_token=${await token('ann')}`), '200 success')
  t.equal(await validate(''), '401 invalid authorization token')
  t.equal(await validate(`access_token=${await token('ann', { roomJoin: false })}`), '401 permissions denied')
  t.equal(await validate(`access_token=${await token('ann', { room: '' })}`), '400 room name cannot be empty')
  const connect = async (path: string) => {
    const [, response] = await once(new WebSocket(`${url.replace('http', 'ws')}/${path}`), 'unexpected-response') as [unknown, IncomingMessage]
    response.resume()
    return response.statusCode
  }
  t.equal(await connect('rtc/v1?access_token='), 401)
  t.equal(await connect('rtc/v1?access_token=nonsense'), 401)
  t.equal(await connect(`rtc?access_token=${await token('ann')}`), 404, 'what clients of earlier connect to')

  livekit.faults.add('ListRooms', { kind: 'throttle' }, 1)
  await t.rejects(rooms.listRooms(), refusal('resource_exhausted', 429))
  livekit.faults.add('*', { kind: 'status', status: 503, text: 'no response from servers' }, 1)
  await t.rejects(rooms.listRooms(), refusal('unavailable', 503, 'no response from servers'))
  livekit.faults.add('CreateRoom', { kind: 'lose-answer' }, 1)
  await t.rejects(rooms.createRoom({ name: 'made' }), TypeError)
  t.ok(livekit.room('made'), 'what was done is done')
  t.equal(livekit.asked('CreateRoom'), 4)
})

t.test('rooms', async t => {
  const { livekit, rooms, join } = await opened(t)
  const made = await rooms.createRoom({ name: 'hall', emptyTimeout: 600, maxParticipants: 2, metadata: '{"topic":"tea"}' })
  t.match(made, { name: 'hall', sid: /^RM_[2-9A-Za-z]{12}$/, emptyTimeout: 600, departureTimeout: 20, maxParticipants: 2, metadata: '{"topic":"tea"}', numParticipants: 0 })
  t.equal(made.creationTime, made.creationTimeMs / 1000n)
  t.match(await rooms.createRoom({ name: 'hall', departureTimeout: 5 }), { sid: made.sid, emptyTimeout: 600, departureTimeout: 5, maxParticipants: 2, metadata: '{"topic":"tea"}' }, 'only what is given changes')
  await t.rejects(rooms.createRoom({ name: '' }), refusal('invalid_argument', 400))
  await t.rejects(rooms.createRoom({ name: 'x'.repeat(257) }), refusal('invalid_argument', 400))
  await t.rejects(rooms.createRoom({ name: 'x', metadata: 'x'.repeat(512 * 1024 + 1) }), refusal('invalid_argument', 400))
  await rooms.createRoom({ name: 'yard' })
  t.strictSame((await rooms.listRooms()).map(({ name }) => name), ['hall', 'yard'])
  t.strictSame((await rooms.listRooms(['yard', 'nowhere'])).map(({ name }) => name), ['yard'])
  t.strictSame(await rooms.listRooms([made.sid]), [], 'a sid is no name')
  t.equal((await rooms.updateRoomMetadata('hall', 'plain')).metadata, 'plain')
  await t.rejects(rooms.updateRoomMetadata('nowhere', ''), refusal('not_found', 404, 'requested room does not exist'))

  const [ann, bob] = [await join('ann'), await join('bob')]
  await t.rejects(join('cid'), JoinRefused, 'full')
  t.equal((await rooms.listRooms(['hall']))[0]?.numParticipants, 2)
  const left = once(bob.events, 'left')
  await rooms.deleteRoom('hall')
  t.strictSame(await left, ['ROOM_DELETED'])
  t.equal(ann.isConnected, false)
  await t.rejects(rooms.deleteRoom('hall'), refusal('not_found', 404))
  t.not((await rooms.createRoom({ name: 'hall' })).sid, made.sid, 'a new one has a new sid')

  livekit.advance(299_000)
  t.ok(livekit.room('hall'))
  livekit.advance(1_000)
  t.notOk(livekit.room('hall'), 'nobody came')
  const cid = await join('cid')
  livekit.advance(86_400_000)
  t.ok(livekit.room('hall'), 'as long as there is somebody')
  cid.leave()
  livekit.advance(19_000)
  t.ok(livekit.room('hall'))
  livekit.advance(1_000)
  t.notOk(livekit.room('hall'), 'the last one left')
})

t.test('participants', async t => {
  const { livekit, rooms, token, join } = await opened(t)
  t.strictSame(await rooms.listParticipants('hall'), [], 'of no room')
  await t.rejects(rooms.getParticipant('hall', 'ann'), refusal('not_found', 404, 'participant does not exist'))
  await t.rejects(rooms.removeParticipant('hall', 'ann'), refusal('not_found', 404))
  await t.rejects(rooms.updateParticipant('hall', 'ann', { name: 'x' }), refusal('not_found', 404))

  const ann = livekit.join(await token('ann', { canPublishSources: [TrackSource.CAMERA, TrackSource.MICROPHONE] }, { name: 'Ann', attributes: { role: 'host', hand: 'up' } }))
  const bob = await join('bob', { canPublish: false, canSubscribe: true, canPublishData: true })
  t.match(await rooms.getParticipant('hall', 'ann'), {
    sid: /^PA_/,
    name: 'Ann',
    state: State.ACTIVE,
    kind: 0,
    attributes: { role: 'host' },
    isPublisher: false,
    permission: { canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: [TrackSource.CAMERA, TrackSource.MICROPHONE] }
  })
  t.throws(() => bob.publish('camera'), refusal('unauthenticated', 401))
  t.throws(() => ann.publish('screen_share'), refusal('unauthenticated', 401))
  const camera = ann.publish('camera')
  t.strictSame(bob.subscribed, [camera])
  t.match((await rooms.listParticipants('hall')).find(({ identity }) => identity === 'ann'), { isPublisher: true, tracks: [{ sid: camera, source: TrackSource.CAMERA }] })
  t.equal((await rooms.mutePublishedTrack('hall', 'ann', camera, true)).muted, true)
  await t.rejects(rooms.mutePublishedTrack('hall', 'ann', camera, false), refusal('failed_precondition', 412))
  await t.rejects(rooms.mutePublishedTrack('hall', 'ann', 'TR_none', true), refusal('not_found', 404))

  const changed = await rooms.updateParticipant('hall', 'ann', { permission: { canSubscribe: true }, attributes: { role: 'viewer', hand: '' } })
  t.match(changed.permission, { canPublish: false, canSubscribe: true, canPublishData: false, canPublishSources: [] }, 'what is left out is gone')
  t.strictSame(changed.attributes, { role: 'viewer' })
  t.strictSame(ann.published, [], 'and what was published')
  t.equal(changed.name, 'Ann')

  t.equal(ann.send('chat', 'not allowed'), false)
  bob.send('chat', 'hello')
  await rooms.sendData('hall', Buffer.from('to bob'), DataKind.RELIABLE, { topic: 'news', destinationIdentities: ['bob'] })
  await rooms.sendData('hall', Buffer.from('to all'), DataKind.RELIABLE, { topic: 'news' })
  t.strictSame(ann.received.map(({ from, topic, payload }) => [from, topic, payload.toString()]), [['bob', 'chat', 'hello'], [undefined, 'news', 'to all']])
  t.strictSame(bob.received.map(({ payload }) => payload.toString()), ['to bob', 'to all'])
  await t.rejects(rooms.sendData('nowhere', Buffer.from(''), DataKind.RELIABLE, {}), refusal('not_found', 404))

  const again = await join('ann')
  t.equal(ann.reason, 'DUPLICATE_IDENTITY')
  t.not(again.sid, ann.sid)
  await rooms.removeParticipant('hall', 'ann')
  t.equal(again.reason, 'PARTICIPANT_REMOVED')
  t.ok(await join('ann'), 'the token still lets them in')
  await t.rejects(rooms.getParticipant('hall', 'nobody'), refusal('not_found', 404))

  const short = await token('cid', {}, { ttl: 60 })
  livekit.advance(61_000)
  t.throws(() => livekit.join(short), { name: 'JoinRefused', message: /jwt expired/ })
  await t.rejects(join('dan', { roomJoin: false }), { message: 'permissions denied' })
  const strict = await opened(t, { autoCreate: false })
  await t.rejects(strict.join('ann'), { status: 404, message: 'requested room does not exist' })
})

t.test('webhooks', async t => {
  const { livekit, rooms, join } = await opened(t)
  const told = await listener(t, livekit.settings, [500, 503])
  livekit.webhooks.retryMs = 1
  livekit.webhooks.urls.push(told.url)
  const ann = await join('ann')
  ann.publish('camera')
  ann.leave()
  await rooms.deleteRoom('hall')
  await livekit.settled()
  t.strictSame(told.names(), ['room_started', 'participant_joined', 'track_published', 'track_unpublished', 'participant_left', 'room_finished'], 'in order')
  t.match(told.events[1], { id: /^EV_/, room: { name: 'hall', sid: /^RM_/, numParticipants: 1 }, participant: { identity: 'ann', sid: ann.sid } })
  t.match(told.events[4], { participant: { state: State.DISCONNECTED, disconnectReason: 1 } })
  t.match(livekit.webhooks.told[0], { tries: 3, status: 200 }, 'until it is taken')

  told.events.length = 0
  livekit.webhooks.lose('participant_joined')
  livekit.webhooks.repeat(2)
  ;(await join('bob')).drop()
  await livekit.settled()
  t.strictSame(told.names(), ['room_started', 'room_started', 'participant_connection_aborted', 'participant_connection_aborted', 'participant_left', 'participant_left'])
  t.equal(told.events[0]?.id, told.events[1]?.id)

  told.events.length = 0
  livekit.webhooks.repeat(1)
  livekit.webhooks.hold()
  ;(await join('cid')).leave()
  await livekit.settled()
  t.strictSame(told.names(), [])
  livekit.webhooks.release('reversed')
  await livekit.settled()
  t.strictSame(told.names(), ['participant_left', 'participant_joined'])

  livekit.webhooks.maxTries = 2
  livekit.webhooks.urls.splice(0, 1, 'http://127.0.0.1:1/')
  livekit.webhooks.told.length = 0
  await join('dan')
  await livekit.settled()
  t.match(livekit.webhooks.told, [{ tries: 2, status: undefined }], 'given up')
})

t.test('recordings', async t => {
  const { livekit, egress, rooms, join } = await opened(t)
  const folder = await mkdtemp(pathOf(tmpdir(), 'headwater-egress-test-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const told = await listener(t, livekit.settings)
  const output = (name: string) => new EncodedFileOutput({ filepath: pathOf(folder, name), fileType: EncodedFileType.MP4 })
  const start = async (name: string) => await egress.startRoomCompositeEgress('hall', { file: output(name) }, { layout: 'grid' })
  const now = async (egressId: string) => (await egress.listEgress({ egressId }))[0]!

  await t.rejects(start('a'), refusal('not_found', 404, 'requested room does not exist'))
  await t.rejects(egress.stopEgress('EG_none'), refusal('not_found', 404, 'egress does not exist'))
  livekit.egress.hasRedis = false
  await t.rejects(start('a'), refusal('internal', 500, 'egress not connected (redis required)'))
  livekit.egress.hasRedis = true

  const ann = await join('ann')
  livekit.webhooks.urls.push(told.url)
  const started = await start('deep/{room_name}')
  t.match(started, { egressId: /^EG_/, status: EgressStatus.EGRESS_STARTING, roomName: 'hall', startedAt: 0n })
  livekit.advance(livekit.egress.startMs)
  t.equal((await now(started.egressId)).status, EgressStatus.EGRESS_ACTIVE)
  t.match((await rooms.listParticipants('hall')).find(({ identity }) => identity === started.egressId), { kind: 2, permission: { hidden: true, recorder: true } })
  t.match(livekit.room('hall'), { numParticipants: 1, activeRecording: true })
  t.strictSame(ann.others, [], 'nobody sees the recorder')
  livekit.advance(2_000)
  t.equal((await egress.stopEgress(started.egressId)).status, EgressStatus.EGRESS_ENDING)
  await t.rejects(egress.stopEgress(started.egressId), refusal('failed_precondition', 412, 'egress with status EGRESS_ENDING cannot be stopped'))
  await livekit.settled()
  t.strictSame((await rooms.listParticipants('hall')).map(({ identity }) => identity), ['ann'], 'the recorder is gone')
  const path = pathOf(folder, 'deep/hall.mp4')
  const { status, fileResults: [file], startedAt, endedAt } = await now(started.egressId)
  t.equal(status, EgressStatus.EGRESS_COMPLETE)
  t.match(file, { location: path, filename: path, size: BigInt((await stat(path)).size) })
  t.equal((endedAt - startedAt) / 1_000_000_000n, 2n)
  const streams = (await ffprobe(['-show_entries', 'stream=codec_name:format=duration', '-of', 'csv=p=0', path])).toString().trim().split('\n')
  t.strictSame(streams.slice(0, 2), ['h264', 'aac'])
  t.equal(Number(file!.duration) / 1e9, Math.round(Number(streams[2]) * 1000) / 1000)
  t.strictSame(told.names().filter(name => name.startsWith('egress')), ['egress_started', 'egress_updated', 'egress_updated', 'egress_ended'])
  t.match(told.events.at(-1)?.egressInfo, { egressId: started.egressId, fileResults: [{ location: path }] })

  livekit.egress.plan('no-start-signal', 'never-starts', 'upload-fails', 'limit')
  const [none, never, fails, limit] = [await start('none'), await start('never'), await start('fails'), await start('limit')]
  livekit.advance(60_000)
  t.match(await now(none.egressId), { status: EgressStatus.EGRESS_ABORTED, error: 'Start signal not received' })
  t.match(await now(never.egressId), { status: EgressStatus.EGRESS_STARTING })
  await egress.stopEgress(fails.egressId)
  await livekit.settled()
  t.match(await now(fails.egressId), { status: EgressStatus.EGRESS_FAILED, error: /upload/ })
  t.match(await now(limit.egressId), { status: EgressStatus.EGRESS_LIMIT_REACHED, fileResults: [{ location: pathOf(folder, 'limit.mp4') }] })
  t.strictSame((await egress.listEgress({ roomName: 'hall', active: true })).map(({ egressId }) => egressId), [never.egressId])
  t.match(await egress.stopEgress(never.egressId), { status: EgressStatus.EGRESS_ABORTED }, 'stopped before it began')

  const unified = await egress.startEgress(new StartEgressRequest({
    roomName: 'hall',
    source: { case: 'template', value: { layout: 'grid' } },
    outputs: [{ config: { case: 'file', value: { filepath: pathOf(folder, 'unified.mp4'), fileType: EncodedFileType.MP4 } } }]
  }))
  livekit.advance(1_000)
  await egress.stopEgress(unified.egressId)
  await livekit.settled()
  t.match(await now(unified.egressId), { status: EgressStatus.EGRESS_COMPLETE, fileResults: [{ location: pathOf(folder, 'unified.mp4') }] })

  const last = await start('last')
  livekit.advance(1_000)
  ann.leave()
  livekit.advance(20_000)
  await livekit.settled()
  t.notOk(livekit.room('hall'), 'a recorder keeps no room open')
  t.match(await now(last.egressId), { status: EgressStatus.EGRESS_COMPLETE })
})
