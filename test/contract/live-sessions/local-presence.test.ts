import { setTimeout as delay } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import t, { type Test } from 'tap'
import { startLiveSessions, type Person } from '../../fixtures/live-sessions-host.ts'
import { http } from '../../fixtures/http.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { Transcript } from '../../fixtures/transcript.ts'
import { expectBody, expectError } from './expect.ts'

const PREFIX = '/site'
// Long enough for a busy machine, on which who is there is seen late.
const TIMEOUT_MS = 2_000
const host = await startLiveSessions(t, { prefix: PREFIX, sessions: { presenceTimeoutSeconds: TIMEOUT_MS / 1_000, reconcileSeconds: 0.15 } })
const { ask, url } = host
const owner = await host.person('mentor')
const [ada, bob] = [await host.person(), await host.person()]

const make = async (t: Test, more: object = {}): Promise<string> => expectBody(t, await ask('POST', '/sessions', owner, { title: 'Local', is_public: true, ...more }), 201, 'made').session_id
const join = async (t: Test, id: string, who: Person) => expectBody(t, await ask('POST', `/sessions/${id}/join`, who, {}), 200, 'joined')
const viewers = async (id: string, count: number) => await host.until(`/sessions/${id}`, owner, json => json.current_viewers === count)

await t.test('without a room people are there from joining on, for a while', async t => {
  const id = await make(t, { max_participants: 1 })
  await join(t, id, ada)
  t.match((await ask('GET', `/sessions/${id}`)).json, { current_viewers: 1 })
  expectError(t, await ask('POST', `/sessions/${id}/join`, bob, {}), 'SESSION_FULL', 'there is no second place')
  await viewers(id, 0)
  await join(t, id, bob)
  await ask('POST', `/sessions/${id}/leave`, bob)
  t.match((await ask('GET', `/sessions/${id}`)).json, { current_viewers: 0 }, 'who says that they go is gone at once')
  await join(t, id, bob)
  const { participants } = (await ask('GET', `/sessions/${id}/stats`, owner)).json
  t.match(participants, [{ user_id: ada.id, is_present: false, duration: 0 }, { user_id: bob.id, is_present: true }], 'from joining until they were last seen')
})

await t.test('who is connected to the room is there for longer', async t => {
  const id = await make(t)
  const answer = await join(t, id, ada)
  t.match(answer, { server_url: url.replace('http', 'ws'), socket_path: `${PREFIX}/ws/rooms` })
  const visitor = await host.visit(answer)
  for (const until = Date.now() + 1.5 * TIMEOUT_MS; Date.now() < until; await delay(50)) t.match((await ask('GET', `/sessions/${id}`)).json, { current_viewers: 1 })
  visitor.leave()
  await viewers(id, 0)
})

await t.test('who joins again keeps the place when the old connection ends', async t => {
  const id = await make(t, { max_participants: 1 })
  const first = await host.visit(await join(t, id, ada))
  const second = await join(t, id, ada)
  first.leave()
  // The end of the connection is seen.
  await viewers(id, 0)
  expectError(t, await ask('POST', `/sessions/${id}/join`, bob, {}), 'SESSION_FULL', 'ada is about to be there')
  const visitor = await host.visit(second)
  await viewers(id, 1)
  expectError(t, await ask('POST', `/sessions/${id}/join`, bob, {}), 'SESSION_FULL', 'and is')
  visitor.leave()
  await viewers(id, 0)
  await join(t, id, bob)
})

await t.test('the host publishes through the live core, and members watch', async t => {
  const id = await make(t)
  const link = expectBody(t, await ask('GET', `/sessions/${id}`, owner), 200, 'details').invite_link
  t.equal(link, `${url}${PREFIX}/live/${id}`, 'links have the prefix')
  const asHost = await join(t, id, owner)
  const asAda = await join(t, id, ada)
  const key = asHost.stream_key
  t.equal(asAda.stream_key, undefined)

  async function publish (token: string): Promise<{ socket: Socket, answer: any }> {
    const socket = io(url, { path: `${PREFIX}/socket.io`, transports: ['websocket'], forceNew: true, reconnection: false, auth: { token }, query: { streamKey: key } })
    t.teardown(() => { socket.disconnect() })
    return { socket, answer: await socket.timeout(15_000).emitWithAck('start-stream', { streamKey: key, userId: String(owner.id) }) }
  }
  t.match((await publish(asHost.access_token)).answer, { code: 'UNAUTHORIZED' }, 'not before the start')
  await ask('POST', `/sessions/${id}/start`, owner)
  for (const token of [asAda.access_token, 'nonsense', '', owner.auth.authorization.slice('Bearer '.length), (await join(t, await make(t), owner)).access_token]) t.match((await publish(token)).answer, { code: 'UNAUTHORIZED' }, 'nobody but the host')
  const { socket, answer } = await publish(asHost.access_token)
  t.match(answer, { status: 'broadcasting' })
  const heard = new Transcript(socket)
  for (const [seq, chunk] of inPieces(await recording({ seconds: 4 }), 4).entries()) await socket.timeout(15_000).emitWithAck('stream-data', { streamKey: key, chunk, seq })
  await heard.next('stream-segments-updated')

  const get = async (path: string) => await http({ url }, path)
  const [path, query] = asAda.playback_url.split('?')
  t.equal(path, `${PREFIX}/livestream/${key}/live.m3u8`)
  // All of that may have taken longer than a place is kept for somebody who does not watch yet.
  await join(t, id, ada)
  const playlist = await get(asAda.playback_url)
  t.equal(playlist.status, 200, 'a member watches')
  const segment = playlist.text.split('\n').find(line => line.includes('.ts'))!
  t.ok(segment.endsWith(`?${query}`), 'segments carry the ticket')
  t.equal((await get(`${PREFIX}/livestream/${key}/${segment}`)).status, 200)
  t.equal((await get(asHost.playback_url)).status, 200, 'so does the host')
  const others = await join(t, await make(t), ada)
  for (const wrong of ['', '?viewer=', '?viewer=nonsense', `?${others.playback_url.split('?')[1]}`, `?viewer=${asAda.access_token}`, `?${query}&${query}`]) t.equal((await get(`${path}${wrong}`)).status, 403, `nobody else: ${wrong.slice(0, 20)}`)
  t.notMatch((await get(`${PREFIX}/livestream/active`)).text, key, 'it is in no list')

  await join(t, id, ada)
  for (const until = Date.now() + 1.5 * TIMEOUT_MS; Date.now() < until; await delay(50)) await get(asAda.playback_url)
  t.match((await ask('GET', `/sessions/${id}`)).json, { current_viewers: 1 }, 'who watches is there')
  const asBob = await join(t, id, bob)
  await ask('POST', `/sessions/${id}/leave`, bob)
  t.equal((await get(asBob.playback_url)).status, 403, 'who has left has given the place away')
  await join(t, id, bob)
  t.equal((await get(asBob.playback_url)).status, 200, 'and has it again')
  await ask('POST', `/sessions/${id}/participants/${ada.id}/kick`, owner)
  t.equal((await get(asAda.playback_url)).status, 403, 'who was removed watches no more')
  t.equal((await get(asHost.playback_url)).status, 200)

  const ended = heard.next('stream-ended')
  await ask('POST', `/sessions/${id}/end`, owner)
  t.match(await ended, { streamKey: key }, 'the end of the session is that of the stream')
  t.equal((await get(asHost.playback_url)).status, 200, 'what is not watched yet can be')
  await ask('DELETE', `/sessions/${id}`, owner)
})
