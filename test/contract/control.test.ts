import t from 'tap'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const TIMESTAMP = 1704110400

const start = async (server: TestServer, key: string, fields: object = {}) =>
  await http(server, `/livestream/${key}/start`, { method: 'POST', body: { action: 'start', timestamp: TIMESTAMP, ...fields } })

const stop = async (server: TestServer, key: string, fields: object = {}, headers: Record<string, string> = {}) =>
  await http(server, `/livestream/${key}/stop`, { method: 'POST', headers, body: { action: 'stop', timestamp: TIMESTAMP, ...fields } })

const owner = async (server: TestServer, key: string): Promise<string> => (await http(server, `/livestream/${key}/status`)).json.local.streamData?.userId

t.test('5.3, HLS-11: start', async t => {
  const server = await startServer(t)

  t.test('creates, and says when it exists already', async t => {
    const answers = [
      await start(server, 'made', { userId: 'user123', title: 'My Live Stream', description: 'Live streaming session' }),
      await start(server, 'made', { userId: 'user123' })
    ]
    for (const [index, status] of ['created_and_started', 'already_exists'].entries()) {
      t.equal(answers[index]!.status, 200)
      t.match(answers[index]!.json, { status, streamId: 'made', message: String, playbackUrl: '/livestream/made/stream.m3u8', timestamp: ISO })
      t.notOk('ingestUrl' in answers[index]!.json, 'HLS-10: without a provider there is none')
      t.notOk('resumeToken' in answers[index]!.json)
    }
  })

  t.test('the documented curl call; userId defaults to anonymous', async t => {
    t.equal((await start(server, 'curl', { userId: 'user123' })).json.status, 'created_and_started')
    t.equal(await owner(server, 'curl'), 'user123')
    t.equal((await start(server, 'nobody')).json.status, 'created_and_started')
    t.equal(await owner(server, 'nobody'), 'anonymous')
  })

  t.test('a live stream exists already; one that has ended is created anew', async t => {
    const client = await newBroadcaster(server, 'on-air')
    t.equal((await start(server, 'on-air', { userId: 'bob' })).json.status, 'already_exists')
    t.equal(await owner(server, 'on-air'), 'alice', 'nothing changes')
    await client.ask('end-stream', { streamKey: 'on-air', userId: 'alice' })
    t.equal((await start(server, 'on-air', { userId: 'bob' })).json.status, 'created_and_started')
  })

  t.test('400 when action is not start or timestamp is not a number', async t => {
    const bodies: unknown[] = [
      {}, { action: 'start' }, { timestamp: TIMESTAMP }, { action: 'stop', timestamp: TIMESTAMP }, { action: 'START', timestamp: TIMESTAMP }, { action: 'start', timestamp: '1704110400' },
      { action: 'start', timestamp: null }, { action: 'start', timestamp: TIMESTAMP, userId: 7 }, { action: 'start', timestamp: TIMESTAMP, userId: '' }, { action: 'start', timestamp: TIMESTAMP, title: {} },
      [], [{ action: 'start', timestamp: TIMESTAMP }], null, 'start', 7
    ]
    for (const body of bodies) {
      const answer = await http(server, '/livestream/bad/start', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      t.equal(answer.status, 400, JSON.stringify(body))
      t.match(answer.json, { error: String, code: 'INVALID_REQUEST', streamKey: 'bad' })
    }
    t.equal(await owner(server, 'bad'), undefined, 'nothing was created')
  })

  t.test("the timestamp's age and form are not checked", async t => {
    for (const [index, timestamp] of [0, -1, 1e15, 1.5].entries()) t.equal((await start(server, `time-${index}`, { timestamp })).status, 200)
  })

  t.test('HLS-02: a prepared key is taken over by the same owner, or by anybody when it has none', async t => {
    await start(server, 'reserved', { userId: 'alice' })
    const bob = newClient(server)
    t.match(await bob.ask('start-stream', { streamKey: 'reserved', userId: 'bob' }), { code: 'STREAM_ALREADY_EXISTS', streamKey: 'reserved' })
    t.match(await newClient(server).ask('start-stream', { streamKey: 'reserved', userId: 'alice' }), { status: 'broadcasting' })
    await start(server, 'open')
    t.match(await bob.ask('start-stream', { streamKey: 'open', userId: 'bob' }), { status: 'broadcasting' })
    t.equal(await owner(server, 'open'), 'bob')
  })
})

t.test('5.4, HLS-12: stop', async t => {
  const server = await startServer(t)
  const prepared = async (key: string, userId: string) => { await start(server, key, { userId }) }
  const live = async (key: string, userId: string): Promise<Client & { started: any }> => await newBroadcaster(server, key, { userId })

  t.test('unknown: 404', async t => {
    const answer = await stop(server, 'unknown', { userId: 'alice' })
    t.equal(answer.status, 404)
    t.strictSame(answer.json, { error: 'Stream not found', code: 'STREAM_NOT_FOUND', streamKey: 'unknown' })
  })

  t.test('a live stream: stopped, everybody is told, what was sent is published; then already_stopped', async t => {
    const client = await live('airing', 'alice')
    const viewer = newClient(server)
    await viewer.ask('join-stream', { streamKey: 'airing', userId: 'v' })
    await sendAll(client, 'airing', inPieces(await recording({ seconds: 3 }), 3))
    const stopped = await stop(server, 'airing', { userId: 'alice' })
    t.equal(stopped.status, 200)
    t.match(stopped.json, { status: 'stopped', streamId: 'airing', message: String, timestamp: ISO })
    for (const { heard } of [client, viewer]) t.strictSame(await heard.next('stream-ended'), { streamKey: 'airing', reason: 'stopped' })
    const manifest = (await http(server, '/livestream/airing/stream.m3u8')).text
    t.match(manifest, /#EXT-X-ENDLIST\n$/)
    t.ok(Math.abs([...manifest.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0) - 3) < 0.2)
    t.match(await client.ask('stream-data', { streamKey: 'airing', chunk: Buffer.from('late') }), { code: 'STREAM_NOT_FOUND' })

    const again = await stop(server, 'airing', { userId: 'alice' })
    t.equal(again.status, 200)
    t.match(again.json, { status: 'already_stopped', streamId: 'airing', message: String, timestamp: ISO })
    t.match(await stop(server, 'airing', { userId: 'bob' }), { status: 403 })
  })

  t.test('open mode: the given userId must be the owner; it may be left out only for anonymous', async t => {
    const cases: Array<[kind: string, ownerId: string, userId: string | undefined, status: number]> = [
      ['prepared', 'alice', 'alice', 200],
      ['prepared', 'alice', 'bob', 403],
      ['prepared', 'alice', undefined, 403],
      ['prepared', 'anonymous', 'anonymous', 200],
      ['prepared', 'anonymous', undefined, 200],
      ['prepared', 'anonymous', 'bob', 403],
      ['live', 'alice', 'alice', 200],
      ['live', 'alice', 'bob', 403],
      ['live', 'alice', undefined, 403],
      ['live', 'alice', 'Alice', 403],
      ['live', 'anonymous', undefined, 200],
      ['live', 'anonymous', 'bob', 403],
      ['reconnecting', 'alice', 'alice', 200],
      ['reconnecting', 'alice', 'bob', 403],
      ['reconnecting', 'alice', undefined, 403]
    ]
    for (const [index, [kind, ownerId, userId, status]] of cases.entries()) {
      const key = `matrix-${index}`
      if (kind === 'prepared') await prepared(key, ownerId)
      else {
        const client = await live(key, ownerId)
        if (kind === 'reconnecting') {
          const viewer = newClient(server)
          await viewer.ask('join-stream', { streamKey: key, userId: 'v' })
          client.socket.disconnect()
          await viewer.heard.next('stream-reconnecting')
        }
      }
      const answer = await stop(server, key, userId === undefined ? {} : { userId })
      t.equal(answer.status, status, `${kind} stream of ${ownerId}, userId ${userId}`)
      if (status === 403) t.match(answer.json, { error: String, code: 'UNAUTHORIZED', streamKey: key })
      else t.match(answer.json, { status: 'stopped' })
    }
  })

  t.test('Authorization: Bearer <resumeToken> decides, whatever the userId', async t => {
    const [mine, other] = [await live('token', 'alice'), await live('other-token', 'bob')]
    const wrong = [other.started.resumeToken, 'nonsense', `${mine.started.resumeToken}x`]
    for (const token of wrong) t.equal((await stop(server, 'token', {}, { authorization: `Bearer ${token}` })).status, 403)
    t.equal((await stop(server, 'token', {}, { authorization: `Basic ${mine.started.resumeToken}` })).status, 403)
    t.match((await stop(server, 'token', { userId: 'bob' }, { authorization: `Bearer ${mine.started.resumeToken}` })).json, { status: 'stopped' })
  })

  t.test('400 when action is not stop or timestamp is not a number', async t => {
    await live('stays', 'alice')
    for (const fields of [{ action: 'start' }, { timestamp: 'now' }, { userId: 7 }, { action: undefined }, { timestamp: undefined }]) {
      const answer = await stop(server, 'stays', { userId: 'alice', ...fields })
      t.equal(answer.status, 400, JSON.stringify(fields))
      t.match(answer.json, { error: String, code: 'INVALID_REQUEST', streamKey: 'stays' })
    }
    t.equal(await owner(server, 'stays'), 'alice')
  })
})

t.test('HLS-08: MAX_STREAMS; the next gets SERVER_BUSY, over Socket.IO and HTTP', async t => {
  const server = await startServer(t, { options: { maxStreams: 2 } })
  const client = await newBroadcaster(server, 'first')
  await start(server, 'second', { userId: 'alice' })
  const third = newClient(server)
  third.socket.emit('start-stream', { streamKey: 'third', userId: 'bob' })
  t.match(await third.heard.next('stream-error'), { error: String, code: 'SERVER_BUSY', streamKey: 'third' })
  const answer = await start(server, 'third')
  t.equal(answer.status, 503)
  t.match(answer.json, { error: String, code: 'SERVER_BUSY', streamKey: 'third' })
  t.match(await newClient(server).ask('start-stream', { streamKey: 'second', userId: 'alice' }), { status: 'broadcasting' }, 'a prepared one has its place')
  await client.ask('end-stream', { streamKey: 'first', userId: 'alice' })
  t.match(await third.ask('start-stream', { streamKey: 'third', userId: 'bob' }), { status: 'broadcasting' }, 'an ended one gives its place')
})
