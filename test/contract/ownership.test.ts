import t from 'tap'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'
import { silence } from '../fixtures/silence.ts'

const broadcasterOf = async (server: TestServer, key: string): Promise<string | null> =>
  (await http(server, `/livestream/${key}/status`)).json.local.streamData.broadcasterSocketId

/** A viewer of the stream, to see what happens to it. */
async function newViewer (server: TestServer, streamKey: string): Promise<Client> {
  const viewer = newClient(server)
  await viewer.ask('join-stream', { streamKey, userId: 'viewer' })
  return viewer
}

t.test('HLS-02: while the owner is connected', async t => {
  const server = await startServer(t)

  t.test('nobody takes the stream without the token, not even the same userId', async t => {
    const owner = await newBroadcaster(server, 'held')
    for (const userId of ['alice', 'bob', 'anonymous']) {
      const other = newClient(server)
      t.match(await other.ask('start-stream', { streamKey: 'held', userId }), { error: String, code: 'STREAM_ALREADY_EXISTS', streamKey: 'held' }, userId)
      t.match(await other.heard.next('stream-error'), { code: 'STREAM_ALREADY_EXISTS', streamKey: 'held' })
      t.match(await other.ask('stream-data', { streamKey: 'held', chunk: Buffer.from('x') }), { code: 'UNAUTHORIZED' })
    }
    t.equal(await broadcasterOf(server, 'held'), owner.socket.id)
    t.equal(owner.heard.count('stream-error'), 0, 'the owner does not notice')
  })

  t.test('a wrong token: UNAUTHORIZED', async t => {
    const [owner, other] = [await newBroadcaster(server, 'guessed'), await newBroadcaster(server, 'others')]
    for (const resumeToken of ['', 'guess', other.started.resumeToken, `${owner.started.resumeToken}=`]) {
      t.match(await newClient(server).ask('start-stream', { streamKey: 'guessed', userId: 'alice', resumeToken }), { code: 'UNAUTHORIZED', streamKey: 'guessed' })
    }
    t.equal(await broadcasterOf(server, 'guessed'), owner.socket.id)
  })

  t.test('with the token another connection takes over; the former one is told and may send no more', async t => {
    const owner = await newBroadcaster(server, 'moved')
    const viewer = await newViewer(server, 'moved')
    const pieces = inPieces(await recording({ seconds: 6 }), 6)
    await sendAll(owner, 'moved', pieces.slice(0, 3))
    const taker = newClient(server)
    const resumed = await taker.ask('start-stream', { streamKey: 'moved', userId: 'alice', resumeToken: owner.started.resumeToken })
    t.match(resumed, { streamKey: 'moved', status: 'active', message: String, resumeToken: owner.started.resumeToken, nextSeq: Number })
    t.match(await owner.heard.next('stream-error'), { code: 'STREAM_ALREADY_EXISTS', streamKey: 'moved' })
    t.match(await owner.ask('stream-data', { streamKey: 'moved', seq: 3, chunk: pieces[3] }), { code: 'UNAUTHORIZED' })
    t.match(await owner.ask('end-stream', { streamKey: 'moved', userId: 'alice' }), { code: 'UNAUTHORIZED' })
    t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'moved', status: 'active' })
    t.equal(await broadcasterOf(server, 'moved'), taker.socket.id)

    owner.socket.disconnect()
    await sendAll(taker, 'moved', pieces.slice(resumed.nextSeq), resumed.nextSeq)
    t.strictSame(await taker.ask('end-stream', { streamKey: 'moved', userId: 'alice' }), { streamKey: 'moved', reason: 'ended by owner' })
    t.equal(viewer.heard.count('stream-reconnecting'), 0, 'the former connection does not count any more')
    const manifest = (await http(server, '/livestream/moved/stream.m3u8')).text
    t.notMatch(manifest, /EXT-X-DISCONTINUITY/, 'the recording went on')
    t.equal(owner.heard.count('stream-ended'), 0)
  })

  t.test('the token is told to nobody else', async t => {
    const owner = await newBroadcaster(server, 'secret')
    const viewer = await newViewer(server, 'secret')
    const { resumeToken } = owner.started
    for (const path of ['secret/status', 'secret/debug', 'active', 'health']) t.notMatch((await http(server, `/livestream/${path}`)).text, resumeToken)
    t.match((await http(server, '/livestream/secret/start', { method: 'POST', body: { userId: 'alice', action: 'start', timestamp: 1 } })).json, { status: 'already_exists', resumeToken: undefined })
    await newClient(server).ask('start-stream', { streamKey: 'secret', userId: 'alice', resumeToken })
    await viewer.heard.next('stream-started')
    t.notMatch(JSON.stringify(viewer.heard.heard), resumeToken)
    await owner.ask('start-stream', { streamKey: 'other', userId: 'alice' })
    t.not((await owner.heard.next('stream-started')).resumeToken, resumeToken, 'each stream has its own')
  })
})

t.test("HLS-02: the owner's connection is dead and has not been missed yet", async t => {
  // The heartbeat would find out long after the test.
  const server = await startServer(t, { options: { pingIntervalMs: 60_000, pingTimeoutMs: 60_000, probeTimeoutMs: 1_000 } })

  t.test('the same userId takes over once the probe has failed', async t => {
    const owner = await newBroadcaster(server, 'dead')
    const viewer = await newViewer(server, 'dead')
    silence(owner.socket)
    const other = newClient(server)
    const from = performance.now()
    t.match(await other.ask('start-stream', { streamKey: 'dead', userId: 'bob' }), { code: 'STREAM_ALREADY_EXISTS' })
    t.ok(performance.now() - from < 900, 'another userId is refused without a probe')
    t.match(await other.ask('start-stream', { streamKey: 'dead', userId: 'alice' }), { streamKey: 'dead', status: 'active' })
    t.ok(performance.now() - from >= 980, 'it had time to answer')
    t.equal(await broadcasterOf(server, 'dead'), other.socket.id)
    t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'dead', status: 'active' })
    t.equal(viewer.heard.count('stream-reconnecting'), 0)
  })

  t.test('with long polling too: a client that polls no more', async t => {
    const path = '/socket.io/?EIO=4&transport=polling'
    const { sid } = JSON.parse((await http(server, path)).text.slice(1))
    const send = async (body: string) => await http(server, `${path}&sid=${sid}`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
    await send('40')
    await send('42["start-stream",{"streamKey":"polled","userId":"alice"}]')
    const other = newClient(server)
    t.match(await other.ask('start-stream', { streamKey: 'polled', userId: 'alice' }), { status: 'active' })
  })

  t.test('who goes away during the probe gets nothing', async t => {
    const owner = await newBroadcaster(server, 'left')
    silence(owner.socket)
    const [leaver, other] = [newClient(server), newClient(server)]
    leaver.socket.emit('start-stream', { streamKey: 'left', userId: 'alice' })
    await leaver.ask('leave-stream', { streamKey: 'left' })
    leaver.socket.disconnect()
    // A probe of its own, which began later and so ends later.
    await newBroadcaster(server, 'fence').then(({ socket }) => silence(socket))
    t.match(await other.ask('start-stream', { streamKey: 'fence', userId: 'alice' }), { status: 'active' })
    t.equal(await broadcasterOf(server, 'left'), owner.socket.id)
  })

  t.test('an owner that lives answers the probe, on each transport', async t => {
    for (const transport of ['websocket', 'polling']) {
      const owner = await newBroadcaster(server, `alive-${transport}`, { transports: [transport] })
      const from = performance.now()
      t.match(await newClient(server).ask('start-stream', { streamKey: `alive-${transport}`, userId: 'alice' }), { code: 'STREAM_ALREADY_EXISTS' }, transport)
      t.ok(performance.now() - from < 900, 'without waiting to the end')
      t.equal(await broadcasterOf(server, `alive-${transport}`), owner.socket.id)
    }
  })
})

t.test('HLS-02, HLS-18: when the connection of the owner is gone', async t => {
  const server = await startServer(t)
  const lost = async (key: string): Promise<{ viewer: Client, resumeToken: string }> => {
    const owner = await newBroadcaster(server, key)
    const viewer = await newViewer(server, key)
    owner.socket.disconnect()
    t.strictSame(await viewer.heard.next('stream-reconnecting'), { streamKey: key, windowSeconds: 60 })
    return { viewer, resumeToken: owner.started.resumeToken }
  }

  t.test('the same userId resumes; everybody is told', async t => {
    const { viewer } = await lost('by-id')
    t.equal(await broadcasterOf(server, 'by-id'), null)
    t.match(await viewer.ask('join-stream', { streamKey: 'by-id', userId: 'viewer' }), { isLive: true }, 'it waits')
    t.match((await http(server, '/livestream/by-id/status')).json, { local: { isActive: true } })
    const client = newClient(server)
    t.match(await client.ask('start-stream', { streamKey: 'by-id', userId: 'alice' }), { status: 'active', nextSeq: 0 })
    t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'by-id', status: 'active' })
    t.equal(await broadcasterOf(server, 'by-id'), client.socket.id)
  })

  t.test('the token resumes, whoever says that they are', async t => {
    const { resumeToken } = await lost('by-token')
    t.match(await newClient(server).ask('start-stream', { streamKey: 'by-token', userId: 'somebody', resumeToken }), { status: 'active' })
    t.match((await http(server, '/livestream/by-token/status')).json, { local: { streamData: { userId: 'alice' } } }, 'the owner stays the owner')
  })

  t.test('another userId, or a wrong token, does not', async t => {
    const { viewer } = await lost('waits')
    t.match(await newClient(server).ask('start-stream', { streamKey: 'waits', userId: 'bob' }), { code: 'STREAM_ALREADY_EXISTS' })
    t.match(await newClient(server).ask('start-stream', { streamKey: 'waits', userId: 'alice', resumeToken: 'wrong' }), { code: 'UNAUTHORIZED' })
    t.equal(viewer.heard.count('stream-started'), 0)
  })
})

t.test('HLS-05: end-stream', async t => {
  const server = await startServer(t)
  const wrong = async (client: Client, payload: object, code: string, message: string) => {
    const answer = await client.ask('end-stream', { streamKey: 'mine', ...payload })
    t.match(answer, { error: String, code, streamKey: 'mine' }, message)
    t.strictSame(await client.heard.next('stream-error'), answer)
  }
  const owner = await newBroadcaster(server, 'mine')
  const viewer = await newViewer(server, 'mine')
  await wrong(viewer, { userId: 'alice' }, 'UNAUTHORIZED', "another socket with the owner's userId")
  await wrong(viewer, { userId: 'bob' }, 'UNAUTHORIZED', 'another socket and userId')
  await wrong(owner, { userId: 'bob' }, 'UNAUTHORIZED', "the owner's socket with another userId")
  await wrong(viewer, { resumeToken: 'wrong', userId: 'alice' }, 'UNAUTHORIZED', 'a wrong token')
  await wrong(owner, { resumeToken: 'wrong', userId: 'alice' }, 'UNAUTHORIZED', "a wrong token from the owner's socket")
  await wrong(owner, { userId: undefined }, 'INVALID_REQUEST', 'neither userId nor token')
  t.equal(viewer.heard.count('stream-ended'), 0)

  owner.socket.disconnect()
  await viewer.heard.next('stream-reconnecting')
  const outsider = newClient(server)
  await wrong(outsider, { userId: 'alice' }, 'UNAUTHORIZED', "the owner's userId while nobody broadcasts: start-stream first")
  t.strictSame(await outsider.ask('end-stream', { streamKey: 'mine', resumeToken: owner.started.resumeToken }), { streamKey: 'mine', reason: 'ended by owner' }, 'from anywhere with the token')
  for (const { heard } of [outsider, viewer]) t.strictSame(await heard.next('stream-ended'), { streamKey: 'mine', reason: 'ended by owner' })
  await wrong(outsider, { resumeToken: owner.started.resumeToken }, 'STREAM_NOT_FOUND', 'it has ended')
  t.match(await newClient(server).ask('start-stream', { streamKey: 'mine', userId: 'bob' }), { status: 'broadcasting' }, 'the key is free')
})

t.test('HLS-02: of several that start at the same moment one gets the key', async t => {
  const server = await startServer(t, { options: { pingIntervalMs: 60_000, pingTimeoutMs: 60_000, probeTimeoutMs: 300 } })
  const race = async (key: string) => {
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await newClient(server).ask('start-stream', { streamKey: key, userId: 'alice' })))
    const winners = answers.filter(({ status }) => status !== undefined)
    t.equal(winners.length, 1)
    t.ok(answers.every(answer => winners.includes(answer) || answer.code === 'STREAM_ALREADY_EXISTS'))
    return winners[0]?.status
  }
  t.equal(await race('fresh'), 'broadcasting')
  const owner = await newBroadcaster(server, 'orphan')
  silence(owner.socket)
  t.equal(await race('orphan'), 'active', 'also when the former owner turns out to be dead')
})

t.test('one connection may broadcast several streams, each on its own', async t => {
  const server = await startServer(t)
  const owner = await newBroadcaster(server, 'left')
  t.match(await owner.ask('start-stream', { streamKey: 'right', userId: 'alice' }), { status: 'broadcasting' })
  const pieces = inPieces(await recording({ seconds: 3 }), 3)
  for (const key of ['left', 'right']) await sendAll(owner, key, pieces)
  t.match(await owner.ask('end-stream', { streamKey: 'left', userId: 'alice' }), { reason: 'ended by owner' })
  t.equal(await broadcasterOf(server, 'right'), owner.socket.id)
  owner.socket.disconnect()
  const back = newClient(server)
  t.match(await back.ask('start-stream', { streamKey: 'right', userId: 'alice' }), { status: 'active' })
})
