import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { admit, attendedSeconds, ban, changeRole, connect, disconnect, findParticipant, leave, leaveAll, listParticipants, timeOut, type ParticipantRow } from '../../../plugins/live-sessions/attendance.ts'
import { addSession, changeSession, countViewers, findSession } from '../../../plugins/live-sessions/session-store.ts'
import { LIVE_SESSIONS_MIGRATIONS } from '../../../plugins/live-sessions/tables.ts'
import { openDatabase } from '../../../src/platform/database/open.ts'
import { dataFolder, platformSettings } from '../../fixtures/database.ts'
import { Told } from '../../fixtures/told.ts'

const OWNER = 1
const USER = 2

const database = await openDatabase(platformSettings({ dataDir: await dataFolder(t) }), new Told())
t.teardown(async () => { await database.close() })
await database.migrate({ feature: 'accounts', folder: fileURLToPath(new URL('../../../plugins/accounts/migrations', import.meta.url)) })
await database.migrate(LIVE_SESSIONS_MIGRATIONS)
const { orm } = database
await orm.execute(sql`insert into users (username, email, nickname, username_key, email_key, nickname_key, password_hash) select n, n, n, n, n, n, '' from (select 'user-' || generate_series(1, 9) as n) as names`)

async function newSession (): Promise<string> {
  const sessionId = randomUUID()
  await addSession(orm, { sessionId, ownerId: OWNER, title: 'x', description: null, sessionType: 'teaching', maxParticipants: 5, isRecorded: false, isPublic: true, inviteToken: null, scheduledAt: null })
  return sessionId
}

/** Seats are kept elsewhere. */
const noSeat = async () => {}
const notSeated = async () => false
const come = async (sessionId: string, userId: number, isThere = false) => await admit(orm, sessionId, { userId, displayName: 'Ada', role: 'viewer', isThere }, noSeat)
/** Seconds from a moment of the past. */
const at = (seconds: number) => new Date(Date.UTC(2025, 11, 27, 15, 0, seconds))
const viewers = async (sessionId: string) => (await countViewers(orm, [sessionId])).get(sessionId) ?? 0

t.test('stays are summed, users counted once, and most of them at the same time kept', async t => {
  const sessionId = await newSession()
  for (const userId of [2, 3, 4]) await come(sessionId, userId)
  t.match(await findSession(orm, sessionId), { peakViewers: 0, hasRoom: true }, 'who joins is not there yet')
  await connect(orm, sessionId, 2, { sid: 'a', at: at(0) }, { name: '', isSure: false }, noSeat)
  await connect(orm, sessionId, 3, { sid: 'b', at: at(5) }, { name: '', isSure: false }, noSeat)
  await connect(orm, sessionId, OWNER, { sid: 'h', at: at(5) }, { name: 'Host', isSure: false }, noSeat)
  await disconnect(orm, sessionId, 2, { sid: 'a', at: at(10) }, noSeat)
  await connect(orm, sessionId, 4, { sid: 'c', at: at(15) }, { name: '', isSure: false }, noSeat)
  await disconnect(orm, sessionId, 3, { sid: 'b', at: at(20) }, noSeat)
  await connect(orm, sessionId, 2, { sid: 'd', at: at(30) }, { name: '', isSure: false }, noSeat)
  await come(sessionId, 2)
  await disconnect(orm, sessionId, 2, { sid: 'd', at: at(37) }, noSeat)

  t.match(await findSession(orm, sessionId), { peakViewers: 2 })
  t.equal(await viewers(sessionId), 1, 'the host is none of them')
  const people = await listParticipants(orm, sessionId)
  const secondsOf = (userId: number) => attendedSeconds(people.find(person => person.userId === userId)!, at(40))
  t.strictSame([OWNER, 2, 3, 4].map(secondsOf), [35, 17, 15, 25])
  t.strictSame(people.map(({ userId, role }) => [userId, role]).sort(), [[1, 'host'], [2, 'viewer'], [3, 'viewer'], [4, 'viewer']], 'each once; the host came without joining')

  await leaveAll(orm, sessionId, at(50))
  const after = await listParticipants(orm, sessionId)
  t.equal(await viewers(sessionId), 0)
  t.strictSame([OWNER, 2, 3, 4].map(userId => after.find(person => person.userId === userId)!.duration), [45, 17, 15, 35])
})

t.test('the most at the same time is right when all come at once', async t => {
  const sessionId = await newSession()
  await Promise.all([2, 3, 4, 5, 6, 7].map(async userId => await come(sessionId, userId, true)))
  t.match(await findSession(orm, sessionId), { peakViewers: 6 })
})

t.test('without anybody who sees them, people are there from joining on', async t => {
  const sessionId = await newSession()
  await come(sessionId, USER, true)
  t.equal(await viewers(sessionId), 1)
  t.equal(await timeOut(orm, sessionId, USER, new Date(), async () => true), true)
  t.equal(await viewers(sessionId), 1, 'who has a seat came again meanwhile')
  t.equal(await timeOut(orm, sessionId, USER, new Date(), notSeated), true)
  t.equal(await viewers(sessionId), 0, 'until they are not seen')
  await come(sessionId, USER, true)
  await connect(orm, sessionId, USER, { sid: 'a', at: new Date() }, { name: '', isSure: false }, noSeat)
  t.equal(await timeOut(orm, sessionId, USER, new Date(), notSeated), false, 'who is connected has to be asked for')
  t.equal(await viewers(sessionId), 1)
  await leave(orm, sessionId, USER, noSeat)
  t.equal(await viewers(sessionId), 0)
  t.match(await connect(orm, sessionId, USER, { sid: 'a', at: at(0) }, { name: '', isSure: true }, noSeat), { outcome: 'there' }, 'who is still connected is found again')
  const { presentSince, leftAt } = (await findParticipant(orm, sessionId, USER))! as ParticipantRow
  t.strictSame(presentSince, leftAt, 'and no second counts twice')
})

t.test('who may not be there', async t => {
  const sessionId = await newSession()
  t.match(await connect(orm, randomUUID(), USER, { sid: 'a', at: at(0) }, { name: '', isSure: false }, noSeat), { outcome: 'stranger' }, 'of no session')
  t.match(await connect(orm, sessionId, USER, { sid: 'a', at: at(0) }, { name: '', isSure: false }, noSeat), { outcome: 'stranger' }, 'who did not join')
  await come(sessionId, USER, true)
  await changeRole(orm, sessionId, USER, 'co_host')
  await ban(orm, sessionId, USER, OWNER, noSeat)
  await ban(orm, sessionId, USER, OWNER, noSeat)
  t.equal(await viewers(sessionId), 0)
  t.match(await connect(orm, sessionId, USER, { sid: 'a', at: at(0) }, { name: '', isSure: true }, noSeat), { outcome: 'removed' })
  await t.rejects(come(sessionId, USER), { code: 'FORBIDDEN' })
  await come(sessionId, 3)
  await changeSession(orm, sessionId, { status: 'ended' })
  t.match(await connect(orm, sessionId, 3, { sid: 'b', at: at(0) }, { name: '', isSure: true }, noSeat), { outcome: 'removed' }, 'it is over')
  await t.rejects(come(sessionId, 4), { code: 'INVALID_STATE' })
  await changeSession(orm, sessionId, { deletedAt: new Date() })
  await t.rejects(come(sessionId, 4), { code: 'SESSION_NOT_FOUND' })
})
