import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { LivestreamOptions, PlaybackRequest, PublishRequest, SegmentListedEvent, StreamEndedEvent, StreamStartedEvent } from '../../src/livestream/index.ts'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http, type Answer } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const SECRET = 'a-credential-that-nobody-may-read-in-a-log'
const FAILED = { code: 'AUTHORIZATION_FAILED', error: 'The host could not decide; try again', retryAfterMs: 2_000 }
const DENIED = { code: 'UNAUTHORIZED', error: 'The host does not allow it' }

const start = async (client: Client, streamKey: string, fields: object = {}) => await client.ask('start-stream', { streamKey, userId: 'alice', ...fields })

const control = async (server: TestServer, streamKey: string, action: 'start' | 'stop', headers: Record<string, string> = {}, userId = 'alice') =>
  await http(server, `/livestream/${streamKey}/${action}`, { method: 'POST', headers, body: { action, timestamp: 1, userId } })

async function sendSegments (client: Client, streamKey: string, seconds = 3): Promise<void> {
  await sendAll(client, streamKey, inPieces(await recording({ seconds }), seconds))
  await client.heard.next('stream-segments-updated')
}

/** A broadcast from beginning to end. */
async function publish (server: TestServer, streamKey: string): Promise<void> {
  const owner = await newBroadcaster(server, streamKey)
  await sendSegments(owner, streamKey)
  await owner.ask('end-stream', { streamKey, userId: 'alice' })
}

/** Resolves with the next call of a hook; the hook answers when the test says so. */
function steered<Request> () {
  const asked: Array<{ request: Request, answer: (answer: boolean) => void }> = []
  let heard: (() => void) | undefined
  return {
    hook: async (request: Request) => await new Promise<boolean>(resolve => {
      asked.push({ request, answer: resolve })
      heard?.()
    }),
    async next () {
      while (asked.length === 0) await new Promise<void>(resolve => { heard = resolve })
      return asked.shift()!
    },
    asked
  }
}

t.test('authorizePublish is asked who starts, prepares, looks at and stops a stream', async t => {
  const requests: PublishRequest[] = []
  const server = await startServer(t, { options: { authorizePublish: async request => requests.push(request) > 0 } })
  t.match(await start(newClient(server, { auth: { token: SECRET }, extraHeaders: { cookie: 'session=7' } }), 'show'), { status: 'broadcasting' })
  t.match(requests.splice(0), [{ streamKey: 'show', userId: 'alice', action: 'start', credential: SECRET, address: '127.0.0.1', headers: { cookie: 'session=7' }, signal: AbortSignal }])
  t.match(await start(newClient(server), 'bare'), { status: 'broadcasting' })
  t.match(requests.splice(0), [{ streamKey: 'bare', credential: undefined }])

  const headers = { authorization: `Bearer ${SECRET}`, cookie: 'session=8' }
  t.equal((await control(server, 'made', 'start', headers)).status, 200)
  t.equal((await http(server, '/livestream/made/debug', { headers })).status, 200)
  t.equal((await control(server, 'made', 'stop', headers)).status, 200)
  t.equal((await control(server, 'unknown', 'stop', headers)).status, 404)
  t.match(requests.splice(0), [
    { streamKey: 'made', userId: 'alice', action: 'prepare', credential: SECRET, address: '127.0.0.1', headers },
    { streamKey: 'made', userId: undefined, action: 'debug', credential: SECRET },
    { streamKey: 'made', userId: 'alice', action: 'stop' },
    { streamKey: 'unknown', userId: 'alice', action: 'stop' }
  ])
})

t.test('PUBLISH_AUTH comes first', async t => {
  const requests: PublishRequest[] = []
  const server = await startServer(t, { options: { publishAuth: 'key', publishKeys: [SECRET], authorizePublish: request => requests.push(request) > 0 } })
  t.match(await start(newClient(server), 'show'), { code: 'UNAUTHORIZED' })
  t.equal((await control(server, 'show', 'start')).status, 403)
  t.strictSame(requests, [])
  t.match(await start(newClient(server, { auth: { token: SECRET } }), 'show'), { status: 'broadcasting' })
  t.match(requests, [{ credential: SECRET }])
})

t.test('what the host answers decides', async t => {
  const log: string[] = []
  const own = new HeadwaterError('SERVER_BUSY', { message: 'Your plan has no stream left', retryAfterMs: 60_000 })
  let answer: LivestreamOptions['authorizePublish'] & {} = () => true
  const server = await startServer(t, { log: line => { log.push(line) }, options: { hostHookTimeoutMs: 100, authorizePublish: request => answer(request) } })
  const client = newClient(server, { auth: { token: SECRET } })
  for (const { name, hook, code, body } of [
    { name: 'no', hook: () => false, code: 403, body: DENIED },
    { name: 'an error of the catalogue', hook: () => { throw own }, code: 503, body: { code: 'SERVER_BUSY', error: 'Your plan has no stream left', retryAfterMs: 60_000 } },
    { name: 'another error', hook: async () => { throw new Error('the database is gone') }, code: 503, body: FAILED },
    { name: 'neither yes nor no', hook: (() => 'yes') as unknown as () => boolean, code: 503, body: FAILED },
    { name: 'nothing in time', hook: async () => await new Promise<boolean>(() => {}), code: 503, body: FAILED }
  ]) {
    await t.test(name, async t => {
      answer = hook
      log.length = 0
      t.match(await start(client, 'show'), body)
      t.match(await client.heard.next('stream-error'), body)
      for (const refused of [await control(server, 'show', 'start'), await http(server, '/livestream/show/debug'), await control(server, 'show', 'stop')]) {
        t.equal(refused.status, code)
        t.match(refused.json, { ...body, streamKey: 'show' })
        t.equal(refused.headers['retry-after'], 'retryAfterMs' in body ? String(body.retryAfterMs / 1000) : undefined)
      }
      t.strictSame((await http(server, '/livestream/active')).json.streams, [], 'nothing began')
      const failures = log.filter(line => line.includes('authorizePublish failed'))
      t.equal(failures.length, body === FAILED ? 4 : 0)
      for (const line of failures) t.match(JSON.parse(line), { level: 50, msg: FAILED.error })
      t.notMatch(log.join(''), SECRET)
    })
  }
  answer = () => true
  t.match(await start(client, 'show'), { status: 'broadcasting' }, 'a refusal ends nothing')
})

t.test('a late answer is nobody\'s', async t => {
  const { hook, next } = steered<PublishRequest>()
  const server = await startServer(t, { options: { hostHookTimeoutMs: 50, authorizePublish: hook } })
  const client = newClient(server)
  const refused = start(client, 'show')
  const { request, answer } = await next()
  t.match(await refused, FAILED)
  t.equal(request.signal.aborted, true)
  answer(true)
  await http(server, '/livestream/health')
  t.equal((await http(server, '/livestream/active')).json.count, 0)
})

t.test('a client that goes while the host decides starts nothing', async t => {
  const { hook, next } = steered<PublishRequest>()
  const server = await startServer(t, { options: { authorizePublish: hook } })
  const client = newClient(server)
  client.socket.emit('start-stream', { streamKey: 'show', userId: 'alice' })
  const { request, answer } = await next()
  client.socket.disconnect()
  await once(request.signal, 'abort')
  answer(true)
  const hangUp = new AbortController()
  const preparing = http(server, '/livestream/show/start', { method: 'POST', body: { action: 'start', timestamp: 1 }, signal: hangUp.signal })
  const second = await next()
  hangUp.abort()
  await t.rejects(preparing)
  await once(second.request.signal, 'abort')
  second.answer(true)
  await http(server, '/livestream/health')
  t.equal((await http(server, '/livestream/active')).json.count, 0)
})

t.test('two who are let in at once: one has the key', async t => {
  const { hook, next } = steered<PublishRequest>()
  const server = await startServer(t, { options: { authorizePublish: hook } })
  const starts = [start(newClient(server), 'show', { userId: 'alice' }), start(newClient(server), 'show', { userId: 'bob' })]
  const asked = [await next(), await next()]
  for (const { answer } of asked) answer(true)
  t.strictSame((await Promise.all(starts)).map(({ status, code }) => status ?? code).sort(), ['STREAM_ALREADY_EXISTS', 'broadcasting'])
})

t.test('who comes back with its token is not asked about: nothing is lost while the host is down', async t => {
  const actions: string[] = []
  let up = true
  const options: LivestreamOptions = {
    authorizePublish: ({ action }) => {
      actions.push(action)
      if (!up) throw new Error('the authorisation service is down')
      return true
    }
  }
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-hooks-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const first = await startServer(t, { options: { ...options, streamsDir } })
  const owner = await newBroadcaster(first, 'show')
  const pieces = inPieces(await recording({ seconds: 6 }), 6)
  await sendAll(owner, 'show', pieces.slice(0, 3))
  up = false
  const { resumeToken } = owner.started
  owner.socket.disconnect()
  const again = newClient(first)
  t.match(await start(again, 'show', { resumeToken }), { status: 'active' })
  t.match(await start(again, 'show'), { status: 'active' }, 'who sends already is not asked about either')
  t.match(await start(newClient(first), 'show', { resumeToken: 'nonsense' }), { code: 'UNAUTHORIZED' })
  const taker = newClient(first)
  t.match(await start(taker, 'show', { resumeToken }), { status: 'active' }, 'nor a take-over with it')
  taker.socket.disconnect()
  await taker.heard.next('disconnect')
  while ((await http(first, '/livestream/show/status')).json.local.streamData.state !== 'reconnecting');
  t.strictSame(actions.splice(0), ['start'])
  t.match(await start(newClient(first), 'show'), FAILED, 'the userId alone proves nothing')
  t.strictSame(actions.splice(0), ['resume'])

  await first.app.close()
  const second = await startServer(t, { options: { ...options, streamsDir } })
  const last = newClient(second)
  const { nextSeq, ...resumed } = await start(last, 'show', { resumeToken })
  t.match(resumed, { status: 'active' }, 'after a restart of the server too')
  await sendAll(last, 'show', pieces.slice(nextSeq), nextSeq)
  t.match((await control(second, 'show', 'stop', { authorization: `Bearer ${resumeToken}` })).json, { status: 'stopped' })
  t.strictSame(actions.splice(0), [])
  t.match(await start(last, 'show', { resumeToken }), FAILED, 'a new broadcast is asked about')
  t.strictSame(actions, ['start'])
})

t.test('what was allowed as one thing is not done as another', async t => {
  const { hook, next } = steered<PublishRequest>()
  const server = await startServer(t, { options: { authorizePublish: hook } })
  const owner = newClient(server)
  const begun = start(owner, 'show')
  ;(await next()).answer(true)
  const { resumeToken } = await begun
  owner.socket.disconnect()
  while ((await http(server, '/livestream/show/status')).json.local.streamData.state !== 'reconnecting');
  const back = start(newClient(server), 'show')
  const resume = await next()
  t.equal(resume.request.action, 'resume')
  await control(server, 'show', 'stop', { authorization: `Bearer ${resumeToken}` })
  resume.answer(true)
  const begin = await next()
  t.equal(begin.request.action, 'start', 'the stream has ended meanwhile')
  begin.answer(false)
  t.match(await back, DENIED)
})

t.test('authorizePlayback is asked for each playlist, segment and thumbnail, before anything is read or held', async t => {
  const requests: PlaybackRequest[] = []
  const server = await startServer(t, { options: { authorizePlayback: request => requests.push(request) > 0 } })
  await publish(server, 'show')
  const media = { 'stream.m3u8': 'playlist', 'live.m3u8': 'playlist', 'segment_0.ts': 'segment', 'thumbnail.jpg': 'thumbnail' }
  for (const [name, resource] of Object.entries(media)) {
    for (const method of ['GET', 'HEAD']) {
      t.equal((await http(server, `/livestream/show/${name}?ticket=1&ticket=2`, { method, headers: { cookie: 'a=b' } })).status, 200, `${method} ${name}`)
      t.match(requests.splice(0), [{ streamKey: 'show', resource, address: '127.0.0.1', headers: { cookie: 'a=b' }, query: { ticket: ['1', '2'] }, signal: AbortSignal }])
    }
  }
  for (const path of ['show/status', 'active', 'health']) await http(server, `/livestream/${path}`)
  await http(server, '/livestream/show/stream.m3u8', { method: 'OPTIONS' })
  t.equal((await http(server, '/livestream/.bad/stream.m3u8')).status, 400)
  t.strictSame(requests, [])
  t.equal((await http(server, '/livestream/show/segment_0.ts')).headers['cache-control'], 'private, max-age=3600', 'a shared cache would not ask')
  t.match((await http(server, '/livestream/show/thumbnail.jpg')).headers['cache-control'], /^private, max-age=\d+$/)
})

t.test('what the host answers about playback decides', async t => {
  let answer: LivestreamOptions['authorizePlayback'] & {} = () => true
  const log: string[] = []
  const server = await startServer(t, { log: line => { log.push(line) }, options: { hostHookTimeoutMs: 100, authorizePlayback: request => answer(request) } })
  await publish(server, 'show')
  const own = new HeadwaterError('STREAM_NOT_FOUND', { message: 'Not for you' })
  for (const { name, hook, status, body } of [
    { name: 'no', hook: async () => false, status: 403, body: DENIED },
    { name: 'an error of the catalogue', hook: () => { throw own }, status: 404, body: { code: 'STREAM_NOT_FOUND', error: 'Not for you' } },
    { name: 'another error', hook: () => { throw new Error('the database is gone') }, status: 503, body: FAILED },
    { name: 'nothing in time', hook: async () => await new Promise<boolean>(() => {}), status: 503, body: FAILED }
  ]) {
    await t.test(name, async t => {
      answer = hook
      log.length = 0
      const paths = ['stream.m3u8', 'live.m3u8', 'segment_0.ts', 'thumbnail.jpg'].map(file => `/livestream/show/${file}?ticket=${SECRET}`)
      for (const refused of [...await Promise.all(paths.map(path => http(server, path))), await http(server, '/livestream/unknown/stream.m3u8')]) checkRefused(t, refused, status, body)
      t.equal(log.filter(line => line.includes('authorizePlayback failed')).length, body === FAILED ? 5 : 0)
      t.notMatch(log.join(''), SECRET)
    })
  }
})

function checkRefused (t: Test, { status, headers, json }: Answer, expected: number, body: object): void {
  t.equal(status, expected)
  t.match(json, body)
  t.match(headers, { 'cache-control': 'no-store', 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
  t.equal(headers.etag, undefined)
}

t.test('a viewer who hangs up while the host decides is not waited for, and not held', async t => {
  const { hook, next } = steered<PlaybackRequest>()
  const server = await startServer(t, { options: { authorizePlayback: hook, maxHeldRequests: 1 } })
  await control(server, 'show', 'start')
  const hangUp = new AbortController()
  const asking = http(server, '/livestream/show/live.m3u8', { signal: hangUp.signal })
  const { request, answer } = await next()
  hangUp.abort()
  await t.rejects(asking)
  await once(request.signal, 'abort')
  answer(true)
})

type Told = [name: string, event: StreamStartedEvent | StreamEndedEvent | SegmentListedEvent]

t.test('what happens to a stream is told, in order, as events and to the hooks', async t => {
  const calls: Told[] = []
  const log: string[] = []
  const server = await startServer(t, {
    prefix: '/video',
    log: line => { log.push(line) },
    options: {
      onStreamStarted: async event => {
        await new Promise(resolve => setImmediate(resolve))
        calls.push(['stream-started', event])
      },
      onSegmentListed: event => {
        calls.push(['segment-listed', event])
        throw new Error('the host cannot keep segments')
      },
      onStreamEnded: event => { calls.push(['stream-ended', event]) }
    }
  })
  const { events } = server.app.liveCore
  const heard: Told[] = []
  events.on('stream-started', () => { throw new Error('a listener of the host') })
  for (const name of ['stream-started', 'segment-listed', 'stream-ended'] as const) events.on(name, (event: Told[1]) => { heard.push([name, event]) })

  await http(server, '/video/livestream/show/start', { method: 'POST', body: { action: 'start', timestamp: 1, userId: 'alice', title: 'The show' } })
  const owner = await newBroadcaster(server, 'show', { path: '/video/socket.io' })
  await sendSegments(owner, 'show', 5)
  await owner.ask('end-stream', { streamKey: 'show', userId: 'alice' })
  const [started, ended] = [heard[0]![1] as StreamStartedEvent, heard.at(-1)![1] as StreamEndedEvent]
  const segments = heard.slice(1, -1).map(([, event]) => event as SegmentListedEvent)
  t.strictSame(heard.map(([name]) => name), ['stream-started', ...segments.map(() => 'segment-listed'), 'stream-ended'])
  t.match(started, { streamKey: 'show', userId: 'alice', title: 'The show', startedAt: Date })
  t.strictSame(segments.map(({ sequence }) => sequence), segments.map((_, index) => index))
  for (const { path, url, bytes, durationSeconds } of segments) {
    t.ok(existsSync(path))
    t.equal((await http(server, url)).bytes.length, bytes)
    t.ok(durationSeconds > 0 && durationSeconds < 2.5)
  }
  t.match(ended, { ...started, endedAt: Date, reason: 'ended by owner', segmentCount: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) })
  t.ok(Math.abs(ended.durationSeconds - 5) < 0.2)
  t.notMatch(JSON.stringify(heard), owner.started.resumeToken)

  await http(server, '/video/livestream/never/start', { method: 'POST', body: { action: 'start', timestamp: 1 } })
  await http(server, '/video/livestream/never/stop', { method: 'POST', body: { action: 'stop', timestamp: 1 } })
  await server.app.close()
  t.strictSame(calls, heard, 'the hooks were told the same, before the server closed')
  t.equal(log.filter(line => line.includes('a hook of the host failed')).length, segments.length)
  t.equal(log.filter(line => line.includes('a listener failed')).length, 1)
  t.match(server.app.liveCore.playbackUrl('show'), '/video/livestream/show/stream.m3u8')
})

t.test('a stream that the next server goes on with has not ended, and begins there again', async t => {
  const calls: string[] = []
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-hooks-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const options: LivestreamOptions = {
    streamsDir,
    onStreamStarted: ({ userId, startedAt, resumed }) => { calls.push(`begun by ${userId} at ${startedAt.toISOString()}${resumed === true ? ', resumed' : ''}`) },
    onStreamEnded: ({ reason, segmentCount }) => { calls.push(`over: ${reason}, ${segmentCount > 0}`) }
  }
  const first = await startServer(t, { options })
  const owner = await newBroadcaster(first, 'show')
  await sendSegments(owner, 'show')
  await first.app.close()
  const [begun] = calls
  const second = await startServer(t, { options })
  t.match(await start(newClient(second), 'show', { resumeToken: owner.started.resumeToken }), { status: 'active' })
  await control(second, 'show', 'stop')
  await second.app.close()
  t.strictSame(calls, [begun, `${begun}, resumed`, 'over: stopped, true'])
})

t.test('a host that never finishes holds nothing up, and the server closes', async t => {
  const aborted: string[] = []
  const never = (name: string) => async (_event: object, signal: AbortSignal) => await new Promise<void>(() => { signal.addEventListener('abort', () => { aborted.push(name) }) })
  const server = await startServer(t, { options: { hostHookTimeoutMs: 300, closeStreams: 'end', onStreamStarted: never('started'), onSegmentListed: never('segment'), onStreamEnded: never('ended') } })
  await publish(server, 'show')
  const owner = await newBroadcaster(server, 'another')
  await sendSegments(owner, 'another')
  await server.app.close()
  t.ok(aborted.includes('started'))
})
