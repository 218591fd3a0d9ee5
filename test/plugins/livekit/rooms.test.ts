import { EventEmitter } from 'node:events'
import t from 'tap'
import { openDatabase } from '../../../src/platform/database/open.ts'
import { openMemory } from '../../../src/platform/state/memory.ts'
import type { Permissions } from '../../../src/rooms/provider.ts'
import { dataFolder, platformSettings } from '../../fixtures/database.ts'
import { startLivekitHost } from '../../fixtures/livekit-host.ts'
import { joinRoom, ROOM_KEY, startRooms, type RoomClient as LocalClient } from '../../fixtures/local-rooms.ts'
import { roomsSuite, type ReceivedData, type RoomClient } from '../../fixtures/rooms-suite.ts'
import { Told } from '../../fixtures/told.ts'
import { SOURCES } from '../../stand-ins/livekit/member.ts'
import { LivekitStandIn, type Client, type Source } from '../../stand-ins/livekit/stand-in.ts'

t.test('rooms at LiveKit', async t => {
  const livekit = await LivekitStandIn.start(t)
  const host = await startLivekitHost(t, { '': { ...livekit.settings, egressDir: '/recordings' } })
  livekit.webhooks.urls.push(`${host.url}/api/livekit/webhook`)
  const { rooms } = host.at('')
  t.strictSame([rooms.kind, rooms.capabilities, rooms.url, rooms.socketPath], ['livekit', { media: true, recording: true }, livekit.url.replace('http', 'ws'), undefined])
  await roomsSuite(t, { rooms, secret: livekit.settings.apiSecret, connect: async token => clientOf(livekit.join(token)) })

  t.test('the newest is listed first', async t => {
    for (const { name } of await rooms.listRooms()) await rooms.deleteRoom(name)
    for (const name of ['first', 'second', 'third']) {
      await rooms.createRoom({ name })
      livekit.advance(5)
    }
    t.strictSame((await rooms.listRooms()).map(({ name }) => name), ['third', 'second', 'first'])
  })

  t.test('who may publish what is enforced', async t => {
    await rooms.createRoom({ name: 'stage' })
    const speaking: Permissions = { canPublish: true, sources: ['camera', 'microphone'], canSubscribe: true, canPublishData: true }
    const ada = livekit.join(await rooms.issueToken({ room: 'stage', identity: 'ada', permissions: { ...speaking, canPublish: false }, lifeSeconds: 60 }))
    t.throws(() => ada.publish('camera'))
    await rooms.setPermissions('stage', 'ada', speaking)
    ada.publish('camera')
    t.throws(() => ada.publish('screen_share'), 'not among the sources')
    await rooms.setPermissions('stage', 'ada', { ...speaking, canPublish: false })
    t.strictSame(ada.published, [], 'what was published is gone')
    t.throws(() => ada.publish('microphone'))
  })

  t.test('sids of earlier are remembered up to a number', async t => {
    const forgetful = await startLivekitHost(t, { '': { ...livekit.settings, rememberedSids: 2 } })
    const { rooms } = forgetful.at('')
    const sids: string[] = []
    for (const name of ['one', 'two', 'three']) {
      sids.push((await rooms.createRoom({ name })).sid)
      await rooms.deleteRoom(name)
    }
    for (const name of ['one', 'three']) livekit.createRoom(name)
    t.equal(await rooms.findRoom(sids[0]!), undefined, 'forgotten')
    t.match(await rooms.findRoom(sids[2]!), { name: 'three' })
  })

  t.test('the address of LiveKit, as people connect to it', async t => {
    const addresses = { '/a': { url: 'https://livekit.example.com/' }, '/b': { url: 'ws://livekit.example.com:7880' }, '/c': { url: 'http://livekit:7880', publicUrl: 'https://live.example.com/' } }
    const host = await startLivekitHost(t, addresses)
    t.strictSame(Object.keys(addresses).map(prefix => host.at(prefix).rooms.url), ['wss://livekit.example.com', 'ws://livekit.example.com:7880', 'wss://live.example.com'])
  })

  t.test('a room closes as long after it was made, or left, as was said', async t => {
    await rooms.createRoom({ name: 'said', emptyTimeoutSeconds: 60, departureTimeoutSeconds: 30 })
    await rooms.createRoom({ name: 'default' })
    livekit.advance(59_000)
    t.ok(await rooms.findRoom('said'))
    livekit.advance(1_000)
    t.notOk(await rooms.findRoom('said'))
    livekit.advance(539_000)
    t.ok(await rooms.findRoom('default'))
    const ada = livekit.join(await rooms.issueToken({ room: 'default', identity: 'ada', permissions: { canPublish: false, sources: [], canSubscribe: true, canPublishData: true }, lifeSeconds: 86_400 }))
    ada.leave()
    livekit.advance(599_000)
    t.ok(await rooms.findRoom('default'))
    livekit.advance(1_000)
    t.notOk(await rooms.findRoom('default'))
  })
})

/** A real server, for those who have one: nobody connects to it here. */
const { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = process.env
if (url !== undefined && apiKey !== undefined && apiSecret !== undefined) {
  t.test(`rooms at ${url}`, async t => {
    const { rooms } = (await startLivekitHost(t, { '': { url, apiKey, apiSecret } })).at('')
    await roomsSuite(t, { rooms, secret: apiSecret })
  })
}

t.test('local rooms', async t => {
  const database = await openDatabase(platformSettings({ dataDir: await dataFolder(t) }), new Told())
  t.teardown(() => database.close())
  const state = openMemory(platformSettings({}), new Told())
  t.teardown(() => state.close())
  const { rooms, url } = await startRooms(t, { database, state })
  await roomsSuite(t, { rooms, secret: ROOM_KEY.secret, connect: async token => localClientOf(await joinRoom(t, url, rooms.socketPath, token)) })
})

function clientOf (client: Client): RoomClient {
  const events: RoomClient['events'] = new EventEmitter()
  const received: ReceivedData[] = []
  client.events.on('data', ({ from, topic, payload }) => {
    received.push({ from, topic, payload: payload.toString() })
    events.emit('change')
  })
  for (const name of ['left', 'changed'] as const) client.events.on(name, () => { events.emit('change') })
  return {
    events,
    received,
    permissions: () => {
      const { canPublish, canPublishSources, canSubscribe, canPublishData } = client.permission
      return { canPublish, sources: (Object.keys(SOURCES) as Source[]).filter(name => canPublishSources.includes(SOURCES[name])), canSubscribe, canPublishData }
    },
    isConnected: () => client.isConnected,
    send: (topic, payload) => { client.send(topic, payload) },
    leave: () => client.leave()
  }
}

function localClientOf ({ joined, socket, rest, closed, say }: LocalClient): RoomClient {
  const events: RoomClient['events'] = new EventEmitter()
  const received: ReceivedData[] = []
  let isConnected = true
  const { identity } = joined.you
  let { permissions } = joined.you
  const hear = (message: any) => {
    if (message.type === 'data') received.push({ from: message.from ?? undefined, topic: message.topic, payload: message.payload })
    if (message.type === 'participant-changed' && message.participant.identity === identity) permissions = message.participant.permissions
    events.emit('change')
  }
  rest().forEach(hear)
  socket.on('message', (data: Buffer) => { hear(JSON.parse(data.toString())) })
  void closed.then(() => {
    isConnected = false
    events.emit('change')
  })
  return { events, received, permissions: () => permissions, isConnected: () => isConnected, send: (topic, payload) => { say({ type: 'data', topic, payload }) }, leave: () => { say({ type: 'leave' }) } }
}
