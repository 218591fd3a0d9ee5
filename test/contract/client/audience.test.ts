import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import { Server, type Socket } from 'socket.io'
import t, { type Test } from 'tap'
import { Audience, type AudienceState } from '../../../src/client/audience.ts'

const KEY = 'my-stream'
const JOINED = { streamKey: KEY, viewerCount: 1, isLive: true }
const UNKNOWN = { error: 'Stream not found', code: 'STREAM_NOT_FOUND', streamKey: KEY }

/** The server, as far as an audience knows it: what it answers next is set by the test. */
interface StandIn {
  url: string
  io: Server
  join: object
  /** undefined: the request fails. */
  status: object | undefined
  joins: number
  /** Refuses connections with this. */
  refusal: { retryAfterMs: number } | undefined
  tell (event: string, payload?: object): void
}

const status = (streamData: object | undefined, hasVideoContent = false) => ({ local: { streamData }, overall: { hasVideoContent } })

async function startStandIn (t: Test): Promise<StandIn> {
  const http = createServer((request, response) => {
    if (request.url !== `/video/livestream/${KEY}/status` || standIn.status === undefined) response.writeHead(503).end('away')
    else response.end(JSON.stringify(standIn.status))
  })
  const io = new Server(http, { path: '/video/socket.io' })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/video/`,
    io,
    join: JOINED,
    status: status(undefined),
    joins: 0,
    refusal: undefined,
    tell (event, payload = {}) { io.emit(event, { streamKey: KEY, ...payload }) }
  }
  io.use((_socket, next) => next(standIn.refusal && Object.assign(new Error('no'), { data: standIn.refusal })))
  io.on('connection', (socket: Socket) => {
    socket.on('join-stream', (payload: { streamKey: string, userId: string }, answer: (answer: object) => void) => {
      t.match(payload, { streamKey: KEY, userId: /^viewer-\w+$/ })
      standIn.joins++
      answer(standIn.join)
    })
  })
  t.teardown(() => io.close())
  return standIn
}

/** Timers of the audience stand still from now on; those of its connection do not. */
function join (t: Test, { url }: StandIn): Audience {
  const audience = new Audience({ streamKey: KEY, server: url })
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => {
    audience.close()
    mock.timers.reset()
  })
  return audience
}

async function until (audience: Audience, expected: Partial<AudienceState>): Promise<void> {
  const matches = () => Object.entries(expected).every(([name, value]) => audience.snapshot[name as keyof AudienceState] === value)
  if (matches()) return
  await new Promise<void>(resolve => {
    const off = audience.on('change', () => {
      if (!matches()) return
      off()
      resolve()
    })
  })
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const connection = (standIn: StandIn) => new Promise<void>(resolve => standIn.io.once('connection', () => resolve()))

t.test('what happens to a stream', async t => {
  const standIn = await startStandIn(t)
  const audience = join(t, standIn)
  t.match(audience.snapshot, { stream: 'unknown', viewers: undefined, connected: false, broadcasts: 0, degraded: false })
  await until(audience, { connected: true, stream: 'live', viewers: 1 })

  const told: unknown[] = []
  audience.on('stream-reconnecting', ({ windowSeconds }) => told.push(windowSeconds))
  audience.on('stream-condition', ({ reason }) => told.push(reason))
  audience.on('stream-started', ({ status }) => told.push(status))
  audience.on('stream-ended', ({ reason }) => told.push(reason))
  standIn.io.emit('stream-ended', { streamKey: 'another' })
  standIn.tell('viewer-joined', { viewerCount: 2 })
  await until(audience, { viewers: 2, stream: 'live' })
  standIn.tell('viewer-left', { viewerCount: 1 })
  await until(audience, { viewers: 1 })
  standIn.tell('stream-reconnecting', { windowSeconds: 60 })
  await until(audience, { stream: 'reconnecting' })
  standIn.tell('stream-started', { status: 'active' })
  await until(audience, { stream: 'live', broadcasts: 0 })
  standIn.tell('stream-condition', { condition: 'degraded', reason: 'disk-full' })
  await until(audience, { degraded: true })
  standIn.tell('stream-condition', { condition: 'good', reason: null })
  await until(audience, { degraded: false })
  standIn.tell('stream-ended', { reason: 'ended by owner' })
  await until(audience, { stream: 'ended' })
  standIn.tell('stream-started', { status: 'broadcasting' })
  await until(audience, { stream: 'live', broadcasts: 1 })
  t.strictSame(told, [60, 'active', 'disk-full', null, 'ended by owner', 'broadcasting'])
})

t.test('a stream that is not there yet is asked for again', async t => {
  const standIn = await startStandIn(t)
  standIn.join = UNKNOWN
  const audience = join(t, standIn)
  await until(audience, { stream: 'not-found' })
  await turn()
  t.equal(standIn.joins, 1)
  mock.timers.tick(4_999)
  standIn.join = { ...JOINED, isLive: false }
  standIn.status = status({ state: 'prepared', degraded: null })
  mock.timers.tick(1)
  await until(audience, { stream: 'waiting', viewers: 1 })
  t.equal(standIn.joins, 2)
  mock.timers.tick(60_000)
  standIn.tell('stream-started', { status: 'broadcasting' })
  await until(audience, { stream: 'live', broadcasts: 1 })
  t.equal(standIn.joins, 2, 'who has joined is told')
})

t.test('what a stream is that is not live', async t => {
  for (const [state, answer] of [
    ['ended', status(undefined, true)],
    ['reconnecting', status({ state: 'reconnecting', degraded: 'encoder-hung' })],
    ['live', status({ state: 'live', degraded: null })]
  ] as const) {
    await t.test(state, async t => {
      const standIn = await startStandIn(t)
      standIn.join = { ...JOINED, isLive: false }
      standIn.status = answer
      const audience = join(t, standIn)
      await until(audience, { stream: state })
      t.equal(audience.snapshot.degraded, state === 'reconnecting')
    })
  }
})

t.test('an answer that is out of date counts for nothing', async t => {
  const standIn = await startStandIn(t)
  standIn.join = { ...JOINED, isLive: false }
  const audience = join(t, standIn)
  const { fetch } = globalThis
  t.teardown(() => { globalThis.fetch = fetch })
  const asked = new Promise<() => void>(resolve => {
    globalThis.fetch = async () => {
      await new Promise<void>(_resolve => resolve(_resolve))
      return Response.json(status({ state: 'prepared', degraded: null }))
    }
  })
  const answer = await asked
  standIn.tell('stream-started', { status: 'broadcasting' })
  await until(audience, { stream: 'live' })
  answer()
  await turn()
  t.equal(audience.snapshot.stream, 'live')
})

t.test('a server that cannot answer is asked again', async t => {
  const standIn = await startStandIn(t)
  standIn.join = { error: 'Rate limit exceeded', code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 1_234 }
  const audience = join(t, standIn)
  await until(audience, { connected: true })
  while (standIn.joins < 1) await turn()
  await turn()
  await turn()
  mock.timers.tick(1_233)
  standIn.join = { ...JOINED, isLive: false }
  standIn.status = undefined
  t.equal(standIn.joins, 1)
  mock.timers.tick(1)
  await until(audience, { viewers: 1 })
  t.equal(audience.snapshot.stream, 'unknown', 'its state could not be had')
})

t.test('a refused connection is made again when the server said so', async t => {
  const standIn = await startStandIn(t)
  standIn.refusal = { retryAfterMs: 7_000 }
  const refused = new Promise<void>(resolve => standIn.io.engine.once('connection', (socket: { once: (event: string, listener: () => void) => void }) => socket.once('close', resolve)))
  const audience = join(t, standIn)
  // The client leaves when it was refused.
  await refused
  await turn()
  standIn.refusal = undefined
  mock.timers.tick(6_999)
  await turn()
  t.equal(audience.snapshot.connected, false)
  mock.timers.tick(1)
  await until(audience, { connected: true, stream: 'live' })
})

t.test('a server that said goodbye is looked for again', async t => {
  const standIn = await startStandIn(t)
  const audience = join(t, standIn)
  await until(audience, { stream: 'live' })
  standIn.tell('stream-ended')
  await until(audience, { stream: 'ended' })
  standIn.io.disconnectSockets()
  await until(audience, { connected: false })
  t.equal(audience.snapshot.stream, 'ended', 'what it said last')
  mock.timers.tick(5_000)
  await until(audience, { connected: true, stream: 'live', broadcasts: 1 })
})

t.test('it leaves for good', async t => {
  const standIn = await startStandIn(t)
  const audience = join(t, standIn)
  await until(audience, { stream: 'live' })
  const [socket] = [...standIn.io.sockets.sockets.values()]
  const gone = new Promise(resolve => socket!.once('disconnect', resolve))
  audience.close()
  t.equal(await gone, 'client namespace disconnect')
  const again = connection(standIn).then(() => 'again')
  mock.timers.tick(60_000)
  t.equal(await Promise.race([again, turn().then(turn).then(() => 'gone')]), 'gone')
})
