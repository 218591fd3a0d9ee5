import t, { type Test } from 'tap'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { LiveCore, LivestreamOptions, PublishRequest, ReservedPlaybackRequest } from '../../src/livestream/index.ts'
import { newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const PUBLISHER = 'what-the-feature-gave-its-publisher'
const VIEWER = 'a viewer & more'
const KEY = 'session-7'
const PUBLISH_KEY = 'a-publish-key-of-this-server'
const PLAYBACK_KEY = 'a playback key with thirty-two characters'

interface Owned {
  server: TestServer
  published: PublishRequest[]
  watched: ReservedPlaybackRequest[]
  hooks: string[]
}

/** A server whose `session-` streams belong to a feature; all else needs a key. */
async function owned (t: Test, options: LivestreamOptions = {}): Promise<Owned> {
  const published: PublishRequest[] = []
  const watched: ReservedPlaybackRequest[] = []
  const hooks: string[] = []
  const server = await startServer(t, {
    prefix: '/video',
    reserve: (core: LiveCore) => core.reserve({
      prefix: 'session-',
      authorizePublish: request => {
        published.push(request)
        return request.credential === PUBLISHER
      },
      authorizePlayback: request => {
        watched.push(request)
        return request.query['viewer'] === VIEWER
      },
      playbackQuery: ['viewer']
    }),
    options: {
      publishAuth: 'key',
      publishKeys: [PUBLISH_KEY],
      playbackKeys: [PLAYBACK_KEY],
      authorizePublish: ({ streamKey }) => hooks.push(`publish ${streamKey}`) > 0,
      authorizePlayback: ({ streamKey }) => hooks.push(`watch ${streamKey}`) > 0,
      onStreamStarted: ({ streamKey }) => { hooks.push(`started ${streamKey}`) },
      ...options
    }
  })
  return { server, published, watched, hooks }
}

const publisherOf = (server: TestServer, token: string, streamKey = KEY): Client => newClient(server, { path: '/video/socket.io', query: { streamKey }, auth: { token } })
const viewerOf = (server: TestServer, query: Record<string, string> = {}): Client => newClient(server, { path: '/video/socket.io', query: { streamKey: KEY, ...query } })
const at = (path: string) => `/video/livestream/${path}`
const asViewer = `viewer=${encodeURIComponent(VIEWER)}`
const asPublisher = { authorization: `Bearer ${PUBLISHER}` }

async function onAir (server: TestServer, { seconds = 4 } = {}): Promise<Client> {
  const client = publisherOf(server, PUBLISHER)
  const started = await client.ask('start-stream', { streamKey: KEY, userId: 'alice' })
  if (started.status !== 'broadcasting') throw new Error(JSON.stringify(started))
  await sendAll(client, KEY, inPieces(await recording({ seconds }), seconds))
  await client.heard.next('stream-segments-updated')
  return client
}

/** What strangers are told, at every door. Where there is no stream it has to be the same. */
async function knock (server: TestServer, streamKey: string): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${PUBLISH_KEY}` }
  const stranger = publisherOf(server, PUBLISH_KEY, streamKey)
  const doors: unknown[] = []
  const told = (answer: object) => doors.push(JSON.parse(JSON.stringify(answer).replaceAll(streamKey, 'KEY').replace(/"timestamp":"[^"]*"/, '"timestamp":""')))
  for (const query of ['', '?viewer=somebody']) {
    for (const file of ['stream.m3u8', 'live.m3u8', 'segment_0.ts', 'thumbnail.jpg', 'status']) {
      const { status, json, headers } = await http(server, at(`${streamKey}/${file}${query}`))
      told({ file, status, json, cached: headers['cache-control'] })
    }
  }
  for (const method of ['start', 'stop']) {
    const { status, json } = await http(server, at(`${streamKey}/${method}`), { method: 'POST', headers, body: { action: method, timestamp: 1, userId: 'alice' } })
    told({ method, status, json })
  }
  const debug = await http(server, at(`${streamKey}/debug`), { headers })
  told({ status: debug.status, json: { ...debug.json, timestamp: '' } })
  for (const [event, fields] of [['join-stream', {}], ['leave-stream', {}], ['start-stream', {}], ['start-stream', { resumeToken: 'x' }], ['end-stream', {}], ['end-stream', { resumeToken: 'x' }], ['stream-data', { chunk: Buffer.from('x'), seq: 0 }]] as const) {
    told({ event, answer: await stranger.ask(event, { streamKey, userId: 'alice', ...fields }) })
  }
  stranger.socket.disconnect()
  return doors
}

t.test('the feature alone decides who publishes', async t => {
  const { server, published, hooks } = await owned(t)
  const stranger = publisherOf(server, PUBLISH_KEY)
  t.match(await stranger.ask('start-stream', { streamKey: KEY, userId: 'alice' }), { code: 'UNAUTHORIZED' }, 'a publish key is no credential here')
  t.match(await stranger.ask('start-stream', { streamKey: 'show', userId: 'alice' }), { code: 'UNAUTHORIZED' }, 'and was not looked at in this handshake')
  const client = publisherOf(server, PUBLISHER)
  t.match(await client.ask('start-stream', { streamKey: KEY, userId: 'alice' }), { status: 'broadcasting', playbackUrl: /\/session-7\/stream\.m3u8$/ })
  t.match(published, [{ streamKey: KEY, action: 'start', credential: PUBLISH_KEY }, { streamKey: KEY, userId: 'alice', action: 'start', credential: PUBLISHER, address: '127.0.0.1' }])
  t.match(await client.ask('start-stream', { streamKey: 'show', userId: 'alice' }), { code: 'UNAUTHORIZED' }, 'the credential of a feature is good for nothing else')
  t.strictSame(hooks, [`started ${KEY}`], 'the host is told, and not asked')

  const prepared = await http(server, at('session-8/start'), { method: 'POST', headers: asPublisher, body: { action: 'start', timestamp: 1 } })
  t.match(prepared, { status: 200, json: { status: 'created_and_started', playbackUrl: /\/session-8\/stream\.m3u8$/ } })
  t.match(await http(server, at(`${KEY}/debug`), { headers: asPublisher }), { status: 200, json: { manifestExists: true } })
  t.match(await http(server, at('session-9/stop'), { method: 'POST', headers: asPublisher, body: { action: 'stop', timestamp: 1 } }), { status: 404 })
  t.match(await http(server, at('session-8/stop'), { method: 'POST', headers: asPublisher, body: { action: 'stop', timestamp: 1, userId: 'somebody' } }), { status: 200, json: { status: 'stopped' } }, 'whoever they say they are')
  t.strictSame(published.slice(2).map(({ action }) => action), ['prepare', 'debug', 'stop', 'stop'])
})

t.test('whoever comes back with the resume token is not asked about', async t => {
  const { server, published } = await owned(t)
  const first = publisherOf(server, PUBLISHER)
  const { resumeToken } = await first.ask('start-stream', { streamKey: KEY, userId: 'alice' })
  published.length = 0
  const second = newClient(server, { path: '/video/socket.io', query: { streamKey: KEY }, auth: { resumeToken } })
  t.match(await second.ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken }), { status: 'active' })
  t.strictSame(published, [])
  const third = publisherOf(server, PUBLISHER)
  second.socket.disconnect()
  t.match(await third.ask('start-stream', { streamKey: KEY, userId: 'alice' }), { status: 'active' })
  t.match(published, [{ action: 'resume' }], 'asked once')
})

t.test('the feature alone decides who watches; playlists hand on what it named', async t => {
  const { server, watched, hooks } = await owned(t)
  const owner = await onAir(server)
  for (const name of ['stream.m3u8', 'live.m3u8']) {
    const { status, text, headers } = await http(server, at(`${KEY}/${name}?x=1&${asViewer}`))
    t.equal(status, 200)
    t.equal(headers['cache-control'], 'no-cache')
    const [line] = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    t.equal(line, `segment_0.ts?${asViewer}`)
    t.match(await http(server, at(`${KEY}/${line}`)), { status: 200, headers: { 'cache-control': 'private, max-age=3600' } })
  }
  t.match(await http(server, at(`${KEY}/thumbnail.jpg?${asViewer}`)), { status: 200, headers: { 'cache-control': /^private/ } })
  t.match(await http(server, at(`${KEY}/status?${asViewer}`)), { status: 200, json: { local: { isActive: true } } })
  const viewer = viewerOf(server, { viewer: VIEWER })
  t.match(await viewer.ask('join-stream', { streamKey: KEY, userId: 'bob' }), { viewerCount: 1, isLive: true })
  t.match(await owner.heard.next('viewer-joined'), { viewerCount: 1 })
  t.match(await viewer.ask('leave-stream', { streamKey: KEY }), { streamKey: KEY })
  t.match(await owner.ask('join-stream', { streamKey: KEY, userId: 'alice' }), { isLive: true }, 'the broadcaster has shown that it may')
  t.strictSame([...new Set(watched.map(({ resource }) => resource))].sort(), ['events', 'playlist', 'segment', 'status', 'thumbnail'])
  t.match(watched[0], { streamKey: KEY, address: '127.0.0.1', headers: { host: String }, query: { x: '1', viewer: VIEWER }, signal: AbortSignal })

  await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
  t.match(await http(server, at(`${KEY}/stream.m3u8?${asViewer}`)), { status: 200, text: /segment_0\.ts\?viewer=/ }, 'when it is over, too')
  t.equal((await http(server, at(`${KEY}/stream.m3u8`))).status, 403)
  t.strictSame(hooks, [`started ${KEY}`])
})

t.test('a stranger cannot tell a stream that is on air from one that is not there', async t => {
  const { server } = await owned(t)
  await onAir(server)
  const real = await knock(server, KEY)
  t.strictSame(real, await knock(server, 'session-none'))
  t.notMatch(JSON.stringify(real), /alice|broadcasting|segment_\d+\.ts\?/)
  t.match((await http(server, at('active'))).json, { count: 0, streams: [] })
  t.match((await http(server, at('health'))).json, { activeStreams: { count: 0, streams: [] }, admission: { streams: 1 } })
})

t.test('a feature that cannot decide lets nobody in, and tells nothing either', async t => {
  const server = await startServer(t, {
    prefix: '/video',
    reserve: core => core.reserve({ prefix: 'session-', authorizePublish: () => { throw new Error('the database is gone') }, authorizePlayback: () => { throw new HeadwaterError('DATABASE_UNAVAILABLE') } })
  })
  for (const file of ['status', 'stream.m3u8']) t.match(await http(server, at(`${KEY}/${file}`)), { status: 503, json: { code: 'DATABASE_UNAVAILABLE' } })
  t.match(await http(server, at(`${KEY}/debug`)), { status: 503, json: { code: 'AUTHORIZATION_FAILED' } })
  t.match(await publisherOf(server, PUBLISHER).ask('start-stream', { streamKey: KEY, userId: 'alice' }), { code: 'AUTHORIZATION_FAILED' })
})
