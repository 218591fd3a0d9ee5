import { EventEmitter } from 'node:events'
import { roomsSuite, type RoomClient } from '../../../fixtures/rooms-suite.ts'
import { startLivekitHost } from '../../../fixtures/livekit-host.ts'
import { LivekitStandIn, type Client, type Source } from '../../../stand-ins/livekit/stand-in.ts'
import { SOURCES } from '../../../stand-ins/livekit/member.ts'

roomsSuite(async t => {
  const livekit = await LivekitStandIn.start(t)
  const host = await startLivekitHost(t, { '': { ...livekit.settings, egressDir: '/recordings' } })
  livekit.webhooks.urls.push(`${host.url}/api/livekit/webhook`)
  return { rooms: host.at('').rooms, secret: livekit.settings.apiSecret, connect: async token => clientOf(livekit.join(token)) }
})

function clientOf (client: Client): RoomClient {
  const events: RoomClient['events'] = new EventEmitter()
  const received: Array<RoomClient['received'][number]> = []
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
