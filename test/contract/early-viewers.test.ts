import t from 'tap'
import { newBroadcaster, sendAll, type Client } from '../fixtures/client.ts'
import { http, type Answer } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

/** A request that may be held: whether it was answered can be asked at any time. */
interface Asking {
  answer: Promise<Answer>
  answered: boolean
  hangUp (): void
}

function ask (server: TestServer, path: string, method = 'GET'): Asking {
  const controller = new AbortController()
  const asking: Asking = { answer: http(server, path, { method, signal: controller.signal }), answered: false, hangUp: () => controller.abort() }
  asking.answer.then(() => { asking.answered = true }, () => {})
  return asking
}

async function prepare (server: TestServer, key: string): Promise<void> {
  await http(server, `/livestream/${key}/start`, { method: 'POST', body: { action: 'start', timestamp: 1704110400 } })
}

/** Resolves when what was sent before has certainly been seen by the server. */
async function settled (server: TestServer): Promise<void> {
  for (let round = 0; round < 5; round++) await http(server, '/livestream/health')
}

async function sendSegment (client: Client, key: string): Promise<void> {
  await sendAll(client, key, inPieces(await recording({ seconds: 3 }), 3))
}

const TOO_EARLY = { error: String, code: 'STREAM_NOT_FOUND', streamKey: String, retryAfterMs: Number }

t.test('HLS-07: a viewer who comes before the first segment is held until it is there', async t => {
  const server = await startServer(t)
  await prepare(server, 'early')
  const asking = [ask(server, '/livestream/early/stream.m3u8'), ask(server, '/livestream/early/live.m3u8'), ask(server, '/livestream/early/stream.m3u8', 'HEAD')]
  await settled(server)
  const client = await newBroadcaster(server, 'early')
  asking.push(ask(server, '/livestream/early/live.m3u8'))
  await settled(server)
  t.ok(asking.every(({ answered }) => !answered), 'prepared, or live without a segment: nobody is answered')
  await sendSegment(client, 'early')
  const answers = await Promise.all(asking.map(({ answer }) => answer))
  for (const { status, headers } of answers) t.match({ status, headers }, { status: 200, headers: { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-cache', 'access-control-allow-origin': '*' } })
  for (const index of [0, 1, 3]) t.match(answers[index]!.text, /\nsegment_0\.ts\n/)
})

t.test('HLS-07: at the end of the wait 404 with Retry-After', async t => {
  const server = await startServer(t, { options: { heldRequestSeconds: 1 } })
  await prepare(server, 'never')
  for (const name of ['stream.m3u8', 'live.m3u8']) {
    const from = performance.now()
    const answer = await http(server, `/livestream/never/${name}`)
    t.ok(performance.now() - from >= 950)
    t.equal(answer.status, 404)
    t.match(answer.headers, { 'retry-after': /^[1-9]\d*$/, 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
    t.notMatch(answer.headers['cache-control'], /public|max-age/)
    t.match(answer.json, TOO_EARLY)
  }
})

t.test('HLS-07: MAX_HELD_REQUESTS, all streams together; the next is answered at once, and a client that hangs up makes room', async t => {
  const server = await startServer(t, { options: { maxHeldRequests: 2 } })
  for (const key of ['one', 'two']) await prepare(server, key)
  const held = [ask(server, '/livestream/one/stream.m3u8'), ask(server, '/livestream/two/stream.m3u8')]
  await settled(server)
  const refused = await http(server, '/livestream/two/live.m3u8')
  t.match(refused, { status: 404, headers: { 'retry-after': /^\d+$/ } })
  t.match(refused.json, TOO_EARLY)

  held[0]!.hangUp()
  await t.rejects(held[0]!.answer)
  await settled(server)
  const next = ask(server, '/livestream/two/live.m3u8')
  await settled(server)
  t.notOk(next.answered, 'held again')
  const client = await newBroadcaster(server, 'two')
  await sendSegment(client, 'two')
  for (const { answer } of [held[1]!, next]) t.equal((await answer).status, 200)
})

t.test('HLS-07: MAX_HELD_REQUESTS=0 holds nobody', async t => {
  const server = await startServer(t, { options: { maxHeldRequests: 0 } })
  await prepare(server, 'open')
  t.match(await http(server, '/livestream/open/stream.m3u8'), { status: 404, headers: { 'retry-after': /^\d+$/ } })
})

t.test('HLS-07: the end of a stream without a segment lets its viewers go', async t => {
  const server = await startServer(t)
  const client = await newBroadcaster(server, 'silent')
  const asking = ask(server, '/livestream/silent/stream.m3u8')
  await settled(server)
  await client.ask('end-stream', { streamKey: 'silent', userId: 'alice' })
  const answer = await asking.answer
  t.equal(answer.status, 404)
  t.equal(answer.headers['retry-after'], undefined, 'nothing will come')
  t.match(answer.json, { error: String, code: 'STREAM_NOT_FOUND', streamKey: 'silent' })
  t.equal((await http(server, '/livestream/silent/live.m3u8')).status, 404, 'at once')
})

t.test('HLS-07: closing the server lets everybody go', async t => {
  const server = await startServer(t)
  await prepare(server, 'closing')
  const asking = ask(server, '/livestream/closing/stream.m3u8')
  await settled(server)
  const from = performance.now()
  const [answer] = await Promise.all([asking.answer, server.close()])
  t.equal(answer.status, 404)
  t.match(answer.json, { code: 'STREAM_NOT_FOUND' })
  t.ok(performance.now() - from < 2_000, 'long before the wait is over')
})
