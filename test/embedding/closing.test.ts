import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { LivestreamOptions } from '../../src/livestream/index.ts'
import { newBroadcaster, newClient, sendAll, type Client } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { childProcesses } from '../fixtures/processes.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { silence } from '../fixtures/silence.ts'
import { embed, embeddedAt, holderOf, listen, newFolder, newHost, type Embedded, type What } from './host.ts'

const GOAL_MS = 2_000
/** A machine that is busy with other things is slower than the goal; one that waits for a client is slower than this. */
const BOUND_MS = 6_000
/** More than the sockets of both sides hold. */
const BIG = { seconds: 4, videoKbps: 40_000, picture: 'testsrc2=s=640x360:r=15' } as const

type Arrive = (t: Test, embedded: Embedded, owner: Client) => Promise<unknown>

/** Viewers and others that are connected when the server closes. */
const CROWD: Record<string, Arrive> = {
  'nobody else': async () => {},
  'viewers on WebSockets and on long polling': async (_t, embedded) => {
    for (const transport of ['websocket', 'polling']) {
      const viewer = newClient(embedded, { transports: [transport] })
      await viewer.ask('join-stream', { streamKey: 'show', userId: 'v' })
    }
  },
  'viewers whose network is gone': async (_t, embedded) => {
    for (let count = 0; count < 3; count++) {
      const viewer = newClient(embedded)
      await viewer.ask('join-stream', { streamKey: 'show', userId: 'v' })
      silence(viewer.socket)
    }
  },
  'a viewer on long polling that asks no more': async (_t, embedded) => {
    const path = '/socket.io/?EIO=4&transport=polling'
    const { sid } = JSON.parse((await http(embedded, path)).text.slice(1))
    for (const body of ['40', '42["join-stream",{"streamKey":"show","userId":"v"}]']) {
      await http(embedded, `${path}&sid=${sid}`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
    }
  },
  'idle keep-alive connections': async (t, { url }) => {
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => { agent.destroy() })
    await Promise.all(Array.from({ length: 5 }, async () => {
      const asking = request(`${url}/livestream/show/live.m3u8`, { agent })
      asking.end()
      const [answer] = await once(asking, 'response')
      answer.resume()
      await once(answer, 'end')
    }))
  },
  'a viewer that reads a segment slowly': async (t, { url }) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ port: Number(port), host: hostname })
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {})
    socket.write('GET /livestream/show/segment_0.ts HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(socket, 'readable')
  },
  'playlist requests that are held': async (t, embedded) => {
    await http(embedded, '/livestream/later/start', { method: 'POST', body: { action: 'start', timestamp: 1 } })
    const { url } = embedded
    for (let count = 0; count < 5; count++) {
      const asking = request(`${url}/livestream/later/live.m3u8`, { agent: new Agent({ keepAlive: true }) })
      asking.on('error', () => {})
      asking.on('response', answer => { answer.resume() })
      asking.end()
      t.teardown(() => { asking.destroy() })
      await once(asking, 'finish')
    }
    // They are held by the time that a later request is answered.
    await http(embedded, '/livestream/health')
  }
}
const everybody: Arrive = async (t, embedded, owner) => {
  for (const arrive of Object.values(CROWD)) await arrive(t, embedded, owner)
}

/** What keeps a process alive, by kind. */
function resources (): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counted[kind] = (counted[kind] ?? 0) + 1
  return counted
}

async function tryClose (t: Test, what: What, arrive: Arrive, options: LivestreamOptions, forceCloseConnections?: boolean): Promise<number> {
  const streamsDir = await newFolder(t)
  const before = resources()
  const app = newHost(forceCloseConnections === undefined ? {} : { forceCloseConnections })
  await embed(app, what, streamsDir, { options: { pingIntervalMs: 60_000, pingTimeoutMs: 60_000, ...options } })
  const embedded = embeddedAt(t, await listen(t, app), { what, streamsDir })
  const owner = await newBroadcaster(embedded, 'show')
  const published = owner.heard.next('stream-segments-updated')
  await sendAll(owner, 'show', inPieces(await recording(BIG), 60).slice(0, 45))
  await published
  await arrive(t, embedded, owner)
  const from = performance.now()
  await app.close()
  const took = performance.now() - from
  t.ok(took < BOUND_MS, 'it does not wait for clients')
  if (options.closeStreams === 'end') t.match(await owner.heard.next('stream-ended'), { reason: 'server closing' })
  await owner.heard.next('disconnect')
  t.strictSame(childProcesses(/ffmpeg/), [], 'no process')
  t.equal(await holderOf(streamsDir), 'released', 'no lock')
  t.equal(app.server.listening, false)
  await t.test('nothing is left', async t => {
    const left = () => {
      const now = resources()
      return ['TCPServerWrap', 'ProcessWrap', 'FSReqCallback', 'Timeout'].filter(kind => (now[kind] ?? 0) > (before[kind] ?? 0))
    }
    // Timers of the test's own clients end with them.
    embedded.leave()
    for (let tries = 50; tries > 0 && left().length > 0; tries--) await delay(20)
    t.strictSame(left(), [])
    t.equal(await new Promise<number | Error>(resolve => app.server.getConnections((error, count) => { resolve(error ?? count) })), 0, 'no connection')
  })
  return took
}

const lines: string[] = []
function note (who: string, took: number): void {
  lines.push(`${who}: ${Math.round(took)} ms, ${took < GOAL_MS ? 'under' : 'over'} 2 s`)
}

for (const [who, arrive] of Object.entries(CROWD)) {
  await t.test(`a stream that is on air, ${who}`, async t => { note(who, await tryClose(t, 'livestream', arrive, {})) })
}
await t.test('a stream that ends with the server, all of them', async t => {
  note('all of them, closeStreams: end', await tryClose(t, 'livestream', everybody, { closeStreams: 'end' }))
})
await t.test('the same with pages and with forceCloseConnections', async t => {
  for (const force of [undefined, true]) {
    note(`all of them, headwater${force === true ? ', forceCloseConnections' : ''}`, await tryClose(t, 'headwater', everybody, {}, force))
  }
})
t.comment('close() with a broadcaster in mid-stream and')
for (const line of lines) t.comment(`  ${line}`)

t.test('what was sent last is published, and who takes its segment in time gets all of it', async t => {
  const streamsDir = await newFolder(t)
  const app = newHost()
  await embed(app, 'livestream', streamsDir, { options: { closeStreams: 'end' } })
  const embedded = embeddedAt(t, await listen(t, app), { what: 'livestream', streamsDir })
  const owner = await newBroadcaster(embedded, 'show')
  const published = owner.heard.next('stream-segments-updated')
  await sendAll(owner, 'show', inPieces(await recording(BIG), 30))
  await published
  const asking = request(`${embedded.url}/livestream/show/segment_0.ts`)
  asking.end()
  const [answer] = await once(asking, 'response')
  const closed = app.close()
  let bytes = 0
  for await (const piece of answer) bytes += piece.length
  t.equal(bytes, Number(answer.headers['content-length']))
  await closed
  t.match(await owner.heard.next('stream-ended'), { reason: 'server closing' })
})

t.test('the playlist of a stream that the server ended', async t => {
  const streamsDir = await newFolder(t)
  const first = newHost()
  await embed(first, 'livestream', streamsDir, { options: { closeStreams: 'end' } })
  const owner = await newBroadcaster(embeddedAt(t, await listen(t, first), { what: 'livestream', streamsDir }), 'show')
  await sendAll(owner, 'show', inPieces(await recording({ seconds: 4 }), 4))
  await first.close()
  const second = newHost()
  await embed(second, 'livestream', streamsDir)
  const { ended, segments } = readPlaylist((await http({ url: await listen(t, second) }, '/livestream/show/stream.m3u8')).text)
  t.ok(ended)
  const mediaMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0)
  t.ok(Math.abs(mediaMs - 4_000) < 200, `all that was sent: ${mediaMs} of 4000 ms`)
})
