import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Joined, SessionDetails, SessionStatus } from '../../../../../plugins/live-sessions/pages/api/live-session.ts'
import { Attendance, phaseOf, type Phase } from '../../../../../plugins/live-sessions/pages/room/attendance.ts'
import { RoomConnection, type ConnectionOptions, type LeftWhy, type News } from '../../../../../plugins/live-sessions/pages/room/connection.ts'
import { outsideWords } from '../../../../../plugins/live-sessions/pages/room/outside-words.ts'
import { ApiFailure } from '../../../../../src/page-parts/api/failure.ts'

/** A room that does what it is told. */
class ScriptedRoom extends RoomConnection {
  connects = 0
  disconnects = 0
  constructor (options: ConnectionOptions) { super(options, 60_000) }
  override connect (): void {
    this.connects++
    this.entered({ identity: '2', name: 'John', role: 'viewer' }, [])
  }

  override disconnect (): void { this.disconnects++ }
  override async send (): Promise<void> {}
  end (why: LeftWhy): void { this.ended(why) }
  news (news: News): void { this.heard(news, undefined, '') }
}

function come (t: Test, { status = 'live' as SessionStatus, join = async () => ({ access_token: 'token' }) as Joined } = {}) {
  const asked: string[] = []
  const session = { session_id: 'one', status } as SessionDetails
  const rooms: ScriptedRoom[] = []
  const answers = { details: async () => ({ ...session }), join, load: async () => {} }
  const attendance = new Attendance({
    details: async () => { asked.push('details'); return await answers.details() },
    join: async () => { asked.push('join'); return await answers.join() },
    leave: () => { asked.push('leave') }
  }, async (options: ConnectionOptions) => {
    await answers.load()
    const connection = new ScriptedRoom(options)
    rooms.push(connection)
    return { connection, sendsByRole: false, Picture: () => null, finish: async () => {} }
  })
  t.teardown(() => attendance.close())
  const until = async (phase: Phase) => {
    while (attendance.snapshot.phase !== phase) await new Promise<void>(resolve => { attendance.on('change', () => resolve()) })
  }
  return { attendance, asked, session, rooms, answers, until }
}

t.test('who may, comes in, and says so when they go', async t => {
  const { attendance, asked, rooms } = come(t)
  await attendance.enter()
  t.match(attendance.snapshot, { phase: 'in', session: { session_id: 'one' } })
  t.equal(rooms[0]!.connects, 1)
  attendance.close()
  t.strictSame(asked, ['details', 'join', 'leave'])
  t.equal(rooms[0]!.snapshot.connection, 'left')
  attendance.close()
  t.equal(asked.length, 3, 'once')
})

t.test('a session that is over is not joined', async t => {
  for (const status of ['ended', 'cancelled'] as const) {
    const { attendance, asked } = come(t, { status })
    await attendance.enter()
    t.match([attendance.snapshot.phase, asked], ['over', ['details']])
  }
})

t.test('what is new is looked at when those who lead say so', async t => {
  const { attendance, session, rooms, until } = come(t, { status: 'scheduled' })
  await attendance.enter()
  session.status = 'live'
  rooms[0]!.news('session')
  while (attendance.snapshot.session?.status !== 'live') await new Promise<void>(resolve => { attendance.on('change', () => resolve()) })
  session.status = 'ended'
  rooms[0]!.news('session')
  await until('over')
  t.equal(rooms[0]!.snapshot.connection, 'left')
})

t.test('who is removed is out, and does not come again', async t => {
  const { attendance, asked, rooms } = come(t)
  await attendance.enter()
  rooms[0]!.end('removed')
  t.equal(attendance.snapshot.phase, 'removed')
  t.strictSame(asked, ['details', 'join'], 'and does not say that they leave')
})

t.test('a room that closes says that the session is over, or is opened again', async t => {
  const { attendance, asked, session, rooms, until } = come(t)
  await attendance.enter()
  rooms[0]!.end('closed')
  await until('in')
  t.equal(rooms.length, 2, 'the session is live still')
  t.notOk(asked.includes('leave'), 'who is out already does not say so')
  session.status = 'ended'
  rooms[1]!.end('closed')
  await until('over')
  t.equal(rooms.length, 2)
})

t.test('who goes while the answer is awaited gives the place back', async t => {
  let answer: (joined: Joined) => void = () => {}
  const joining = new Promise<Joined>(resolve => { answer = resolve })
  const { attendance, asked } = come(t, { join: async () => await joining })
  const entering = attendance.enter()
  attendance.close()
  answer({ access_token: 'token' } as Joined)
  await entering
  t.strictSame(asked.filter(what => what === 'join').length, asked.filter(what => what === 'leave').length)
  t.equal(attendance.snapshot.room, undefined)
})

t.test('who comes once more while the answer is awaited keeps the place', async t => {
  const joins: Array<(joined: Joined) => void> = []
  const { attendance, asked } = come(t, { join: async () => await new Promise<Joined>(resolve => { joins.push(resolve) }) })
  const joining = async (count: number) => { while (joins.length < count) await new Promise(resolve => { setImmediate(resolve) }) }
  const first = attendance.enter()
  await joining(1)
  const second = attendance.enter()
  await joining(2)
  joins[1]!({ access_token: 'second' } as Joined)
  await second
  joins[0]!({ access_token: 'first' } as Joined)
  await first
  t.equal(attendance.snapshot.phase, 'in')
  t.notOk(asked.includes('leave'), 'the server would take who is in for gone')
})

t.test('a room whose code cannot be loaded is not entered, and the place is given back', async t => {
  const { attendance, asked, answers } = come(t)
  answers.load = async () => { throw new ApiFailure({ status: 0 }) }
  await attendance.enter()
  t.equal(attendance.snapshot.phase, 'away')
  t.strictSame(asked, ['details', 'join', 'leave'])
  answers.load = async () => {}
  await attendance.enter()
  t.equal(attendance.snapshot.phase, 'in')
})

t.test('however often one looks at once, the last answer counts, and one timer goes on', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { attendance, asked, session, answers } = come(t, { status: 'scheduled' })
  await attendance.enter()
  const given: Array<(session: SessionDetails) => void> = []
  answers.details = async () => await new Promise<SessionDetails>(resolve => { given.push(resolve) })
  const looks = [attendance.look(), attendance.look(), attendance.look()]
  given[2]!({ ...session, status: 'live' })
  given[0]!(session)
  given[1]!(session)
  await Promise.all(looks)
  t.equal(attendance.snapshot.session?.status, 'live')
  asked.length = 0
  mock.timers.tick(5_000)
  t.strictSame(asked, ['details'])
})

t.test('who has gone does not ask on and on', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { attendance, asked } = come(t)
  await attendance.enter()
  attendance.close()
  // A button was pressed before, and its answer has come now.
  await attendance.look()
  asked.length = 0
  mock.timers.tick(60_000)
  t.strictSame(asked, [])
})

t.test('why one cannot come in', async t => {
  const refusals: Array<[number, string, Phase]> = [
    [401, 'UNAUTHORIZED', 'logged-out'], [403, 'FORBIDDEN', 'removed'], [403, 'INVALID_INVITE_TOKEN', 'uninvited'], [404, 'NOT_FOUND', 'unknown'],
    [409, 'INVALID_STATE', 'over'], [409, 'SESSION_FULL', 'full'], [0, '', 'away'], [503, 'SERVICE_UNAVAILABLE', 'failed'], [429, 'RATE_LIMIT_EXCEEDED', 'failed'], [500, 'INTERNAL_ERROR', 'failed']
  ]
  for (const [status, code, phase] of refusals) {
    const { attendance } = come(t, { join: async () => { throw new ApiFailure({ status, code }) } })
    await attendance.enter()
    t.equal(attendance.snapshot.phase, phase, `${status} ${code}`)
    t.equal(phaseOf({ status, code }), phase)
    t.match(outsideWords(phase as Exclude<Phase, 'in' | 'looking'>, 'live', attendance.snapshot.trouble), { title: /^[A-Z][\w ]+$/, text: /\.$/ })
  }
  const { attendance } = come(t, { join: async () => { throw new ApiFailure({ status: 429, retryAfterSeconds: 40 }) } })
  await attendance.enter()
  t.match(outsideWords('failed', 'live', attendance.snapshot.trouble), { text: 'That was too often. Try again in 40 seconds.', isWorthTrying: true })
  t.not(outsideWords('over', 'ended').title, outsideWords('over', 'cancelled').title)
})
