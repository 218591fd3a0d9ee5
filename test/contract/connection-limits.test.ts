import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

for (const transport of ['websocket', 'polling']) {
  t.test(`HLS-16: connections per address and minute (${transport})`, async t => {
    const server = await startServer(t, { options: { maxConnectionsPerMinute: 3 } })
    const options = { transports: [transport] }

    const owner = await newBroadcaster(server, 'kept', options)
    const { resumeToken } = owner.started
    for (const client of [newClient(server, options), newClient(server, options)]) {
      await client.heard.next('connect')
      client.socket.disconnect()
    }

    t.test('one more is refused in the handshake, also when others have gone', async t => {
      for (const auth of [{}, { resumeToken: 'nonsense' }, { resumeToken: 7 }]) {
        const { socket, heard } = newClient(server, { ...options, auth })
        const error = await heard.next('connect_error') as Error & { data: any }
        t.ok(error.message)
        t.match(error.data, { error: String, code: 'CONNECTION_FAILED', retryAfterMs: Number })
        t.ok(error.data.retryAfterMs > 0 && error.data.retryAfterMs <= 60_000)
        t.notOk(socket.connected)
      }
    })

    t.test('who is connected is not disturbed', async t => {
      t.match(await owner.ask('start-stream', { streamKey: 'kept', userId: 'alice' }), { status: 'active' })
    })

    t.test('a handshake with a valid resumeToken is not counted', async t => {
      for (const query of [{}, { streamKey: 'kept' }]) {
        const back = newClient(server, { ...options, auth: { resumeToken }, query })
        await back.heard.next('connect')
        t.match(await back.ask('start-stream', { streamKey: 'kept', userId: 'alice', resumeToken }), { status: 'active' })
      }
      const { heard } = newClient(server, { ...options, auth: { resumeToken }, query: { streamKey: 'other' } })
      t.match(await heard.next('connect_error'), { data: { code: 'CONNECTION_FAILED' } }, 'not for another stream')
    })
  })
}

t.test('HLS-16: each address has its own count', { skip: process.platform === 'linux' ? false : 'needs 127.0.0.2' }, async t => {
  const server = await startServer(t, { options: { maxConnectionsPerMinute: 1 } })
  const from = (localAddress: string) => newClient(server, { localAddress } as object).heard
  await from('127.0.0.1').next('connect')
  await from('127.0.0.1').next('connect_error')
  await from('127.0.0.2').next('connect')
})

t.test('HLS-16: the connection of a broadcaster that Socket.IO recovers is not counted', async t => {
  const server = await startServer(t, { options: { maxConnectionsPerMinute: 1 } })
  const owner = await newBroadcaster(server, 'cut', { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 })
  owner.socket.io.engine.close()
  await owner.heard.next('disconnect')
  t.match(await owner.heard.next('stream-started', ({ status }) => status === 'active'), { streamKey: 'cut' })
  t.ok(owner.socket.recovered)
})

for (const transport of ['websocket', 'polling']) {
  t.test(`HLS-16: 100 events a minute of a connection (${transport})`, async t => {
    const server = await startServer(t)
    const owner = await newBroadcaster(server, 'talks', { transports: [transport] })
    const viewer = newClient(server, { transports: [transport] })
    await viewer.ask('join-stream', { streamKey: 'talks', userId: 'v' })
    for (let event = 2; event <= 100; event++) t.notOk('code' in await owner.ask('leave-stream', { streamKey: 'talks' }))

    for (const event of ['start-stream', 'join-stream', 'leave-stream', 'end-stream']) {
      const answer = await owner.ask(event, { streamKey: 'talks', userId: 'alice' })
      t.match(answer, { error: String, code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: Number }, `event 101 and on: ${event}`)
      t.strictSame(await owner.heard.next('stream-error'), answer)
    }
    t.equal(owner.heard.count('stream-error'), 4)

    const answers = await sendAll(owner, 'talks', inPieces(await recording({ seconds: 3 }), 120))
    t.ok(answers.every(({ code }) => code === undefined), 'stream-data is not a control event')
    t.match(await viewer.ask('join-stream', { streamKey: 'talks', userId: 'v' }), { isLive: true }, 'other connections have their own count')
    t.equal(viewer.heard.count('stream-ended'), 0, 'the end-stream that was over the limit did nothing')
  })
}
