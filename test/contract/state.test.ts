import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const prepare = { method: 'POST', body: { userId: 'alice', action: 'start', timestamp: 1704110400, title: 'A title' } }

t.test('5.1, HLS-09: status', async t => {
  const server = await startServer(t)
  const status = async (key: string) => {
    const answer = await http(server, `/livestream/${key}/status`)
    t.equal(answer.status, 200)
    t.match(answer.headers['content-type'], /^application\/json/)
    t.notOk('cloudinary' in answer.json, 'HLS-09: cloudinary only when configured')
    return answer.json
  }

  t.strictSame(await status('unknown'), {
    streamId: 'unknown',
    local: { isActive: false, manifestExists: false, streamDirExists: false, files: [], manifestContent: null },
    overall: { isActive: false, hasManifest: false, hasStreamDir: false, hasVideoContent: false }
  })

  await http(server, '/livestream/life/start', prepare)
  t.match(await status('life'), {
    local: { isActive: false, manifestExists: false, streamDirExists: false, streamData: { userId: 'alice', startedAt: ISO, viewers: 0, hasFfmpegCommand: false, hasInputStream: false, broadcasterSocketId: null } },
    overall: { isActive: false, hasVideoContent: false }
  }, 'prepared')

  const client = await newBroadcaster(server, 'life')
  t.match(await status('life'), {
    local: { isActive: true, streamDirExists: true, streamData: { hasFfmpegCommand: false, hasInputStream: false, broadcasterSocketId: client.socket.id } },
    overall: { isActive: true, hasStreamDir: true, hasVideoContent: false }
  }, 'started, nothing sent')

  await newClient(server).ask('join-stream', { streamKey: 'life', userId: 'v1' })
  await newClient(server).ask('join-stream', { streamKey: 'life', userId: 'v2' })
  const from = Date.now()
  await sendAll(client, 'life', inPieces(await recording({ seconds: 4 }), 8))
  const { segmentCount } = await client.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  const live = await status('life')
  t.match(live, {
    streamId: 'life',
    local: {
      isActive: true,
      manifestExists: true,
      streamDirExists: true,
      streamData: { userId: 'alice', startedAt: ISO, viewers: 2, hasFfmpegCommand: true, hasInputStream: true, broadcasterSocketId: client.socket.id },
      files: Array,
      manifestContent: String
    },
    overall: { isActive: true, hasManifest: true, hasStreamDir: true, hasVideoContent: true }
  }, 'live')
  t.strictSame(live.local.files, ['stream.m3u8', ...Array.from({ length: segmentCount }, (_, index) => `segment_${index}.ts`)])
  t.equal(live.local.manifestContent, (await http(server, '/livestream/life/stream.m3u8')).text)
  t.ok(Math.abs(Date.parse(live.local.streamData.startedAt) - from) < 5_000)

  await client.ask('end-stream', { streamKey: 'life', userId: 'alice' })
  const ended = await status('life')
  t.match(ended, { local: { isActive: false, manifestExists: true, streamDirExists: true }, overall: { isActive: false, hasManifest: true, hasStreamDir: true, hasVideoContent: true } }, 'ended')
  t.notOk('streamData' in ended.local)
  t.match(ended.local.manifestContent, /#EXT-X-ENDLIST/)
})

t.test('5.2, HLS-10: active', async t => {
  const server = await startServer(t)
  const active = async () => (await http(server, '/livestream/active')).json
  t.strictSame(await active(), { count: 0, streams: [] })

  await http(server, '/livestream/one/start', prepare)
  const client = await newBroadcaster(server, 'two', { userId: 'bob' })
  const listed = await active()
  t.match(listed, {
    count: 2,
    streams: [
      { streamId: 'one', userId: 'alice', status: String, startedAt: ISO, isActive: false, playbackUrl: '/livestream/one/stream.m3u8', thumbnailUrl: '/livestream/one/thumbnail.jpg' },
      { streamId: 'two', userId: 'bob', status: String, startedAt: ISO, isActive: true, playbackUrl: '/livestream/two/stream.m3u8', thumbnailUrl: '/livestream/two/thumbnail.jpg' }
    ]
  })
  for (const stream of listed.streams) t.notOk('ingestUrl' in stream || 'resumeToken' in stream)

  await sendAll(client, 'two', inPieces(await recording({ seconds: 3 }), 3))
  await client.heard.next('stream-segments-updated')
  t.match((await http(server, listed.streams[1].playbackUrl)).text, /^#EXTM3U/, 'playbackUrl is the manifest of this server')
  t.match(await http(server, listed.streams[1].thumbnailUrl), { status: 200, headers: { 'content-type': 'image/jpeg' } })
  await client.ask('end-stream', { streamKey: 'two', userId: 'bob' })
  t.match(await active(), { count: 1, streams: [{ streamId: 'one' }] }, 'what has ended is not active')
})

t.test('5.5, HLS-13: health', async t => {
  const server = await startServer(t)
  const memoryUsage = { rss: Number, heapTotal: Number, heapUsed: Number, external: Number }
  const client = await newBroadcaster(server, 'well')
  await sendAll(client, 'well', inPieces(await recording({ seconds: 3 }), 3))
  await client.heard.next('stream-segments-updated')
  const health = await http(server, '/livestream/health')
  t.equal(health.status, 200)
  t.match(health.json, {
    status: 'healthy',
    timestamp: ISO,
    streamsDirectory: { exists: true, path: 'streams' },
    activeStreams: { count: 1, streams: [{ streamKey: 'well', userId: 'alice', startedAt: ISO, viewers: 0, hasFfmpegCommand: true, hasInputStream: true }] },
    memoryUsage
  })
  t.notMatch(health.text, tmpdir(), 'no path of the server')
  t.notMatch(health.text, client.started.resumeToken)
  await client.ask('end-stream', { streamKey: 'well', userId: 'alice' })

  await rename(server.streamsDir, `${server.streamsDir}-away`)
  const ill = await http(server, '/livestream/health')
  await rename(`${server.streamsDir}-away`, server.streamsDir)
  t.equal(ill.status, 503)
  t.match(ill.json, { status: 'unhealthy', timestamp: ISO, streamsDirectory: { exists: false, path: 'streams' }, activeStreams: { count: 0, streams: [] }, memoryUsage }, 'the same body')
})

t.test('5.6, HLS-13: debug', async t => {
  const server = await startServer(t)
  const debug = async (key: string) => {
    const answer = await http(server, `/livestream/${key}/debug`)
    t.equal(answer.status, 200)
    t.notMatch(answer.text, tmpdir(), 'no path of the server')
    return answer.json
  }
  const unknown = await debug('unknown')
  t.match(unknown.timestamp, ISO)
  t.strictSame({ ...unknown, timestamp: '' }, {
    streamId: 'unknown',
    streamPath: 'streams/unknown',
    m3u8Path: 'streams/unknown/stream.m3u8',
    manifestExists: false,
    manifestContent: '',
    manifestLines: 0,
    segmentsInManifest: 0,
    segmentFiles: [],
    segmentFilesCount: 0,
    allFiles: [],
    timestamp: ''
  })

  const client = await newBroadcaster(server, 'seen')
  await sendAll(client, 'seen', inPieces(await recording({ seconds: 4 }), 8))
  await client.ask('end-stream', { streamKey: 'seen', userId: 'alice' })
  const manifest = (await http(server, '/livestream/seen/stream.m3u8')).text
  const segmentFiles = manifest.match(/^segment_\d+\.ts$/gm)!
  t.ok(segmentFiles.length >= 2)
  t.strictSame({ ...await debug('seen'), timestamp: '' }, {
    streamId: 'seen',
    streamPath: 'streams/seen',
    m3u8Path: 'streams/seen/stream.m3u8',
    manifestExists: true,
    manifestContent: manifest,
    manifestLines: manifest.trimEnd().split('\n').length,
    segmentsInManifest: segmentFiles.length,
    segmentFiles,
    segmentFilesCount: segmentFiles.length,
    allFiles: ['stream.m3u8', 'live.m3u8', ...segmentFiles],
    timestamp: ''
  })
})
