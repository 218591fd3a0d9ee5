import t, { type Test } from 'tap'
import type { Joined } from '../../../../../../plugins/live-sessions/pages/api/live-session.ts'
import { excessOf, refusalOf, roleOf, type News } from '../../../../../../plugins/live-sessions/pages/room/connection.ts'
import { LocalConnection, type RoomSocket } from '../../../../../../plugins/live-sessions/pages/room/local/local-connection.ts'
import { playlistAt } from '../../../../../../plugins/live-sessions/pages/room/local/watching.ts'
import { inOrder } from '../../../../../../plugins/live-sessions/pages/room/people.ts'
import { ApiFailure } from '../../../../../../src/page-parts/api/failure.ts'
import type { RoomPerson, RoomServerMessage } from '../../../../../../src/rooms/local-messages.ts'

class Socket implements RoomSocket {
  onopen: RoomSocket['onopen'] = null
  onmessage: RoomSocket['onmessage'] = null
  onclose: RoomSocket['onclose'] = null
  readonly readyState = 1
  readonly sent: any[] = []
  isClosed = false
  send (text: string | ArrayBufferLike | Blob | ArrayBufferView): void { this.sent.push(JSON.parse(text as string)) }
  close (): void { this.isClosed = true }
  says (message: RoomServerMessage): void { this.onmessage?.call(this as any, { data: JSON.stringify(message) } as MessageEvent) }
  opens (): void { this.onopen?.call(this as any, {} as Event) }
  drops (): void { this.onclose?.call(this as any, {} as CloseEvent) }
}

const person = (identity: string, role: string, sid = `sid-${identity}`): RoomPerson =>
  ({ identity, sid, name: `name ${identity}`, attributes: { role }, permissions: { canPublish: false, sources: [], canSubscribe: true, canPublishData: true }, joinedAt: '2026-01-01T00:00:00Z' })
const room = { name: 'one', sid: 'RM_1', metadata: '' }
const JOINED = { access_token: 'first' } as Joined

function connect (t: Test, renew: () => Promise<Joined> = async () => ({ ...JOINED, access_token: 'next' })) {
  const sockets: Socket[] = []
  const opened: Array<() => void> = []
  const connection = new LocalConnection({ joined: JOINED, renew }, () => {
    const socket = new Socket()
    sockets.push(socket)
    opened.shift()?.()
    return socket
  })
  t.teardown(() => connection.leave())
  connection.start()
  const enter = (socket = sockets.at(-1)!) => {
    socket.opens()
    socket.says({ type: 'joined', room, you: person('2', 'viewer'), participants: [person('1', 'host')] })
  }
  /** The next socket that it opens by itself. */
  const nextSocket = async () => {
    const count = sockets.length
    if (count === sockets.length) await new Promise<void>(resolve => { opened.push(resolve) })
    return await new Promise<Socket>(resolve => { setImmediate(() => resolve(sockets.at(-1)!)) })
  }
  return { connection, sockets, enter, nextSocket }
}

t.test('people come, change and go', async t => {
  const { connection, sockets: [socket], enter } = connect(t)
  t.equal(connection.snapshot.connection, 'connecting')
  enter()
  t.strictSame(socket!.sent, [{ type: 'join', token: 'first' }])
  t.match(connection.snapshot, { connection: 'connected', you: { identity: '2', role: 'viewer' }, others: [{ identity: '1', role: 'host' }] })
  socket!.says({ type: 'participant-joined', participant: person('3', 'viewer') })
  socket!.says({ type: 'participant-changed', participant: person('3', 'speaker') })
  socket!.says({ type: 'participant-changed', participant: person('2', 'co_host') })
  t.match(connection.snapshot, { you: { role: 'co_host' }, others: [{ identity: '1' }, { identity: '3', role: 'speaker' }] })
  socket!.says({ type: 'participant-joined', participant: person('3', 'speaker', 'another') })
  socket!.says({ type: 'participant-left', identity: '3', sid: 'sid-3' })
  t.equal(connection.snapshot.others.length, 2, 'who has come again is there')
  socket!.says({ type: 'participant-left', identity: '3', sid: 'another' })
  t.equal(connection.snapshot.others.length, 1)
  t.strictSame(inOrder([{ identity: '4', name: 'b', role: 'viewer' }, { identity: '5', name: 'a', role: 'viewer' }, { identity: '6', name: 'z', role: 'host' }]).map(({ identity }) => identity), ['6', '5', '4'])
})

t.test('what is written goes to and fro as text', async t => {
  const { connection, sockets: [socket], enter } = connect(t)
  await t.rejects(connection.say('too early'))
  enter()
  await connection.say('<b>hello</b>')
  t.strictSame(socket!.sent.at(-1), { type: 'data', topic: 'chat', payload: '<b>hello</b>' })
  socket!.says({ type: 'data', from: '1', topic: 'chat', payload: 'welcome' })
  socket!.says({ type: 'data', from: '9', topic: 'chat', payload: 'from nobody who is there' })
  socket!.says({ type: 'data', from: null, topic: 'chat', payload: 'from the server' })
  t.match(connection.snapshot.messages, [{ text: '<b>hello</b>', isYours: true }, { name: 'name 1', text: 'welcome', isYours: false }])
  t.equal(connection.snapshot.messages.length, 2)
  t.equal(excessOf('é'.repeat(2_048)), 0)
  t.equal(excessOf('é'.repeat(2_049)), 2, 'in bytes')
})

t.test('only those who lead, and the server, have news', async t => {
  const { connection, sockets: [socket], enter } = connect(t)
  enter()
  const heard: News[] = []
  connection.on('news', news => heard.push(news))
  socket!.says({ type: 'participant-joined', participant: person('3', 'viewer') })
  socket!.says({ type: 'data', from: '3', topic: 'session', payload: '' })
  socket!.says({ type: 'data', from: '1', topic: 'picture', payload: '' })
  socket!.says({ type: 'data', from: null, topic: 'session', payload: '{}' })
  socket!.says({ type: 'data', from: '1', topic: 'else', payload: '' })
  t.strictSame(heard, ['picture', 'session'])
})

t.test('a lost connection comes back with a new token', async t => {
  const { connection, sockets: [first], enter, nextSocket } = connect(t)
  enter()
  first!.says({ type: 'data', from: '1', topic: 'chat', payload: 'before' })
  first!.drops()
  t.equal(connection.snapshot.connection, 'reconnecting')
  const second = await nextSocket()
  enter(second)
  t.strictSame(second.sent, [{ type: 'join', token: 'next' }])
  t.match(connection.snapshot, { connection: 'connected', messages: [{ text: 'before' }] })
  second.says({ type: 'left', reason: 'server-closed' })
  t.equal(connection.snapshot.connection, 'reconnecting')
})

t.test('a room that was never reached is told as one', async t => {
  const { connection, sockets: [first], enter, nextSocket } = connect(t)
  first!.drops()
  t.match(connection.snapshot, { connection: 'reconnecting', you: undefined })
  enter(await nextSocket())
  t.match(connection.snapshot, { connection: 'connected', you: { identity: '2' } })
})

t.test('who is removed stays out', async t => {
  for (const [reason, why] of [['removed', 'removed'], ['duplicate', 'elsewhere'], ['room-closed', 'closed'], ['full', 'full'], ['flood', 'flood']] as const) {
    const { connection, sockets, enter } = connect(t)
    enter()
    sockets[0]!.says({ type: 'left', reason })
    t.match(connection.snapshot, { connection: 'left', why, others: [] }, reason)
    t.ok(sockets[0]!.isClosed)
    t.equal(sockets.length, 1)
  }
  const { connection, sockets, enter } = connect(t, async () => { throw new ApiFailure({ status: 403, code: 'FORBIDDEN' }) })
  enter()
  const left = new Promise<void>(resolve => { connection.on('change', ({ connection }) => { if (connection === 'left') resolve() }) })
  sockets[0]!.drops()
  await left
  t.equal(connection.snapshot.why, 'removed', 'the server says so when one joins again')
  t.strictSame([[0, 0], [503, 0], [401, 0], [404, 0], [409, 'INVALID_STATE'], [409, 'SESSION_FULL'], [403, 'INVALID_INVITE_TOKEN']].map(([status, code]) => refusalOf({ status: status as number, code: code! })), [undefined, undefined, 'logged-out', 'closed', 'closed', 'full', 'uninvited'])
})

t.test('a role that nobody knows is that of a viewer', async t => {
  t.strictSame(['host', 'co_host', 'speaker', 'viewer', 'root', '', undefined].map(roleOf), ['host', 'co_host', 'speaker', 'viewer', 'viewer', 'viewer', 'viewer'])
})

t.test('a playlist is on the server of the page, whatever its address says', async t => {
  t.equal(playlistAt('https://elsewhere.example/two/livestream/live-1/live.m3u8?viewer=a%2Bb', new URL('http://host/deep/')).href, 'http://host/deep/livestream/live-1/live.m3u8?viewer=a%2Bb')
  t.equal(playlistAt('/livestream/live-1/live.m3u8', new URL('http://host/')).href, 'http://host/livestream/live-1/live.m3u8')
})
